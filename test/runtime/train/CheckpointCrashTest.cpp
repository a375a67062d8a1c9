// Whatever call a run is killed at, refused, or left without power at: the newest acknowledged checkpoint, or
// a newer one, is found bit for bit.
#include "runtime/train/TrainingCheckpoint.h"
#include "test/property/CaseFactor.h"
#include "test/runtime/files/FileCalls.h"
#include "test/runtime/files/SimulatedDisk.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/train/SampleRun.h"

#include <cerrno>
#include <random>
#include <set>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rondo::rt {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSteps[] = {100, 200, 300};

class CheckpointCrashes : public TemporaryFolder {
protected:
  void SetUp() override {
    TemporaryFolder::SetUp();
    run = path("out");
  }

  static absl::Status write(CheckpointFolder &writer, uint64_t step) {
    SampleRun sample(step);
    return writer.write(sample.progress, sample.tensors);
  }

  void writeInNewRun(uint64_t step) const {
    absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
    ASSERT_TRUE(writer.ok() && write(*writer, step).ok());
  }

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto &entry : fs::directory_iterator(run))
      found.insert(entry.path().filename());
    return found;
  }

  // A whole run of several checkpoints; `acknowledge` is called after each.
  template <typename Acknowledge> static void train(const std::string &run, Acknowledge acknowledge) {
    absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
    ASSERT_TRUE(writer.ok()) << formatError(writer.status());
    for (uint64_t step : kSteps) {
      absl::Status status = write(*writer, step);
      ASSERT_TRUE(status.ok()) << formatError(status);
      acknowledge(step);
    }
  }

  // The step found in a run's folder, 0 for none, once all its bits have been compared; nothing if there is
  // anything that no crash may leave: damage, or less than was acknowledged.
  static std::optional<uint64_t> soundStep(const std::string &run, uint64_t acknowledged) {
    absl::StatusOr<std::optional<FoundCheckpoint>> found = findLatestCheckpoint(run);
    if (!found.ok() || (found->has_value() && !(*found)->skipped.empty()))
      return std::nullopt;
    uint64_t step = found->has_value() ? (*found)->manifest.progress.step : 0;
    if (found->has_value())
      SampleRun::expect(**found, step);
    return step >= acknowledged ? std::optional(step) : std::nullopt;
  }

  std::string run;
};

// --- killed ---

// Ends the process before call number `last`, as SIGKILL would.
class Killer final : public FileCallObserver {
public:
  explicit Killer(uint64_t last) : left(last) {}
  int before(const FileCall &) override {
    if (left-- == 0)
      ::_exit(1);
    return 0;
  }

private:
  uint64_t left;
};

// Runs `body` in a process of its own that is killed at call `last`; whether it was.
template <typename Body> bool isKilled(uint64_t last, Body body) {
  pid_t child = ::fork();
  if (child == 0) {
    Killer killer(last);
    body();
    ::_exit(testing::Test::HasFailure() ? 2 : 0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status) == 1;
}

TEST_F(CheckpointCrashes, betweenAnyTwoCallsLoseNothingAcknowledged) {
  void *memory = ::mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  volatile uint64_t *acknowledged = static_cast<uint64_t *>(memory);
  std::set<uint64_t> steps;
  bool killed = true;
  for (uint64_t last = 0; killed; ++last) {
    *acknowledged = 0;
    fs::remove_all(run);
    killed = isKilled(last, [&] { train(run, [&](uint64_t step) { *acknowledged = step; }); });
    std::optional<uint64_t> step = soundStep(run, *acknowledged);
    ASSERT_TRUE(step) << "killed at call " << last << " after " << *acknowledged;
    steps.insert(*step);
    // The next run goes on, and nothing of the killed one is left.
    absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
    ASSERT_TRUE(writer.ok() && writer->forgetAfter(*step).ok());
    ASSERT_LE(names().size(), 3u) << "killed at call " << last; // two checkpoints and LATEST
    ASSERT_TRUE(write(*writer, *step + 1).ok());
    ASSERT_EQ(soundStep(run, *step + 1), *step + 1);
    for (const std::string &name : names())
      ASSERT_TRUE(name == "LATEST" || name.rfind("checkpoint-", 0) == 0) << name;
  }
  EXPECT_EQ(steps, (std::set<uint64_t>{0, 100, 200, 300}));
  ::munmap(memory, sizeof(uint64_t));
}

TEST_F(CheckpointCrashes, whileForgettingLeaveAHistoryWithoutItsEnd) {
  std::set<uint64_t> steps;
  bool killed = true;
  for (uint64_t last = 0; killed; ++last) {
    fs::remove_all(run);
    for (uint64_t step : kSteps) {
      absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run, 3);
      ASSERT_TRUE(write(*writer, step).ok());
    }
    killed = isKilled(last, [&] {
      absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run, 3);
      ASSERT_TRUE(writer->forgetAfter(100).ok());
    });
    std::optional<uint64_t> step = soundStep(run, 100);
    ASSERT_TRUE(step) << "killed at call " << last;
    steps.insert(*step);
  }
  EXPECT_EQ(steps, (std::set<uint64_t>{100, 200, 300}));
}

// --- refused ---

// Makes one call fail, or that and all later ones that need space.
class Refuser final : public FileCallObserver {
public:
  Refuser(uint64_t first, bool diskFull) : left(first), full(diskFull) {}
  int before(const FileCall &call) override {
    bool takesSpace =
        call.kind == FileCall::Create || call.kind == FileCall::Write || call.kind == FileCall::MakeFolder;
    if (full && !takesSpace)
      return 0;
    if (left > 0) {
      --left;
      return 0;
    }
    left = full ? 0 : ~uint64_t{0};
    refused = true;
    return full ? ENOSPC : EIO;
  }

  bool refused = false;

private:
  uint64_t left;
  const bool full;
};

void expectRefused(const absl::Status &status, uint64_t at) {
  EXPECT_EQ(errorIdOf(status), ErrorId::WriteFailed) << "call " << at << "\n" << formatError(status);
  EXPECT_EQ(exitCodeOf(status), 4);
}

TEST_F(CheckpointCrashes, onAFullDiskLeaveNothingBehind) {
  std::set<uint64_t> found;
  bool refused = true;
  for (uint64_t at = 0; refused; ++at) {
    fs::remove_all(run);
    writeInNewRun(100);
    std::set<std::string> before = names();
    absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
    absl::Status status;
    {
      Refuser refuser(at, true);
      status = write(*writer, 200);
      refused = refuser.refused;
    }
    if (refused) {
      expectRefused(status, at);
      EXPECT_EQ(names(), before) << "call " << at;
      EXPECT_EQ(get(run + "/LATEST"), "checkpoint-100\n");
    }
    std::optional<uint64_t> step = soundStep(run, refused ? 100 : 200);
    ASSERT_TRUE(step);
    found.insert(*step);
  }
  EXPECT_EQ(found, (std::set<uint64_t>{100, 200}));
}

TEST_F(CheckpointCrashes, atACallThatFailsKeepWhatWasThere) {
  bool refused = true;
  uint64_t failures = 0;
  for (uint64_t at = 0; refused; ++at) {
    fs::remove_all(run);
    writeInNewRun(100);
    absl::StatusOr<CheckpointFolder> writer = CheckpointFolder::open(run);
    absl::Status status;
    {
      Refuser refuser(at, false);
      status = write(*writer, 200);
      refused = refuser.refused;
    }
    if (!status.ok()) {
      ++failures;
      expectRefused(status, at);
      EXPECT_EQ(names(), (std::set<std::string>{"LATEST", "checkpoint-100"})) << "call " << at;
    }
    ASSERT_EQ(soundStep(run, 100), status.ok() ? 200u : 100u) << "call " << at;
    EXPECT_EQ(get(run + "/LATEST"), status.ok() ? "checkpoint-200\n" : "checkpoint-100\n") << "call " << at;
    ASSERT_TRUE(write(*writer, 300).ok()); // and the run can try again
    ASSERT_EQ(soundStep(run, 300), 300u);
  }
  EXPECT_GT(failures, 30u);
}

// Falling back would lose work that is there, and going on would remove it.
TEST_F(CheckpointCrashes, ofADiskThatCannotBeReadAreNoReasonToFallBack) {
  for (uint64_t step : {100, 200})
    writeInNewRun(step);
  bool refused = true;
  uint64_t at = 0;
  for (; refused; ++at) {
    Refuser refuser(at, false);
    absl::StatusOr<std::optional<FoundCheckpoint>> found = findLatestCheckpoint(run);
    refused = refuser.refused;
    if (refused)
      ASSERT_EQ(errorIdOf(found.status()), ErrorId::FileMissing) << "call " << at;
    else
      ASSERT_EQ((*found)->manifest.progress.step, 200u);
  }
  EXPECT_GE(at, 8u); // four files, opened and read
}

// --- without power ---

// Cuts the power after every call and looks at what the disk may hold.
class PowerCutter final : public FileCallObserver {
public:
  PowerCutter(const std::string &root, std::function<void(const SimulatedDisk &)> look)
      : disk(root), look(std::move(look)) {}
  void after(const FileCall &call) override {
    disk.follow(call);
    look(disk);
    ++calls;
  }

  SimulatedDisk disk;
  uint64_t calls = 0;

private:
  std::function<void(const SimulatedDisk &)> look;
};

class CheckpointPowerCuts : public CheckpointCrashes {
protected:
  static size_t synced(size_t) { return 0; }
  static size_t present(size_t count) { return count - 1; }

  // Trains on a disk prepared by `prepare` and counts the images that are not sound.
  template <typename Prepare> uint64_t countUnsound(uint64_t randomImages, Prepare prepare) {
    uint64_t acknowledged = 0, unsound = 0;
    std::string image = path("image");
    auto any = [&](size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); };
    auto look = [&](const SimulatedDisk &disk, const SimulatedDisk::Choose &names,
                    const SimulatedDisk::Choose &data) {
      disk.writeImage(image, names, data);
      std::optional<uint64_t> step = soundStep(image + "/out", acknowledged);
      unsound += !step;
      if (step)
        steps.insert(*step);
      fs::remove_all(image);
    };
    fs::create_directory(path("disk"));
    std::string root = fs::canonical(path("disk"));
    PowerCutter cutter(root, [&](const SimulatedDisk &disk) {
      look(disk, synced, synced);
      look(disk, present, synced); // names without their data
      look(disk, present, present);
      for (uint64_t i = 0; i < randomImages; ++i)
        look(disk, any, any);
    });
    prepare(cutter.disk);
    train(root + "/out", [&](uint64_t step) { acknowledged = step; });
    EXPECT_GT(cutter.calls, 150u);
    return unsound;
  }

  std::mt19937_64 random{20260101};
  std::set<uint64_t> steps;
};

TEST_F(CheckpointPowerCuts, afterAnyCallLoseNothingAcknowledged) {
  EXPECT_EQ(countUnsound(3 * property::caseFactor(), [](SimulatedDisk &) {}), 0u);
  EXPECT_EQ(steps, (std::set<uint64_t>{0, 100, 200, 300}));
}

TEST_F(CheckpointPowerCuts, areNoticedOnADiskThatSyncsNoFiles) {
  EXPECT_GT(countUnsound(1, [](SimulatedDisk &disk) { disk.filesAreSynced = false; }), 100u);
}

TEST_F(CheckpointPowerCuts, areNoticedOnADiskThatSyncsNoFolders) {
  EXPECT_GT(countUnsound(1, [](SimulatedDisk &disk) { disk.foldersAreSynced = false; }), 100u);
}

} // namespace
} // namespace rondo::rt
