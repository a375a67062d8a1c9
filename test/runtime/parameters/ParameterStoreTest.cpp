// Parameters: layouts, initial values, saving, and every rule of loading.
#include "runtime/parameters/ParameterStore.h"
#include "runtime/parameters/OptimizerStore.h"
#include "runtime/random/Philox.h"
#include "runtime/safetensors/Reader.h"
#include "runtime/safetensors/Writer.h"
#include "test/runtime/files/TemporaryFolder.h"

#include <cmath>

namespace rondo::rt {
namespace {

using safetensors::ElementType;

ParameterInfo matrix(const std::string &name, uint64_t rows, uint64_t columns, uint32_t panel = 0) {
  ParameterInfo info;
  info.name = name;
  info.shape = {rows, columns};
  info.panel = panel;
  info.layout = panel ? format::Layout::Panels : format::Layout::RowMajor;
  info.storageBytes = (panel ? (rows + panel - 1) / panel * panel : rows) * columns * sizeof(float);
  info.initKind = format::InitKind::Normal;
  info.initValue = 0.5;
  return info;
}

class Parameters : public TemporaryFolder {
protected:
  using Values = std::vector<float>;
  struct Tensor {
    std::string name;
    Values values;
    std::vector<uint64_t> shape;
  };

  std::string write(const std::vector<Tensor> &tensors) const {
    std::vector<safetensors::TensorToWrite> headers;
    for (const Tensor &tensor : tensors)
      headers.push_back({tensor.name, ElementType::F32, tensor.shape});
    absl::StatusOr<safetensors::Writer> writer = safetensors::Writer::create(path("w"), headers);
    for (const Tensor &tensor : tensors)
      EXPECT_TRUE(
          writer->write({reinterpret_cast<const uint8_t *>(tensor.values.data()), tensor.values.size() * 4})
              .ok());
    EXPECT_TRUE(writer->finish().ok());
    return path("w");
  }

  // The outcome of loading `tensors` into a model with one 2 x 2 matrix "a" that has the alias "alias".
  absl::Status load(const std::vector<Tensor> &tensors, const std::vector<std::string> &ignore = {}) const {
    ParameterInfo info = matrix("a", 2, 2);
    info.aliases = {"alias"};
    ParameterStore store = *ParameterStore::create({info});
    absl::Status status = store.load(write(tensors), ignore);
    EXPECT_EQ(store.isFilled(), status.ok());
    if (status.ok())
      EXPECT_EQ(store.storage(0)[3], 4.0f);
    return status;
  }

  static Values rowMajor(const ParameterStore &store, size_t index) {
    Values values;
    EXPECT_TRUE(store
                    .visit(index,
                           [&](absl::Span<const float> piece) {
                             values.insert(values.end(), piece.begin(), piece.end());
                             return absl::OkStatus();
                           })
                    .ok());
    return values;
  }

  const Tensor good{"a", {1, 2, 3, 4}, {2, 2}};
};

TEST_F(Parameters, packsPanelsAndPadsWithZeros) {
  ParameterStore store = *ParameterStore::create({matrix("a", 3, 2, 2)});
  ASSERT_TRUE(store.load(write({{"a", {1, 2, 3, 4, 5, 6}, {3, 2}}})).ok());
  EXPECT_EQ(Values(store.storage(0).begin(), store.storage(0).end()), (Values{1, 3, 2, 4, 5, 0, 6, 0}));
  EXPECT_EQ(rowMajor(store, 0), (Values{1, 2, 3, 4, 5, 6}));
}

TEST_F(Parameters, initialValuesDoNotDependOnLayoutOrNeighbours) {
  for (uint32_t panel : {1u, 3u, 16u, 100u}) {
    ParameterStore packed = *ParameterStore::create({matrix("x", 5, 7), matrix("a", 37, 130, panel)});
    ParameterStore plain = *ParameterStore::create({matrix("a", 37, 130)});
    packed.initialise(7);
    plain.initialise(7);
    EXPECT_EQ(rowMajor(packed, 1), rowMajor(plain, 0));
    plain.initialise(8);
    EXPECT_NE(rowMajor(packed, 1), rowMajor(plain, 0));
  }
}

TEST_F(Parameters, initialisesByKind) {
  ParameterInfo constant = matrix("c", 4, 4), uniform = matrix("u", 64, 64), normal = matrix("n", 64, 64);
  constant.initKind = format::InitKind::Constant;
  uniform.initKind = format::InitKind::Uniform;
  ParameterStore store = *ParameterStore::create({constant, uniform, normal});
  EXPECT_FALSE(store.isFilled());
  store.initialise(1);
  EXPECT_TRUE(store.isFilled());
  EXPECT_EQ(rowMajor(store, 0), Values(16, 0.5f));
  double squares[3] = {};
  for (size_t kind : {1u, 2u})
    for (float value : rowMajor(store, kind)) {
      squares[kind] += double(value) * value / 4096;
      EXPECT_TRUE(kind == 2 || (value >= -0.5f && value < 0.5f));
    }
  EXPECT_NEAR(std::sqrt(squares[1]), 0.5 / std::sqrt(3.0), 0.01);
  EXPECT_NEAR(std::sqrt(squares[2]), 0.5, 0.02);
}

TEST_F(Parameters, savesUnderMainNamesAndLoadsAgain) {
  ParameterStore store = *ParameterStore::create({matrix("a", 5, 3, 4), matrix("b", 2, 2)});
  store.initialise(3);
  ASSERT_TRUE(store.save(path("saved")).ok());
  ParameterStore other = *ParameterStore::create({matrix("b", 2, 2), matrix("a", 5, 3, 2)});
  ASSERT_TRUE(other.load(path("saved")).ok());
  EXPECT_EQ(rowMajor(store, 0), rowMajor(other, 1));
  EXPECT_EQ(rowMajor(store, 1), rowMajor(other, 0));
}

TEST_F(Parameters, readsOtherFloatTypes) {
  absl::StatusOr<safetensors::Writer> writer =
      safetensors::Writer::create(path("w"), {{"a", ElementType::F64, {2, 2}}});
  double values[] = {1, 2, 3, 0.1};
  ASSERT_TRUE(writer->write({reinterpret_cast<const uint8_t *>(values), sizeof values}).ok());
  ASSERT_TRUE(writer->finish().ok());
  ParameterStore store = *ParameterStore::create({matrix("a", 2, 2, 2)});
  ASSERT_TRUE(store.load(path("w")).ok());
  EXPECT_EQ(rowMajor(store, 0), (Values{1, 2, 3, 0.1f}));
}

TEST_F(Parameters, reportsMissingWeightsWithTheNearestName) {
  absl::Status status = load({{"ab", {1, 2, 3, 4}, {2, 2}}});
  EXPECT_EQ(errorIdOf(status), ErrorId::WeightMissing);
  EXPECT_EQ(errorIdOf(load({})), ErrorId::WeightMissing);
  ParameterStore store = *ParameterStore::create({matrix("decoder.layers.0.weight", 2, 2)});
  status = store.load(write({{"layers.0.weight", {1, 2, 3, 4}, {2, 2}}}));
  EXPECT_EQ(notesOf(status), "'decoder.layers.0.weight', the file has 'layers.0.weight'");
}

TEST_F(Parameters, refusesUnknownWeightsUnlessIgnored) {
  std::vector<Tensor> tensors = {good, {"optimizer.step", {5}, {1}}};
  EXPECT_EQ(errorIdOf(load(tensors)), ErrorId::WeightUnused);
  EXPECT_EQ(notesOf(load(tensors)), "'optimizer.step'");
  EXPECT_TRUE(load(tensors, {"x", "optimizer.*"}).ok());
}

TEST_F(Parameters, anIgnoredTensorsTypeDoesNotMatter) {
  absl::StatusOr<safetensors::Writer> writer = safetensors::Writer::create(
      path("w"), {{"a", ElementType::F32, {1, 1}}, {"scales", ElementType::F8E4M3, {4}}});
  ASSERT_TRUE(writer->write(std::vector<uint8_t>(8)).ok() && writer->finish().ok());
  ParameterStore store = *ParameterStore::create({matrix("a", 1, 1)});
  EXPECT_TRUE(store.load(path("w"), {"scal*"}).ok());
}

TEST_F(Parameters, refusesWrongShapes) {
  for (const std::vector<uint64_t> &shape : {std::vector<uint64_t>{4}, {2, 2, 1}, {4, 1}, {1, 4}})
    EXPECT_EQ(errorIdOf(load({{"a", {1, 2, 3, 4}, shape}})), ErrorId::WeightShape);
  EXPECT_EQ(notesOf(load({{"a", {1, 2, 3, 4}, {4}}})), "'a': expected [2, 2], found [4]");
}

TEST_F(Parameters, refusesTypesThatAreNoFloats) {
  for (ElementType type : {ElementType::I32, ElementType::F8E5M2, ElementType::C64, ElementType::Bool}) {
    absl::StatusOr<safetensors::Writer> writer =
        safetensors::Writer::create(path("w"), {{"a", type, {2, 2}}});
    ASSERT_TRUE(writer->write(std::vector<uint8_t>(4 * bitsOf(type) / 8)).ok() && writer->finish().ok());
    ParameterStore store = *ParameterStore::create({matrix("a", 2, 2)});
    EXPECT_EQ(errorIdOf(store.load(path("w"))), ErrorId::WeightDtype);
  }
}

TEST_F(Parameters, acceptsBitEqualAliases) {
  EXPECT_TRUE(load({good, {"alias", {1, 2, 3, 4}, {2, 2}}}).ok());
  EXPECT_TRUE(load({{"alias", {1, 2, 3, 4}, {2, 2}}}).ok());
  EXPECT_EQ(errorIdOf(load({good, {"alias", {1, 2, 3, 5}, {2, 2}}})), ErrorId::WeightAlias);
  EXPECT_EQ(errorIdOf(load({good, {"alias", {1, 2, 3, 4}, {4}}})), ErrorId::WeightShape);
  EXPECT_EQ(errorIdOf(load({{"a", {0.0f, 2, 3, 4}, {2, 2}}, {"alias", {-0.0f, 2, 3, 4}, {2, 2}}})),
            ErrorId::WeightAlias);
}

TEST_F(Parameters, optionalOnesMayBeMissing) {
  ParameterInfo info = matrix("b", 1, 2);
  info.group = format::ParameterGroup::Optional;
  info.initKind = format::InitKind::Constant;
  ParameterStore store = *ParameterStore::create({matrix("a", 2, 2), info});
  ASSERT_TRUE(store.load(write({good})).ok());
  EXPECT_EQ(rowMajor(store, 1), (Values{0.5f, 0.5f}));
}

// Moments go to checkpoints and back in rows, whatever the layout that the kernels see.
TEST_F(Parameters, optimiserStatesAreSavedInRows) {
  OptimizerStateInfo moment{matrix("adam.m.a", 3, 2, 2), format::OptimizerRole::FirstMoment, 4};
  OptimizerStateInfo weight;
  weight.tensor.name = "accumulated.loss_weight";
  weight.tensor.storageBytes = sizeof(float);
  weight.role = format::OptimizerRole::LossWeight;
  OptimizerStore store = *OptimizerStore::create({moment, weight});
  std::fill(store.storage(0).begin(), store.storage(0).end(), 9.0f);
  auto ascending = [](uint64_t first, absl::Span<float> target) {
    for (size_t i = 0; i < target.size(); ++i)
      target[i] = static_cast<float>(first + i);
    return absl::OkStatus();
  };
  ASSERT_TRUE(store.fill(0, ascending).ok());
  EXPECT_EQ(Values(store.storage(0).begin(), store.storage(0).end()), (Values{0, 2, 1, 3, 4, 0, 5, 0}));
  Values rows;
  ASSERT_TRUE(store
                  .visit(0,
                         [&](absl::Span<const float> piece) {
                           rows.insert(rows.end(), piece.begin(), piece.end());
                           return absl::OkStatus();
                         })
                  .ok());
  EXPECT_EQ(rows, (Values{0, 1, 2, 3, 4, 5}));
  ASSERT_TRUE(store
                  .fill(1,
                        [](uint64_t, absl::Span<float> target) {
                          target[0] = 7;
                          return absl::OkStatus();
                        })
                  .ok());
  EXPECT_EQ(store.storage(1)[0], 7);
  store.poison();
  store.clear();
  EXPECT_FALSE(store.isPoisoned());
  EXPECT_EQ(store.storage(0)[3], 0);
  moment.tensor.storageBytes -= 4;
  EXPECT_EQ(errorIdOf(OptimizerStore::create({moment}).status()), ErrorId::BadSize);
}

TEST_F(Parameters, refusesStorageThatDoesNotFit) {
  ParameterInfo info = matrix("a", 3, 2, 2);
  info.storageBytes -= 4;
  EXPECT_EQ(errorIdOf(ParameterStore::create({info}).status()), ErrorId::BadSize);
  info = matrix("a", 2, 2);
  info.shape = {UINT64_MAX, UINT64_MAX};
  EXPECT_EQ(errorIdOf(ParameterStore::create({info}).status()), ErrorId::BadSize);
  info = matrix("a", 2, 2);
  info.dtype = format::DType::BF16;
  EXPECT_EQ(errorIdOf(ParameterStore::create({info}).status()), ErrorId::BadEnum);
}

} // namespace
} // namespace rondo::rt
