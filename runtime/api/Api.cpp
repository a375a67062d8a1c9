// The C API over Session and Generator: translates types, and turns statuses and exceptions into numbers.
#include "runtime/api/rondo.h"

#include "absl/strings/str_cat.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/exec/Session.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/generate/Generator.h"
#include "runtime/states/StateFile.h"

#include <exception>
#include <new>

using namespace rondo;
using namespace rondo::rt;

struct rondo_session {
  std::unique_ptr<Session> session;
};

namespace {

thread_local std::string lastError;

int report(const absl::Status &status) {
  if (status.ok())
    return 0;
  lastError = formatError(status);
  return static_cast<int>(errorIdOf(status).value_or(ErrorId::Internal));
}

// Runs the body of a call; nothing thrown gets past it.
template <typename Body> int guarded(Body body) {
  try {
    return report(body());
  } catch (const std::bad_alloc &) {
    return report(makeError(ErrorId::OutOfMemory, "expected memory for a small block, found none"));
  } catch (const std::exception &error) {
    return report(makeError(ErrorId::Internal, error.what()));
  }
}

absl::StatusOr<Executor *> executorOf(rondo_session *session, const char *name) {
  const format::Entry *entry = session->session->package().findEntry(name);
  if (!entry)
    return session->session->package().missingEntry(name);
  return session->session->executor(*entry);
}

uint64_t modelHash(const rondo_session *session) {
  return session->session->package().root().provenance()->model_hash();
}

absl::StatusOr<TensorView> viewOf(const char *name, const rondo_tensor &tensor) {
  auto dtype = static_cast<format::DType>(tensor.dtype);
  if (tensor.rank > RONDO_MAX_RANK || dtype > format::DType::MAX)
    return makeError(ErrorId::InputType,
                     absl::StrCat("input '", name, "': expected a known type and at most ", RONDO_MAX_RANK,
                                  " dimensions"));
  absl::Span<const uint64_t> shape(tensor.shape, tensor.rank);
  std::optional<uint64_t> elements = checkedProduct(shape);
  std::optional<uint64_t> bytes = elements ? checkedMul(*elements, elementBytes(dtype)) : std::nullopt;
  if (bytes != tensor.bytes || (tensor.bytes != 0 && !tensor.data))
    return makeError(
        ErrorId::InputCount,
        absl::StrCat("input '", name, "': expected as many bytes as its shape takes, found ", tensor.bytes));
  return TensorView{dtype, shape, {static_cast<const uint8_t *>(tensor.data), tensor.bytes}};
}

absl::Status generate(Session &session, uint64_t slot, absl::Span<const int32_t> prompt,
                      const SamplerOptions &sampling, uint64_t limit, rondo_token_fn receive, void *context) {
  RONDO_ASSIGN_OR_RETURN(Generator generator, Generator::create(session, slot, sampling));
  RONDO_RETURN_IF_ERROR(generator.feed(prompt));
  for (uint64_t i = 0; i < limit; ++i) {
    RONDO_ASSIGN_OR_RETURN(int32_t token, generator.draw());
    RONDO_RETURN_IF_ERROR(generator.feed({&token, 1}));
    if (receive(context, token) != 0)
      break;
  }
  return absl::OkStatus();
}

} // namespace

const char *rondo_last_error(void) { return lastError.c_str(); }

int rondo_open(const char *package, uint32_t threads, rondo_session **session) {
  *session = nullptr;
  return guarded([&]() -> absl::Status {
    RONDO_ASSIGN_OR_RETURN(Package opened, Package::open(package));
    auto created = std::make_unique<rondo_session>();
    RONDO_ASSIGN_OR_RETURN(created->session, Session::create(std::move(opened), createCpuDevice(threads)));
    *session = created.release();
    return absl::OkStatus();
  });
}

void rondo_close(rondo_session *session) { delete session; }

int rondo_load_weights(rondo_session *session, const char *path, const char *const *ignore, size_t count) {
  return guarded([&] {
    std::vector<std::string> patterns(ignore, ignore + count);
    return session->session->parameters().load(path, patterns);
  });
}

int rondo_init_weights(rondo_session *session, uint64_t seed) {
  return guarded([&] {
    session->session->parameters().initialise(seed);
    return absl::OkStatus();
  });
}

int rondo_save_weights(rondo_session *session, const char *path) {
  return guarded([&] { return session->session->parameters().save(path); });
}

size_t rondo_entry_count(const rondo_session *session) {
  return session->session->package().root().entries()->size();
}

const char *rondo_entry_name(const rondo_session *session, size_t index) {
  if (index >= rondo_entry_count(session))
    return nullptr;
  return session->session->package().root().entries()->Get(static_cast<uint32_t>(index))->name()->c_str();
}

int rondo_set_input(rondo_session *session, const char *entry, const char *name, const rondo_tensor *value) {
  return guarded([&]() -> absl::Status {
    RONDO_ASSIGN_OR_RETURN(Executor * executor, executorOf(session, entry));
    RONDO_ASSIGN_OR_RETURN(TensorView view, viewOf(name, *value));
    return executor->inputs().set(name, view);
  });
}

int rondo_clear_inputs(rondo_session *session, const char *entry) {
  return guarded([&]() -> absl::Status {
    RONDO_ASSIGN_OR_RETURN(Executor * executor, executorOf(session, entry));
    executor->inputs().clear();
    return absl::OkStatus();
  });
}

int rondo_run(rondo_session *session, const char *entry) {
  return guarded([&]() -> absl::Status {
    RONDO_ASSIGN_OR_RETURN(Executor * executor, executorOf(session, entry));
    return session->session->run(*executor);
  });
}

int rondo_get_output(rondo_session *session, const char *entry, const char *name, rondo_tensor *value) {
  return guarded([&]() -> absl::Status {
    RONDO_ASSIGN_OR_RETURN(Executor * executor, executorOf(session, entry));
    RONDO_ASSIGN_OR_RETURN(TensorView view,
                           static_cast<const Executor *>(executor)->output(std::string_view(name)));
    value->dtype = static_cast<rondo_dtype>(view.dtype);
    value->rank = static_cast<uint32_t>(view.shape.size());
    std::copy(view.shape.begin(), view.shape.end(), value->shape);
    value->data = view.bytes.data();
    value->bytes = view.bytes.size();
    return absl::OkStatus();
  });
}

uint64_t rondo_slot_count(const rondo_session *session) { return session->session->states().slots(); }

int rondo_reset_slot(rondo_session *session, uint64_t slot) {
  return guarded([&] { return session->session->states().reset(slot); });
}

int rondo_fork_slot(rondo_session *session, uint64_t source, uint64_t target) {
  return guarded([&] { return session->session->states().copy(source, target); });
}

int rondo_save_slots(rondo_session *session, const char *path, const uint64_t *slots, size_t count) {
  return guarded(
      [&] { return saveStates(path, modelHash(session), session->session->states(), {slots, count}); });
}

int rondo_load_slots(rondo_session *session, const char *path, const uint64_t *slots, size_t count) {
  return guarded(
      [&] { return loadStates(path, modelHash(session), session->session->states(), {slots, count}); });
}

int rondo_generate(rondo_session *session, uint64_t slot, const int32_t *prompt, size_t count,
                   const rondo_sampling *sampling, uint64_t limit, rondo_token_fn receive, void *context) {
  return guarded([&] {
    SamplerOptions options;
    options.temperature = 0;
    if (sampling)
      options = {sampling->temperature, sampling->top_k, sampling->top_p, sampling->seed};
    return generate(*session->session, slot, {prompt, count}, options, limit, receive, context);
  });
}
