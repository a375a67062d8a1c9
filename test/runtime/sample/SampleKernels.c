// Kernels of the sample model, compiled into a flat image by the build: real machine code for tests that have
// no compiler at hand. The model is a running sum: a state adds up scaled tokens, and the logits peak at the
// sum modulo the vocabulary.
#include <stdint.h>

enum { VOCABULARY = 256 };

// x[b, t] = scale * tokens[b, t]; one workgroup per token.
void sample_scale(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  (void)scratch;
  const int32_t *tokens = buffers[0];
  const float *scale = buffers[1];
  float *x = buffers[2];
  for (int64_t i = begin; i < end; ++i)
    x[i] = scale[0] * (float)tokens[i];
}

static void write_logits(float sum, const float *bias, float *logits) {
  int32_t peak = (int32_t)((int64_t)sum % VOCABULARY);
  for (int32_t v = 0; v < VOCABULARY; ++v)
    logits[v] = bias[v] - (float)(v < peak ? peak - v : v - peak);
}

// Adds a stretch to the state of its slot and writes the logits after its last token; one workgroup per row.
// Goes through its scratch, so that tests see that every worker has one.
static void step(int64_t time, const float *x, const int32_t *length, float *state, const float *bias,
                 float *logits, float *scratch) {
  int64_t valid = length ? *length : time;
  scratch[0] = *state;
  for (int64_t t = 0; t < valid; ++t)
    scratch[0] += x[t];
  if (valid > 0)
    *state = scratch[0];
  write_logits(scratch[0], bias, logits);
}

// prefill:B=2,T=8
void sample_prefill(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  const float *x = buffers[0];
  const int32_t *length = buffers[1];
  const int32_t *slot = buffers[2];
  float *pool = buffers[3];
  const float *bias = buffers[4];
  float *logits = buffers[5];
  for (int64_t b = begin; b < end; ++b)
    step(8, x + 8 * b, length + b, pool + slot[b], bias, logits + VOCABULARY * b, scratch);
}

// decode, any batch
void sample_decode(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  const float *x = buffers[0];
  const int32_t *slot = buffers[1];
  float *pool = buffers[2];
  const float *bias = buffers[3];
  float *logits = buffers[4];
  for (int64_t b = begin; b < end; ++b)
    step(1, x + b, 0, pool + slot[b], bias, logits + VOCABULARY * b, scratch);
}

// forward:B=2,T=8, logits of every position; one workgroup per row
void sample_forward(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  (void)scratch;
  const float *x = buffers[0];
  const float *bias = buffers[1];
  float *logits = buffers[2];
  for (int64_t b = begin; b < end; ++b) {
    float sum = 0;
    for (int64_t t = 0; t < 8; ++t) {
      sum += x[8 * b + t];
      write_logits(sum, bias, logits + VOCABULARY * (8 * b + t));
    }
  }
}

// accumulate:B=2,T=8: counts the tokens that have a target; one workgroup.
void sample_accumulate(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  (void)scratch;
  const int32_t *tokens = buffers[0];
  const int32_t *targets = buffers[1];
  float *gradient = buffers[2];
  float *weight = buffers[3];
  float *sum = buffers[4];
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t t = 0; t < 16; ++t) {
      gradient[tokens[t]] += targets[t] >= 0 ? 1.0f : 0.0f;
      weight[0] += targets[t] >= 0 ? 1.0f : 0.0f;
    }
    sum[0] = weight[0];
  }
}

// update: bias -= rate * gradient / weight, and the gradient becomes the moment; one workgroup per element.
void sample_update(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  (void)scratch;
  const float *rate = buffers[0];
  const float *weight = buffers[1];
  float *gradient = buffers[2];
  float *moment = buffers[3];
  float *bias = buffers[4];
  for (int64_t v = begin; v < end; ++v) {
    moment[v] = gradient[v] / weight[0];
    bias[v] -= rate[0] * moment[v];
    gradient[v] = 0;
  }
}

#ifndef RONDO_SAMPLE_AS_LIBRARY
// The image starts with the addresses of its kernels: where the test that builds a package finds them.
__asm__(".section .head, \"ax\", @progbits\n"
        ".quad sample_scale, sample_prefill, sample_decode, sample_forward\n"
        ".quad sample_accumulate, sample_update\n"
        ".previous\n");
#endif
