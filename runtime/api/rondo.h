/* Rondo's C API: run compiled models from any language.
 *
 * A session is one model being run: a package, its weights, and the states of up to rondo_slot_count
 * sequences. Sessions are independent of each other; one session is used by one thread at a time. Calls
 * return 0, or the number of an error of Rondo's table (3104 for RND3104); rondo_last_error then has the
 * text. No call throws or ends the process. Paths and names are UTF-8, end in a NUL and are not kept. */
#ifndef RONDO_RUNTIME_API_RONDO_H_
#define RONDO_RUNTIME_API_RONDO_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RONDO_API __attribute__((visibility("default")))
#define RONDO_MAX_RANK 8

typedef struct rondo_session rondo_session;

typedef enum rondo_dtype {
  RONDO_F32 = 0,
  RONDO_F64 = 1,
  RONDO_F16 = 2,
  RONDO_BF16 = 3,
  RONDO_I8 = 4,
  RONDO_I16 = 5,
  RONDO_I32 = 6,
  RONDO_I64 = 7,
  RONDO_U8 = 8,
  RONDO_BOOL = 9
} rondo_dtype;

/* Row-major elements in host memory, `bytes` = product of the shape times the element size. */
typedef struct rondo_tensor {
  rondo_dtype dtype;
  uint32_t rank;
  uint64_t shape[RONDO_MAX_RANK];
  const void *data;
  uint64_t bytes;
} rondo_tensor;

typedef struct rondo_sampling {
  double temperature; /* 0: the most probable token */
  double top_p;       /* 1: all */
  uint64_t top_k;     /* 0: all */
  uint64_t seed;
} rondo_sampling;

/* Gets each token as it is drawn; returns 0 to go on, anything else to stop. Must not use the session. */
typedef int (*rondo_token_fn)(void *context, int32_t token);

/* The text of the calling thread's last failed call, valid until its next failed call; "" before any. */
RONDO_API const char *rondo_last_error(void);

/* Opens a package, whose machine code will run with the rights of the process. `threads` 0: one per
 * processor; results do not depend on it. The caller closes *session; on failure it is set to NULL. */
RONDO_API int rondo_open(const char *package, uint32_t threads, rondo_session **session);
/* NULL is allowed. Outputs got from the session are gone. */
RONDO_API void rondo_close(rondo_session *session);

/* Weights: load them, or make initial ones, before the first run. `ignore` holds `count` name patterns with *
 * and ?. */
RONDO_API int rondo_load_weights(rondo_session *session, const char *path, const char *const *ignore,
                                 size_t count);
RONDO_API int rondo_init_weights(rondo_session *session, uint64_t seed);
RONDO_API int rondo_save_weights(rondo_session *session, const char *path);

/* The package's entry points; NULL if `index` is too large. The text belongs to the session. */
RONDO_API size_t rondo_entry_count(const rondo_session *session);
RONDO_API const char *rondo_entry_name(const rondo_session *session, size_t index);

/* Copies a tensor into an input, where it stays for later runs. For i8, i32 and i64 any of
   i8, u8, bool, i32 and i64 is taken if the values fit. */
RONDO_API int rondo_set_input(rondo_session *session, const char *entry, const char *name,
                              const rondo_tensor *value);
/* All inputs are absent again: the runtime supplies what the package says. */
RONDO_API int rondo_clear_inputs(rondo_session *session, const char *entry);
/* Runs an entry point. After the first run of an entry point, runs allocate nothing. */
RONDO_API int rondo_run(rondo_session *session, const char *entry);
/* Points `value` at an output of the last run, valid until the entry point runs again or the session is
 * closed. */
RONDO_API int rondo_get_output(rondo_session *session, const char *entry, const char *name,
                               rondo_tensor *value);

/* Sequences: a slot holds all states of one. A run that fails half-way poisons the slots it was writing
 * (RND4006 until they are reset); fork first if that matters. */
RONDO_API uint64_t rondo_slot_count(const rondo_session *session);
RONDO_API int rondo_reset_slot(rondo_session *session, uint64_t slot);
RONDO_API int rondo_fork_slot(rondo_session *session, uint64_t source, uint64_t target);
/* Slots as rows of a file, and back: as many slots as the file has rows. */
RONDO_API int rondo_save_slots(rondo_session *session, const char *path, const uint64_t *slots, size_t count);
RONDO_API int rondo_load_slots(rondo_session *session, const char *path, const uint64_t *slots, size_t count);

/* Continues a slot's sequence by `prompt` (at least one token), then draws up to `limit` tokens. Every token
 * that `receive` gets has become part of the sequence, also the last. `sampling` NULL: the most probable
 * token. */
RONDO_API int rondo_generate(rondo_session *session, uint64_t slot, const int32_t *prompt, size_t count,
                             const rondo_sampling *sampling, uint64_t limit, rondo_token_fn receive,
                             void *context);

#ifdef __cplusplus
}
#endif

#endif
