// The order in which a package's parts are validated.
#include "runtime/package/Validate.h"

#include "runtime/package/Checks.h"

namespace rondo::rt::package {
namespace {

absl::Status checkProvenance(const format::Provenance &provenance) {
  RONDO_RETURN_IF_ERROR(checkText(provenance.tool(), "tool"));
  RONDO_RETURN_IF_ERROR(checkText(provenance.model(), "model name"));
  RONDO_RETURN_IF_ERROR(checkText(provenance.preset(), "preset"));
  RONDO_RETURN_IF_ERROR(checkText(provenance.flags(), "flag list"));
  RONDO_RETURN_IF_ERROR(checkList(provenance.hypers(), "hyper-parameters"));
  Names names;
  for (const format::Hyper *hyper : *provenance.hypers()) {
    RONDO_RETURN_IF_ERROR(checkName(hyper->name(), "hyper-parameter", &names));
    RONDO_RETURN_IF_ERROR(checkText(hyper->value(), "value of a hyper-parameter"));
  }
  return absl::OkStatus();
}

} // namespace

absl::Status checkDescription(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(within(checkProvenance(*package.provenance()), "section", "provenance"));
  RONDO_RETURN_IF_ERROR(checkName(package.target(), "target"));
  RONDO_RETURN_IF_ERROR(checkList(package.cpu_features(), "processor features"));
  Names features;
  for (const flatbuffers::String *feature : *package.cpu_features())
    RONDO_RETURN_IF_ERROR(checkName(feature, "processor feature", &features));
  RONDO_RETURN_IF_ERROR(checkList(package.locations(), "locations"));
  for (const format::Location *location : *package.locations()) {
    RONDO_RETURN_IF_ERROR(checkText(location->file(), "location's file"));
    RONDO_RETURN_IF_ERROR(checkText(location->layer(), "location's layer"));
  }
  return absl::OkStatus();
}

absl::Status validate(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(checkDescription(package));
  RONDO_RETURN_IF_ERROR(checkParameters(package));
  RONDO_RETURN_IF_ERROR(checkStates(package));
  RONDO_RETURN_IF_ERROR(checkOptimizerStates(package));
  RONDO_RETURN_IF_ERROR(checkConstants(package));
  RONDO_RETURN_IF_ERROR(checkImage(package));
  RONDO_RETURN_IF_ERROR(checkKernels(package));
  RONDO_RETURN_IF_ERROR(checkList(package.entries(), "entry points", kMaxEntries));
  Names names;
  for (const format::Entry *entry : *package.entries()) {
    RONDO_RETURN_IF_ERROR(checkName(entry->name(), "entry point", &names));
    RONDO_RETURN_IF_ERROR(within(checkEntry(package, *entry), "entry", viewOf(entry->name())));
  }
  return absl::OkStatus();
}

} // namespace rondo::rt::package
