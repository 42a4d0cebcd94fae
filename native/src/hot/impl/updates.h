// Optimiser updates in place: one pass over all parameters, their state and their gradients.

namespace updates {

inline long chunksOf(size_t n) { return static_cast<long>((n + elementwise::kChunk - 1) / elementwise::kChunk); }

/// body(update, first, end) for pieces of all parameters, shared among the threads as evenly as whole chunks allow.
template <class Body>
inline void inPieces(const Update* updates, size_t count, int threads, Body body) {
  long total = 0;
  for (size_t k = 0; k < count; ++k) total += chunksOf(updates[k].n);
#pragma omp parallel num_threads(threads) if (total > 8)
  {
    const long workers = omp_get_num_threads(), me = omp_get_thread_num();
    const long from = total * me / workers, to = total * (me + 1) / workers;
    long at = 0;
    for (size_t k = 0; k < count && at < to; ++k) {
      const long chunks = chunksOf(updates[k].n);
      const long first = std::max(from - at, 0L), end = std::min(to - at, chunks);
      if (first < end) body(updates[k], first * elementwise::kChunk, std::min<size_t>(end * elementwise::kChunk, updates[k].n));
      at += chunks;
    }
  }
}

/// f(offset, lanes) for whole vectors and the values that are left.
template <class F>
HOT_INLINE void inVectors(size_t at, size_t end, F f) {
  for (; at + kLanes <= end; at += kLanes) f(at, kLanes);
  if (at < end) f(at, static_cast<int>(end - at));
}

template <bool VELOCITY, bool NESTEROV>
void sgdPiece(const Update& u, size_t first, size_t end, const SgdOptions& o) {
  const vec decay = splat(static_cast<float>(u.weightDecay)), momentum = splat(o.momentum), rate = splat(o.learningRate);
  inVectors(first, end, [&](size_t at, int lanes) {
    const vec x = loadPart(u.w + at, lanes);
    vec direction = loadPart(u.grad + at, lanes) + decay * x;
    if constexpr (VELOCITY) {
      const vec v = momentum * loadPart(u.first + at, lanes) + direction;
      storePart(u.first + at, v, lanes);
      direction = NESTEROV ? direction + momentum * v : v;
    }
    storePart(u.w + at, x - rate * direction, lanes);
  });
}

inline void sgd(const Update* updates, size_t count, const SgdOptions& o, int threads) {
  inPieces(updates, count, threads, [&](const Update& u, size_t first, size_t end) {
    if (!u.first) sgdPiece<false, false>(u, first, end, o);
    else if (o.nesterov) sgdPiece<true, true>(u, first, end, o);
    else sgdPiece<true, false>(u, first, end, o);
  });
}

inline void adamPiece(const Update& u, size_t first, size_t end, const AdamOptions& o) {
  const vec size1 = splat(static_cast<float>(o.learningRate / (1 - std::pow(o.beta1, u.step))));
  const vec size2 = splat(static_cast<float>(1 / std::sqrt(1 - std::pow(o.beta2, u.step))));
  const vec beta1 = splat(static_cast<float>(o.beta1)), other1 = splat(static_cast<float>(1 - o.beta1));
  const vec beta2 = splat(static_cast<float>(o.beta2)), other2 = splat(static_cast<float>(1 - o.beta2));
  const vec epsilon = splat(static_cast<float>(o.epsilon));
  const vec decay = splat(o.decoupled ? 0.0f : static_cast<float>(u.weightDecay));
  const vec keep = splat(o.decoupled ? static_cast<float>(1 - o.learningRate * u.weightDecay) : 1.0f);
  inVectors(first, end, [&](size_t at, int lanes) {
    const vec x = loadPart(u.w + at, lanes), g = loadPart(u.grad + at, lanes) + decay * x;
    const vec mean = beta1 * loadPart(u.first + at, lanes) + other1 * g;
    const vec square = beta2 * loadPart(u.second + at, lanes) + other2 * g * g;
    storePart(u.first + at, mean, lanes);
    storePart(u.second + at, square, lanes);
    storePart(u.w + at, x * keep - size1 * mean / (root(square) * size2 + epsilon), lanes);
  });
}

inline void adam(const Update* updates, size_t count, const AdamOptions& o, int threads) {
  inPieces(updates, count, threads, [&](const Update& u, size_t first, size_t end) { adamPiece(u, first, end, o); });
}

inline void runningAverage(float* running, const float* batch, float momentum, size_t n) {
  for (size_t i = 0; i < n; ++i) running[i] = running[i] * (1 - momentum) + batch[i] * momentum;
}

}  // namespace updates
