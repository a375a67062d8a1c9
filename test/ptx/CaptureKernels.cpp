// Runs every entry point of a CPU package on random inputs and writes down what each kernel was given and
// made of it: capture-kernels PACKAGE FOLDER SEED. FOLDER/KERNEL.before and .after hold the bytes of all
// arguments of the kernel's first command, one after the other.
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/exec/Session.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>

namespace rondo::rt {
namespace {

using Bytes = std::vector<uint8_t>;

class Capture {
public:
  Capture(Session &session, std::string folder, unsigned seed)
      : session_(session), folder_(std::move(folder)), generator_(seed) {}

  absl::Status run() {
    for (const format::Entry *entry : *session_.package().root().entries()) {
      RONDO_ASSIGN_OR_RETURN(Executor * executor, session_.executor(*entry));
      // Twice: the second time states and moments are not zero.
      for (bool isSecond : {false, true}) {
        RONDO_RETURN_IF_ERROR(makeRoom(*entry));
        RONDO_RETURN_IF_ERROR(setInputs(*executor));
        RONDO_RETURN_IF_ERROR(isSecond ? runWatched(*executor) : session_.run(*executor));
      }
    }
    return absl::OkStatus();
  }

private:
  // Sequences that would outgrow their caches begin anew.
  absl::Status makeRoom(const format::Entry &entry) {
    std::optional<uint64_t> capacity = session_.capacity(entry);
    for (uint64_t slot = 0; capacity && slot < session_.states().slots(); ++slot)
      if (static_cast<uint64_t>(session_.states().position(slot)) + entry.time() > *capacity)
        RONDO_RETURN_IF_ERROR(session_.states().reset(slot));
    return absl::OkStatus();
  }

  absl::Status setInputs(Executor &executor) {
    executor.inputs().clear();
    for (const format::IoTensor *input : *executor.entry().inputs()) {
      std::string name = input->name()->str();
      bool isLength = name == "length";
      if (input->absent() != format::Absent::Required && !isLength)
        continue;
      Bytes bytes = isLength ? randomIntegers(*input, 1, static_cast<int64_t>(executor.entry().time()))
                             : random(*input);
      RONDO_RETURN_IF_ERROR(executor.inputs().set(name, {input->dtype(), shapeOf(*input), bytes}));
    }
    return executor.inputs().prepare();
  }

  static uint64_t elements(const format::IoTensor &tensor) {
    uint64_t count = 1;
    for (uint64_t extent : shapeOf(tensor))
      count *= extent;
    return count;
  }

  Bytes random(const format::IoTensor &tensor) {
    if (tensor.has_range())
      return randomIntegers(tensor, std::max<int64_t>(tensor.minimum(), 0), tensor.maximum());
    std::normal_distribution<float> normal;
    Bytes bytes(elements(tensor) * sizeof(float));
    auto *values = reinterpret_cast<float *>(bytes.data());
    std::generate_n(values, elements(tensor), [&] { return normal(generator_); });
    return bytes;
  }

  Bytes randomIntegers(const format::IoTensor &tensor, int64_t minimum, int64_t maximum) {
    std::uniform_int_distribution<int64_t> uniform(minimum, maximum);
    bool isWide = tensor.dtype() == format::DType::I64;
    Bytes bytes(elements(tensor) * (isWide ? 8 : 4));
    for (uint64_t i = 0; i < elements(tensor); ++i) {
      if (isWide)
        reinterpret_cast<int64_t *>(bytes.data())[i] = uniform(generator_);
      else
        reinterpret_cast<int32_t *>(bytes.data())[i] = static_cast<int32_t>(uniform(generator_));
    }
    return bytes;
  }

  absl::Status runWatched(Executor &executor) {
    absl::Status status = record(executor, 0, "before");
    if (!status.ok())
      return status;
    size_t commands = executor.entry().commands()->size();
    absl::Status run = session_.runStepwise(executor, [&](size_t command) {
      status = record(executor, command, "after");
      seen_.insert(executor.entry().commands()->Get(static_cast<uint32_t>(command))->kernel());
      if (status.ok() && command + 1 < commands)
        status = record(executor, command + 1, "before");
      return status.ok();
    });
    return status.ok() ? run : status;
  }

  absl::Status record(Executor &executor, size_t command, const char *when) {
    uint32_t number = executor.entry().commands()->Get(static_cast<uint32_t>(command))->kernel();
    if (seen_.count(number))
      return absl::OkStatus();
    const format::Kernel &kernel = *session_.package().root().kernels()->Get(number);
    std::ofstream file(folder_ + "/" + kernel.name()->str() + "." + when, std::ios::binary);
    for (uint32_t i = 0; i < kernel.arguments()->size(); ++i) {
      Bytes bytes(kernel.arguments()->Get(i)->bytes());
      RONDO_RETURN_IF_ERROR(executor.commands().readArgument(command, i, absl::MakeSpan(bytes)));
      file.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    return file.flush() ? absl::OkStatus()
                        : makeError(ErrorId::WriteFailed, "cannot write the file", {folder_});
  }

  Session &session_;
  std::string folder_;
  std::mt19937_64 generator_;
  std::set<uint32_t> seen_;
};

absl::Status capture(const char *path, const char *folder, unsigned seed) {
  RONDO_ASSIGN_OR_RETURN(Package package, Package::open(path));
  RONDO_ASSIGN_OR_RETURN(std::unique_ptr<Session> session,
                         Session::create(std::move(package), createCpuDevice(1)));
  session->parameters().initialise(seed);
  return Capture(*session, folder, seed).run();
}

} // namespace
} // namespace rondo::rt

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: capture-kernels PACKAGE FOLDER SEED\n");
    return 2;
  }
  absl::Status status = rondo::rt::capture(argv[1], argv[2], static_cast<unsigned>(std::stoul(argv[3])));
  if (!status.ok())
    std::fprintf(stderr, "%s", rondo::rt::formatError(status).c_str());
  return rondo::rt::exitCodeOf(status);
}
