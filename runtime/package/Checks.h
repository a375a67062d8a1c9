// Checks that every part of a package needs: presence, alignment, names, enums, shapes. Nothing in the file
// is trusted, and no check costs more than the bytes it looks at.
#pragma once

#include "absl/strings/str_cat.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/format/KernelAbi.h"
#include "runtime/format/Package_generated.h"
#include "runtime/status/Status.h"

#include <string_view>
#include <unordered_set>

namespace rondo::rt::package {

// Limits on counts, so that tables and lists that a hostile file shares many times cannot cost quadratic
// time.
inline constexpr uint64_t kMaxRank = 8;
inline constexpr uint64_t kMaxNameBytes = 1024;
inline constexpr uint64_t kMaxTextBytes = 4096;
inline constexpr uint64_t kMaxArguments = RONDO_MAX_KERNEL_ARGUMENTS;
inline constexpr uint64_t kMaxBindings = 1 << 18; // of all commands of one entry
inline constexpr uint64_t kMaxEntries = 256;
inline constexpr uint64_t kMaxStates = 1 << 14;
inline constexpr uint64_t kMaxTensors = 1024; // inputs or outputs of one entry
inline constexpr uint64_t kMaxSlices = 1 << 16;
inline constexpr uint64_t kMaxSegments = 64;
inline constexpr uint64_t kMaxPanel = 1024;
// Limits on sizes, far above any real model, far below what overflows 64 bits when summed over a file's
// tables.
inline constexpr uint64_t kMaxTensorBytes = uint64_t(1) << 44;
inline constexpr uint64_t kMaxImageBytes = uint64_t(1) << 30;
inline constexpr uint64_t kMaxScratchBytes = uint64_t(1) << 30;
inline constexpr uint64_t kMaxModuleBytes = uint64_t(1) << 31; // of all kernels; no more than a whole file

using Names = std::unordered_set<std::string_view>;

inline std::string_view viewOf(const flatbuffers::String *text) { return {text->c_str(), text->size()}; }

inline absl::Status fail(ErrorId id, std::string_view message) { return makeError(id, message); }

// The same error, its message led by where it happened: `kind 'name': message`, `kind 3: message`.
absl::Status within(absl::Status status, const char *kind, std::string_view name);
absl::Status within(absl::Status status, const char *kind, uint64_t index);

// A list must be there and hold at most `limit` items. Lists of numbers and structs must be aligned:
// FlatBuffers' own verifier checks only the position of the list's length.
template <typename T>
absl::Status checkList(const flatbuffers::Vector<T> *list, const char *what, uint64_t limit = UINT32_MAX) {
  if (!list)
    return fail(ErrorId::VerifyFailed, absl::StrCat("expected a list of ", what, ", found none"));
  if (list->size() > limit)
    return fail(ErrorId::TooComplex,
                absl::StrCat("expected at most ", limit, " ", what, ", found ", list->size()));
  using Item = std::remove_const_t<std::remove_pointer_t<T>>;
  if (list->size() != 0 && reinterpret_cast<uintptr_t>(list->Data()) % alignof(Item) != 0)
    return fail(ErrorId::Misaligned,
                absl::StrCat("expected the list of ", what, " aligned to ", alignof(Item), " bytes"));
  return absl::OkStatus();
}

// The value of an enum field must be one that this reader knows.
template <typename Enum> absl::Status checkEnum(Enum value, Enum last, const char *what) {
  if (value <= last)
    return absl::OkStatus();
  return fail(ErrorId::BadEnum,
              absl::StrCat("expected a known ", what, ", found value ", static_cast<int>(value)));
}

// An index must be smaller than `count`.
absl::Status checkIndex(uint64_t index, uint64_t count, const char *what);

// A name: present, not empty, UTF-8 without control characters, short. With `names`, new in it.
absl::Status checkName(const flatbuffers::String *name, const char *what, Names *names = nullptr);

// Text for people: present, UTF-8 without control characters, may be empty.
absl::Status checkText(const flatbuffers::String *text, const char *what);

// Sizes of at least 1, few enough, whose product with the element size does not overflow. Returns the bytes.
absl::StatusOr<uint64_t> checkShape(const flatbuffers::Vector<uint64_t> *shape, format::DType dtype);

// Bytes of one element of a known dtype.
uint64_t elementBytes(format::DType dtype);

// Bytes of an entry's input or output, after its shape has been checked.
uint64_t tensorBytes(const format::IoTensor &tensor);

// The parts of validatePackage; each relies on those above it.
absl::Status checkDescription(const format::Package &package); // provenance, target, features, locations
absl::Status checkParameters(const format::Package &package);
absl::Status checkStates(const format::Package &package);
absl::Status checkOptimizerStates(const format::Package &package);
absl::Status checkConstants(const format::Package &package);
absl::Status checkImage(const format::Package &package);
absl::Status checkKernels(const format::Package &package);
// Packages for GPUs have kernels with modules and an empty image, all others have the image alone. Each
// kernel has passed checkModuleSizes before its modules are looked into.
bool isForCuda(const format::Package &package);
absl::Status checkNoImage(const format::Package &package);
absl::Status checkModuleSizes(const format::Package &package);
absl::Status checkCudaKernel(const format::Kernel &kernel);
// How a kernel from elsewhere is launched; its arguments have been checked.
absl::Status checkExternKernel(const format::Kernel &kernel);
// Blocks of the grid of a kernel from elsewhere, 0 of the compiler's own kernels.
uint64_t fixedWorkgroups(const format::Kernel &kernel);
absl::Status checkNoCudaFields(const format::Kernel &kernel);
absl::Status checkEntry(const format::Package &package, const format::Entry &entry);
absl::Status checkTensors(const format::Package &package, const format::Entry &entry);
absl::Status checkSlices(const format::Entry &entry);
absl::Status checkCommands(const format::Package &package, const format::Entry &entry);

} // namespace rondo::rt::package
