// Validates a package's machine code: segments, relocations and kernels' entry points. What the code does is
// trusted; where the loader puts it is not.
#include "runtime/package/Checks.h"

#include "runtime/format/ImageRules.h"

#include <algorithm>

namespace rondo::rt::package {
namespace {

absl::Status checkSegment(const format::Image &image, const format::Segment &segment) {
  RONDO_RETURN_IF_ERROR(checkEnum(segment.access(), format::SegmentAccess::MAX, "segment access"));
  if (segment.address() % format::kImagePage != 0)
    return fail(ErrorId::Misaligned, absl::StrCat("expected an address that is a multiple of ",
                                                  format::kImagePage, ", found ", segment.address()));
  if (segment.memory_bytes() == 0 || segment.data_bytes() > segment.memory_bytes())
    return fail(ErrorId::BadSize, absl::StrCat("expected at most ", segment.memory_bytes(),
                                               " bytes of data, found ", segment.data_bytes()));
  if (!inBounds(segment.data_offset(), segment.data_bytes(), image.data()->size()))
    return fail(ErrorId::SectionBounds,
                absl::StrCat("expected its data inside ", image.data()->size(), " bytes, found ",
                             segment.data_bytes(), " at ", segment.data_offset()));
  if (!inBounds(segment.address(), segment.memory_bytes(), image.memory_bytes()))
    return fail(ErrorId::SectionBounds,
                absl::StrCat("expected its memory inside ", image.memory_bytes(), " bytes, found ",
                             segment.memory_bytes(), " at ", segment.address()));
  return absl::OkStatus();
}

// The segment that holds [address, address + bytes), or null.
const format::Segment *findSegment(const format::Image &image, uint64_t address, uint64_t bytes) {
  for (const format::Segment *segment : *image.segments())
    if (address >= segment->address() &&
        inBounds(address - segment->address(), bytes, segment->memory_bytes()))
      return segment;
  return nullptr;
}

absl::Status checkSegments(const format::Image &image) {
  uint64_t index = 0;
  std::vector<const format::Segment *> segments;
  for (const format::Segment *segment : *image.segments()) {
    RONDO_RETURN_IF_ERROR(within(checkSegment(image, *segment), "segment", index++));
    segments.push_back(segment);
  }
  // Addresses are page-aligned, so segments that share no byte share no page either.
  std::sort(segments.begin(), segments.end(), [](auto *a, auto *b) { return a->address() < b->address(); });
  for (size_t i = 1; i < segments.size(); ++i)
    if (segments[i]->address() < segments[i - 1]->address() + segments[i - 1]->memory_bytes())
      return fail(ErrorId::SectionOverlap, absl::StrCat("expected segments apart, found one at ",
                                                        segments[i]->address(), " inside the one before"));
  return absl::OkStatus();
}

absl::Status checkRelocation(const format::Image &image, const format::Relocation &relocation) {
  if (relocation.address() % sizeof(uint64_t) != 0)
    return fail(ErrorId::Misaligned,
                absl::StrCat("expected an address that is a multiple of 8, found ", relocation.address()));
  const format::Segment *segment = findSegment(image, relocation.address(), sizeof(uint64_t));
  if (!segment || segment->access() != format::SegmentAccess::ReadWrite)
    return fail(ErrorId::SectionBounds,
                absl::StrCat("expected 8 bytes of a writable segment, found address ", relocation.address()));
  if (relocation.addend() >= image.memory_bytes())
    return fail(ErrorId::SectionBounds, absl::StrCat("expected a target inside ", image.memory_bytes(),
                                                     " bytes, found ", relocation.addend()));
  return absl::OkStatus();
}

// A later addition to the schema: none, or one per argument.
absl::Status checkArgumentTypes(const format::Kernel &kernel) {
  const auto *types = kernel.argument_types();
  if (!types)
    return absl::OkStatus();
  if (types->size() != kernel.arguments()->size())
    return fail(ErrorId::SignatureMismatch, absl::StrCat("expected ", kernel.arguments()->size(),
                                                         " argument types, found ", types->size()));
  for (uint32_t i = 0; i < types->size(); ++i)
    RONDO_RETURN_IF_ERROR(checkEnum(types->GetEnum<format::DType>(i), format::DType::MAX, "argument type"));
  return absl::OkStatus();
}

absl::Status checkImageKernel(const format::Package &package, const format::Kernel &kernel) {
  const format::Segment *segment = findSegment(*package.image(), kernel.address(), 1);
  if (!segment || segment->access() != format::SegmentAccess::ReadExecute)
    return fail(ErrorId::SectionBounds,
                absl::StrCat("expected an address in an executable segment, found ", kernel.address()));
  return checkNoCudaFields(kernel);
}

absl::Status checkKernel(const format::Package &package, const format::Kernel &kernel) {
  RONDO_RETURN_IF_ERROR(checkText(kernel.source(), "kernel's source"));
  RONDO_RETURN_IF_ERROR(isForCuda(package) ? checkCudaKernel(kernel) : checkImageKernel(package, kernel));
  if (kernel.scratch_bytes() > kMaxScratchBytes)
    return fail(ErrorId::BadSize, absl::StrCat("expected at most ", kMaxScratchBytes,
                                               " bytes of scratch, found ", kernel.scratch_bytes()));
  RONDO_RETURN_IF_ERROR(checkList(kernel.arguments(), "kernel arguments", kMaxArguments));
  for (const format::KernelArgument *argument : *kernel.arguments())
    RONDO_RETURN_IF_ERROR(checkEnum(argument->access(), format::Access::MAX, "argument access"));
  RONDO_RETURN_IF_ERROR(isForCuda(package) ? checkExternKernel(kernel) : absl::OkStatus());
  return checkArgumentTypes(kernel);
}

} // namespace

absl::Status checkImage(const format::Package &package) {
  const format::Image &image = *package.image();
  RONDO_RETURN_IF_ERROR(checkList(image.data(), "image bytes"));
  RONDO_RETURN_IF_ERROR(checkList(image.segments(), "segments", kMaxSegments));
  RONDO_RETURN_IF_ERROR(checkList(image.relocations(), "relocations"));
  if (image.memory_bytes() > kMaxImageBytes)
    return fail(ErrorId::BadSize, absl::StrCat("expected an image of at most ", kMaxImageBytes,
                                               " bytes, found ", image.memory_bytes()));
  if (isForCuda(package))
    return within(checkNoImage(package), "section", "image");
  RONDO_RETURN_IF_ERROR(within(checkSegments(image), "section", "image"));
  uint64_t index = 0;
  for (const format::Relocation *relocation : *image.relocations())
    RONDO_RETURN_IF_ERROR(within(checkRelocation(image, *relocation), "relocation", index++));
  return absl::OkStatus();
}

absl::Status checkKernels(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(checkList(package.kernels(), "kernels"));
  RONDO_RETURN_IF_ERROR(within(checkModuleSizes(package), "section", "kernels"));
  Names names;
  for (const format::Kernel *kernel : *package.kernels()) {
    RONDO_RETURN_IF_ERROR(checkName(kernel->name(), "kernel", &names));
    RONDO_RETURN_IF_ERROR(within(checkKernel(package, *kernel), "kernel", viewOf(kernel->name())));
  }
  return absl::OkStatus();
}

} // namespace rondo::rt::package
