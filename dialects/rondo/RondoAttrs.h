// Attributes and enums of the typed graph.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"

#include <optional>

#include "dialects/rondo/RondoDialect.h.inc"
#include "dialects/rondo/RondoEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/rondo/RondoAttrs.h.inc"
