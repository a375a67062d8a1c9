// The part of NVIDIA's driver API that Rondo calls, declared here so that neither building nor testing needs
// the toolkit. Names, signatures and numbers are those of cuda.h 11.8 and later; `_v2` and such are the names
// of the symbols, behind which cuda.h hides the newer form of a call.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rondo::rt::cuda {

using Result = int; // 0: all is well
using DeviceNumber = int;
using Pointer = uint64_t;
using Context = struct ContextHandle *;
using Module = struct ModuleHandle *;
using Function = struct FunctionHandle *;
using Stream = struct StreamHandle *;
using Event = struct EventHandle *;
using Graph = struct GraphHandle *;
using GraphExec = struct GraphExecHandle *;

enum : Result {
  kSuccess = 0,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kNoBinaryForGpu = 209,
  kInvalidPtx = 218,
  kUnsupportedPtxVersion = 222,
};
enum DeviceAttribute : int { kMultiprocessors = 16, kMajor = 75, kMinor = 76, kSharedPerBlock = 97 };
enum FunctionAttribute : int { kMaxDynamicShared = 8 };
enum JitOption : int { kErrorLog = 5, kErrorLogBytes = 6 };
enum CaptureMode : int { kCaptureThreadLocal = 1 };

// X(name of the member, symbol, parameters)
#define RONDO_CUDA_CALLS(X)                                                                                  \
  X(init, cuInit, (unsigned flags))                                                                          \
  X(driverVersion, cuDriverGetVersion, (int *version))                                                       \
  X(errorName, cuGetErrorName, (Result result, const char **name))                                           \
  X(errorText, cuGetErrorString, (Result result, const char **text))                                         \
  X(deviceCount, cuDeviceGetCount, (int *count))                                                             \
  X(deviceGet, cuDeviceGet, (DeviceNumber * device, int ordinal))                                            \
  X(deviceName, cuDeviceGetName, (char *name, int bytes, DeviceNumber device))                               \
  X(deviceAttribute, cuDeviceGetAttribute, (int *value, int attribute, DeviceNumber device))                 \
  X(contextRetain, cuDevicePrimaryCtxRetain, (Context * context, DeviceNumber device))                       \
  X(contextRelease, cuDevicePrimaryCtxRelease_v2, (DeviceNumber device))                                     \
  X(contextSet, cuCtxSetCurrent, (Context context))                                                          \
  X(moduleLoad, cuModuleLoadDataEx,                                                                          \
    (Module * module, const void *code, unsigned options, int *names, void **values))                        \
  X(moduleUnload, cuModuleUnload, (Module module))                                                           \
  X(moduleFunction, cuModuleGetFunction, (Function * function, Module module, const char *name))             \
  X(functionSet, cuFuncSetAttribute, (Function function, int attribute, int value))                          \
  X(blocksPerMultiprocessor, cuOccupancyMaxActiveBlocksPerMultiprocessor,                                    \
    (int *blocks, Function function, int threads, size_t sharedBytes))                                       \
  X(memoryAllocate, cuMemAlloc_v2, (Pointer * pointer, size_t bytes))                                        \
  X(memoryFree, cuMemFree_v2, (Pointer pointer))                                                             \
  X(hostAllocate, cuMemHostAlloc, (void **pointer, size_t bytes, unsigned flags))                            \
  X(hostFree, cuMemFreeHost, (void *pointer))                                                                \
  X(memoryInfo, cuMemGetInfo_v2, (size_t *free, size_t *total))                                              \
  X(memorySet, cuMemsetD8Async, (Pointer pointer, unsigned char value, size_t bytes, Stream stream))         \
  X(copyToDevice, cuMemcpyHtoDAsync_v2, (Pointer target, const void *source, size_t bytes, Stream stream))   \
  X(copyToHost, cuMemcpyDtoHAsync_v2, (void *target, Pointer source, size_t bytes, Stream stream))           \
  X(copyWithin, cuMemcpyDtoDAsync_v2, (Pointer target, Pointer source, size_t bytes, Stream stream))         \
  X(streamCreate, cuStreamCreate, (Stream * stream, unsigned flags))                                         \
  X(streamDestroy, cuStreamDestroy_v2, (Stream stream))                                                      \
  X(streamWait, cuStreamSynchronize, (Stream stream))                                                        \
  X(eventCreate, cuEventCreate, (Event * event, unsigned flags))                                             \
  X(eventDestroy, cuEventDestroy_v2, (Event event))                                                          \
  X(eventRecord, cuEventRecord, (Event event, Stream stream))                                                \
  X(eventElapsed, cuEventElapsedTime, (float *milliseconds, Event begin, Event end))                         \
  X(launch, cuLaunchKernel,                                                                                  \
    (Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,    \
     unsigned blockZ, unsigned sharedBytes, Stream stream, void **parameters, void **extra))                 \
  X(captureBegin, cuStreamBeginCapture_v2, (Stream stream, int mode))                                        \
  X(captureEnd, cuStreamEndCapture, (Stream stream, Graph * graph))                                          \
  X(graphInstantiate, cuGraphInstantiateWithFlags,                                                           \
    (GraphExec * exec, Graph graph, unsigned long long flags))                                               \
  X(graphDestroy, cuGraphDestroy, (Graph graph))                                                             \
  X(graphExecDestroy, cuGraphExecDestroy, (GraphExec exec))                                                  \
  X(graphLaunch, cuGraphLaunch, (GraphExec exec, Stream stream))

// Addresses of all calls.
struct DriverApi {
#define RONDO_CUDA_MEMBER(member, symbol, parameters) Result(*member) parameters = nullptr;
  RONDO_CUDA_CALLS(RONDO_CUDA_MEMBER)
#undef RONDO_CUDA_MEMBER
};

} // namespace rondo::rt::cuda
