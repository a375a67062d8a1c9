// rondo-opt: runs any stage of the compiler by itself on a text file.
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tools/rondo-opt/Register.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  rondo::registerDialects(registry);
  rondo::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Rondo's stages, one by one\n", registry));
}
