// Reads the files, and holds the PTX against the metadata. The launch contract is that of Triton's launcher
// (third_party/nvidia/backend/driver.py): the author's arguments without constants, then an address of
// scratch for each kind of scratch that the metadata names.
#include "frontends/triton/TritonKernel.h"

#include "frontends/triton/PtxEntry.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace rondo {
namespace {

constexpr int64_t kMaxFileBytes = 16 << 20;
constexpr int64_t kMaxWarps = 32, kWarp = 32;
constexpr int64_t kMaxSharedBytes = 232448; // of a block, on any GPU
constexpr int64_t kMaxScratchBytes = int64_t{1} << 30, kScratchAlignment = 256;

llvm::Error fail(const llvm::Twine &message) { return llvm::createStringError(message); }

llvm::Expected<std::string> readFile(const llvm::Twine &path) {
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status) && !llvm::sys::fs::is_regular_file(status))
    return fail("expected a file, found something else at '" + path + "'"); // reading could wait for ever
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (std::error_code error = buffer.getError())
    return fail("cannot open '" + path + "': " + error.message());
  if (static_cast<int64_t>((*buffer)->getBufferSize()) > kMaxFileBytes)
    return fail("expected '" + path + "' to have at most " + llvm::Twine(kMaxFileBytes) + " bytes, found " +
                llvm::Twine((*buffer)->getBufferSize()));
  return (*buffer)->getBuffer().str();
}

// Numbers of the metadata, each within bounds.
class Metadata {
public:
  explicit Metadata(const llvm::json::Object &object) : object(object) {}

  bool has(llvm::StringRef key) const { return object.get(key) != nullptr; }

  llvm::Expected<int64_t> number(llvm::StringRef key, int64_t least, int64_t most) const {
    std::optional<int64_t> value = object.getInteger(key);
    if (value && *value >= least && *value <= most)
      return *value;
    return fail("expected a whole number from " + llvm::Twine(least) + " to " + llvm::Twine(most) + " as '" +
                key + "', found " + (value ? llvm::Twine(*value) : llvm::Twine("none")));
  }

  // What only other launchers do.
  llvm::Error checkLaunch() const {
    if (object.getInteger("num_ctas").value_or(1) != 1)
      return fail("expected a kernel without clusters ('num_ctas' 1), found " +
                  llvm::Twine(object.getInteger("num_ctas").value_or(1)));
    if (object.getBoolean("launch_cooperative_grid").value_or(false))
      return fail("expected a kernel without 'launch_cooperative_grid', found it set");
    const llvm::json::Array *descriptors = object.getArray("tensordesc_meta");
    if (descriptors && !descriptors->empty())
      return fail("expected a kernel without tensor descriptors, found " + llvm::Twine(descriptors->size()));
    return llvm::Error::success();
  }

private:
  const llvm::json::Object &object;
};

llvm::Error readMetadata(const llvm::json::Object &object, TritonKernel &kernel) {
  Metadata metadata(object);
  std::optional<llvm::StringRef> name = object.getString("name");
  if (!name || name->empty())
    return fail("expected the kernel's 'name', found none");
  kernel.name = name->str();
  if (llvm::Error error = metadata.checkLaunch())
    return error;
  llvm::Expected<int64_t> warps = metadata.number("num_warps", 1, kMaxWarps);
  if (!warps)
    return warps.takeError();
  kernel.threads = *warps * kWarp;
  llvm::Expected<int64_t> shared = metadata.number("shared", 0, kMaxSharedBytes);
  if (!shared)
    return shared.takeError();
  kernel.sharedBytes = *shared;
  // A parameter is there for each key that is.
  for (llvm::StringRef scratch : {"global_scratch_size", "profile_scratch_size"})
    kernel.trailing += metadata.has(scratch);
  if (metadata.has("profile_scratch_size"))
    if (llvm::Expected<int64_t> none = metadata.number("profile_scratch_size", 0, 0); !none)
      return none.takeError();
  if (!metadata.has("global_scratch_size"))
    return llvm::Error::success();
  llvm::Expected<int64_t> scratch = metadata.number("global_scratch_size", 0, kMaxScratchBytes);
  if (!scratch)
    return scratch.takeError();
  kernel.scratchBytes = *scratch;
  if (metadata.has("global_scratch_align"))
    if (llvm::Expected<int64_t> alignment = metadata.number("global_scratch_align", 1, kScratchAlignment);
        !alignment)
      return alignment.takeError();
  return llvm::Error::success();
}

llvm::Error checkPtx(TritonKernel &kernel) {
  llvm::Expected<PtxEntry> entry = readPtxEntry(kernel.ptx, kernel.name);
  if (!entry)
    return entry.takeError();
  kernel.architecture = entry->architecture;
  if (entry->requiredThreads != 0 && entry->requiredThreads != kernel.threads)
    return fail("expected PTX for the " + llvm::Twine(kernel.threads) + " threads of 'num_warps', found " +
                llvm::Twine(entry->requiredThreads));
  kernel.parameters = entry->parameters;
  for (unsigned i = 0; i < kernel.trailing; ++i) {
    if (kernel.parameters.empty() || kernel.parameters.back().bits != 64 || kernel.parameters.back().isFloat)
      return fail("expected PTX with " + llvm::Twine(kernel.trailing) +
                  " addresses of scratch behind its other parameters, found " + llvm::Twine(i));
    kernel.parameters.pop_back();
  }
  return llvm::Error::success();
}

} // namespace

llvm::Expected<TritonKernel> parseTritonKernel(llvm::StringRef metadata, llvm::StringRef ptx) {
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(metadata);
  if (!json)
    return fail("expected JSON as metadata, found other text: " + llvm::toString(json.takeError()));
  const llvm::json::Object *object = json->getAsObject();
  if (!object)
    return fail("expected an object as metadata, found other JSON");
  TritonKernel kernel;
  if (llvm::Error error = readMetadata(*object, kernel))
    return fail("metadata: " + llvm::toString(std::move(error)));
  kernel.ptx = ptx.str();
  if (llvm::Error error = checkPtx(kernel))
    return fail("PTX: " + llvm::toString(std::move(error)));
  return kernel;
}

llvm::Expected<TritonKernel> readTritonKernel(llvm::StringRef path) {
  llvm::Expected<std::string> metadata = readFile(path);
  if (!metadata)
    return metadata.takeError();
  llvm::SmallString<128> beside(path);
  llvm::sys::path::replace_extension(beside, ".ptx");
  llvm::Expected<std::string> ptx = readFile(beside);
  if (!ptx)
    return ptx.takeError();
  llvm::Expected<TritonKernel> kernel = parseTritonKernel(*metadata, *ptx);
  if (!kernel)
    return fail("'" + path + "': " + llvm::toString(kernel.takeError()));
  llvm::sys::path::replace_extension(beside, ".cubin");
  if (llvm::Expected<std::string> cubin = readFile(beside))
    kernel->cubin = std::move(*cubin);
  else
    llvm::consumeError(cubin.takeError()); // the driver compiles the PTX
  return kernel;
}

} // namespace rondo
