// NVIDIA's assembler, a program that may or may not be at hand.
#include "codegen/nvptx/EmitPtx.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace llvm;

namespace rondo::codegen {

std::optional<std::string> findPtxas() {
  if (const char *named = std::getenv("RONDO_PTXAS"))
    return *named ? std::optional<std::string>(named) : std::nullopt;
  SmallVector<std::string> folders;
  if (const char *home = std::getenv("CUDA_HOME"))
    folders.push_back(std::string(home) + "/bin");
  SmallVector<StringRef> paths(folders.begin(), folders.end());
  if (!paths.empty())
    if (ErrorOr<std::string> found = sys::findProgramByName("ptxas", paths))
      return *found;
  if (ErrorOr<std::string> found = sys::findProgramByName("ptxas"))
    return *found;
  if (ErrorOr<std::string> found = sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    return *found;
  return std::nullopt;
}

namespace {

// A file of the system's folder for such, gone with this object.
struct TemporaryFile {
  SmallString<128> path;

  explicit TemporaryFile(StringRef suffix) { failed = !!sys::fs::createTemporaryFile("rondo", suffix, path); }
  ~TemporaryFile() {
    if (!failed)
      sys::fs::remove(path);
  }
  bool failed;
};

std::string textOf(const TemporaryFile &file) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(file.path);
  return text ? (*text)->getBuffer().trim().str() : "";
}

} // namespace

Expected<std::vector<uint8_t>> assemblePtx(const std::string &ptxas, const std::string &ptx,
                                           const target::Target &target) {
  TemporaryFile input("ptx"), output("cubin"), log("log");
  if (input.failed || output.failed || log.failed)
    return createStringError("cannot make temporary files for ptxas");
  std::error_code failure;
  {
    raw_fd_ostream stream(input.path, failure);
    stream << ptx;
    stream.close();
    if (stream.has_error())
      failure = stream.error();
  }
  if (failure)
    return createStringError("cannot write " + input.path.str() + ": " + failure.message());
  std::string architecture = "-arch=" + target.cpu;
  StringRef arguments[] = {ptxas, architecture, input.path, "-o", output.path};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log.path), StringRef(log.path)};
  std::string error;
  int code = sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects, /*SecondsToWait=*/0,
                                 /*MemoryLimit=*/0, &error);
  if (code != 0)
    return createStringError(ptxas + " failed: " + (error.empty() ? textOf(log) : error));
  ErrorOr<std::unique_ptr<MemoryBuffer>> cubin =
      MemoryBuffer::getFile(output.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!cubin)
    return createStringError("cannot read what ptxas wrote: " + cubin.getError().message());
  StringRef bytes = (*cubin)->getBuffer();
  return std::vector<uint8_t>(bytes.bytes_begin(), bytes.bytes_end());
}

} // namespace rondo::codegen
