// Sixteen words of four counters come out of one product, one shuffle, one shift and two exclusive ors per round.
// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors | FileCheck %s

// CHECK-LABEL: func.func @words
// CHECK: %[[LOW:.*]] = arith.andi %[[STATE:.*]], %{{.*}} : vector<8xi64>
// CHECK-NEXT: %[[P:.*]] = arith.muli %[[LOW]], %{{.*}} : vector<8xi64>
// CHECK-NEXT: %[[W:.*]] = vector.bitcast %[[P]] : vector<8xi64> to vector<16xi32>
// CHECK-NEXT: %[[T:.*]] = vector.shuffle %[[W]], %[[W]] [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
// CHECK-NEXT: %[[B:.*]] = vector.bitcast %[[T]] : vector<16xi32> to vector<8xi64>
// CHECK: %[[H:.*]] = arith.shrui %[[STATE]], %{{.*}} : vector<8xi64>
// CHECK: arith.xori %[[B]], %[[H]]
// CHECK: arith.xori
// CHECK-COUNT-9: arith.muli %{{.*}} : vector<8xi64>
// CHECK-NOT: arith.muli
// CHECK: vector.bitcast %{{.*}} : vector<8xi64> to vector<16xi32>
// CHECK: vector.{{.*}}store
tile.kernel @words(%key: memref<2xi64>, %y: memref<1x16xi32>) writes [false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %seed = memref.load %key[%c0] : memref<2xi64>
  %bits = tile.random_bits %seed, %seed [%c0, %c0] width 16 aligned : tensor<1x16xi32>
  tile.store %bits, %y[%c0, %c0] : tensor<1x16xi32>, memref<1x16xi32>
  tile.return
}
