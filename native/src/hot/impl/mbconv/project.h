// Forward from the depthwise output: norm, activation, gate, projection, norm, residual.

namespace mbconv {

/// As many blocks of channels as one panel of weights that stays in the first-level cache takes.
constexpr int kDepth = 256 / kLanes;

/// Pixels that go through norm and projection at once.
inline int projectionRun(int blocks) { return blocks * kLanes <= 128 ? 48 : 128; }

/// Norm, activation, gate (where given) and projection of `pixels` of [blocks][spreadStride]; `tile` holds
/// min(blocks, kDepth) blocks of projectionRun() + 2 pixels.
template <int ACT>
void projectRun(const Packed& packed, const Panels& w2, const float* spread, size_t spreadStride, const float* gate,
                int pixels, float* tile, float* out) {
  const int tileSize = pixels + kSkew;
  for (int b0 = 0; b0 < packed.blocks; b0 += kDepth) {
    const int depth = std::min(kDepth, packed.blocks - b0);
    for (int b = 0; b < depth; ++b) {
      const int m = kLanes * (b0 + b);
      float* to = tile + static_cast<size_t>(b) * tileSize * kLanes;
      normRow<ACT>(spread + (b0 + b) * spreadStride, load(packed.scale2.data + m), load(packed.shift2.data + m), to, pixels);
      prefetch(spread + (b0 + b) * spreadStride + kLanes * pixels, pixels);  // of the next run
      if (gate) {
        const vec g = load(gate + m);
        for (int p = 0; p < pixels; ++p) store(to + kLanes * p, load(to + kLanes * p) * g);
      }
    }
    if (b0 == 0) productFromBlocksRows<false>(tile, tileSize, depth, w2, 0, out, w2.columns, pixels);
    else productFromBlocksRows<true>(tile, tileSize, depth, w2, kLanes * b0, out, w2.columns, pixels);
  }
}

/// Means over the pixels of one image of the activated depthwise output, [wide]; then the gates, [wide].
template <int ACT>
void gateOf(const MBConvShape& s, const gate::Layers& layers, const Packed& packed, const float* spread, size_t spreadStride,
            float* pooled, float* hidden, float* gate) {
  const int pixels = s.outPixels();
  for (int b = 0; b < packed.blocks; ++b) {
    const float* d = spread + b * spreadStride;
    const vec scale = load(packed.scale2.data + kLanes * b), shift = load(packed.shift2.data + kLanes * b);
    vec sum = zero();
    fours(pixels, [&](int p, auto count) {
      constexpr int N = decltype(count)::value;
      vec x[N], unused[N];
      HOT_EACH x[i] = load(d + kLanes * (p + i)) * scale + shift;
      activations<ACT, false, N>(x, unused);
      HOT_EACH sum += x[i];
    });
    store(pooled + kLanes * b, sum * splat(1.0f / pixels));
  }
  layers.forward(pooled, hidden, hidden + s.reduced + kLanes, gate);
}

/// Mean and squared deviation of rows of `channels`.
inline void rowStatistics(const float* x, int pixels, int channels, float* means, float* squares) {
  for (int c = 0; c < channels; c += kLanes) {
    const int lanes = std::min(kLanes, channels - c);
    vec total = zero(), squared = zero();
    for (int p = 0; p < pixels; ++p) total += loadPart(x + static_cast<size_t>(p) * channels + c, lanes);
    const vec centre = total * splat(1.0f / pixels);
    for (int p = 0; p < pixels; ++p) {
      const vec d = loadPart(x + static_cast<size_t>(p) * channels + c, lanes) - centre;
      squared += d * d;
    }
    store(means + c, centre);
    store(squares + c, squared);
  }
}

/// The projection into kept.projected, and its statistics.
inline void project(const MBConvShape& s, const MBConvWeights& w, const Groups& groups, const Packed& packed, const MBConvKept& kept) {
  const int blocks = packed.blocks, out = s.outChannels, outWide = wholeLanes(out), outPixels = s.outPixels();
  const Panels w2(w.w2, s.middle, out, packed.wide);
  const int run = projectionRun(blocks);
  const size_t tileFloats = static_cast<size_t>(std::min(blocks, kDepth)) * (run + 2) * kLanes;
  const gate::Layers layers(w, s.middle, s.reduced, s.activation);
  const size_t perThread = tileFloats + 2 * packed.wide + (2 * (s.reduced + kLanes) + 15) / 16 * 16;
  const size_t size = static_cast<size_t>(groups.count) * outWide;
  Buffer scratch(s.threads * perThread, Uninitialised{}), centres(size, Uninitialised{}), squares(size, Uninitialised{});
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int g = 0; g < groups.count; ++g) {
    float* tile = scratch + omp_get_thread_num() * perThread;
    float* gate = s.reduced ? tile + tileFloats : nullptr;
    float* means = tile + tileFloats + packed.wide;
    float* hidden = means + packed.wide;
    const int pixels = groups.images(g) * outPixels;
    const float* from = kept.spread + groups.start(g, blocks, outPixels);
    const size_t stride = groups.blockStride(g, outPixels);
    float* to = kept.projected + static_cast<size_t>(groups.first(g)) * outPixels * out;
    withActivation(s.activation, [&](auto A) {
      constexpr int act = decltype(A)::value;
      const int span = s.reduced ? outPixels : pixels;  // an image has its own gates
      for (int start = 0; start < pixels; start += span) {
        if (gate) {
          gateOf<act>(s, layers, packed, from + kLanes * start, stride, means, hidden, gate);
          float* pooled = kept.pooled + static_cast<size_t>(groups.first(g) + start / outPixels) * s.middle;
          std::memcpy(pooled, means, sizeof(float) * s.middle);
        }
        pieces(span, run, [&](int at, int count) {
          const size_t p = start + at;
          projectRun<act>(packed, w2, from + kLanes * p, stride, gate, count, tile, to + p * out);
        });
      }
    });
    rowStatistics(to, pixels, out, centres + static_cast<size_t>(g) * outWide, squares + static_cast<size_t>(g) * outWide);
  }
  combine(centres, squares, groups.count, outWide, out, [&](int g) { return double(groups.images(g)) * outPixels; }, kept.mean3, kept.variance3);
}

/// y = norm(projected), plus the input where there is a residual.
inline void finish(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept, float* y) {
  const int out = s.outChannels, outWide = wholeLanes(out);
  Buffer scale(outWide), shift(outWide);
  affineOf(w.gamma3, w.beta3, kept.mean3, kept.variance3, s.epsilon, out, outWide / kLanes, scale, shift);
  const size_t pixels = static_cast<size_t>(s.batch) * s.outPixels();
#pragma omp parallel for schedule(static) num_threads(s.threads)
  for (size_t p = 0; p < pixels; ++p)
    for (int c = 0; c < out; c += kLanes) {
      const int lanes = std::min(kLanes, out - c);
      const size_t at = p * out + c;
      vec value = loadPart(kept.projected + at, lanes) * load(scale + c) + load(shift + c);
      if (s.residual) value += loadPart(x + at, lanes);
      storePart(y + at, value, lanes);
    }
}

}  // namespace mbconv
