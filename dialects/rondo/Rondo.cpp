// Registration of the rondo dialect.
#include "dialects/rondo/Rondo.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace rondo;

#include "dialects/rondo/RondoDialect.cpp.inc"
#include "dialects/rondo/RondoEnums.cpp.inc"
#include "dialects/rondo/interfaces/CostOpInterface.cpp.inc"
#include "dialects/rondo/interfaces/DerivativeOpInterface.cpp.inc"
#include "dialects/rondo/interfaces/MemoryOpInterface.cpp.inc"
#include "dialects/rondo/interfaces/RandomOpInterface.cpp.inc"
#include "dialects/rondo/interfaces/SequenceOpInterface.cpp.inc"
#include "dialects/rondo/interfaces/TileOpInterface.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/rondo/RondoAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/rondo/RondoOps.cpp.inc"

void RondoDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/rondo/RondoAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/rondo/RondoOps.cpp.inc"
      >();
}
