// A layer between the code under test and the system: sees every call that changes or reads files, and can
// refuse it. For programs that link test_file_calls; in them nothing is synced for real, since what a disk
// loses without power is for an observer to say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::rt {

struct FileCall {
  enum Kind { Open, Create, Read, Write, Sync, Rename, MakeFolder, RemoveFile, RemoveFolder };

  Kind kind;
  std::string path;       // of calls that take one; the old name of Rename
  std::string newPath;    // of Rename
  int descriptor = -1;    // of Read, Write and Sync, and of Open and Create once they have succeeded
  std::string_view bytes; // of Write
};

// Watches calls while it lives; one at a time, in one thread.
class FileCallObserver {
public:
  FileCallObserver();
  virtual ~FileCallObserver();
  FileCallObserver(const FileCallObserver &) = delete;

  // Before a call: 0 lets it pass, an errno makes it fail with that.
  virtual int before(const FileCall &) { return 0; }
  // After a call that succeeded. Calls from here are not observed.
  virtual void after(const FileCall &) {}
};

} // namespace rondo::rt
