// Validates what packages for NVIDIA GPUs hold instead of an image: a module per kernel. What the code does
// is trusted; how it is launched is not.
#include "runtime/package/Checks.h"

#include "runtime/format/CudaKernelAbi.h"

namespace rondo::rt::package {
namespace {

constexpr uint32_t kWarp = 32;

uint64_t sizeOf(const flatbuffers::Vector<uint8_t> *bytes) { return bytes ? bytes->size() : 0; }

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// PTX has %name too, but reserves it for what it defines itself.
bool isPtxIdentifier(std::string_view name) {
  for (char c : name)
    if (!isLetter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '$')
      return false;
  return isLetter(name[0]) || ((name[0] == '_' || name[0] == '$') && name.size() > 1);
}

absl::Status checkModule(const format::Kernel &kernel) {
  if (!isPtxIdentifier(viewOf(kernel.name())))
    return fail(ErrorId::BadName, "expected a name that is an identifier of PTX, found another");
  if (sizeOf(kernel.ptx()) == 0)
    return fail(ErrorId::BadSize, "expected PTX, found none");
  // The driver reads up to a zero byte; what lay behind one would silently not count.
  std::string_view text(reinterpret_cast<const char *>(kernel.ptx()->data()), kernel.ptx()->size());
  if (text.find('\0') != std::string_view::npos)
    return fail(ErrorId::BadSize, "expected PTX without zero bytes, found one");
  return absl::OkStatus();
}

} // namespace

bool isForCuda(const format::Package &package) { return viewOf(package.target()).substr(0, 5) == "cuda:"; }

absl::Status checkNoImage(const format::Package &package) {
  const format::Image &image = *package.image();
  if (image.data()->size() == 0 && image.segments()->size() == 0 && image.relocations()->size() == 0 &&
      image.memory_bytes() == 0)
    return absl::OkStatus();
  return fail(ErrorId::BadSize, "expected an empty image in a package for GPUs, found one with contents");
}

absl::Status checkCudaKernel(const format::Kernel &kernel) {
  RONDO_RETURN_IF_ERROR(checkModule(kernel));
  if (kernel.address() != 0)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected address 0 in a package for GPUs, found ", kernel.address()));
  if (kernel.threads() == 0 || kernel.threads() % kWarp != 0 || kernel.threads() > RONDO_CUDA_MAX_THREADS)
    return fail(ErrorId::BadSize, absl::StrCat("expected a multiple of ", kWarp, " threads up to ",
                                               RONDO_CUDA_MAX_THREADS, ", found ", kernel.threads()));
  if (kernel.shared_bytes() > RONDO_CUDA_MAX_SHARED_BYTES)
    return fail(ErrorId::BadSize, absl::StrCat("expected at most ", RONDO_CUDA_MAX_SHARED_BYTES,
                                               " bytes of shared memory, found ", kernel.shared_bytes()));
  return absl::OkStatus();
}

uint64_t fixedWorkgroups(const format::Kernel &kernel) {
  uint64_t blocks = kernel.grid() ? 1 : 0;
  if (kernel.grid())
    for (uint32_t extent : *kernel.grid())
      blocks *= extent; // below 2^63
  return blocks;
}

absl::Status checkExternKernel(const format::Kernel &kernel) {
  if (!kernel.grid()) {
    if (kernel.entry() || kernel.parameters())
      return fail(ErrorId::SignatureMismatch,
                  "expected a grid beside an entry and its parameters, found none");
    return absl::OkStatus();
  }
  RONDO_RETURN_IF_ERROR(checkList(kernel.grid(), "extents of a grid", 3));
  constexpr uint32_t most[] = {(1u << 31) - 1, (1u << 16) - 1, (1u << 16) - 1};
  for (uint32_t axis = 0; axis < kernel.grid()->size(); ++axis)
    if (uint32_t extent = kernel.grid()->Get(axis); extent == 0 || extent > most[axis])
      return fail(ErrorId::BadSize,
                  absl::StrCat("expected an extent of a grid from 1 to ", most[axis], ", found ", extent));
  if (kernel.grid()->size() == 0)
    return fail(ErrorId::BadSize, "expected 1 to 3 extents of a grid, found none");
  if (!kernel.entry() || viewOf(kernel.entry()).empty() || !isPtxIdentifier(viewOf(kernel.entry())))
    return fail(ErrorId::BadName, "expected an entry that is an identifier of PTX, found another or none");
  RONDO_RETURN_IF_ERROR(checkList(kernel.parameters(), "kernel parameters", 2 * kMaxArguments));
  for (const format::KernelParameter *parameter : *kernel.parameters()) {
    RONDO_RETURN_IF_ERROR(checkEnum(parameter->kind(), format::ParameterKind::MAX, "parameter kind"));
    RONDO_RETURN_IF_ERROR(checkEnum(parameter->type(), format::DType::MAX, "parameter type"));
    if (parameter->kind() == format::ParameterKind::Argument)
      RONDO_RETURN_IF_ERROR(checkIndex(parameter->value(), kernel.arguments()->size(), "kernel arguments"));
  }
  return absl::OkStatus();
}

absl::Status checkNoCudaFields(const format::Kernel &kernel) {
  if (!kernel.ptx() && !kernel.cubin() && kernel.threads() == 0 && kernel.shared_bytes() == 0 &&
      !kernel.grid() && !kernel.entry() && !kernel.parameters())
    return absl::OkStatus();
  return fail(ErrorId::SignatureMismatch,
              "expected code in the image alone, found PTX, machine code or sizes of a GPU kernel");
}

absl::Status checkModuleSizes(const format::Package &package) {
  uint64_t total = 0;
  for (const format::Kernel *kernel : *package.kernels())
    total += sizeOf(kernel->ptx()) + sizeOf(kernel->cubin());
  if (total <= kMaxModuleBytes)
    return absl::OkStatus();
  return fail(ErrorId::TooComplex,
              absl::StrCat("expected at most ", kMaxModuleBytes, " bytes of code for GPUs, found ", total));
}

} // namespace rondo::rt::package
