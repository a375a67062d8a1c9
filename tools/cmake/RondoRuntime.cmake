# How targets that link no LLVM are built: static Abseil, FlatBuffers headers, threads, nothing else.
find_package(absl REQUIRED CONFIG)
find_package(Threads REQUIRED)
find_program(RONDO_FLATC flatc REQUIRED)
find_path(RONDO_XXHASH_INCLUDE xxhash.h REQUIRED)

# rondo_add_runtime_library(name SOURCES... [DEPS targets])
function(rondo_add_runtime_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE -fno-rtti -fvisibility=hidden)
  target_link_libraries(${name} PUBLIC absl::status absl::statusor absl::strings absl::span ${ARG_DEPS})
endfunction()

# rondo_add_runtime_tool(name SOURCES... [DEPS targets]): an executable without LLVM, dead code dropped.
function(rondo_add_runtime_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} Threads::Threads)
  target_link_options(${name} PRIVATE -fuse-ld=lld -Wl,--gc-sections)
endfunction()
