// Softmax cross-entropy and its gradient in one pass over the logits.

namespace cross_entropy {

/// e^x of N vectors for x <= 0, to 2e-7 relative error; below -87 as at -87.
template <int N>
HOT_INLINE void exponentials(vec (&x)[N]) {
  const vec limit = splat(87.0f), log2e = splat(1.44269504088896341f), magic = splat(12582912.0f);
  vec f[N], z[N], p[N];
  HOT_EACH f[i] = clamp(x[i], limit);
  HOT_EACH z[i] = f[i] * log2e + magic;  // the whole part of x log2(e), in the low bits
  HOT_EACH f[i] = f[i] * log2e - (z[i] - magic);
  // Minimax polynomial of 2^f on [-1/2, 1/2], as in sigmoids.
  HOT_EACH p[i] = f[i] * splat(0.001322540122f) + splat(0.009675668174f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.05550864032f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.2402213061f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.6931469227f);
  HOT_EACH p[i] = p[i] * f[i] + splat(1.000000057f);
  HOT_EACH x[i] = reinterpret_cast<vec>(reinterpret_cast<veci>(p[i]) + (reinterpret_cast<veci>(z[i]) << 23));
}

/// Loss of one row; its gradient times `scale` to `d` unless that is null. `work` has whole vectors of the row.
inline double row(const float* x, int label, int classes, float smoothing, float scale, float* work, float* d) {
  const int whole = classes / kLanes * kLanes;
  float most = x[0];
  if (whole > 0) {
    vec m = load(x);
    for (int c = kLanes; c < whole; c += kLanes) m = maxOf(load(x + c), m);
    for (int j = 0; j < kLanes; ++j) most = std::max(most, m[j]);
  }
  for (int c = whole; c < classes; ++c) most = std::max(most, x[c]);
  vec total = zero(), distance = zero();
  const vec top = splat(most);
  fours(whole / kLanes, [&](int v, auto count) {
    constexpr int N = decltype(count)::value;
    vec e[N];
    HOT_EACH e[i] = load(x + kLanes * (v + i)) - top;
    HOT_EACH distance += e[i];
    exponentials<N>(e);
    HOT_EACH total += e[i];
    HOT_EACH store(work + kLanes * (v + i), e[i]);
  });
  double sum = sumOf(total), mean = sumOf(distance);
  if (whole < classes) {
    vec e[1] = {loadPart(x + whole, classes - whole) - top};
    for (int j = 0; j < classes - whole; ++j) mean += e[0][j];
    exponentials<1>(e);
    for (int j = 0; j < classes - whole; ++j) sum += e[0][j];
    store(work + whole, e[0]);
  }
  if (d) {
    const vec share = splat(static_cast<float>(scale / sum)), even = splat(scale * smoothing / classes);
    for (int c = 0; c < classes; c += kLanes) storePart(d + c, load(work + c) * share - even, classes - c);
    d[label] -= scale * (1 - smoothing);
  }
  const double log = std::log(sum);
  return (1 - smoothing) * (log - (x[label] - most)) + smoothing * (log - mean / classes);
}

/// Beyond this many logits several threads share them: below, waking one that sleeps takes longer than it saves.
constexpr size_t kShared = size_t{1} << 19;

/// Mean over the batch against smoothed one-hot labels, and its gradient unless `d` is null; false if a label is none
/// of 0..classes-1.
inline bool forward(const float* logits, const int* labels, size_t batch, int classes, float smoothing, int threads, float* loss, float* d) {
  for (size_t n = 0; n < batch; ++n)
    if (labels[n] < 0 || labels[n] >= classes) return false;
  Doubles losses(batch);
  const size_t wide = wholeLanes(classes);
  Buffer work(threads * wide, Uninitialised{});
#pragma omp parallel for schedule(static) num_threads(threads) if (batch * classes > kShared)
  for (long n = 0; n < static_cast<long>(batch); ++n) {
    losses[n] = row(logits + n * classes, labels[n], classes, smoothing, 1.0f / batch, work + omp_get_thread_num() * wide,
                    d ? d + n * classes : nullptr);
  }
  double total = 0;
  for (size_t n = 0; n < batch; ++n) total += losses[n];
  *loss = static_cast<float>(total / batch);
  return true;
}

}  // namespace cross_entropy
