// Activations and the squared error: one pass over flat memory.

namespace elementwise {

constexpr size_t kChunk = 4096;

/// f(first, count) for chunks of the memory; the chunks do not depend on the number of threads.
template <class F>
inline void inChunks(size_t n, int threads, F f) {
  const long chunks = static_cast<long>((n + kChunk - 1) / kChunk);
#pragma omp parallel for schedule(static) num_threads(threads) if (chunks > 8)
  for (long k = 0; k < chunks; ++k) f(k * kChunk, std::min(kChunk, n - k * kChunk));
}

inline void activate(const float* x, int act, size_t n, int threads, float* y) {
  withActivation(act, [&](auto A) {
    constexpr int ACT = decltype(A)::value;
    inChunks(n, threads, [&](size_t at, size_t count) {
      const int whole = static_cast<int>(count / kLanes);
      fours(whole, [&](int v, auto counted) {
        constexpr int N = decltype(counted)::value;
        vec xs[N], unused[N];
        HOT_EACH xs[i] = load(x + at + kLanes * (v + i));
        activations<ACT, false, N>(xs, unused);
        HOT_EACH store(y + at + kLanes * (v + i), xs[i]);
      });
      const size_t rest = at + kLanes * static_cast<size_t>(whole);
      if (const int lanes = static_cast<int>(count % kLanes)) storePart(y + rest, activation<ACT>(loadPart(x + rest, lanes)), lanes);
    });
  });
}

inline void activateBackward(const float* x, const float* dy, int act, size_t n, int threads, float* dx) {
  withActivation(act, [&](auto A) {
    constexpr int ACT = decltype(A)::value;
    inChunks(n, threads, [&](size_t at, size_t count) {
      const int whole = static_cast<int>(count / kLanes);
      fours(whole, [&](int v, auto counted) {
        constexpr int N = decltype(counted)::value;
        vec xs[N], slope[N];
        HOT_EACH xs[i] = load(x + at + kLanes * (v + i));
        activations<ACT, true, N>(xs, slope);
        HOT_EACH store(dx + at + kLanes * (v + i), slope[i] * load(dy + at + kLanes * (v + i)));
      });
      const size_t rest = at + kLanes * static_cast<size_t>(whole);
      if (const int lanes = static_cast<int>(count % kLanes)) {
        vec slope;
        activation<ACT>(loadPart(x + rest, lanes), slope);
        storePart(dx + rest, slope * loadPart(dy + rest, lanes), lanes);
      }
    });
  });
}

/// Mean of (y - target)² over n.
inline float squaredError(const float* y, const float* target, size_t n, int threads) {
  Doubles partial((n + kChunk - 1) / kChunk + 1);
  inChunks(n, threads, [&](size_t at, size_t count) {
    vec sum[4] = {};
    size_t i = 0;
    for (; i + 4 * kLanes <= count; i += 4 * kLanes)
      for (int k = 0; k < 4; ++k) {
        const vec d = load(y + at + i + kLanes * k) - load(target + at + i + kLanes * k);
        sum[k] += d * d;
      }
    double total = 0;
    for (; i < count; ++i) {
      const float d = y[at + i] - target[at + i];
      total += d * d;
    }
    const vec all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (int j = 0; j < kLanes; ++j) total += all[j];
    partial[at / kChunk] = total;
  });
  double total = 0;
  for (size_t k = 0; k * kChunk < n; ++k) total += partial[k];
  return static_cast<float>(total / n);
}

/// dy = factor (y - target)
inline void squaredErrorBackward(const float* y, const float* target, float factor, size_t n, int threads, float* dy) {
  inChunks(n, threads, [&](size_t at, size_t count) {
    size_t i = at;
    const size_t end = at + count;
    for (; i + kLanes <= end; i += kLanes) store(dy + i, splat(factor) * (load(y + i) - load(target + i)));
    for (; i < end; ++i) dy[i] = factor * (y[i] - target[i]);
  });
}

/// Numbers in half precision as floats.
inline void fromHalves(const uint16_t* x, size_t n, float* y) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, halves(x + i));
  if (i == n) return;
  uint16_t rest[kLanes] = {};
  std::memcpy(rest, x + i, sizeof(uint16_t) * (n - i));
  storePart(y + i, halves(rest), static_cast<int>(n - i));
}

}  // namespace elementwise
