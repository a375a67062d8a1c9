// Saved states continue exactly; wrong and damaged files are refused and change nothing.
#include "runtime/states/StateFile.h"
#include "runtime/safetensors/Writer.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/states/SamplePool.h"

namespace rondo::rt {
namespace {

constexpr uint64_t kModel = 0x0123456789abcdef;

class StateFiles : public TemporaryFolder {
protected:
  // Loads one row of the file into a fresh pool, which must not change if that fails.
  std::optional<ErrorId> idOfLoading(const std::string &file, uint64_t model = kModel) const {
    SamplePool sample(2);
    std::vector<float> before = sample.floats;
    absl::Status status = loadStates(file, model, sample.pool, {1});
    EXPECT_EQ(exitCodeOf(status), status.ok() ? 0 : 3);
    if (!status.ok())
      EXPECT_EQ(sample.floats, before);
    return errorIdOf(status);
  }

  // A state file with the given tensors of 8 zero bytes each and metadata.
  std::string write(const std::vector<safetensors::TensorToWrite> &tensors,
                    const std::map<std::string, std::string> &metadata) const {
    absl::StatusOr<safetensors::Writer> writer = safetensors::Writer::create(path("s"), tensors, metadata);
    EXPECT_TRUE(writer->write(std::vector<uint8_t>(8 * tensors.size())).ok() && writer->finish().ok());
    return path("s");
  }

  std::string save() const {
    SamplePool sample(3);
    EXPECT_TRUE(saveStates(path("s"), kModel, sample.pool, {2}).ok());
    return path("s");
  }
};

TEST_F(StateFiles, continueExactly) {
  SamplePool saved(3), loaded(3);
  ASSERT_TRUE(saveStates(path("s"), kModel, saved.pool, {2, 0}).ok());
  EXPECT_EQ(*countSavedRows(path("s"), kModel), 2u);
  loaded.pool.poison(1);
  ASSERT_TRUE(loadStates(path("s"), kModel, loaded.pool, {1, 2}).ok());
  EXPECT_EQ(loaded.floats, (std::vector<float>{1, 0, 3, 0, 1, 0}));
  EXPECT_EQ(loaded.counts, (std::vector<int64_t>{0, 20, 0}));
  EXPECT_EQ(loaded.pool.position(1), 2);
  EXPECT_FALSE(loaded.pool.isPoisoned(1));
}

TEST_F(StateFiles, refuseAnotherModel) {
  EXPECT_EQ(idOfLoading(save(), kModel + 1), ErrorId::StateModelMismatch);
  EXPECT_EQ(errorIdOf(countSavedRows(path("s"), kModel + 1).status()), ErrorId::StateModelMismatch);
}

TEST_F(StateFiles, refuseAnotherNumberOfRows) {
  SamplePool sample(3);
  EXPECT_EQ(errorIdOf(loadStates(save(), kModel, sample.pool, {0, 1})), ErrorId::StateLayout);
  EXPECT_EQ(errorIdOf(loadStates(path("s"), kModel, sample.pool, {3})), ErrorId::TokenRange);
}

TEST_F(StateFiles, refusePoisonedSlots) {
  SamplePool sample(2);
  sample.pool.poison(0);
  EXPECT_EQ(errorIdOf(saveStates(path("s"), kModel, sample.pool, {0})), ErrorId::StatePoisoned);
  EXPECT_EQ(entries(), 0u);
}

TEST_F(StateFiles, refuseWrongLayouts) {
  using safetensors::ElementType;
  safetensors::TensorToWrite r{"state.r", ElementType::F32, {1, 2}}, n{"state.n", ElementType::I64, {1}};
  std::map<std::string, std::string> good = {
      {"rondo.state", "1"}, {"rondo.model", "0123456789abcdef"}, {"rondo.positions", "5"}};
  EXPECT_EQ(idOfLoading(write({r, n}, {})), ErrorId::StateLayout);   // any safetensors file
  EXPECT_EQ(idOfLoading(write({r, n}, good)), ErrorId::StateLayout); // no hash
  EXPECT_EQ(idOfLoading(write({r}, good)), ErrorId::StateLayout);
  EXPECT_EQ(idOfLoading(write({r, {"state.x", ElementType::I64, {1}}}, good)), ErrorId::StateLayout);
  EXPECT_EQ(idOfLoading(write({r, {"state.n", ElementType::F64, {1}}}, good)), ErrorId::StateLayout);
  EXPECT_EQ(idOfLoading(write({{"state.r", ElementType::F32, {2, 1}}, n}, good)), ErrorId::StateLayout);
  for (const char *positions : {"", "x", "-1", "1,", "99999999999999999999"}) {
    good["rondo.positions"] = positions;
    EXPECT_EQ(idOfLoading(write({r, n}, good)), ErrorId::StateLayout) << positions;
  }
  good["rondo.state"] = "2";
  EXPECT_EQ(idOfLoading(write({r, n}, good)), ErrorId::StateLayout);
}

TEST_F(StateFiles, refuseDamageAndNegativeCounts) {
  std::string text = get(save());
  text.back() ^= 1;
  EXPECT_EQ(idOfLoading(put("s", text)), ErrorId::StateLayout);
  EXPECT_EQ(idOfLoading(put("s", text.substr(0, text.size() - 1))), ErrorId::OutOfBounds);
  EXPECT_EQ(idOfLoading(put("s", text.substr(0, 5))), ErrorId::HeaderTooSmall);
  SamplePool sample(1);
  sample.counts[0] = -1;
  ASSERT_TRUE(saveStates(path("s"), kModel, sample.pool, {0}).ok());
  EXPECT_EQ(idOfLoading(path("s")), ErrorId::StateLayout);
}

} // namespace
} // namespace rondo::rt
