// The driver's calls on host memory.
#include "test/runtime/device/cuda/FakeDriver.h"

#include "runtime/device/cuda/DriverApi.h"
#include "test/runtime/device/cuda/FakeKernels.h"

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace rondo::rt::cuda;

namespace {

// Device addresses are host addresses with this bit, so that nobody follows one by mistake.
constexpr Pointer kDeviceBit = Pointer{1} << 62;

struct FakeModule {
  std::string text, name;
  bool largeShared = false;
};
struct Recorded {
  FakeModule *module;
  unsigned blocks, threads, shared;
  std::vector<Pointer> parameters; // addresses of arguments, then scratch and the profiler's
  // Or a copy, without a module.
  void *target = nullptr;
  const void *source = nullptr;
  size_t bytes = 0;
};

struct State {
  int gpus = 1, architecture = 90;
  unsigned long long left = 1ull << 40;
  std::string violations, lastCode, failing;
  int failNth = 0, failResult = 0;
  std::map<std::string, int> calls;
  std::map<Pointer, size_t> memory; // by first byte
  std::map<uint8_t *, size_t> host; // page-locked, by first byte
  std::set<void *> modules, streams, events, graphs;
  int contexts = 0;
  bool current = false, capturing = false;
  std::vector<Recorded> recording;
};
State state;

void violate(const std::string &what) { state.violations += what + "\n"; }

void expect(bool holds, const std::string &what) {
  if (!holds)
    violate(what);
}

// Counts the call; the result to return instead of working, or 0.
Result enter(const char *symbol, bool needsContext = true) {
  int count = ++state.calls[symbol];
  expect(!needsContext || state.current, std::string(symbol) + " without a context");
  return state.failing == symbol && count == state.failNth ? state.failResult : kSuccess;
}
#define ENTER(...)                                                                                           \
  if (Result failed = enter(__func__, ##__VA_ARGS__); failed != kSuccess)                                    \
  return failed

// The bytes behind a device address; null after a violation.
uint8_t *bytesAt(Pointer pointer, size_t bytes, const char *what) {
  auto after = state.memory.upper_bound(pointer);
  if (after != state.memory.begin()) {
    auto [first, size] = *std::prev(after);
    if (pointer + bytes <= first + size)
      return reinterpret_cast<uint8_t *>(pointer & ~kDeviceBit);
  }
  violate(std::string(what) + " outside of memory");
  return nullptr;
}

// Kernels of a CPU have scratch of their own size, which the GPU's parameters say nothing about.
__attribute__((no_sanitize("function"))) void execute(const Recorded &launch) {
  if (!launch.module) {
    std::memcpy(launch.target, launch.source, launch.bytes);
    return;
  }
  const KnownKernel &kernel = kernels().at(launch.module->name);
  std::vector<void *> buffers;
  for (int i = 0; i < kernel.arguments; ++i)
    buffers.push_back(bytesAt(launch.parameters[i], 1, launch.module->name.c_str()));
  bool isSample = areSampleKernels();
  Pointer scratch = launch.parameters[kernel.arguments];
  if (isSample)
    expect((scratch != 0) == (kernel.scratchBytes != 0), "scratch of " + launch.module->name);
  void *own = ::operator new(kernel.scratchBytes + 64, std::align_val_t(64));
  for (unsigned block = 0; block < launch.blocks; ++block) {
    void *place = own;
    if (isSample && scratch)
      place = bytesAt(scratch + block * kernel.scratchBytes, kernel.scratchBytes, "scratch");
    for (int64_t group = block; group < kernel.workgroups; group += launch.blocks)
      kernel.function(buffers.data(), place, group, group + 1);
  }
  ::operator delete(own, std::align_val_t(64));
}

// While recording, a copy becomes part of the graph; then the host's side must be page-locked.
void copyOrRecord(void *target, const void *source, size_t bytes, const void *host) {
  if (!target || !source)
    return;
  if (!state.capturing) {
    std::memcpy(target, source, bytes);
    return;
  }
  auto *begin = static_cast<uint8_t *>(const_cast<void *>(host));
  auto after = state.host.upper_bound(begin);
  expect(after != state.host.begin() && begin + bytes <= std::prev(after)->first + std::prev(after)->second,
         "a recorded copy of memory that is not page-locked");
  state.recording.push_back({nullptr, 0, 0, 0, {}, target, source, bytes});
}

template <typename Handle> Result create(std::set<void *> &all, Handle *handle) {
  void *object = ::operator new(1);
  all.insert(object);
  *handle = static_cast<Handle>(object);
  return kSuccess;
}
Result destroy(std::set<void *> &all, void *handle, const char *what) {
  if (all.erase(handle) == 0)
    violate(std::string(what) + " that is not alive");
  else
    ::operator delete(handle);
  return kSuccess;
}

} // namespace

extern "C" {

void fakeReset(int gpus, int architecture) {
  // What a lost device could not give back.
  for (auto [pointer, bytes] : state.memory)
    ::operator delete(reinterpret_cast<void *>(pointer & ~kDeviceBit), std::align_val_t(256));
  for (auto [block, bytes] : state.host)
    ::operator delete(block, std::align_val_t(4096));
  for (void *module : state.modules)
    delete static_cast<FakeModule *>(module);
  for (void *graph : state.graphs)
    delete static_cast<std::vector<Recorded> *>(graph);
  for (const auto *handles : {&state.streams, &state.events})
    for (void *handle : *handles)
      ::operator delete(handle);
  state = State();
  state.gpus = gpus;
  state.architecture = architecture;
}
void fakeFail(const char *symbol, int nth, int result) {
  state.failing = symbol;
  state.failNth = state.calls[symbol] + nth;
  state.failResult = result;
}
void fakeMemoryLimit(unsigned long long bytes) { state.left = bytes; }
const char *fakeViolations() { return state.violations.c_str(); }
int fakeLiveObjects() {
  return static_cast<int>(state.memory.size() + state.host.size() + state.modules.size() +
                          state.streams.size() + state.events.size() + state.graphs.size()) +
         state.contexts;
}
int fakeCalls(const char *symbol) { return state.calls[symbol]; }
const char *fakeLastModuleCode() { return state.lastCode.c_str(); }

Result cuInit(unsigned) {
  ENTER(false);
  return state.gpus == 0 ? kNoDevice : kSuccess;
}
Result cuDriverGetVersion(int *version) {
  ENTER(false);
  *version = 13000;
  return kSuccess;
}
Result cuGetErrorName(Result result, const char **name) {
  *name = result == kOutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY"
          : result == kNoDevice  ? "CUDA_ERROR_NO_DEVICE"
                                 : "CUDA_ERROR_FAKE";
  return kSuccess;
}
Result cuGetErrorString(Result, const char **text) {
  *text = "a fake error";
  return kSuccess;
}
Result cuDeviceGetCount(int *count) {
  ENTER(false);
  *count = state.gpus;
  return kSuccess;
}
Result cuDeviceGet(DeviceNumber *device, int ordinal) {
  ENTER(false);
  expect(ordinal >= 0 && ordinal < state.gpus, "a GPU that is not there");
  *device = ordinal;
  return kSuccess;
}
Result cuDeviceGetName(char *name, int bytes, DeviceNumber) {
  ENTER(false);
  std::strncpy(name, "Fake GPU", static_cast<size_t>(bytes));
  return kSuccess;
}
Result cuDeviceGetAttribute(int *value, int attribute, DeviceNumber) {
  ENTER(false);
  *value = attribute == kMajor            ? state.architecture / 10
           : attribute == kMinor          ? state.architecture % 10
           : attribute == kSharedPerBlock ? 232448
                                          : 2;
  return kSuccess;
}
Result cuDevicePrimaryCtxRetain(Context *context, DeviceNumber device) {
  ENTER(false);
  ++state.contexts;
  *context = reinterpret_cast<Context>(static_cast<uintptr_t>(device) + 1);
  return kSuccess;
}
Result cuDevicePrimaryCtxRelease_v2(DeviceNumber) {
  ENTER(false);
  --state.contexts;
  return kSuccess;
}
Result cuCtxSetCurrent(Context context) {
  ENTER(false);
  state.current = context != nullptr && state.contexts > 0;
  return kSuccess;
}
Result cuModuleLoadDataEx(Module *module, const void *code, unsigned, int *, void **) {
  ENTER();
  auto *loaded = new FakeModule;
  std::string text(static_cast<const char *>(code), strnlen(static_cast<const char *>(code), 1 << 20));
  state.lastCode = loaded->text = text;
  state.modules.insert(loaded);
  *module = reinterpret_cast<Module>(loaded);
  return kSuccess;
}
Result cuModuleUnload(Module module) {
  ENTER();
  auto *loaded = reinterpret_cast<FakeModule *>(module);
  expect(state.modules.erase(loaded) == 1, "a module that is not alive");
  delete loaded;
  return kSuccess;
}
Result cuModuleGetFunction(Function *function, Module module, const char *name) {
  ENTER();
  auto *loaded = reinterpret_cast<FakeModule *>(module);
  expect(loaded->text.find(name) != std::string::npos && kernels().count(name) == 1,
         std::string("no function ") + name);
  loaded->name = name;
  *function = reinterpret_cast<Function>(module);
  return kSuccess;
}
Result cuFuncSetAttribute(Function function, int attribute, int) {
  ENTER();
  expect(attribute == kMaxDynamicShared, "an unknown attribute");
  reinterpret_cast<FakeModule *>(function)->largeShared = true;
  return kSuccess;
}
Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function, int threads, size_t) {
  ENTER();
  expect(threads > 0 && threads % 32 == 0, "threads of an occupancy");
  *blocks = 1;
  return kSuccess;
}
Result cuMemAlloc_v2(Pointer *pointer, size_t bytes) {
  ENTER();
  expect(bytes > 0, "an allocation of no bytes");
  if (bytes > state.left)
    return kOutOfMemory;
  state.left -= bytes;
  *pointer = reinterpret_cast<Pointer>(::operator new(bytes, std::align_val_t(256))) | kDeviceBit;
  std::memset(reinterpret_cast<void *>(*pointer & ~kDeviceBit), 0x7f, bytes);
  state.memory[*pointer] = bytes;
  return kSuccess;
}
Result cuMemFree_v2(Pointer pointer) {
  ENTER();
  if (state.memory.erase(pointer) == 0)
    violate("memory that is not alive");
  else
    ::operator delete(reinterpret_cast<void *>(pointer & ~kDeviceBit), std::align_val_t(256));
  return kSuccess;
}
Result cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  ENTER();
  expect(bytes > 0 && flags == 0, "an allocation of host memory");
  auto *block = static_cast<uint8_t *>(::operator new(bytes, std::align_val_t(4096)));
  std::memset(block, 0x7f, bytes);
  state.host[block] = bytes;
  *pointer = block;
  return kSuccess;
}
Result cuMemFreeHost(void *pointer) {
  ENTER();
  if (state.host.erase(static_cast<uint8_t *>(pointer)) == 0)
    violate("host memory that is not alive");
  else
    ::operator delete(pointer, std::align_val_t(4096));
  return kSuccess;
}
Result cuMemGetInfo_v2(size_t *free, size_t *total) {
  ENTER();
  *free = state.left, *total = 16000000000;
  return kSuccess;
}
Result cuMemsetD8Async(Pointer pointer, unsigned char value, size_t bytes, Stream stream) {
  ENTER();
  expect(state.streams.count(stream) == 1 && !state.capturing,
         "cuMemsetD8Async on no stream, or while recording");
  if (uint8_t *target = bytesAt(pointer, bytes, "a memset"))
    std::memset(target, value, bytes);
  return kSuccess;
}
Result cuMemcpyHtoDAsync_v2(Pointer target, const void *source, size_t bytes, Stream stream) {
  ENTER();
  expect(state.streams.count(stream) == 1, "a copy on no stream");
  copyOrRecord(bytesAt(target, bytes, "a copy"), source, bytes, source);
  return kSuccess;
}
Result cuMemcpyDtoHAsync_v2(void *target, Pointer source, size_t bytes, Stream stream) {
  ENTER();
  expect(state.streams.count(stream) == 1, "a copy on no stream");
  copyOrRecord(target, bytesAt(source, bytes, "a copy"), bytes, target);
  return kSuccess;
}
Result cuMemcpyDtoDAsync_v2(Pointer target, Pointer source, size_t bytes, Stream stream) {
  ENTER();
  expect(state.streams.count(stream) == 1 && !state.capturing, "a copy on no stream, or while recording");
  expect(target + bytes <= source || source + bytes <= target, "a copy onto itself");
  uint8_t *from = bytesAt(source, bytes, "a copy"), *to = bytesAt(target, bytes, "a copy");
  if (from && to)
    std::memcpy(to, from, bytes);
  return kSuccess;
}
Result cuStreamCreate(Stream *stream, unsigned) {
  ENTER();
  return create(state.streams, stream);
}
Result cuStreamDestroy_v2(Stream stream) {
  ENTER();
  return destroy(state.streams, stream, "a stream");
}
Result cuStreamSynchronize(Stream stream) {
  ENTER();
  expect(state.streams.count(stream) == 1 && !state.capturing, "waiting for no stream, or while recording");
  return kSuccess;
}
Result cuEventCreate(Event *event, unsigned) {
  ENTER();
  return create(state.events, event);
}
Result cuEventDestroy_v2(Event event) {
  ENTER();
  return destroy(state.events, event, "an event");
}
Result cuEventRecord(Event event, Stream) {
  ENTER();
  expect(state.events.count(event) == 1, "an event that is not alive");
  return kSuccess;
}
Result cuEventElapsedTime(float *milliseconds, Event, Event) {
  ENTER();
  *milliseconds = 0.5f;
  return kSuccess;
}
// The parameters of a kernel from elsewhere in the order of the compiler's own.
static std::vector<Pointer> ownParameters(const KnownKernel &kernel, void **parameters) {
  std::vector<Pointer> own(kernel.arguments + 2);
  for (const KnownKernel::Parameter &parameter : kernel.parameters) {
    uint64_t value = 0;
    std::memcpy(&value, *parameters++, parameter.bytes);
    switch (parameter.kind) {
    case KnownKernel::Parameter::Argument:
      own[parameter.value] = value;
      break;
    case KnownKernel::Parameter::Scratch:
      own[kernel.arguments] = value;
      break;
    default:
      expect(value == parameter.value, "a number of a kernel from elsewhere");
    }
  }
  return own;
}

Result cuLaunchKernel(Function function, unsigned x, unsigned y, unsigned z, unsigned threads,
                      unsigned threadsY, unsigned threadsZ, unsigned shared, Stream stream, void **parameters,
                      void **extra) {
  ENTER();
  auto *module = reinterpret_cast<FakeModule *>(function);
  expect(state.modules.count(module) == 1, "a launch of a kernel whose module is gone");
  const KnownKernel &kernel = kernels().at(module->name);
  bool isExtern = !kernel.parameters.empty();
  expect(isExtern ? x == 1 && y == kernel.workgroups && z == 1 : x > 0 && y == 1 && z == 1,
         "the grid of a launch");
  expect(threads % 32 == 0 && threads > 0 && threadsY == 1 && threadsZ == 1 && !extra,
         "the shape of a launch");
  expect(shared <= 49152 || module->largeShared, "more shared memory than was asked for");
  expect(state.streams.count(stream) == 1, "a launch on no stream");
  Recorded launch{module, x * y * z, threads, shared, {}, nullptr, nullptr, 0};
  if (isExtern)
    launch.parameters = ownParameters(kernel, parameters);
  else
    for (int i = 0; i < kernel.arguments + 2; ++i)
      launch.parameters.push_back(*static_cast<Pointer *>(parameters[i]));
  if (state.capturing)
    state.recording.push_back(std::move(launch));
  else
    execute(launch);
  return kSuccess;
}
Result cuStreamBeginCapture_v2(Stream, int) {
  ENTER();
  expect(!state.capturing, "recording twice at once");
  state.capturing = true;
  return kSuccess;
}
Result cuStreamEndCapture(Stream, Graph *graph) {
  expect(state.capturing, "the end of no recording");
  state.capturing = false; // even if it fails
  std::vector<Recorded> recorded = std::move(state.recording);
  state.recording.clear();
  ENTER();
  auto *made = new std::vector<Recorded>(std::move(recorded));
  state.graphs.insert(made);
  *graph = reinterpret_cast<Graph>(made);
  return kSuccess;
}
Result cuGraphInstantiateWithFlags(GraphExec *exec, Graph graph, unsigned long long) {
  ENTER();
  auto *made = new std::vector<Recorded>(*reinterpret_cast<std::vector<Recorded> *>(graph));
  state.graphs.insert(made);
  *exec = reinterpret_cast<GraphExec>(made);
  return kSuccess;
}
static Result destroyGraph(void *graph) {
  if (state.graphs.erase(graph) == 0)
    violate("a graph that is not alive");
  else
    delete static_cast<std::vector<Recorded> *>(graph);
  return kSuccess;
}
Result cuGraphDestroy(Graph graph) {
  ENTER();
  return destroyGraph(graph);
}
Result cuGraphExecDestroy(GraphExec exec) {
  ENTER();
  return destroyGraph(exec);
}
Result cuGraphLaunch(GraphExec exec, Stream) {
  ENTER();
  expect(state.graphs.count(exec) == 1, "a graph that is not alive");
  for (const Recorded &launch : *reinterpret_cast<std::vector<Recorded> *>(exec))
    execute(launch);
  return kSuccess;
}
}
