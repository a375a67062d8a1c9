// The data of a training run: files of tokens behind one another, cut into documents.
#pragma once

#include "runtime/train/DataFiles.h"
#include "runtime/train/TokenFile.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::rt {

// Tokens are numbered through all files in order; a text file is one document, a token file as many as it
// says. Files are mapped (MappedFile): tokens stay on disk and come when they are asked for, through the
// system's page cache; a file that shrinks meanwhile is an error and no signal. Of a corpus memory holds 8
// bytes per document. Movable; used by one thread at a time.
class Corpus {
public:
  // Reads all tokens once, to check that each is below `vocabulary` (RND3405 with file and byte) and to know
  // their hash. RND3501-3505 for malformed token files.
  static absl::StatusOr<Corpus> open(absl::Span<const DataFile> files, uint64_t vocabulary);

  uint64_t tokens() const { return documentStarts_.back(); }
  uint64_t documents() const { return documentStarts_.size() - 1; }
  // The first token of each document, and at the end tokens(): documents() + 1 numbers.
  absl::Span<const uint64_t> documentStarts() const { return documentStarts_; }
  // Whether a file is text, whose tokens are bytes.
  bool hasText() const { return hasText_; }
  // XXH3-64 over all tokens and documents; names of files do not count.
  uint64_t hash() const { return hash_; }

  // Tokens [first, first + target.size()), which must exist; documents and files may end in between. The
  // errors are those of readTokens: files may change after they have been checked.
  absl::Status read(uint64_t first, absl::Span<int32_t> target);

private:
  struct Source {
    std::string path;
    TokenLayout layout; // without its documents, which are in documentStarts_
    uint64_t firstToken = 0;
    uint64_t fileBytes = 0;
    MappedFile file; // closed where too many are open
    bool isOpen = false;
  };
  absl::Status add(const DataFile &file, void *hashState);
  absl::Status scan(Source &source, void *hashState);
  absl::Status ensureOpen(size_t index);

  uint64_t vocabulary_ = 0;
  std::vector<Source> sources_; // none without tokens
  std::vector<uint64_t> documentStarts_ = {0};
  std::vector<size_t> open_; // sources with an open file, the longest open first
  std::vector<uint8_t> staging_;
  uint64_t hash_ = 0;
  bool hasText_ = false;
};

} // namespace rondo::rt
