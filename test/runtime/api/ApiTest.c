/* Uses the C API as a C program does, on the sample model whose package is named on the command line. */
#include "runtime/api/rondo.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "%s:%d: %s: last error: %s\n", __FILE__, __LINE__, #condition, rondo_last_error());    \
      ++failures;                                                                                            \
    }                                                                                                        \
  } while (0)

struct tokens {
  int32_t values[8];
  size_t count;
  size_t limit;
};

static int keep(void *context, int32_t token) {
  struct tokens *tokens = context;
  tokens->values[tokens->count++] = token;
  return tokens->count == tokens->limit;
}

static rondo_tensor tokens_2x8(const int32_t *data) {
  rondo_tensor tensor = {RONDO_I32, 2, {2, 8}, data, 64};
  return tensor;
}

static void test_errors(const char *package) {
  rondo_session *session = NULL;
  CHECK(rondo_open("/no/such/file", 1, &session) == 4003);
  CHECK(session == NULL);
  CHECK(strstr(rondo_last_error(), "[RND4003]") != NULL);
  CHECK(rondo_open(package, 1, &session) == 0);
  int32_t data[16] = {0};
  rondo_tensor tokens = tokens_2x8(data);
  CHECK(rondo_set_input(session, "forward", "tokens", &tokens) == 0);
  CHECK(rondo_run(session, "forward") == 4007);
  CHECK(rondo_init_weights(session, 1) == 0);
  CHECK(rondo_run(session, "backward") == 4005);
  CHECK(rondo_set_input(session, "forward", "token", &tokens) == 2203);
  tokens.shape[0] = 1;
  CHECK(rondo_set_input(session, "forward", "tokens", &tokens) == 2201);
  tokens = tokens_2x8(data);
  tokens.dtype = RONDO_F32;
  CHECK(rondo_set_input(session, "forward", "tokens", &tokens) == 2202);
  data[3] = 256;
  tokens = tokens_2x8(data);
  CHECK(rondo_set_input(session, "forward", "tokens", &tokens) == 0);
  CHECK(rondo_run(session, "forward") == 3405);
  CHECK(rondo_clear_inputs(session, "forward") == 0);
  CHECK(rondo_run(session, "forward") == 2201);
  rondo_close(session);
  rondo_close(NULL);
}

static void test_forward(rondo_session *session) {
  int32_t data[16] = {5, 1, 1, 1, 1, 1, 1, 1, 7};
  rondo_tensor tokens = tokens_2x8(data);
  rondo_tensor logits;
  CHECK(rondo_set_input(session, "forward", "tokens", &tokens) == 0);
  CHECK(rondo_run(session, "forward") == 0);
  CHECK(rondo_get_output(session, "forward", "logits", &logits) == 0);
  CHECK(logits.rank == 3 && logits.shape[2] == 256 && logits.bytes == 16384);
  const float *row = (const float *)logits.data + 7 * 256; /* row 0 after its last token: the sum is 12 */
  CHECK(row[12] > row[11] && row[12] > row[13]);
  CHECK(rondo_get_output(session, "forward", "nothing", &logits) == 2203);
}

/* A fork and a saved slot continue as the original does. */
static void test_states(rondo_session *session, const char *file) {
  const int32_t prompt[] = {100, 3};
  struct tokens first = {{0}, 0, 3}, second = {{0}, 0, 3}, third = {{0}, 0, 3};
  const uint64_t slots[] = {1};
  CHECK(rondo_slot_count(session) == 4);
  CHECK(rondo_reset_slot(session, 0) == 0);
  CHECK(rondo_generate(session, 0, prompt, 2, NULL, 1, keep, &first) == 0);
  CHECK(first.values[0] == 103);
  CHECK(rondo_fork_slot(session, 0, 1) == 0);
  CHECK(rondo_save_slots(session, file, slots, 1) == 0);
  first.count = 0;
  CHECK(rondo_generate(session, 0, prompt, 1, NULL, 10, keep, &first) == 0);
  CHECK(rondo_generate(session, 1, prompt, 1, NULL, 10, keep, &second) == 0);
  CHECK(rondo_load_slots(session, file, slots, 1) == 0);
  CHECK(rondo_generate(session, 1, prompt, 1, NULL, 10, keep, &third) == 0);
  CHECK(first.count == 3 && memcmp(&first, &second, sizeof(first)) == 0);
  CHECK(memcmp(&first, &third, sizeof(first)) == 0);
  CHECK(rondo_reset_slot(session, 4) == 3405);
  CHECK(rondo_generate(session, 0, prompt, 0, NULL, 1, keep, &first) == 2201);
}

static void test_weights(rondo_session *session, const char *file) {
  const char *ignore[] = {"*.unused"};
  CHECK(rondo_save_weights(session, file) == 0);
  CHECK(rondo_load_weights(session, file, ignore, 1) == 0);
  CHECK(rondo_load_weights(session, "/no/such/file", NULL, 0) == 4003);
  CHECK(rondo_init_weights(session, 1) == 0);
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  char weights[4096], states[4096];
  snprintf(weights, sizeof(weights), "%s/api-weights.safetensors", argv[2]);
  snprintf(states, sizeof(states), "%s/api-states.safetensors", argv[2]);
  rondo_session *session = NULL;
  test_errors(argv[1]);
  CHECK(rondo_open(argv[1], 2, &session) == 0);
  if (!session)
    return 1;
  CHECK(rondo_entry_count(session) == 3);
  CHECK(strcmp(rondo_entry_name(session, 0), "forward") == 0);
  CHECK(rondo_entry_name(session, 3) == NULL);
  CHECK(rondo_init_weights(session, 1) == 0);
  test_weights(session, weights);
  test_forward(session);
  test_states(session, states);
  rondo_close(session);
  return failures != 0;
}
