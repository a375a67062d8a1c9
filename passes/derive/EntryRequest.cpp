// What is asked for on the command line: kinds and sizes of entry points.
#include "passes/derive/EntryRequest.h"

#include "dialects/rondo/ErrorReport.h"

using namespace mlir;
using namespace rondo;

// Beyond any machine; small enough that no product of sizes overflows before shapes are checked.
static constexpr int64_t kMaxBatch = int64_t(1) << 20;
static constexpr int64_t kMaxTime = int64_t(1) << 28;

static LogicalResult usage(Location loc, const Twine &message) {
  return reportError(
      loc, ErrorId::Usage, message,
      "entries read NAME:B=b,T=t[,slots=s][,logits=last|all|none] with NAME forward, score, prefill, decode, "
      "grad, vjp, accumulate, update or train; decode takes no T, update neither B nor T");
}

namespace {
struct RequestParser {
  Location loc;
  StringRef text; // of one request
  EntryRequest request;

  LogicalResult parse();
  LogicalResult parseClause(StringRef key, StringRef value);
  LogicalResult parseSize(StringRef key, StringRef value, int64_t maximum, int64_t &size);
  LogicalResult finish();
};
} // namespace

LogicalResult RequestParser::parseSize(StringRef key, StringRef value, int64_t maximum, int64_t &size) {
  if (!value.getAsInteger(10, size) && size >= 1 && size <= maximum)
    return success();
  return usage(loc, "expected " + key + " from 1 to " + Twine(maximum) + " in entry '" + text + "', found '" +
                        value + "'");
}

LogicalResult RequestParser::parseClause(StringRef key, StringRef value) {
  if (key == "B" && !request.hasNoGraph())
    return parseSize(key, value, kMaxBatch, request.batch);
  if (key == "T" && request.kind != EntryKind::Decode && !request.hasNoGraph())
    return parseSize(key, value, kMaxTime, request.time);
  if (key == "slots" && request.carriesStates())
    return parseSize(key, value, kMaxBatch, request.slots);
  if (key != "logits" || request.kind != EntryKind::Prefill)
    return usage(loc, "entry '" + request.name() + "' takes no '" + key + "'");
  auto rows = llvm::StringSwitch<std::optional<LogitsRows>>(value)
                  .Case("last", LogitsRows::Last)
                  .Case("all", LogitsRows::All)
                  .Case("none", LogitsRows::None)
                  .Default(std::nullopt);
  if (!rows)
    return usage(loc, "expected logits last, all or none in entry '" + text + "', found '" + value + "'");
  request.logits = *rows;
  return success();
}

LogicalResult RequestParser::finish() {
  if (request.hasNoGraph()) {
    request.batch = 0;
    return success();
  }
  if (request.kind == EntryKind::Decode)
    request.time = 1;
  if (request.time == 0)
    return usage(loc, "expected a T in entry '" + text + "', found none");
  if (!request.carriesStates())
    return success();
  if (request.slots == 0)
    request.slots = request.batch;
  if (request.slots < request.batch)
    return usage(loc, "expected at least as many slots as batch rows in entry '" + text + "', found " +
                          Twine(request.slots) + " for " + Twine(request.batch));
  return success();
}

LogicalResult RequestParser::parse() {
  auto [name, clauses] = text.split(':');
  std::optional<EntryKind> kind = symbolizeEntryKind(name);
  if (!kind)
    return usage(loc,
                 "expected an entry forward, score, prefill, decode, grad, vjp, accumulate, update or train, "
                 "found '" +
                     name + "'");
  request.kind = *kind;
  SmallVector<StringRef> parts;
  clauses.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto [key, value] = part.split('=');
    if (failed(parseClause(key, value)))
      return failure();
  }
  return finish();
}

FailureOr<SmallVector<EntryRequest>> rondo::parseEntryRequests(StringRef text, Location loc) {
  SmallVector<StringRef> parts;
  text.split(parts, ';', -1, /*KeepEmpty=*/false);
  SmallVector<EntryRequest> requests;
  for (StringRef part : parts) {
    RequestParser parser{loc, part, {}};
    if (failed(parser.parse()))
      return failure();
    if (llvm::any_of(requests, [&](const EntryRequest &other) { return other.kind == parser.request.kind; }))
      return usage(loc, "entry '" + parser.request.name() + "' is asked for twice");
    requests.push_back(parser.request);
  }
  if (requests.empty())
    return usage(loc, "expected at least one entry, found none");
  return requests;
}
