// Where a value of the IR stands in its spec.
#include "passes/pipeline/SpecLocation.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

rondo::codegen::PackageSpec::Location rondo::specLocation(Location location) {
  using Place = codegen::PackageSpec::Location;
  return llvm::TypeSwitch<LocationAttr, Place>(location)
      .Case([](FileLineColLoc line) {
        Place place;
        place.file = line.getFilename().str();
        place.line = line.getLine();
        place.column = line.getColumn();
        return place;
      })
      .Case([](NameLoc name) {
        Place place = specLocation(name.getChildLoc());
        std::string inner = place.layer.empty() ? "" : "." + place.layer;
        place.layer = name.getName().str() + inner;
        return place;
      })
      .Case([](FusedLoc fused) {
        return fused.getLocations().empty() ? Place() : specLocation(fused.getLocations().front());
      })
      .Case([](CallSiteLoc call) { return specLocation(call.getCallee()); })
      .Default([](LocationAttr) { return Place(); });
}
