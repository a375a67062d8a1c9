// Files behind one another, of which a bounded number is open.
#include "runtime/train/Corpus.h"

#include "absl/strings/str_cat.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace rondo::rt {
namespace {

// Descriptors are scarce (often 1024 per process); reopening a file costs microseconds.
constexpr size_t kOpenFiles = 128;
constexpr uint64_t kScanTokens = 1 << 18;

XXH3_state_t *hasher(void *state) { return static_cast<XXH3_state_t *>(state); }

template <typename T> void hashValues(void *state, absl::Span<const T> values) {
  XXH3_64bits_update(hasher(state), values.data(), values.size() * sizeof(T));
}

} // namespace

absl::StatusOr<Corpus> Corpus::open(absl::Span<const DataFile> files, uint64_t vocabulary) {
  Corpus corpus;
  corpus.vocabulary_ = std::min<uint64_t>(vocabulary, uint64_t{1} << 31); // tokens are i32
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const DataFile &file : files)
    RONDO_RETURN_IF_ERROR(corpus.add(file, &state));
  hashValues<uint64_t>(&state, corpus.documentStarts_);
  corpus.hash_ = XXH3_64bits_digest(&state);
  return corpus;
}

absl::Status Corpus::add(const DataFile &file, void *hashState) {
  Source source;
  source.path = file.path;
  RONDO_ASSIGN_OR_RETURN(InputFile opened, InputFile::open(file.path));
  RONDO_ASSIGN_OR_RETURN(source.layout, readTokenLayout(opened));
  if (source.layout.tokens == 0)
    return absl::OkStatus();
  source.fileBytes = opened.size();
  source.file = MappedFile::unmapped(std::move(opened));
  source.firstToken = tokens();
  RONDO_RETURN_IF_ERROR(scan(source, hashState));
  hasText_ |= source.layout.isText;
  // A document ends where the next begins.
  for (uint64_t begin : source.layout.documents)
    if (begin != 0)
      documentStarts_.push_back(source.firstToken + begin);
  documentStarts_.push_back(source.firstToken + source.layout.tokens);
  source.layout.documents = {};
  source.file = MappedFile();
  sources_.push_back(std::move(source));
  return absl::OkStatus();
}

absl::Status Corpus::scan(Source &source, void *hashState) {
  std::vector<int32_t> piece(std::min(kScanTokens, source.layout.tokens));
  for (uint64_t first = 0; first < source.layout.tokens; first += piece.size()) {
    auto part = absl::MakeSpan(piece).first(std::min<uint64_t>(piece.size(), source.layout.tokens - first));
    RONDO_RETURN_IF_ERROR(readTokens(source.file, source.layout, vocabulary_, first, part, staging_));
    hashValues<int32_t>(hashState, part);
  }
  return absl::OkStatus();
}

absl::Status Corpus::ensureOpen(size_t index) {
  Source &source = sources_[index];
  if (source.isOpen)
    return absl::OkStatus();
  if (open_.size() == kOpenFiles) {
    Source &oldest = sources_[open_.front()];
    oldest.file = MappedFile();
    oldest.isOpen = false;
    open_.erase(open_.begin());
  }
  RONDO_ASSIGN_OR_RETURN(InputFile file, InputFile::open(source.path));
  if (file.size() != source.fileBytes)
    return makeError(ErrorId::TokensTruncated,
                     absl::StrCat("expected the file of ", source.fileBytes,
                                  " bytes that the run began with, found ", file.size()),
                     {source.path});
  source.file = MappedFile(std::move(file));
  source.isOpen = true;
  open_.push_back(index);
  return absl::OkStatus();
}

absl::Status Corpus::read(uint64_t first, absl::Span<int32_t> target) {
  if (target.empty())
    return absl::OkStatus();
  auto after =
      std::upper_bound(sources_.begin(), sources_.end(), first,
                       [](uint64_t token, const Source &source) { return token < source.firstToken; });
  for (size_t index = static_cast<size_t>(after - sources_.begin()) - 1; !target.empty(); ++index) {
    RONDO_RETURN_IF_ERROR(ensureOpen(index));
    const Source &source = sources_[index];
    uint64_t inside = first - source.firstToken;
    auto part = target.first(std::min<uint64_t>(target.size(), source.layout.tokens - inside));
    RONDO_RETURN_IF_ERROR(readTokens(source.file, source.layout, vocabulary_, inside, part, staging_));
    first += part.size();
    target.remove_prefix(part.size());
  }
  return absl::OkStatus();
}

} // namespace rondo::rt
