// Squeeze-excite as an op of its own: x is [batch][pixels][channels].

namespace gate {

/// The shape and weights in the terms of the MBConv's gate.
inline MBConvShape shapeOf(int middle, int reduced, int activation) {
  MBConvShape s{};
  s.middle = middle;
  s.reduced = reduced;
  s.activation = activation;
  return s;
}

inline void forward(const float* x, const MBConvWeights& w, int activation, int batch, int pixels, int channels, int reduced,
                    int threads, float* y, float* pooled) {
  const MBConvShape s = shapeOf(channels, reduced, activation);
  const size_t perThread = static_cast<size_t>(2 * reduced + channels + 8);
  mbconv::Buffer scratch(threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int n = 0; n < batch; ++n) {
    float* before = scratch + omp_get_thread_num() * perThread;
    float* hidden = before + reduced;
    float* g = hidden + reduced;
    float* mean = pooled + static_cast<size_t>(n) * channels;
    const float* image = x + static_cast<size_t>(n) * pixels * channels;
    float* out = y + static_cast<size_t>(n) * pixels * channels;
    for (int c = 0; c < channels; c += 8) {
      const int lanes = std::min(8, channels - c);
      v8 sum[2] = {};
      for (int p = 0; p < pixels; ++p) sum[p & 1] += loadPart(image + static_cast<size_t>(p) * channels + c, lanes);
      storePart(mean + c, (sum[0] + sum[1]) * splat(1.0f / pixels), lanes);
    }
    mbconv::Gate::forward(s, w, mean, before, hidden, g);
    for (int p = 0; p < pixels; ++p)
      for (int c = 0; c < channels; c += 8) {
        const int lanes = std::min(8, channels - c);
        const size_t at = static_cast<size_t>(p) * channels + c;
        storePart(out + at, loadPart(image + at, lanes) * loadPart(g + c, lanes), lanes);
      }
  }
}

inline void backward(const float* x, const MBConvWeights& w, const float* pooled, const float* dy, int activation, int batch,
                     int pixels, int channels, int reduced, int threads, const MBConvGradients& gradients) {
  const MBConvShape s = shapeOf(channels, reduced, activation);
  const size_t dense = static_cast<size_t>(channels) * reduced, groupSize = 2 * dense + reduced + channels;
  const int groups = mbconv::chunksOf(batch, groupSize);
  const size_t perThread = static_cast<size_t>(2 * reduced + 3 * (channels + 8));
  mbconv::Buffer scratch(threads * perThread), partial(groups * groupSize);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int k = 0; k < groups; ++k) {
    float* before = scratch + omp_get_thread_num() * perThread;
    float* hidden = before + reduced;
    float* g = hidden + reduced;
    float* dGate = g + channels + 8;
    float* dPooled = dGate + channels + 8;
    MBConvGradients part{};
    part.se1 = partial + k * groupSize;
    part.se2 = part.se1 + dense;
    part.seBias1 = part.se2 + dense;
    part.seBias2 = part.seBias1 + reduced;
    for (int n = mbconv::chunkStart(k, groups, batch); n < mbconv::chunkStart(k + 1, groups, batch); ++n) {
      const size_t start = static_cast<size_t>(n) * pixels * channels;
      const float* mean = pooled + static_cast<size_t>(n) * channels;
      mbconv::Gate::forward(s, w, mean, before, hidden, g);
      for (int c = 0; c < channels; c += 8) {
        const int lanes = std::min(8, channels - c);
        v8 sum[2] = {};
        for (int p = 0; p < pixels; ++p) {
          const size_t at = start + static_cast<size_t>(p) * channels + c;
          sum[p & 1] += loadPart(x + at, lanes) * loadPart(dy + at, lanes);
        }
        storePart(dGate + c, sum[0] + sum[1], lanes);
      }
      mbconv::Gate::backward(s, w, mean, before, hidden, g, dGate, part, dPooled);
      const v8 even = splat(1.0f / pixels);
      for (int p = 0; p < pixels; ++p)
        for (int c = 0; c < channels; c += 8) {
          const int lanes = std::min(8, channels - c);
          const size_t at = start + static_cast<size_t>(p) * channels + c;
          storePart(gradients.x + at, loadPart(dy + at, lanes) * loadPart(g + c, lanes) + loadPart(dPooled + c, lanes) * even, lanes);
        }
    }
  }
  const auto total = [&](float* to, size_t at, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      double sum = 0;
      for (int k = 0; k < groups; ++k) sum += partial[k * groupSize + at + i];
      to[i] = static_cast<float>(sum);
    }
  };
  total(gradients.se1, 0, dense);
  total(gradients.se2, dense, dense);
  total(gradients.seBias1, 2 * dense, reduced);
  total(gradients.seBias2, 2 * dense + reduced, channels);
}

}  // namespace gate
