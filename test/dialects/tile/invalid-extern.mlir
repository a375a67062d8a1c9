// RUN: rondo-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{expected parameters of type i8, i16, i32, i64, f32 or f64, found 'f16'}}
tile.extern_code @c entry "c" architecture "sm_80" parameters [f16] trailing 0 threads 32 shared 0 scratch 0 ptx ""

// -----

// expected-error @+1 {{expected 0 to 2 trailing addresses, found 3}}
tile.extern_code @c entry "c" architecture "sm_80" parameters [] trailing 3 threads 32 shared 0 scratch 0 ptx ""

// -----

// expected-error @+1 {{expected a multiple of 32 threads up to 1024, found 48}}
tile.extern_code @c entry "c" architecture "sm_80" parameters [] trailing 0 threads 48 shared 0 scratch 0 ptx ""

// -----

// expected-error @+1 {{expected 0 to 232448 bytes of shared memory, found 300000}}
tile.extern_code @c entry "c" architecture "sm_80" parameters [] trailing 0 threads 32 shared 300000 scratch 0 ptx ""

// -----

// expected-error @+1 {{expected scratch only beside a parameter for its address, found 64 bytes}}
tile.extern_code @c entry "c" architecture "sm_80" parameters [] trailing 0 threads 32 shared 0 scratch 64 ptx ""

// -----

// expected-error @+1 {{expected the code of a kernel, found 'c'}}
tile.extern_kernel @k code @c buffers [] writes [] arguments [] grid [1]

// -----

tile.extern_code @c entry "c" architecture "sm_80" parameters [i64, i32] trailing 0 threads 32 shared 0 scratch 0 ptx ""
// expected-error @+1 {{expected 2 arguments for 'c', found 1}}
tile.extern_kernel @k code @c buffers [memref<4xf32>] writes [true] arguments [0 : index] grid [1]

// -----

tile.extern_code @c entry "c" architecture "sm_80" parameters [i64, i32] trailing 0 threads 32 shared 0 scratch 0 ptx ""
// expected-error @+1 {{expected argument 1 of type 'i32', found 4 : i64}}
tile.extern_kernel @k code @c buffers [memref<4xf32>] writes [true] arguments [0 : index, 4 : i64] grid [1]

// -----

// expected-error @+1 {{expected the number of a buffer below 1, found 1}}
tile.extern_kernel @k code @c buffers [memref<4xf32>] writes [true] arguments [1 : index] grid [1]

// -----

// expected-error @+1 {{expected row-major buffers of static shapes, found 'memref<?xf32>'}}
tile.extern_kernel @k code @c buffers [memref<?xf32>] writes [true] arguments [0 : index] grid [1]

// -----

// expected-error @+1 {{expected one bit of 'writes' per buffer, found 2 for 1}}
tile.extern_kernel @k code @c buffers [memref<4xf32>] writes [true, false] arguments [0 : index] grid [1]

// -----

// expected-error @+1 {{expected 1 to 3 extents of a grid, found 0}}
tile.extern_kernel @k code @c buffers [memref<4xf32>] writes [true] arguments [0 : index] grid []

// -----

// expected-error @+1 {{expected extent 1 of the grid from 1 to 65535, found 65536}}
tile.extern_kernel @k code @c buffers [memref<4xf32>] writes [true] arguments [0 : index] grid [1, 65536]
