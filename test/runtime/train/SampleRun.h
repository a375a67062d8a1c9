// A small training run in memory: parameters in both layouts, one of them frozen, carried states of two
// types. Every value follows from the step.
#pragma once

#include "runtime/parameters/StorageLayout.h"
#include "runtime/train/TrainingCheckpoint.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <gtest/gtest.h>
#include <utility>

namespace rondo::rt {

struct SampleRun {
  static constexpr uint64_t kModel = 0x0123456789abcdef;

  explicit SampleRun(uint64_t step = 0, bool carried = true) {
    addParameter("layers.0.w", {5, 3}, 4, true);
    addParameter("norm", {7}, 0, true);
    addParameter("frozen", {2, 2}, 0, false);
    if (carried) {
      tensors.states.push_back({"state.r", format::DType::F32, {2, 3}, bytesOf(floats)});
      tensors.states.push_back({"state.n", format::DType::I64, {2}, bytesOf(counts)});
    }
    if (step != 0)
      setStep(step);
  }
  SampleRun(const SampleRun &) = delete; // spans

  void setStep(uint64_t step) {
    float value = static_cast<float>(step);
    for (TrainedTensor &parameter : tensors.parameters)
      for (absl::Span<float> span : {parameter.weight, parameter.firstMoment, parameter.secondMoment})
        fillRows(*parameter.info, span, value += 0.5f);
    for (float &element : floats)
      element = value += 0.25f;
    counts = {static_cast<int64_t>(step), static_cast<int64_t>(step) + 1};
    progress = {};
    progress.modelHash = kModel;
    progress.step = step;
    progress.seed = ~uint64_t{0};
    progress.cursor = {step / 300, step * 8, {step, 2 * step}};
    progress.logBytes = 100 * step;
    progress.configuration = {{"batch", "8"}, {"data \"set\"", "\x01 \xc3\xa9"}};
    progress.counters = {{"tokens", step * 1000}};
  }

  // Whether all memory, padding included, and all numbers are those of `step`.
  static void expect(const FoundCheckpoint &found, uint64_t step) {
    SampleRun expected(step), restored;
    EXPECT_EQ(found.manifest.progress, expected.progress);
    absl::Status status = restoreTensors(found, restored.tensors);
    ASSERT_TRUE(status.ok()) << formatError(status);
    EXPECT_EQ(restored.memory(), expected.memory());
  }

  std::vector<uint8_t> memory() const {
    std::vector<uint8_t> all;
    auto append = [&](const auto &values) {
      const uint8_t *bytes = reinterpret_cast<const uint8_t *>(values.data());
      all.insert(all.end(), bytes, bytes + values.size() * sizeof(values[0]));
    };
    for (const std::vector<float> &values : storage)
      append(values);
    append(floats);
    append(counts);
    return all;
  }

  TrainingProgress progress;
  TrainingTensors tensors;
  std::vector<float> floats = std::vector<float>(6);
  std::vector<int64_t> counts = std::vector<int64_t>(2);

private:
  template <typename T> static absl::Span<uint8_t> bytesOf(std::vector<T> &values) {
    return {reinterpret_cast<uint8_t *>(values.data()), values.size() * sizeof(T)};
  }

  void addParameter(const char *name, std::vector<uint64_t> shape, uint32_t panel, bool trained) {
    ParameterInfo &info = infos.emplace_back();
    info.name = name;
    info.shape = std::move(shape);
    info.layout = panel ? format::Layout::Panels : format::Layout::RowMajor;
    info.panel = panel;
    uint64_t elements = panel ? (info.shape[0] + panel - 1) / panel * panel * info.shape[1] : info.elements();
    info.storageBytes = elements * sizeof(float);
    TrainedTensor tensor{&info, memoryFor(elements), {}, {}};
    if (trained) {
      tensor.firstMoment = memoryFor(elements);
      tensor.secondMoment = memoryFor(elements);
    }
    tensors.parameters.push_back(tensor);
  }

  absl::Span<float> memoryFor(uint64_t elements) { return absl::MakeSpan(storage.emplace_back(elements)); }

  static void fillRows(const ParameterInfo &info, absl::Span<float> span, float value) {
    if (!span.empty())
      fillStorage(info, span, [&](uint64_t first, absl::Span<float> target) {
        for (float &element : target)
          element = value + 0.001f * static_cast<float>(first++);
        return absl::OkStatus();
      }).IgnoreError();
  }

  std::deque<ParameterInfo> infos;
  std::deque<std::vector<float>> storage;
};

} // namespace rondo::rt
