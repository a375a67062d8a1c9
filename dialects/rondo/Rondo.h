// The rondo dialect: the typed graph. The one header that users of the dialect include.
#pragma once

#include "dialects/rondo/RondoAttrs.h"
#include "dialects/rondo/ShapeMatcher.h"
#include "dialects/rondo/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/rondo/RondoOps.h.inc"
