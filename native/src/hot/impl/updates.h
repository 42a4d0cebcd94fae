// Optimiser updates in place: one pass over a parameter, its state and its gradient.

namespace updates {

/// f(offset, std::integral_constant<int, lanes>) for vectors of eight and the values that are left, in chunks of threads.
template <class F>
inline void inVectors(size_t n, int threads, F f) {
  elementwise::inChunks(n, threads, [&](size_t at, size_t count) {
    const size_t end = at + count;
    for (; at + 8 <= end; at += 8) f(at, 8);
    if (at < end) f(at, static_cast<int>(end - at));
  });
}

template <bool VELOCITY, bool NESTEROV>
void sgdOf(float* w, float* velocity, const float* grad, const SgdOptions& o, size_t n, int threads) {
  const v8 decay = splat(o.weightDecay), momentum = splat(o.momentum), rate = splat(o.learningRate);
  inVectors(n, threads, [&](size_t at, int lanes) {
    const v8 x = loadPart(w + at, lanes);
    v8 direction = loadPart(grad + at, lanes) + decay * x;
    if constexpr (VELOCITY) {
      const v8 v = momentum * loadPart(velocity + at, lanes) + direction;
      storePart(velocity + at, v, lanes);
      direction = NESTEROV ? direction + momentum * v : v;
    }
    storePart(w + at, x - rate * direction, lanes);
  });
}

inline void sgd(float* w, float* velocity, const float* grad, const SgdOptions& o, size_t n, int threads) {
  if (!velocity) sgdOf<false, false>(w, velocity, grad, o, n, threads);
  else if (o.nesterov) sgdOf<true, true>(w, velocity, grad, o, n, threads);
  else sgdOf<true, false>(w, velocity, grad, o, n, threads);
}

HOT_INLINE v8 root(v8 x) {
#ifdef __AVX__
  return reinterpret_cast<v8>(_mm256_sqrt_ps(reinterpret_cast<__m256>(x)));
#else
  for (int j = 0; j < 8; ++j) x[j] = std::sqrt(x[j]);
  return x;
#endif
}

inline void adam(float* w, float* m, float* v, const float* grad, const AdamOptions& o, size_t n, int threads) {
  const v8 size1 = splat(static_cast<float>(o.learningRate / (1 - std::pow(o.beta1, o.step))));
  const v8 size2 = splat(static_cast<float>(1 / std::sqrt(1 - std::pow(o.beta2, o.step))));
  const v8 beta1 = splat(static_cast<float>(o.beta1)), other1 = splat(static_cast<float>(1 - o.beta1));
  const v8 beta2 = splat(static_cast<float>(o.beta2)), other2 = splat(static_cast<float>(1 - o.beta2));
  const v8 epsilon = splat(static_cast<float>(o.epsilon));
  const v8 decay = splat(o.decoupled ? 0.0f : static_cast<float>(o.weightDecay));
  const v8 keep = splat(o.decoupled ? static_cast<float>(1 - o.learningRate * o.weightDecay) : 1.0f);
  inVectors(n, threads, [&](size_t at, int lanes) {
    const v8 x = loadPart(w + at, lanes), g = loadPart(grad + at, lanes) + decay * x;
    const v8 mean = beta1 * loadPart(m + at, lanes) + other1 * g;
    const v8 square = beta2 * loadPart(v + at, lanes) + other2 * g * g;
    storePart(m + at, mean, lanes);
    storePart(v + at, square, lanes);
    storePart(w + at, x * keep - size1 * mean / (root(square) * size2 + epsilon), lanes);
  });
}

inline void runningAverage(float* running, const float* batch, float momentum, size_t n) {
  for (size_t i = 0; i < n; ++i) running[i] = running[i] * (1 - momentum) + batch[i] * momentum;
}

}  // namespace updates
