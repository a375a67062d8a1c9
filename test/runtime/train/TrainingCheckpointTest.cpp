// Checkpoints give back every bit; damaged ones are passed over and said to be so; the folder holds what it
// should.
#include "runtime/train/TrainingCheckpoint.h"
#include "runtime/safetensors/Reader.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/train/SampleRun.h"

#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace rondo::rt {
namespace {

namespace fs = std::filesystem;

class TrainingCheckpoints : public TemporaryFolder {
protected:
  void SetUp() override {
    TemporaryFolder::SetUp();
    run = path("out");
  }

  void write(uint64_t step, uint32_t keep = 2) {
    absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run, keep);
    ASSERT_TRUE(writer.ok()) << formatError(writer.status());
    SampleRun sample(step);
    absl::Status status = writer->write(sample.progress, sample.tensors);
    ASSERT_TRUE(status.ok()) << formatError(status);
  }

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto &entry : fs::directory_iterator(run))
      found.insert(entry.path().filename());
    return found;
  }

  std::string file(uint64_t step, const std::string &name) const {
    return run + "/checkpoint-" + std::to_string(step) + "/" + name;
  }

  // The newest whole checkpoint is that of `step`; `skipped` newer ones are not whole.
  std::optional<FoundCheckpoint> findStep(uint64_t step, size_t skipped) const {
    absl::StatusOr<std::optional<FoundCheckpoint>> found = findLatestCheckpoint(run);
    EXPECT_TRUE(found.ok()) << formatError(found.status());
    EXPECT_TRUE(found.ok() && found->has_value());
    if (!found.ok() || !found->has_value())
      return std::nullopt;
    EXPECT_EQ((*found)->path, run + "/checkpoint-" + std::to_string(step));
    EXPECT_EQ((*found)->skipped.size(), skipped);
    for (const absl::Status &status : (*found)->skipped)
      EXPECT_EQ(errorIdOf(status), ErrorId::CheckpointIncomplete);
    return *std::move(found);
  }

  // And it gives back every bit.
  void expectLatest(uint64_t step, size_t skipped = 0) const {
    if (std::optional<FoundCheckpoint> found = findStep(step, skipped))
      SampleRun::expect(*found, step);
  }

  std::string run;
};

const char *const kFiles[] = {"weights.safetensors", "optimizer.safetensors", "states.safetensors",
                              "manifest.json"};

TEST_F(TrainingCheckpoints, giveBackEveryBit) {
  write(200);
  expectLatest(200);
  std::set<std::string> files;
  for (const auto &entry : fs::directory_iterator(run + "/checkpoint-200"))
    files.insert(entry.path().filename());
  EXPECT_EQ(files, std::set<std::string>(std::begin(kFiles), std::end(kFiles)));
  EXPECT_EQ(get(run + "/LATEST"), "checkpoint-200\n");
}

TEST_F(TrainingCheckpoints, areEqualFilesForEqualStates) {
  write(200);
  std::string first = run;
  run = path("other");
  write(100);
  write(200);
  for (const char *name : kFiles)
    EXPECT_EQ(get(file(200, name)), get(first + "/checkpoint-200/" + name)) << name;
}

// Rows of panels are put in order, moments stand under their parameter's name.
TEST_F(TrainingCheckpoints, holdRowMajorTensorsUnderTheirNames) {
  write(1);
  absl::StatusOr<safetensors::Reader> weights = safetensors::Reader::open(file(1, "weights.safetensors"));
  std::vector<std::string> names;
  for (const safetensors::TensorInfo &tensor : weights->header().tensors)
    names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"frozen", "layers.0.w", "norm"}));
  std::vector<float> values(15);
  ASSERT_TRUE(
      weights->readF32(*weights->find("layers.0.w"), 0, absl::MakeSpan(values), ErrorId::WeightDtype).ok());
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(values[i], 1.5f + 0.001f * static_cast<float>(i));
  absl::StatusOr<safetensors::Reader> moments = safetensors::Reader::open(file(1, "optimizer.safetensors"));
  names.clear();
  for (const safetensors::TensorInfo &tensor : moments->header().tensors)
    names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"adam.m.layers.0.w", "adam.m.norm", "adam.v.layers.0.w",
                                             "adam.v.norm"}));
}

TEST_F(TrainingCheckpoints, areFoundNowhereBeforeTheFirst) {
  EXPECT_FALSE(findLatestCheckpoint(run)->has_value());
  ASSERT_TRUE(CheckpointFolder::open(run).ok());
  put("out/checkpoint-7", "a file");
  fs::create_directories(run + "/checkpoint-07");
  fs::create_directories(run + "/checkpoint-x");
  fs::create_directories(run + "/checkpoint-99999999999999999999");
  EXPECT_FALSE(findLatestCheckpoint(run)->has_value());
}

TEST_F(TrainingCheckpoints, remainAsManyAsAreKept) {
  for (uint64_t step : {9, 10, 100, 101})
    write(step);
  EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-100", "checkpoint-101"}));
  for (uint64_t step : {102, 103})
    write(step, 3);
  EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-101", "checkpoint-102", "checkpoint-103"}));
  write(104, 1);
  EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-104"}));
}

// A fallback that is no checkpoint must not push out one that is.
TEST_F(TrainingCheckpoints, withoutManifestDoNotCountAsKept) {
  for (uint64_t step : {1, 2})
    write(step);
  fs::remove(file(2, "manifest.json"));
  write(3);
  EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-1", "checkpoint-3"}));
}

TEST_F(TrainingCheckpoints, fallBackWhenAnyFileIsCutAnywhere) {
  write(100);
  write(200);
  for (const char *name : kFiles) {
    std::string whole = get(file(200, name));
    for (size_t size = whole.size(); size-- > 0;) {
      fs::resize_file(file(200, name), size);
      findStep(100, 1);
    }
    expectLatest(100, 1);
    std::ofstream(file(200, name), std::ios::binary) << whole << '\0';
    findStep(100, 1);
    std::ofstream(file(200, name), std::ios::binary) << whole;
    expectLatest(200);
  }
}

TEST_F(TrainingCheckpoints, fallBackWhenAnyByteIsChanged) {
  write(100);
  write(200);
  for (const char *name : kFiles) {
    std::string whole = get(file(200, name));
    std::fstream open(file(200, name), std::ios::binary | std::ios::in | std::ios::out);
    auto put = [&](size_t at, char byte) { open.seekp(static_cast<std::streamoff>(at)).put(byte).flush(); };
    for (size_t at = 0; at < whole.size(); ++at) {
      put(at, static_cast<char>(whole[at] ^ (1 << at % 8)));
      findStep(100, 1);
      put(at, whole[at]);
    }
    expectLatest(200);
  }
}

TEST_F(TrainingCheckpoints, fallBackWhenAFileIsMissingOrNone) {
  write(100);
  write(200);
  for (const char *name : kFiles) {
    std::string whole = get(file(200, name));
    fs::remove(file(200, name));
    expectLatest(100, 1);
    fs::create_directory(file(200, name));
    expectLatest(100, 1);
    fs::remove(file(200, name));
    ASSERT_EQ(mkfifo(file(200, name).c_str(), 0600), 0);
    expectLatest(100, 1);
    fs::remove(file(200, name));
    std::ofstream(file(200, name), std::ios::binary) << whole;
  }
  fs::rename(run + "/checkpoint-200", run + "/checkpoint-300"); // not what the manifest says
  expectLatest(100, 1);
}

TEST_F(TrainingCheckpoints, sayWhatIsWrongWithThem) {
  write(100);
  write(200);
  fs::resize_file(file(200, "weights.safetensors"), 10);
  std::optional<FoundCheckpoint> found = *findLatestCheckpoint(run);
  std::string bytes = std::to_string(found->manifest.files.at("weights.safetensors").bytes);
  EXPECT_EQ(formatWarning(found->skipped.at(0)),
            run + "/checkpoint-200: warning: expected a whole checkpoint, found a damaged one [RND3303]\n" +
                "note: " + file(200, "weights.safetensors") + ": expected " + bytes + " bytes, found 10\n" +
                "help: Resume from an older one with --resume PATH, or start afresh with --resume never.\n");
  fs::remove(file(100, "manifest.json"));
  absl::Status none = findLatestCheckpoint(run).status();
  EXPECT_EQ(formatError(none), run + ": error: expected a whole checkpoint, found 2 damaged [RND3303]\n" +
                                   "note: " + file(200, "weights.safetensors") + ": expected " + bytes +
                                   " bytes, found 10\n" + "note: " + file(100, "manifest.json") +
                                   ": expected a file, found none\n" +
                                   "help: Start afresh with --resume never.\n");
  EXPECT_EQ(exitCodeOf(none), 3);
}

TEST_F(TrainingCheckpoints, areOpenedByTheirPath) {
  write(100);
  write(200);
  SampleRun::expect(*openCheckpoint(file(100, "")), 100);
  fs::rename(run + "/checkpoint-100", path("elsewhere"));
  SampleRun::expect(*openCheckpoint(path("elsewhere")), 100);
  EXPECT_EQ(errorIdOf(openCheckpoint(path("nowhere")).status()), ErrorId::FileMissing);
  EXPECT_EQ(errorIdOf(openCheckpoint(run).status()), ErrorId::CheckpointIncomplete);
  fs::remove(file(200, "optimizer.safetensors"));
  EXPECT_EQ(errorIdOf(openCheckpoint(run + "/checkpoint-200").status()), ErrorId::CheckpointIncomplete);
}

TEST_F(TrainingCheckpoints, belongToOneModelAndConfiguration) {
  write(100);
  FoundCheckpoint found = *openCheckpoint(run + "/checkpoint-100");
  std::map<std::string, std::string> configuration = SampleRun(100).progress.configuration;
  EXPECT_TRUE(checkSameRun(found, SampleRun::kModel, configuration).ok());
  absl::Status model = checkSameRun(found, 1, configuration);
  EXPECT_EQ(errorIdOf(model), ErrorId::StateModelMismatch);
  EXPECT_EQ(model.message(), "expected a checkpoint of model 0000000000000001, found 0123456789abcdef");
  configuration["batch"] = "16";
  configuration["lr"] = "0.1";
  absl::Status changed = checkSameRun(found, SampleRun::kModel, configuration);
  EXPECT_EQ(errorIdOf(changed), ErrorId::StateModelMismatch);
  EXPECT_EQ(notesOf(changed), "'batch': this run has '16', the checkpoint '8'\n"
                              "'lr': this run has '0.1', the checkpoint nothing");
}

// A checkpoint of the right model whose tensors are other ones: written by a stranger.
TEST_F(TrainingCheckpoints, mustFitTheTensorsExactly) {
  write(100);
  FoundCheckpoint found = *openCheckpoint(run + "/checkpoint-100");
  auto idOf = [&](auto change) {
    SampleRun sample(7);
    std::vector<uint8_t> before = sample.memory();
    std::vector<ParameterInfo> infos;
    for (const TrainedTensor &parameter : sample.tensors.parameters)
      infos.push_back(*parameter.info);
    for (size_t i = 0; i < infos.size(); ++i)
      sample.tensors.parameters[i].info = &infos[i];
    change(sample.tensors, infos);
    absl::Status status = restoreTensors(found, sample.tensors);
    EXPECT_EQ(sample.memory(), before);
    return errorIdOf(status);
  };
  using Infos = std::vector<ParameterInfo>;
  EXPECT_EQ(idOf([](TrainingTensors &, Infos &infos) { infos[1].name = "other"; }), ErrorId::StateLayout);
  EXPECT_EQ(idOf([](TrainingTensors &, Infos &infos) { infos[1].shape = {7, 1}; }), ErrorId::StateLayout);
  EXPECT_EQ(idOf([](TrainingTensors &, Infos &infos) { infos[1].storageBytes += 4; }), ErrorId::Internal);
  EXPECT_EQ(idOf([](TrainingTensors &tensors, Infos &) { tensors.parameters.pop_back(); }),
            ErrorId::StateLayout);
  EXPECT_EQ(idOf([](TrainingTensors &tensors, Infos &) { tensors.parameters[1].firstMoment = {}; }),
            ErrorId::Internal);
  EXPECT_EQ(idOf([](TrainingTensors &tensors, Infos &) { tensors.states.clear(); }), ErrorId::StateLayout);
  EXPECT_EQ(idOf([](TrainingTensors &tensors, Infos &) { tensors.states[0].dtype = format::DType::I32; }),
            ErrorId::StateLayout);
  EXPECT_EQ(idOf([](TrainingTensors &tensors, Infos &) { tensors.states[1].shape = {3}; }),
            ErrorId::Internal);
}

TEST_F(TrainingCheckpoints, withNegativeCountsAreRefused) {
  absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
  SampleRun sample(100);
  sample.counts[1] = -1;
  ASSERT_TRUE(writer->write(sample.progress, sample.tensors).ok());
  EXPECT_EQ(errorIdOf(restoreTensors(**findLatestCheckpoint(run), sample.tensors)), ErrorId::StateLayout);
}

TEST_F(TrainingCheckpoints, withoutStatesHaveNoFileOfThem) {
  absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
  SampleRun sample(100, false), with(100);
  ASSERT_TRUE(writer->write(sample.progress, sample.tensors).ok());
  EXPECT_FALSE(fs::exists(file(100, "states.safetensors")));
  FoundCheckpoint found = **findLatestCheckpoint(run);
  EXPECT_TRUE(restoreTensors(found, sample.tensors).ok());
  EXPECT_EQ(errorIdOf(restoreTensors(found, with.tensors)), ErrorId::StateLayout);
}

TEST_F(TrainingCheckpoints, ofLaterStepsAreForgotten) {
  for (uint64_t step : {100, 200, 300})
    write(step, 3);
  absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run, 3);
  ASSERT_TRUE(writer->forgetAfter(300).ok());
  expectLatest(300);
  ASSERT_TRUE(writer->forgetAfter(100).ok());
  EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-100"}));
  EXPECT_EQ(get(run + "/LATEST"), "checkpoint-100\n");
  ASSERT_TRUE(writer->forgetAfter(0).ok());
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(TrainingCheckpoints, ofOneStepReplaceEachOther) {
  write(100);
  std::ofstream(file(100, "weights.safetensors")) << "torn";
  write(100);
  expectLatest(100);
}

TEST_F(TrainingCheckpoints, cleanUpWhatKilledRunsLeft) {
  write(100);
  fs::create_directories(run + "/.tmp-checkpoint-200");
  put("out/.tmp-checkpoint-200/weights.safetensors.tmp-12-3", "x");
  put("out/LATEST.tmp-12-3", "x");
  put("out/weights.safetensors.tmp-1-0", "x");
  for (const char *mine : {"notes.tmp", "notes.tmp-1", "notes.tmp-1-", ".tmp-1-2", "notes.tmp-a-2"})
    put(std::string("out/") + mine, "x");
  write(300);
  EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-100", "checkpoint-300", "notes.tmp",
                                            "notes.tmp-1", "notes.tmp-1-", ".tmp-1-2", "notes.tmp-a-2"}));
}

TEST_F(TrainingCheckpoints, areWrittenByOneRunAtATime) {
  absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
  absl::Status second = CheckpointFolder::open(run).status();
  EXPECT_EQ(errorIdOf(second), ErrorId::FolderInUse);
  EXPECT_EQ(exitCodeOf(second), 4);
  writer = absl::CancelledError();
  EXPECT_TRUE(CheckpointFolder::open(run).ok());
}

TEST_F(TrainingCheckpoints, needAFolderThatCanBeMade) {
  put("file", "x");
  EXPECT_EQ(errorIdOf(CheckpointFolder::open(path("file/out")).status()), ErrorId::WriteFailed);
  EXPECT_EQ(errorIdOf(CheckpointFolder::open(path("file")).status()), ErrorId::WriteFailed);
  EXPECT_TRUE(CheckpointFolder::open(path("a/b//c/")).ok());
  EXPECT_TRUE(fs::is_directory(path("a/b/c")));
}

// Linked folders are somebody else's: not taken for a checkpoint, and nothing in them is removed.
TEST_F(TrainingCheckpoints, areNotSymbolicLinks) {
  write(100);
  fs::rename(run + "/checkpoint-100", path("kept"));
  fs::create_directory_symlink(path("kept"), run + "/checkpoint-100");
  EXPECT_FALSE(findLatestCheckpoint(run)->has_value());
  write(200, 1);
  SampleRun::expect(*openCheckpoint(path("kept")), 100);
  SampleRun::expect(*openCheckpoint(run + "/checkpoint-100"), 100);
}

// What could not be read again is not acknowledged.
TEST_F(TrainingCheckpoints, areNotWrittenWithNumbersThatCannotBeReadAgain) {
  absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
  SampleRun sample(100);
  sample.progress.configuration["data"] = "\xff";
  EXPECT_EQ(errorIdOf(writer->write(sample.progress, sample.tensors)), ErrorId::Internal);
  sample.setStep(100);
  sample.tensors.parameters[0].weight.remove_suffix(1);
  EXPECT_EQ(errorIdOf(writer->write(sample.progress, sample.tensors)), ErrorId::Internal);
  EXPECT_EQ(names(), std::set<std::string>{});
}

} // namespace
} // namespace rondo::rt
