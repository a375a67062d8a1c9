// The calls themselves: the linker sends what the code under test calls to __wrap_NAME, and __real_NAME to
// the system.
#include "test/runtime/files/FileCalls.h"

#include <cerrno>
#include <cstdarg>
#include <fcntl.h>
#include <sys/types.h>
#include <utility>

namespace rondo::rt {
namespace {

FileCallObserver *observer = nullptr;

// Makes a call under the eyes of the observer. A negative result of `call` is a failure.
template <typename Call> auto observed(FileCall description, Call call) -> decltype(call()) {
  FileCallObserver *watching = std::exchange(observer, nullptr);
  if (!watching)
    return call();
  decltype(call()) result = -1;
  if (int error = watching->before(description); error != 0) {
    errno = error;
  } else if (result = call(); result >= 0) {
    if (description.kind == FileCall::Open || description.kind == FileCall::Create)
      description.descriptor = static_cast<int>(result);
    if (description.kind == FileCall::Write)
      description.bytes = description.bytes.substr(0, static_cast<size_t>(result));
    watching->after(description);
  }
  int error = errno;
  observer = watching;
  errno = error;
  return result;
}

} // namespace

FileCallObserver::FileCallObserver() { observer = this; }
FileCallObserver::~FileCallObserver() { observer = nullptr; }

extern "C" {

int __real_open(const char *path, int flags, ...);
ssize_t __real_pread(int descriptor, void *bytes, size_t count, off_t offset);
ssize_t __real_write(int descriptor, const void *bytes, size_t count);
int __real_rename(const char *from, const char *to);
int __real_mkdir(const char *path, mode_t mode);
int __real_unlink(const char *path);
int __real_rmdir(const char *path);

int __wrap_open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return observed({flags & O_CREAT ? FileCall::Create : FileCall::Open, path, {}, -1, {}},
                  [&] { return __real_open(path, flags, mode); });
}
ssize_t __wrap_pread(int descriptor, void *bytes, size_t count, off_t offset) {
  return observed({FileCall::Read, {}, {}, descriptor, {}},
                  [&] { return __real_pread(descriptor, bytes, count, offset); });
}
ssize_t __wrap_write(int descriptor, const void *bytes, size_t count) {
  return observed({FileCall::Write, {}, {}, descriptor, {static_cast<const char *>(bytes), count}},
                  [&] { return __real_write(descriptor, bytes, count); });
}
int __wrap_fsync(int descriptor) {
  return observed({FileCall::Sync, {}, {}, descriptor, {}}, [] { return 0; });
}
int __wrap_rename(const char *from, const char *to) {
  return observed({FileCall::Rename, from, to, -1, {}}, [&] { return __real_rename(from, to); });
}
int __wrap_mkdir(const char *path, mode_t mode) {
  return observed({FileCall::MakeFolder, path, {}, -1, {}}, [&] { return __real_mkdir(path, mode); });
}
int __wrap_unlink(const char *path) {
  return observed({FileCall::RemoveFile, path, {}, -1, {}}, [&] { return __real_unlink(path); });
}
int __wrap_rmdir(const char *path) {
  return observed({FileCall::RemoveFolder, path, {}, -1, {}}, [&] { return __real_rmdir(path); });
}

} // extern "C"

} // namespace rondo::rt
