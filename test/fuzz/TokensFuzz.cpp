// Any bytes as training data: opened, and what is there read as a whole and in batches.
#include "runtime/train/BatchSampler.h"
#include "test/fuzz/MemoryFile.h"

#include <algorithm>

using namespace rondo;
using namespace rondo::rt;

// A vocabulary that bytes fit in and wider tokens may leave.
static constexpr uint64_t kVocabulary = 300;

static void readBatches(Corpus &corpus, Carry carry) {
  auto sampler = BatchSampler::create(corpus, DocumentSet(corpus.documentStarts()),
                                      {.batch = 3, .time = 7, .seed = corpus.tokens(), .carry = carry});
  if (!sampler.ok()) {
    if (errorIdOf(sampler.status()) != ErrorId::NoData)
      std::abort();
    return;
  }
  DataCursor cursor;
  Batch batch;
  for (int i = 0; i < 4; ++i)
    if (!sampler->next(cursor, batch).ok() || batch.targetCount == 0)
      std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string path = memoryFile(data, size);
  absl::StatusOr<Corpus> corpus = Corpus::open(*listDataFiles({path}), kVocabulary);
  if (!corpus.ok()) {
    if (exitCodeOf(corpus.status()) != 3 || formatError(corpus.status()).empty())
      std::abort();
    return 0;
  }
  std::vector<int32_t> tokens(corpus->tokens());
  if (!corpus->read(0, absl::MakeSpan(tokens)).ok() || (!tokens.empty() && corpus->documents() == 0))
    std::abort();
  for (int32_t token : tokens)
    if (token < 0 || static_cast<uint64_t>(token) >= kVocabulary)
      std::abort();
  holdOut(DocumentSet(corpus->documentStarts()), 0);
  readBatches(*corpus, Carry::None);
  readBatches(*corpus, Carry::Detach);
  return 0;
}
