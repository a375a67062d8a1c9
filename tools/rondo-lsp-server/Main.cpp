// rondo-lsp-server: live errors, completion and navigation for specs and for every stage's IR in editors.
#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "frontends/spec/CheckSpec.h"
#include "frontends/spec/LoadSpec.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

using namespace mlir;
using namespace rondo;

// Editors parse and verify as the author types; the verifier of spec.model runs the semantic check with
// defaults.
static LogicalResult checkWhileTyping(spec::ModelOp model) {
  Diagnosis diagnosis;
  checkModel(model, {}, diagnosis);
  return diagnosis.emit();
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerSpecFrontend(registry);
  registry.insert<tile::TileDialect, arith::ArithDialect, memref::MemRefDialect, scf::SCFDialect>();
  registry.addExtension(+[](MLIRContext *, spec::SpecDialect *dialect) {
    dialect->setModelCheck(checkWhileTyping);
    dialect->enableCompletion();
  });
  return failed(MlirLspServerMain(argc, argv, registry)) ? 1 : 0;
}
