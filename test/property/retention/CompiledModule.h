// Compiles entry points written as graph IR and runs them: from rondo-form-groups to machine code, without a
// package.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "runtime/device/cpu/ImageLoader.h"
#include "runtime/memory/AlignedBuffer.h"

#include <map>
#include <string>
#include <vector>

namespace rondo::test {

// Bytes that start at a multiple of RONDO_BUFFER_ALIGNMENT.
class Buffer {
public:
  explicit Buffer(size_t bytes);
  template <typename T> static Buffer of(const std::vector<T> &values) {
    Buffer buffer(values.size() * sizeof(T));
    std::copy(values.begin(), values.end(), buffer.as<T>());
    return buffer;
  }
  template <typename T> T *as() { return reinterpret_cast<T *>(data()); }
  template <typename T> std::vector<T> values() { return {as<T>(), as<T>() + bytes / sizeof(T)}; }
  char *data();

private:
  std::vector<char> storage;
  size_t bytes;
};

// Changes a module of tile kernels and commands before it becomes machine code: how tests plant faults.
using Mutation = llvm::function_ref<void(mlir::ModuleOp)>;

class CompiledModule {
public:
  // Aborts with MLIR's diagnostics on stderr if the text does not compile for the machine at hand, or if
  // `mutate` leaves a module that the verifier refuses.
  explicit CompiledModule(const std::string &text, Mutation mutate = nullptr);

  // Runs an entry point; one buffer per argument. Returns one buffer per result. Each kernel's workgroups are
  // split into `shares` calls, as threads split them, the last ones first.
  std::vector<Buffer> run(const std::string &entry, std::vector<Buffer> &inputs, int64_t shares = 1);
  // The pool of a state, zero at first.
  Buffer &state(const std::string &name) { return symbols.at(name); }
  // Storage of a parameter or an optimiser state, in the layout that the plan chose; zero at first.
  Buffer &storage(const std::string &name) { return symbols.at(name); }
  // Panel width of a parameter, 0 if it is row-major.
  int64_t panelOf(const std::string &name);
  // Kernels in the module.
  size_t kernelCount() const { return kernels.size(); }

private:
  void runCommand(DispatchOp command, llvm::DenseMap<mlir::Value, char *> &places, int64_t shares);
  void *place(mlir::Attribute binding, DispatchOp command, llvm::DenseMap<mlir::Value, char *> &places);
  void load(const std::string &target);

  struct Kernel {
    rondo_kernel_fn function;
    int64_t workgroups;
  };
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  rt::LoadedImage image;
  std::map<std::string, Kernel> kernels;
  std::map<std::string, Buffer> symbols; // states, parameters, optimiser states, tables
  Buffer scratch{0};
};

} // namespace rondo::test
