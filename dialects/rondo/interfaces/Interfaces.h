// The interfaces of graph ops and the plain types that they exchange.
#pragma once

#include "codegen/target/TileSizes.h"
#include "codegen/target/Work.h"
#include "dialects/rondo/RondoAttrs.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/BitVector.h"

#include <string>

namespace rondo {

// A state that a sequence op carries, for one batch row.
struct StateSpec {
  std::string role; // last part of the state's name: "retention", "position"
  StateKind kind;
  mlir::RankedTensorType slot; // shape and element type for one row, static
};

// One stretch `[B, T]` of the sequence, for buildStep.
struct SequenceStretch {
  mlir::ValueRange operands; // of the op, already static
  mlir::ValueRange states;   // one per StateSpec, each `[B, slot shape]`
  mlir::Value length;        // i32 `[B]`, positions beyond it are padding; null: all T are valid
  mlir::Value
      reset; // i8 `[B, T]`, 1 where a document begins; null: nowhere but where the op's own operand says
};

// What buildStep built.
struct SequenceStep {
  llvm::SmallVector<mlir::Value> results; // replace the op's results
  llvm::SmallVector<mlir::Value> states;  // new states, one per StateSpec
};

using target::Work;

// What a backward pass begins with: the mean, or the sum over the batch, which micro-batches add up.
enum class LossSeed { Mean, Sum };

struct ScheduleAlternative {
  ScheduleAttr schedule;
  Work work;
};

// A rectangle of a kernel's result: rows [row, row + rows), columns [column, column + columns).
struct Region {
  mlir::Value row, column; // index values
  int64_t rows, columns;   // static
};

// What rondo-build-kernels offers to the ops of a group while it builds the group's kernel. `mlir::Value`s
// named "graph" are values of the graph (operands or results of the op being emitted); tiles are ranked
// tensors.
class KernelBuilder {
public:
  virtual ~KernelBuilder() = default;

  mlir::OpBuilder &builder() { return opBuilder; }
  mlir::Location loc() { return location; }
  const target::TileSizes &sizes() const { return tileSizes; }
  // What the group's consumers need regions to be multiples of, see getRegionColumns.
  virtual int64_t granularity() = 0;

  // The buffer (2-D or 1-D memref kernel argument) that holds `graph`, which must come from outside of the
  // group: a parameter, an input, another group's result. Parameters keep their storage layout in the
  // memref's layout map, gradients the one that is the encoding of their type.
  virtual mlir::Value buffer(mlir::Value graph) = 0;
  // The buffer of a result of the root that the group yields, for a root that adds to what it has stored.
  virtual mlir::Value resultBuffer(mlir::Value graphResult) = 0;
  // A rectangle of batch row `batch`'s state `[B, ..., C]`, counted within that row as (product of the middle
  // dimensions) x C: from the pool if `graph` is a rondo.read_state in the group (its slot applied), else
  // from the operand's buffer. A null `graph` gives f32 zeros.
  // Rows of the region at and beyond `rows`, an index value, do not exist: they are zeros, and their memory
  // is not touched; null: all exist.
  virtual mlir::Value loadState(mlir::Value graph, mlir::Value batch, const Region &region,
                                mlir::Value rows = nullptr) = 0;
  // The same of one of several states of equal width: number `which`, an index value.
  virtual mlir::Value loadOneState(mlir::ValueRange graphs, mlir::Value which, mlir::Value batch,
                                   const Region &region, mlir::Value rows) = 0;
  // The counterpart: stores to the pool if the result goes to a rondo.write_state in the group, and to the
  // result's own buffer if the group yields it. Rows of the region at and beyond `rows` are not stored.
  virtual void storeState(mlir::Value graphResult, mlir::Value tile, mlir::Value batch, const Region &region,
                          mlir::Value rows = nullptr) = 0;
  // Storage as one dimension, padding of panels included: of a `graph` value from outside of the group or, if
  // the group computes it, of the result that it yields; and of a parameter or optimiser state that an op of
  // the group names. f32.
  virtual mlir::Value storage(mlir::Value graph) = 0;
  virtual mlir::Value storage(llvm::StringRef symbol, bool written) = 0;
  // A read-only table that goes into the package, as a buffer of its shape and type: 2-D, f32 or i64.
  virtual mlir::Value table(mlir::DenseElementsAttr values) = 0;

  // The tile of a graph operand at `region`: loaded if it comes from outside, emitted if the group computes
  // it.
  virtual mlir::Value operand(mlir::Value graph, const Region &region) = 0;
  // A parameter vector's columns [column, column + columns) modulo its own length, broadcast over
  // region.rows.
  virtual mlir::Value columnVector(mlir::Value graph, const Region &region) = 0;
  // Roots: `tile` is the first result at `region`. Applies the consumers in the group and stores what it
  // yields.
  virtual void finish(mlir::Value tile, const Region &region) = 0;
  // Roots: stores a tile of a further sequence result (a log-sum-exp) at row, column of its buffer.
  virtual void store(mlir::Value graphResult, mlir::Value tile, mlir::Value row, mlir::Value column) = 0;

protected:
  KernelBuilder(mlir::OpBuilder builder, mlir::Location loc, const target::TileSizes &sizes)
      : opBuilder(builder), location(loc), tileSizes(sizes) {}
  mlir::OpBuilder opBuilder;
  mlir::Location location;
  const target::TileSizes &tileSizes;
};

} // namespace rondo

#include "dialects/rondo/interfaces/CostOpInterface.h.inc"
#include "dialects/rondo/interfaces/DerivativeOpInterface.h.inc"
#include "dialects/rondo/interfaces/MemoryOpInterface.h.inc"
#include "dialects/rondo/interfaces/RandomOpInterface.h.inc"
#include "dialects/rondo/interfaces/SequenceOpInterface.h.inc"
#include "dialects/rondo/interfaces/TileOpInterface.h.inc"
