// Activations, losses and optimiser updates: one pass over flat memory.

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
      const int whole = static_cast<int>(count / 8);
      fours(whole, [&](int v, auto counted) {
        constexpr int N = decltype(counted)::value;
        v8 x8[N], unused[N];
        HOT_EACH x8[i] = load(x + at + 8 * (v + i));
        activations<ACT, false, N>(x8, unused);
        HOT_EACH store(y + at + 8 * (v + i), x8[i]);
      });
      const size_t rest = at + 8 * static_cast<size_t>(whole);
      if (const int lanes = static_cast<int>(count % 8)) storePart(y + rest, activation<ACT>(loadPart(x + rest, lanes)), lanes);
    });
  });
}

inline void activateBackward(const float* x, const float* dy, int act, size_t n, int threads, float* dx) {
  withActivation(act, [&](auto A) {
    constexpr int ACT = decltype(A)::value;
    inChunks(n, threads, [&](size_t at, size_t count) {
      const int whole = static_cast<int>(count / 8);
      fours(whole, [&](int v, auto counted) {
        constexpr int N = decltype(counted)::value;
        v8 x8[N], slope[N];
        HOT_EACH x8[i] = load(x + at + 8 * (v + i));
        activations<ACT, true, N>(x8, slope);
        HOT_EACH store(dx + at + 8 * (v + i), slope[i] * load(dy + at + 8 * (v + i)));
      });
      const size_t rest = at + 8 * static_cast<size_t>(whole);
      if (const int lanes = static_cast<int>(count % 8)) {
        v8 slope;
        activation<ACT>(loadPart(x + rest, lanes), slope);
        storePart(dx + rest, slope * loadPart(dy + rest, lanes), lanes);
      }
    });
  });
}

/// Mean of (y - target)² over n.
inline float squaredError(const float* y, const float* target, size_t n, int threads) {
  mbconv::Doubles partial((n + kChunk - 1) / kChunk + 1);
  inChunks(n, threads, [&](size_t at, size_t count) {
    v8 sum[4] = {};
    size_t i = 0;
    for (; i + 32 <= count; i += 32)
      for (int k = 0; k < 4; ++k) {
        const v8 d = load(y + at + i + 8 * k) - load(target + at + i + 8 * k);
        sum[k] += d * d;
      }
    double total = 0;
    for (; i < count; ++i) {
      const float d = y[at + i] - target[at + i];
      total += d * d;
    }
    const v8 all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (int j = 0; j < 8; ++j) total += all[j];
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
    for (; i + 8 <= end; i += 8) store(dy + i, splat(factor) * (load(y + i) - load(target + i)));
    for (; i < end; ++i) dy[i] = factor * (y[i] - target[i]);
  });
}

/// Softmax of each row and the mean cross-entropy to smoothed one-hot labels; a label outside 0..classes-1 gives -1.
inline bool softmaxCrossEntropy(const float* logits, const int* labels, size_t batch, int classes, float smoothing,
                                float* probabilities, float* loss) {
  double total = 0;
  for (size_t n = 0; n < batch; ++n) {
    const float* row = logits + n * classes;
    float* p = probabilities + n * classes;
    const int label = labels[n];
    if (label < 0 || label >= classes) return false;
    float most = row[0];
    for (int c = 1; c < classes; ++c) most = std::max(most, row[c]);
    double sum = 0, mean = 0;
    for (int c = 0; c < classes; ++c) {
      p[c] = std::exp(row[c] - most);
      sum += p[c];
      mean += row[c] - most;
    }
    const double log = std::log(sum);
    for (int c = 0; c < classes; ++c) p[c] = static_cast<float>(p[c] / sum);
    total += (1 - smoothing) * (log - (row[label] - most)) + smoothing * (log - mean / classes);
  }
  *loss = static_cast<float>(total / batch);
  return true;
}

inline void softmaxCrossEntropyBackward(const float* probabilities, const int* labels, size_t batch, int classes,
                                        float smoothing, float dLoss, float* dLogits) {
  const float scale = dLoss / batch, even = smoothing / classes;
  for (size_t n = 0; n < batch; ++n)
    for (int c = 0; c < classes; ++c)
      dLogits[n * classes + c] =
          scale * (probabilities[n * classes + c] - even - (c == labels[n] ? 1 - smoothing : 0.0f));
}

inline void sgd(float* w, float* velocity, const float* grad, const SgdOptions& o, size_t n, int threads) {
  inChunks(n, threads, [&](size_t at, size_t count) {
    for (size_t i = at; i < at + count; ++i) {
      const float g = grad[i] + o.weightDecay * w[i];
      float direction = g;
      if (velocity) {
        velocity[i] = o.momentum * velocity[i] + g;
        direction = o.nesterov ? g + o.momentum * velocity[i] : velocity[i];
      }
      w[i] -= o.learningRate * direction;
    }
  });
}

inline void adam(float* w, float* m, float* v, const float* grad, const AdamOptions& o, size_t n, int threads) {
  const float size1 = static_cast<float>(o.learningRate / (1 - std::pow(o.beta1, o.step)));
  const float size2 = static_cast<float>(1 / std::sqrt(1 - std::pow(o.beta2, o.step)));
  const float beta1 = static_cast<float>(o.beta1), beta2 = static_cast<float>(o.beta2);
  const float other1 = static_cast<float>(1 - o.beta1), other2 = static_cast<float>(1 - o.beta2);
  const float epsilon = static_cast<float>(o.epsilon);
  const float decay = static_cast<float>(o.weightDecay), keep = static_cast<float>(1 - o.learningRate * o.weightDecay);
  inChunks(n, threads, [&](size_t at, size_t count) {
    for (size_t i = at; i < at + count; ++i) {
      const float g = o.decoupled ? grad[i] : grad[i] + decay * w[i];
      m[i] = beta1 * m[i] + other1 * g;
      v[i] = beta2 * v[i] + other2 * g * g;
      w[i] = (o.decoupled ? w[i] * keep : w[i]) - size1 * m[i] / (std::sqrt(v[i]) * size2 + epsilon);
    }
  });
}

inline void runningAverage(float* running, const float* batch, float momentum, size_t n) {
  for (size_t i = 0; i < n; ++i) running[i] = running[i] * (1 - momentum) + batch[i] * momentum;
}

}  // namespace elementwise
