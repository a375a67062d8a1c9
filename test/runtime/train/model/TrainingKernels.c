// Kernels of a model that learns, as a flat image: real machine code for tests of the training loop without
// the compiler. It predicts the next byte from the last two:
//
//   logits[v] = table[token][v] + previous[token before][v]
//
// where the second term is missing at the beginning of a document. What carries over from row to row is the
// last token. `table` is row-major, `previous` lies in panels of 16 rows. B 2, T 16.
#include <stdint.h>

enum { V = 256, B = 2, T = 16, PANEL = 16, SIZE = V * V };

static double power_of_two(int64_t n) {
  union {
    uint64_t bits;
    double value;
  } u = {(uint64_t)(n + 1023) << 52};
  return u.value;
}

static double exponential(double x) {
  if (!(x > -700)) // NaN stays NaN
    return x != x ? x : 0;
  if (x > 700)
    x = 700;
  int64_t n = (int64_t)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
  double r = x - (double)n * 0.6931471805599453, term = 1, sum = 1;
  for (int i = 1; i < 16; ++i)
    sum += term *= r / i;
  return sum * power_of_two(n);
}

static double logarithm(double x) {
  if (!(x > 0))
    return x - x + (x == 0 ? -745 : x);
  union {
    double value;
    uint64_t bits;
  } u = {x};
  int64_t n = (int64_t)(u.bits >> 52) - 1023;
  u.bits = (u.bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  double z = (u.value - 1) / (u.value + 1), square = z * z, sum = 0;
  for (int i = 39; i > 0; i -= 2)
    sum = sum * square + 1.0 / i;
  return (double)n * 0.6931471805599453 + 2 * z * sum;
}

static int64_t panel_index(int64_t row, int64_t column) {
  return (row / PANEL * V + column) * PANEL + row % PANEL;
}

// The distribution after `token`, and its log-probability of `target` (not used if negative).
static double distribution(const float *table, const float *previous, int32_t token, int32_t before,
                           int32_t target, double *p) {
  double largest = -1e300, sum = 0, wanted = 0;
  for (int64_t v = 0; v < V; ++v) {
    p[v] = (double)table[token * V + v] + (before < 0 ? 0 : (double)previous[panel_index(before, v)]);
    if (p[v] > largest)
      largest = p[v];
    if (v == target)
      wanted = p[v];
  }
  for (int64_t v = 0; v < V; ++v)
    sum += p[v] = exponential(p[v] - largest);
  for (int64_t v = 0; v < V; ++v)
    p[v] /= sum;
  return wanted - largest - logarithm(sum);
}

// 0: tokens, targets, segment_ids, slot; 4: pool of the last token + 1; 5: table, previous; 7: their
// gradients; 9: loss, weight_sum. `mean`: of the loss's mean, else of its sum, and added to what is there.
static void gradient(void *const *buffers, double *p, int mean) {
  const int32_t *tokens = buffers[0], *targets = buffers[1], *segments = buffers[2], *slot = buffers[3];
  float *pool = buffers[4], *table_gradient = buffers[7], *previous_gradient = buffers[8];
  float *loss = buffers[9], *weight_sum = buffers[10];
  int64_t count = 0;
  double sum = 0;
  for (int64_t i = 0; i < B * T; ++i)
    count += targets[i] >= 0;
  if (mean)
    for (int64_t i = 0; i < SIZE; ++i)
      table_gradient[i] = previous_gradient[i] = 0;
  double scale = mean ? 1.0 / (double)(count > 0 ? count : 1) : 1;
  for (int64_t b = 0; b < B; ++b) {
    int32_t before = (int32_t)pool[slot[b]] - 1;
    for (int64_t i = b * T; i < (b + 1) * T; ++i) {
      if (i > b * T)
        before = segments[i] == segments[i - 1] ? tokens[i - 1] : -1;
      if (targets[i] < 0)
        continue;
      sum -= distribution(buffers[5], buffers[6], tokens[i], before, targets[i], p);
      p[targets[i]] -= 1;
      for (int64_t v = 0; v < V; ++v) {
        table_gradient[tokens[i] * V + v] += (float)(scale * p[v]);
        if (before >= 0)
          previous_gradient[panel_index(before, v)] += (float)(scale * p[v]);
      }
    }
    pool[slot[b]] = (float)(tokens[(b + 1) * T - 1] + 1);
  }
  loss[0] = (float)(sum / (double)(count > 0 ? count : 1));
  weight_sum[0] = (float)count;
}

void model_gradient(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i)
    gradient(buffers, scratch, 1);
}

// 11: the sum of all micro-batches' weights.
void model_accumulate(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  float *total = buffers[11];
  const float *weight_sum = buffers[10];
  for (int64_t i = begin; i < end; ++i) {
    gradient(buffers, scratch, 0);
    total[0] += weight_sum[0];
  }
}

// One AdamW step of a parameter; what is clipped and whether to do anything is in `factor` and `apply`.
static void adamw(float *w, float *m, float *v, const float *g, double factor, double lr, double decay,
                  double beta1, double beta2, double epsilon, double c1, double c2) {
  for (int64_t i = 0; i < SIZE; ++i) {
    double x = factor * (double)g[i];
    m[i] = (float)(beta1 * (double)m[i] + (1 - beta1) * x);
    v[i] = (float)(beta2 * (double)v[i] + (1 - beta2) * x * x);
    w[i] -= (float)(lr * decay * (double)w[i] +
                    lr / c1 * (double)m[i] / (__builtin_sqrt((double)v[i] / c2) + epsilon));
  }
}

// 0: step, learning_rate, weight_decay, clip, beta1, beta2, epsilon; 7: gradients; 9: parameters; 11: first
// moments; 13: second moments; 15: grad_norm.
static void step(void *const *buffers, double divisor) {
  const int64_t *count = buffers[0];
  double rates[7];
  for (int i = 1; i < 7; ++i)
    rates[i] = (double)*(const float *)buffers[i];
  double squares = 0, power1 = 1, power2 = 1;
  for (int k = 7; k < 9; ++k)
    for (int64_t i = 0; i < SIZE; ++i)
      squares += (double)((const float *)buffers[k])[i] * (double)((const float *)buffers[k])[i];
  double norm = __builtin_sqrt(squares) * divisor;
  *(float *)buffers[15] = (float)norm;
  if (!(norm < 1e30))
    return;
  for (int64_t i = 0; i <= *count; ++i) {
    power1 *= rates[4];
    power2 *= rates[5];
  }
  double factor = rates[3] > 0 && norm > rates[3] ? rates[3] / norm : 1;
  for (int k = 0; k < 2; ++k)
    adamw(buffers[9 + k], buffers[11 + k], buffers[13 + k], buffers[7 + k], factor * divisor, rates[1],
          rates[2], rates[4], rates[5], rates[6], 1 - power1, 1 - power2);
}

void model_step(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  (void)scratch;
  for (int64_t i = begin; i < end; ++i)
    step(buffers, 1);
}

// 16: the sum of weights; clears it and the gradients.
void model_update(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  (void)scratch;
  float *total = buffers[16], *first = buffers[7], *second = buffers[8];
  for (int64_t k = begin; k < end; ++k) {
    step(buffers, total[0] > 0 ? 1 / (double)total[0] : 0);
    total[0] = 0;
    for (int64_t i = 0; i < SIZE; ++i)
      first[i] = second[i] = 0;
  }
}

// 0: tokens, targets, length, slot; 4: pool; 5: table, previous; 7: log_prob.
void model_score(void *const *buffers, void *scratch, int64_t begin, int64_t end) {
  const int32_t *tokens = buffers[0], *targets = buffers[1], *length = buffers[2], *slot = buffers[3];
  float *pool = buffers[4], *log_prob = buffers[7];
  for (int64_t b = begin; b < end; ++b) {
    int32_t before = (int32_t)pool[slot[b]] - 1;
    for (int64_t t = 0; t < length[b]; ++t) {
      int64_t i = b * T + t;
      log_prob[i] = (float)distribution(buffers[5], buffers[6], tokens[i], before, targets[i], scratch);
      before = tokens[i];
    }
    if (length[b] > 0)
      pool[slot[b]] = (float)(before + 1);
  }
}

__asm__(".section .head, \"ax\", @progbits\n"
        ".quad model_gradient, model_accumulate, model_step, model_update, model_score\n"
        ".previous\n");
