// What the backward kernels of attention share: scores are computed again from q and k, and weights from the
// joint log-sum-exp.
#pragma once

#include "dialects/rondo/attention/AttentionKernel.h"

namespace rondo {

// Of an op of the derivative; delta is missing.
template <typename Op> AttentionCall gradCall(Op op, mlir::ValueRange caches) {
  AttentionCall call = attentionCall(op, caches);
  call.lse = op.getLse();
  call.dO = op.getDO();
  if constexpr (requires { op.getDelta(); }) {
    call.keepsPatternsApart = AttentionCall::shape(op.getDelta())[3] > 1;
  }
  return call;
}

// A tile of queries of a head with what the backward pass reads beside them.
struct QueryTile {
  SparseTile at;
  mlir::Value head;
  mlir::Value queries, dO, lse, delta; // delta null where it is not known yet
};

class BackwardKernel {
protected:
  using Carry = AttentionKernel::Carry;
  using Keys = AttentionKernel::Keys;

  // For rows [begin, end) of the stretch and a head of q, or of k where keys are what is owned.
  BackwardKernel(const AttentionCall &call, KernelBuilder &builder, mlir::Value batch, mlir::Value head)
      : kernel(call, builder, batch), tile(kernel.tile), head(head) {}

  // `keys` staged.
  mlir::Value valueDots(const QueryTile &query, const Keys &keys) {
    return tile.dot(query.dO, keys.values, mlir::Value(), /*transposeA=*/false, /*transposeB=*/true,
                    keys.scores());
  }
  mlir::Value scores(const QueryTile &query, const Keys &keys) {
    return tile.dot(query.queries, keys.keys, mlir::Value(), /*transposeA=*/false, /*transposeB=*/true,
                    keys.scores());
  }
  mlir::Value weights(const QueryTile &query, mlir::Value scores, const Keys &keys) {
    mlir::Value lse = tile.column(query.lse, TileArithmetic::shapeOf(scores)[1]);
    return kernel.counted(tile.exp(tile.subF(scores, lse)), query.at, query.head, keys);
  }
  Keys staged(const Keys &keys) {
    return {tile.stage(tile::Side::Rhs, keys.keys), tile.stage(tile::Side::Rhs, keys.values), keys.count,
            keys.first};
  }
  // ds = p (d_o . v - delta).
  mlir::Value scoreGradient(const QueryTile &query, mlir::Value weights, mlir::Value dots) {
    int64_t columns = TileArithmetic::shapeOf(weights)[1];
    return tile.mulF(weights, tile.subF(dots, tile.column(query.delta, columns)));
  }
  // The queries of `queryHead`; `distance` as for AttentionKernel::decayedQueries.
  QueryTile queryTile(const SparseTile &at, mlir::Value queryHead, mlir::Value distance);
  // Columns of one head of a result.
  void clear(mlir::Value result, mlir::Value head, mlir::Value begin, mlir::Value end) {
    int64_t width = AttentionCall::shape(result)[3];
    kernel.clear(result, begin, end, tile.times(head, width), width, 0);
  }
  void addTo(mlir::Value result, mlir::Value rows, const SparseTile &at, mlir::Value head);

  AttentionKernel kernel;
  TileArithmetic &tile;
  mlir::Value head;
};

// Emits the work of the workgroups of attention_grad_queries and attention_grad_keys; `ids` are batch, head
// and span.
void emitGradQueries(const AttentionCall &call, KernelBuilder &kernel, mlir::ValueRange ids, mlir::Value dq);
void emitGradKeys(const AttentionCall &call, KernelBuilder &kernel, mlir::ValueRange ids, mlir::Value dk,
                  mlir::Value dv);
// Adds to rows [begin, end) of one head of dq what keys in caches, or all keys, give.
enum class GradPart { CachedKeys, AllKeys };
void addGradQueries(const AttentionCall &call, KernelBuilder &kernel, mlir::Value batch, mlir::Value head,
                    mlir::Value begin, mlir::Value end, GradPart part, AttentionKernel::PatternFilter wanted,
                    mlir::Value dq);
// Adds to rows [begin, end) of a head of dk and dv what queries of one head give.
void addGradKeys(const AttentionCall &call, KernelBuilder &kernel, mlir::Value batch, mlir::Value keyHead,
                 mlir::Value queryHead, mlir::Value begin, mlir::Value end,
                 AttentionKernel::PatternFilter wanted, mlir::Value dk, mlir::Value dv);

} // namespace rondo
