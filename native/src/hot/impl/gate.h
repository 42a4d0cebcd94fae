// Squeeze-excite: x is [batch][pixels][channels]; a gate per image and channel from two small layers of its means.

namespace gate {

/// Both layers as [reduced][wide], wide a whole number of vectors, zeros beyond.
struct Layers {
  Layers(const MBConvWeights& w, int channels, int reduced, int activation)
      : channels(channels), wide(wholeLanes(channels)), reduced(reduced), activation(activation),
        w1(static_cast<size_t>(reduced) * wide), b1(reduced + kLanes), w2(static_cast<size_t>(reduced) * wide), b2(wide) {
    for (int r = 0; r < reduced; ++r)
      for (int m = 0; m < channels; ++m) {
        w1[static_cast<size_t>(r) * wide + m] = w.se1[static_cast<size_t>(m) * reduced + r];
        w2[static_cast<size_t>(r) * wide + m] = w.se2[static_cast<size_t>(r) * channels + m];
      }
    if (reduced == 0) return;
    std::memcpy(b1, w.seBias1, sizeof(float) * reduced);
    std::memcpy(b2, w.seBias2, sizeof(float) * channels);
  }

  static float dot(const float* a, const float* b, int wide) {
    vec sum[4] = {};
    int m = 0;
    for (; m + 4 * kLanes <= wide; m += 4 * kLanes)
      for (int k = 0; k < 4; ++k) sum[k] += load(a + m + kLanes * k) * load(b + m + kLanes * k);
    for (; m < wide; m += kLanes) sum[0] += load(a + m) * load(b + m);
    const vec all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return sumOf(all);
  }

  /// The gate [wide] of pooled means [wide]; `hidden` and `slope` have reduced + kLanes floats.
  void forward(const float* pooled, float* hidden, float* slope, float* out) const {
    for (int r = 0; r < reduced; ++r) hidden[r] = b1[r] + dot(pooled, w1 + static_cast<size_t>(r) * wide, wide);
    withActivation(activation, [&](auto A) {
      for (int r = 0; r < reduced; r += kLanes) {
        vec d;
        store(hidden + r, ::hot::HOT_NAMESPACE::activation<decltype(A)::value>(load(hidden + r), d));
        store(slope + r, d);
      }
    });
    fours(wide / kLanes, [&](int v, auto count) {
      constexpr int N = decltype(count)::value;
      vec x[N], y[N];
      HOT_EACH x[i] = load(b2 + kLanes * (v + i));
      for (int r = 0; r < reduced; ++r) {
        const vec h = splat(hidden[r]);
        const float* w = w2 + static_cast<size_t>(r) * wide + kLanes * v;
        HOT_EACH x[i] += h * load(w + kLanes * i);
      }
      sigmoids<N>(x, y);
      HOT_EACH store(out + kLanes * (v + i), y[i]);
    });
  }

  /// From the gate's gradient [wide] (in place: that before the sigmoid) to the hidden layer's and the means' [wide].
  void backward(const float* gate, const float* slope, float* dGate, float* dHidden, float* dPooled) const {
    for (int m = 0; m < wide; m += kLanes) {
      const vec g = load(gate + m);
      store(dGate + m, load(dGate + m) * (g * (splat(1.0f) - g)));
    }
    for (int r = 0; r < reduced; ++r) dHidden[r] = slope[r] * dot(dGate, w2 + static_cast<size_t>(r) * wide, wide);
    for (int m = 0; m < wide; m += kLanes) {
      vec sum = zero();
      for (int r = 0; r < reduced; ++r) sum += splat(dHidden[r]) * load(w1 + static_cast<size_t>(r) * wide + m);
      store(dPooled + m, sum);
    }
  }

  int channels, wide, reduced, activation;
  Buffer w1, b1, w2, b2;
};

/// What the weights' gradients are made of, by image.
struct Trace {
  Trace(const Layers& layers, int batch)
      : batch(batch), wide(layers.wide), narrow(wholeLanes(layers.reduced + kLanes)), means(static_cast<size_t>(batch) * wide),
        dGates(static_cast<size_t>(batch) * wide), hiddens(static_cast<size_t>(batch) * narrow, Uninitialised{}),
        dHiddens(static_cast<size_t>(batch) * narrow, Uninitialised{}) {}
  float* mean(int n) const { return means.data + static_cast<size_t>(n) * wide; }
  float* dGate(int n) const { return dGates.data + static_cast<size_t>(n) * wide; }
  float* hidden(int n) const { return hiddens.data + static_cast<size_t>(n) * narrow; }
  float* dHidden(int n) const { return dHiddens.data + static_cast<size_t>(n) * narrow; }

  /// Sums over the batch in the order of its images, whatever the number of threads.
  void sum(const Layers& layers, int threads, const MBConvGradients& gradients) const {
    const int channels = layers.channels, reduced = layers.reduced;
    Buffer rows(static_cast<size_t>(threads) * 2 * wide, Uninitialised{});
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int r = 0; r < reduced; ++r) {
      float* row1 = rows + static_cast<size_t>(omp_get_thread_num()) * 2 * wide;
      float* row2 = row1 + wide;
      double bias = 0;
      for (int n = 0; n < batch; ++n) bias += dHiddens[static_cast<size_t>(n) * narrow + r];
      gradients.seBias1[r] = static_cast<float>(bias);
      for (int m = 0; m < wide; m += kLanes) {
        vec sum1 = zero(), sum2 = zero();
        for (int n = 0; n < batch; ++n) {
          const size_t at = static_cast<size_t>(n) * wide + m;
          sum1 += splat(dHiddens[static_cast<size_t>(n) * narrow + r]) * load(means + at);
          sum2 += splat(hiddens[static_cast<size_t>(n) * narrow + r]) * load(dGates + at);
        }
        store(row1 + m, sum1);
        store(row2 + m, sum2);
      }
      for (int m = 0; m < channels; ++m) gradients.se1[static_cast<size_t>(m) * reduced + r] = row1[m];
      std::memcpy(gradients.se2 + static_cast<size_t>(r) * channels, row2, sizeof(float) * channels);
    }
    for (int m = 0; m < channels; ++m) {
      double sum = 0;
      for (int n = 0; n < batch; ++n) sum += dGates[static_cast<size_t>(n) * wide + m];
      gradients.seBias2[m] = static_cast<float>(sum);
    }
  }

  int batch, wide, narrow;
  Buffer means, dGates, hiddens, dHiddens;
};

/// sums[wide] += over `pixels` rows of channels each(offset, lanes, count) -> a vector, four rows at a time.
template <class Each>
HOT_INLINE void sumPixels(int pixels, int channels, float* sums, Each each) {
  fours(pixels, [&](int p, auto count) {
    constexpr int N = decltype(count)::value;
    for (int c = 0; c < channels; c += kLanes) {
      const int lanes = std::min(kLanes, channels - c);
      vec x[N];
      HOT_EACH x[i] = each(static_cast<size_t>(p + i) * channels + c, lanes);
      vec sum = x[0];
      if constexpr (N == 4) sum = (x[0] + x[1]) + (x[2] + x[3]);
      store(sums + c, load(sums + c) + sum);
    }
  });
}

inline void forward(const float* x, const MBConvWeights& w, int activation, int batch, int pixels, int channels, int reduced,
                    int threads, float* y, float* pooled) {
  const Layers layers(w, channels, reduced, activation);
  const int wide = layers.wide;
  const size_t image = static_cast<size_t>(pixels) * channels, perThread = 2 * static_cast<size_t>(wide) + 2 * (reduced + kLanes);
  const bool past = goesPast(batch * image, channels, y);
  Buffer scratch(threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int n = 0; n < batch; ++n) {
    float* mean = scratch + omp_get_thread_num() * perThread;
    float* g = mean + wide;
    float* hidden = g + wide;
    const float* from = x + n * image;
    float* to = y + n * image;
    std::memset(mean, 0, sizeof(float) * wide);
    sumPixels(pixels, channels, mean, [&](size_t at, int lanes) { return loadPart(from + at, lanes); });
    for (int c = 0; c < wide; c += kLanes) store(mean + c, load(mean + c) * splat(1.0f / pixels));
    std::memcpy(pooled + static_cast<size_t>(n) * channels, mean, sizeof(float) * channels);
    layers.forward(mean, hidden, hidden + reduced + kLanes, g);
    for (int p = 0; p < pixels; ++p)
      for (int c = 0; c < channels; c += kLanes) {
        const int lanes = std::min(kLanes, channels - c);
        const size_t at = static_cast<size_t>(p) * channels + c;
        storeOnce(to + at, loadPart(from + at, lanes) * load(g + c), lanes, past);
      }
    if (past) fence();
  }
}

inline void backward(const float* x, const MBConvWeights& w, const float* pooled, const float* dy, int activation, int batch,
                     int pixels, int channels, int reduced, int threads, const MBConvGradients& gradients) {
  const Layers layers(w, channels, reduced, activation);
  const int wide = layers.wide;
  const size_t image = static_cast<size_t>(pixels) * channels;
  const bool past = goesPast(batch * image, channels, gradients.x);
  const Trace trace(layers, batch);
  // The gate, the gradient of the means and the slope, by thread.
  const size_t perThread = 2 * static_cast<size_t>(wide) + trace.narrow;
  Buffer scratch(threads * perThread, Uninitialised{});
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int n = 0; n < batch; ++n) {
    float* g = scratch + omp_get_thread_num() * perThread;
    float* dPooled = g + wide;
    float* slope = dPooled + wide;
    float* mean = trace.mean(n);
    float* dGate = trace.dGate(n);
    std::memcpy(mean, pooled + static_cast<size_t>(n) * channels, sizeof(float) * channels);
    layers.forward(mean, trace.hidden(n), slope, g);
    const float* from = x + n * image;
    const float* d = dy + n * image;
    sumPixels(pixels, channels, dGate, [&](size_t at, int lanes) { return loadPart(from + at, lanes) * loadPart(d + at, lanes); });
    layers.backward(g, slope, dGate, trace.dHidden(n), dPooled);
    for (int c = 0; c < wide; c += kLanes) store(dPooled + c, load(dPooled + c) * splat(1.0f / pixels));
    for (int p = 0; p < pixels; ++p)
      for (int c = 0; c < channels; c += kLanes) {
        const int lanes = std::min(kLanes, channels - c);
        const size_t at = static_cast<size_t>(p) * channels + c;
        storeOnce(gradients.x + n * image + at, loadPart(d + at, lanes) * load(g + c) + load(dPooled + c), lanes, past);
      }
    if (past) fence();
  }
  trace.sum(layers, threads, gradients);
}

}  // namespace gate
