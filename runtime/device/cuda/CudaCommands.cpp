// Records launches in a graph, and runs them.
#include "runtime/device/cuda/CudaCommands.h"

#include "absl/strings/str_cat.h"

#include <algorithm>

namespace rondo::rt::cuda {

CudaCommands::~CudaCommands() {
  if (!machine_.enter().ok())
    return;
  Driver &driver = *machine_.driver;
  if (graph_)
    driver->graphExecDestroy(graph_);
  for (Event event : events_)
    driver->eventDestroy(event);
}

void CudaCommands::add(const LoadedKernel &kernel, uint64_t workgroups, std::vector<Pointer> arguments,
                       std::vector<uint64_t> parameters) {
  constexpr uint64_t kMostBlocks = (uint64_t{1} << 31) - 1;
  Launch launch{&kernel, {1, 1, 1}, std::move(arguments), std::move(parameters), {}};
  if (kernel.grid.empty())
    launch.grid[0] = static_cast<unsigned>(
        std::min(workgroups, kernel.scratchBytes == 0 ? kMostBlocks : kernel.mostBlocks));
  else
    std::copy(kernel.grid.begin(), kernel.grid.end(), launch.grid);
  for (uint64_t &parameter : launch.parameters)
    launch.addresses.push_back(&parameter);
  launches_.push_back(std::move(launch)); // moving keeps the parameters where they are
}

absl::Status CudaCommands::launch(Launch &launch) {
  if (launch.grid[0] == 0) // no workgroups
    return absl::OkStatus();
  const LoadedKernel &kernel = *launch.kernel;
  return machine_.driver->check((*machine_.driver)
                                    ->launch(kernel.function, launch.grid[0], launch.grid[1], launch.grid[2],
                                             kernel.threads, 1, 1, kernel.sharedBytes, machine_.stream,
                                             launch.addresses.data(), nullptr),
                                absl::StrCat("launching kernel '", kernel.name, "'"));
}

absl::Status CudaCommands::upload() {
  for (const Transfer &each : uploads_)
    if (each.device->size() != 0)
      RONDO_RETURN_IF_ERROR(machine_.driver->check(
          (*machine_.driver)
              ->copyToDevice(reinterpret_cast<Pointer>(each.device->address()), each.host->bytes().data(),
                             each.device->size(), machine_.stream),
          "copying inputs"));
  return absl::OkStatus();
}

absl::Status CudaCommands::download() {
  for (const Transfer &each : downloads_)
    if (each.device->size() != 0)
      RONDO_RETURN_IF_ERROR(machine_.driver->check(
          (*machine_.driver)
              ->copyToHost(each.host->bytes().data(), reinterpret_cast<Pointer>(each.device->address()),
                           each.device->size(), machine_.stream),
          "copying outputs"));
  return absl::OkStatus();
}

absl::Status CudaCommands::queueAll() {
  RONDO_RETURN_IF_ERROR(upload());
  for (Launch &each : launches_)
    RONDO_RETURN_IF_ERROR(launch(each));
  return download();
}

absl::Status CudaCommands::record() {
  RONDO_RETURN_IF_ERROR(machine_.enter());
  Driver &driver = *machine_.driver;
  RONDO_RETURN_IF_ERROR(
      driver.check(driver->captureBegin(machine_.stream, kCaptureThreadLocal), "recording commands"));
  absl::Status queued = queueAll();
  Graph graph = nullptr;
  Result ended = driver->captureEnd(machine_.stream, &graph); // in any case: the stream must leave capture
  absl::Status status = queued.ok() ? driver.check(ended, "recording commands") : queued;
  if (status.ok())
    status = driver.check(driver->graphInstantiate(&graph_, graph, 0), "making a graph of commands");
  if (graph)
    driver->graphDestroy(graph);
  return status;
}

absl::Status CudaCommands::run(CommandTimes times) {
  RONDO_RETURN_IF_ERROR(machine_.enter());
  if (!times.empty())
    return runTimed(times);
  RONDO_RETURN_IF_ERROR(
      machine_.driver->check((*machine_.driver)->graphLaunch(graph_, machine_.stream), "running commands"));
  return machine_.wait("running commands");
}

absl::Status CudaCommands::runTimed(CommandTimes times) {
  Driver &driver = *machine_.driver;
  while (events_.size() <= launches_.size()) {
    Event event = nullptr;
    RONDO_RETURN_IF_ERROR(driver.check(driver->eventCreate(&event, 0), "making an event"));
    events_.push_back(event);
  }
  RONDO_RETURN_IF_ERROR(upload());
  RONDO_RETURN_IF_ERROR(driver.check(driver->eventRecord(events_[0], machine_.stream), "recording an event"));
  for (size_t i = 0; i < launches_.size(); ++i) {
    RONDO_RETURN_IF_ERROR(launch(launches_[i]));
    RONDO_RETURN_IF_ERROR(
        driver.check(driver->eventRecord(events_[i + 1], machine_.stream), "recording an event"));
  }
  RONDO_RETURN_IF_ERROR(download());
  RONDO_RETURN_IF_ERROR(machine_.wait("running commands"));
  for (size_t i = 0; i < launches_.size(); ++i) {
    float milliseconds = 0;
    RONDO_RETURN_IF_ERROR(
        driver.check(driver->eventElapsed(&milliseconds, events_[i], events_[i + 1]), "reading a time"));
    times[i] = static_cast<uint64_t>(milliseconds * 1e6);
  }
  return absl::OkStatus();
}

absl::Status CudaCommands::runCommand(size_t command) {
  RONDO_RETURN_IF_ERROR(machine_.enter());
  RONDO_RETURN_IF_ERROR(launch(launches_[command]));
  return machine_.wait(absl::StrCat("running kernel '", launches_[command].kernel->name, "'"));
}

absl::Status CudaCommands::readArgument(size_t command, size_t argument, absl::Span<uint8_t> target) const {
  RONDO_RETURN_IF_ERROR(machine_.enter());
  if (target.empty())
    return absl::OkStatus();
  RONDO_RETURN_IF_ERROR(machine_.driver->check(
      (*machine_.driver)
          ->copyToHost(target.data(), launches_[command].arguments[argument], target.size(), machine_.stream),
      "reading an argument"));
  return machine_.wait("reading an argument");
}

} // namespace rondo::rt::cuda
