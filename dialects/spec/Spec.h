// The spec dialect: what model authors write. The one header that users of the dialect include.
#pragma once

#include "dialects/spec/Signature.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace rondo::spec {
class Completion;
class ModelOp;
} // namespace rondo::spec

#include "dialects/spec/SpecDialect.h.inc"
#include "dialects/spec/SpecEnums.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/spec/SpecTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/spec/SpecAttrs.h.inc"

#include "dialects/spec/LayerOpInterface.h.inc"
#define GET_OP_CLASSES
#include "dialects/spec/SpecOps.h.inc"

namespace rondo::spec {

// Nesting of regions and brackets in a spec's text, and of expressions.
inline constexpr unsigned kMaxDepth = 64;

// The clause of that name, or null.
ClauseAttr findClause(mlir::ArrayAttr clauses, llvm::StringRef name);

} // namespace rondo::spec
