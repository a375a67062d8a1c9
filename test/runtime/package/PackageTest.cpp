// Packages that the writer makes are read back as they were described.
#include "runtime/package/Package.h"

#include "codegen/package/PackageWriter.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

namespace rondo::rt {
namespace {

absl::Span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

TEST(Package, readsWhatTheWriterWrote) {
  absl::StatusOr<Package> package = Package::fromBytes(bytesOf(test::samplePackage()), "sample.rondo");
  ASSERT_TRUE(package.ok()) << formatError(package.status());
  const format::Package &root = package->root();
  EXPECT_EQ(root.provenance()->model()->str(), "sample");
  EXPECT_EQ(root.parameters()->size(), 2u);
  EXPECT_EQ(root.parameters()->Get(1)->storage_bytes(), 1024u);
  EXPECT_EQ(root.states()->Get(0)->slot_bytes(), 4u);
  const format::Entry *decode = package->findEntry("decode");
  ASSERT_NE(decode, nullptr);
  EXPECT_EQ(decode, package->findEntry(format::EntryKind::Decode));
  EXPECT_EQ(package->locationText(decode->commands()->Get(0)->location()), "layers.0, sample.mlir:4:3");
  EXPECT_EQ(tensorBytes(*decode->outputs()->Get(0)), 1024u);
}

TEST(Package, writesEqualBytesForEqualSpecs) { EXPECT_EQ(test::samplePackage(), test::samplePackage()); }

// Locations that repeat are stored once.
TEST(Package, internsLocations) {
  absl::StatusOr<Package> package = Package::fromBytes(bytesOf(test::samplePackage()), "sample.rondo");
  ASSERT_TRUE(package.ok());
  EXPECT_EQ(package->root().locations()->size(), 4u);
}

TEST(Package, opensFiles) {
  std::string path = test::writeTemporary("sample.rondo", test::samplePackage());
  absl::StatusOr<Package> package = Package::open(path);
  ASSERT_TRUE(package.ok()) << formatError(package.status());
  EXPECT_EQ(package->path(), path);
}

// The model hash guards saved states: names, types and shapes change it, code does not.
TEST(Package, modelHashFollowsParametersAndStates) {
  auto hashOf = [](const codegen::PackageSpec &spec) {
    absl::StatusOr<Package> package = Package::fromBytes(bytesOf(codegen::writePackage(spec)), "m");
    return package.ok() ? package->root().provenance()->model_hash() : 0;
  };
  codegen::PackageSpec spec = test::samplePackageSpec();
  uint64_t hash = hashOf(spec);
  EXPECT_NE(hash, 0u);
  spec.kernels[0].source = "another";
  EXPECT_EQ(hashOf(spec), hash);
  spec.states[0].name = "state.total";
  EXPECT_NE(hashOf(spec), hash);
}

// vjp takes as inputs what other entries keep as states.
TEST(Package, anInputMayBeNamedLikeAnotherEntrysState) {
  codegen::PackageSpec spec = test::samplePackageSpec();
  ASSERT_TRUE(spec.entries[0].states.empty());
  spec.entries[0].inputs[0].name = spec.states[0].name;
  std::string bytes = codegen::writePackage(spec);
  absl::StatusOr<Package> package = Package::fromBytes(bytesOf(bytes), "sample.rondo");
  EXPECT_TRUE(package.ok()) << formatError(package.status());
}

TEST(Package, missingEntryNamesTheNearest) {
  absl::StatusOr<Package> package = Package::fromBytes(bytesOf(test::samplePackage()), "sample.rondo");
  ASSERT_TRUE(package.ok());
  EXPECT_EQ(package->findEntry("decoed"), nullptr);
  absl::Status status = package->missingEntry("decoed");
  EXPECT_EQ(errorIdOf(status), ErrorId::EntryMissing);
  EXPECT_EQ(notesOf(status), "did you mean 'decode'?");
}

} // namespace
} // namespace rondo::rt
