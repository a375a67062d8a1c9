// Ops that touch memory which outlives an entry point: parameters, optimiser states, state pools.
#ifndef RONDO_DIALECTS_RONDO_INTERFACES_MEMORYOPINTERFACE_TD
#define RONDO_DIALECTS_RONDO_INTERFACES_MEMORYOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_MemoryOpInterface : OpInterface<"MemoryOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    Names the symbols (`rondo.weight`, `rondo.optimizer_state`, `rondo.state`) that an op reads and writes. In an entry point every
    other reader of a symbol runs before its writer; several writers run in program order. A value of a symbol
    (`rondo.get_weight`, `rondo.read_optimizer_state`) is the memory itself, not a copy: whoever uses it reads the symbol.
  }];
  let methods = [
    InterfaceMethod<"Symbols that the op reads.", "::llvm::SmallVector<::llvm::StringRef>", "getReadSymbols", (ins),
      [{}], [{ return {}; }]>,
    InterfaceMethod<"Symbols that the op writes.", "::llvm::SmallVector<::llvm::StringRef>", "getWrittenSymbols", (ins),
      [{}], [{ return {}; }]>,
  ];
  let extraSharedClassDeclaration = [{
    /// The op's result is the memory of the one symbol that it reads.
    bool isValueOfSymbol() {
      return $_op->getNumOperands() == 0 && $_op->getNumResults() == 1 && $_op.getWrittenSymbols().empty();
    }
  }];
}

#endif
