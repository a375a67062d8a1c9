// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --split-input-file | FileCheck %s

// A product takes the scale and the rotation behind it along; the reshape between them is a view and costs nothing.
module {
  rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.1>
  // CHECK-LABEL: func.func @product_chain
  func.func @product_chain(%x: tensor<2x8x64xf32>, %cos: tensor<2x8x16xf32>, %sin: tensor<2x8x16xf32>)
      -> tensor<2x8x4x16xf32> attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 0>} {
    %w = rondo.get_weight @w : tensor<64x64xf32>
    // CHECK: %[[OUT:.*]] = rondo.group(%arg0, %{{.*}}, %arg1, %arg2)
    // CHECK: %[[Y:.*]] = rondo.linear
    // CHECK: %[[S:.*]] = rondo.scale %[[Y]]
    // CHECK: %[[H:.*]] = rondo.reshape %[[S]] heads 4
    // CHECK: %[[R:.*]] = rondo.rotate %[[H]]
    // CHECK: rondo.yield %[[R]]
    // CHECK-NOT: rondo.group
    // CHECK: return %[[OUT]]
    %y = rondo.linear %x, %w : (tensor<2x8x64xf32>, tensor<64x64xf32>) -> tensor<2x8x64xf32>
    %s = rondo.scale %y by 0.25 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    %h = rondo.reshape %s heads 4 : (tensor<2x8x64xf32>) -> tensor<2x8x4x16xf32>
    %r = rondo.rotate %h, %cos, %sin pairs interleaved
        : (tensor<2x8x4x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x4x16xf32>
    return %r : tensor<2x8x4x16xf32>
  }
}

// -----

// The gated branches of a feed-forward block: the activation joins its own product, the gate the later one.
module {
  rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.1>
  // CHECK-LABEL: func.func @latest_producer
  func.func @latest_producer(%x: tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %w = rondo.get_weight @w : tensor<64x64xf32>
    // CHECK: %[[A:.*]] = rondo.group
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.linear
    // CHECK-NEXT: rondo.activation
    // CHECK: rondo.group(%arg0, %{{.*}}, %[[A]])
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.linear
    // CHECK-NEXT: rondo.mul
    %y = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
    %a = rondo.activation gelu %y : (tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    %g = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
    %m = rondo.mul %a, %g : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    return %m : tensor<1x8x64xf32>
  }
}

// -----

// A norm over a row that is wider than a region becomes a row kernel; the sum is yielded because the residual needs it.
module {
  rondo.weight @w : tensor<512x512xf32> init #rondo.init<normal, 0.1>
  // CHECK-LABEL: func.func @wide_norm
  func.func @wide_norm(%x: tensor<1x8x512xf32>) -> (tensor<1x8x512xf32>, tensor<1x8x512xf32>)
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %w = rondo.get_weight @w : tensor<512x512xf32>
    // CHECK: %[[SUM:.*]] = rondo.group
    // CHECK: rondo.linear
    // CHECK-NEXT: rondo.add
    // CHECK: %[[NORM:.*]] = rondo.group(%[[SUM]])
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.rms_norm
    // CHECK-NEXT: rondo.scale
    // CHECK: return %[[SUM]], %[[NORM]]
    %y = rondo.linear %x, %w : (tensor<1x8x512xf32>, tensor<512x512xf32>) -> tensor<1x8x512xf32>
    %s = rondo.add %x, %y : (tensor<1x8x512xf32>, tensor<1x8x512xf32>) -> tensor<1x8x512xf32>
    %n = rondo.rms_norm %s eps 1.0e-6 : (tensor<1x8x512xf32>) -> tensor<1x8x512xf32>
    %z = rondo.scale %n by 2.0 : (tensor<1x8x512xf32>) -> tensor<1x8x512xf32>
    return %s, %z : tensor<1x8x512xf32>, tensor<1x8x512xf32>
  }
}

// -----

// Joining the first product would need the second one before it and after it at once.
module {
  rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.1>
  // CHECK-LABEL: func.func @no_cycle
  func.func @no_cycle(%x: tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %w = rondo.get_weight @w : tensor<64x64xf32>
    // CHECK: %[[A:.*]] = rondo.group
    // CHECK: rondo.yield
    // CHECK: rondo.group(%[[A]], %{{.*}})
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.linear
    // CHECK-NEXT: rondo.add
    %a = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
    %b = rondo.linear %a, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
    %c = rondo.add %a, %b : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    return %c : tensor<1x8x64xf32>
  }
}

// -----

// Retention takes its state, the norm of each head and the gate along.
module {
  rondo.state @state.retention carried : tensor<2x4x8xf32>
  // CHECK-LABEL: func.func @retention_with_state
  func.func @retention_with_state(%q: tensor<1x8x2x4xf32>, %v: tensor<1x8x2x8xf32>, %gate: tensor<1x8x16xf32>,
      %slot: tensor<1xi32>) -> tensor<1x8x16xf32> attributes {rondo.entry = #rondo.entry<prefill, B = 1, T = 8, slots = 1>} {
    // CHECK: rondo.group
    // CHECK: rondo.read_state
    // CHECK: rondo.retention
    // CHECK: rondo.write_state
    // CHECK: rondo.rms_norm
    // CHECK: rondo.mul
    // CHECK: rondo.yield
    // CHECK-NOT: rondo.group
    %s = rondo.read_state @state.retention[%slot] : (tensor<1xi32>) -> tensor<1x2x4x8xf32>
    %o, %f = rondo.retention %q, %q, %v decay [0.5, 0.75] init(%s)
        : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x8xf32>, tensor<1x2x4x8xf32>)
        -> (tensor<1x8x2x8xf32>, tensor<1x2x4x8xf32>)
    rondo.write_state %f, @state.retention[%slot] : tensor<1x2x4x8xf32>, tensor<1xi32>
    %n = rondo.rms_norm %o eps 1.0e-6 : (tensor<1x8x2x8xf32>) -> tensor<1x8x2x8xf32>
    %r = rondo.reshape %n : (tensor<1x8x2x8xf32>) -> tensor<1x8x16xf32>
    %m = rondo.mul %gate, %r : (tensor<1x8x16xf32>, tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
    return %m : tensor<1x8x16xf32>
  }
}

// -----

// An input that is returned is copied, and so is the second use of an output.
module {
  // CHECK-LABEL: func.func @copied_outputs
  func.func @copied_outputs(%x: tensor<1x8x16xf32>) -> (tensor<1x8x16xf32>, tensor<1x8x16xf32>, tensor<1x8x16xf32>)
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    // CHECK: %[[Y:.*]] = rondo.group(%arg0)
    // CHECK: rondo.scale
    // CHECK: %[[X:.*]] = rondo.group(%arg0)
    // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1x8x16xf32>):
    // CHECK-NEXT: rondo.yield %[[A]]
    // CHECK: %[[Z:.*]] = rondo.group(%[[Y]])
    // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1x8x16xf32>):
    // CHECK-NEXT: rondo.yield %[[A]]
    // CHECK: return %[[X]], %[[Y]], %[[Z]]
    %y = rondo.scale %x by 2.0 : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
    return %x, %y, %y : tensor<1x8x16xf32>, tensor<1x8x16xf32>, tensor<1x8x16xf32>
  }
}

// -----

// Ops of the backward pass do not join the groups of the forward pass, nor the other way round.
module {
  rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.1>
  // CHECK-LABEL: func.func @no_backward_in_forward
  func.func @no_backward_in_forward(%x: tensor<1x8x64xf32>) -> (tensor<1x8x64xf32>, tensor<1x8x64xf32>)
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %w = rondo.get_weight @w : tensor<64x64xf32>
    // CHECK: %[[Y:.*]] = rondo.group
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.linear
    // CHECK-NEXT: rondo.yield
    // CHECK: rondo.group(%[[Y]])
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.activation {{.*}}rondo.backward
    // CHECK-NEXT: rondo.scale {{.*}}rondo.backward
    // CHECK-NEXT: rondo.yield
    // CHECK: rondo.group
    // CHECK-NEXT: ^bb0
    // CHECK-NEXT: rondo.scale
    %y = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
    %a = rondo.activation gelu %y {rondo.backward} : (tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    %b = rondo.scale %a by 2.0 {rondo.backward} : (tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    %c = rondo.scale %a by 3.0 : (tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    return %b, %c : tensor<1x8x64xf32>, tensor<1x8x64xf32>
  }
}

// -----

// An op that takes several kernels becomes ops of one kernel each, which carry its attributes.
module {
  // CHECK-LABEL: func.func @several_kernels
  func.func @several_kernels(%x: tensor<1x130x64xf32>) -> tensor<64xf32>
      attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 130, slots = 0>} {
    // CHECK: %[[SUMS:.*]] = rondo.group(%arg0)
    // CHECK: rondo.rms_norm_grad_blocks {{.*}}rondo.backward
    // CHECK: rondo.group(%[[SUMS]])
    // CHECK: rondo.sum_blocks {{.*}}rondo.backward
    // CHECK-NOT: rondo.rms_norm_grad_weight
    %dw = rondo.rms_norm_grad_weight %x, %x eps 1.0e-6 {rondo.backward}
        : (tensor<1x130x64xf32>, tensor<1x130x64xf32>) -> tensor<64xf32>
    return %dw : tensor<64xf32>
  }
}
