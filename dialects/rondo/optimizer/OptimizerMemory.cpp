// Which parameters and optimiser states the ops touch that name some.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

using Symbols = SmallVector<StringRef>;

Symbols GetWeightOp::getReadSymbols() { return {getWeight()}; }

Symbols ReadStateOp::getReadSymbols() { return {getState()}; }
Symbols WriteStateOp::getWrittenSymbols() { return {getState()}; }

Symbols ReadOptimizerStateOp::getReadSymbols() { return {getState()}; }
Symbols AccumulateOp::getReadSymbols() { return {getState()}; }
Symbols AccumulateOp::getWrittenSymbols() { return {getState()}; }
Symbols ClearOptimizerStateOp::getWrittenSymbols() { return {getState()}; }
Symbols AdamWOp::getReadSymbols() { return {getWeight(), getM(), getV()}; }
Symbols AdamWOp::getWrittenSymbols() { return {getWeight(), getM(), getV()}; }
