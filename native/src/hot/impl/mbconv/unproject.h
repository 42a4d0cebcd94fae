// Backward through the last norm, the projection, the gate and the second activation.

namespace mbconv {

/// The gradient before the last norm: dP = a dY + b P + c.
inline void solveLastNorm(const MBConvShape& s, const MBConvWeights& w, const MBConvKept& kept, const float* dy,
                          const MBConvGradients& gradients, NormGradient& norm3) {
  const int out = s.outChannels, outWide = wholeLanes(out), outPixels = s.outPixels();
  const size_t size = static_cast<size_t>(s.batch) * outWide;
  Buffer sums(size, Uninitialised{}), products(size, Uninitialised{}), mean(outWide);
  pack(kept.mean3, out, outWide / kLanes, mean);
#pragma omp parallel for schedule(static) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n)
    for (int c = 0; c < out; c += kLanes) {
      const int lanes = std::min(kLanes, out - c);
      const vec centre = load(mean + c);
      vec sum = zero(), product = zero();
      for (int p = 0; p < outPixels; ++p) {
        const size_t at = (static_cast<size_t>(n) * outPixels + p) * out + c;
        const vec d = loadPart(dy + at, lanes);
        sum += d;
        product += d * (loadPart(kept.projected + at, lanes) - centre);
      }
      store(sums + static_cast<size_t>(n) * outWide + c, sum);
      store(products + static_cast<size_t>(n) * outWide + c, product);
    }
  norm3.solve(sums, products, s.batch, outWide, out, static_cast<double>(s.batch) * outPixels, w.gamma3, kept.mean3,
              kept.variance3, s.epsilon, gradients.gamma3, gradients.beta3);
}

/// Everything that one thread needs for a run of pixels.
struct UnprojectScratch {
  static constexpr int run(int out) { return out > 32 ? 128 : 64; }
  static size_t size(const MBConvShape& s, const Packed& packed, int images) {
    const int n = run(s.outChannels);
    return (static_cast<size_t>(n) * s.outChannels + stripsSize(n, s.outChannels) + 4 * kLanes * n +
            (s.reduced ? (static_cast<size_t>(images) + 1) * packed.wide + s.reduced + kLanes : 0) + 64) / 16 * 16;
  }
  UnprojectScratch(float* memory, const MBConvShape& s, const Packed& packed, int images) {
    const int n = run(s.outChannels);
    tiles = memory;
    dP = tiles + 4 * kLanes * n;
    strips = dP + wholeLanes(n * s.outChannels);
    gates = strips + stripsSize(n, s.outChannels);
    dPooled = gates + static_cast<size_t>(images) * packed.wide;
    slope = dPooled + packed.wide;
  }
  float *tiles, *dP, *strips;
  float *gates, *dPooled, *slope;  // [images][wide], [wide], [reduced + kLanes]; with squeeze-excite
};

/// A run of `pixels` of V blocks: dB = dP W2ᵀ, B again, dW2. Without a gate dN = dB act'(norm D) goes to `work` with its
/// sums; with one, dB does, and the gates' gradients.
template <int ACT, int V>
void unprojectRun(const MBConvShape& s, const Packed& packed, const UnprojectScratch& scratch, const float* w2t, const float* centre,
                  int block, const float* spread, float* work, size_t stride, bool past, int first, int pixels, float* dGates,
                  float* dW2, float* sums, float* products) {
  const int out = s.outChannels;
  alignas(sizeof(vec)) const float none[kLanes] = {};
  const float *w[V], *bias[V], *value[V];
  float *dB[V], *weights[V];
  for (int v = 0; v < V; ++v) {
    w[v] = w2t + static_cast<size_t>(block + v) * out * kLanes;
    bias[v] = none;
    dB[v] = scratch.tiles + static_cast<size_t>(2 * v) * pixels * kLanes;
    value[v] = dB[v] + static_cast<size_t>(pixels) * kLanes;
    weights[v] = dW2 + static_cast<size_t>(block + v) * out * kLanes;
  }
  productTiles<V>(scratch.dP, out, out, w, bias, pixels, dB);
  for (int v = 0; v < V; ++v) {
    const int m = kLanes * (block + v);
    const float* d = spread + v * stride;
    float* to = work + v * stride;
    float* y = dB[v] + static_cast<size_t>(pixels) * kLanes;
    const vec scale = load(packed.scale2.data + m), shift = load(packed.shift2.data + m), mean = load(centre + m);
    if (!s.reduced) {
      vec sum = zero(), product = zero();
      fours(pixels, [&](int p, auto counted) {
        constexpr int N = decltype(counted)::value;
        vec x[N], slope[N];
        HOT_EACH x[i] = load(d + kLanes * (p + i)) * scale + shift;
        activations<ACT, true, N>(x, slope);
        HOT_EACH store(y + kLanes * (p + i), x[i]);
        HOT_EACH x[i] = load(dB[v] + kLanes * (p + i)) * slope[i];
        HOT_EACH storeOnce(to + kLanes * (p + i), x[i], kLanes, past);
        HOT_EACH sum += x[i];
        HOT_EACH product += x[i] * (load(d + kLanes * (p + i)) - mean);
      });
      store(sums + m, load(sums + m) + sum);
      store(products + m, load(products + m) + product);
      continue;
    }
    for (int p0 = 0; p0 < pixels;) {  // an image has its own gates
      const int image = (first + p0) / s.outPixels(), end = std::min(pixels, (image + 1) * s.outPixels() - first);
      const vec gate = load(scratch.gates + static_cast<size_t>(image) * packed.wide + m);
      vec along = zero();
      fours(end - p0, [&](int q, auto counted) {
        constexpr int N = decltype(counted)::value;
        const int p = p0 + q;
        vec x[N], unused[N], g[N];
        HOT_EACH x[i] = load(d + kLanes * (p + i)) * scale + shift;
        activations<ACT, false, N>(x, unused);
        HOT_EACH g[i] = load(dB[v] + kLanes * (p + i));
        HOT_EACH along += g[i] * x[i];
        HOT_EACH store(to + kLanes * (p + i), g[i]);
        HOT_EACH store(y + kLanes * (p + i), x[i] * gate);
      });
      float* dGate = dGates + static_cast<size_t>(image) * packed.wide + m;
      store(dGate, load(dGate) + along);
      p0 = end;
    }
  }
  Ahead ahead;  // the next pair's, after the last block the first pair's of the next run
  const std::ptrdiff_t blockStride = stride, next = block + V < packed.blocks ? V * blockStride : kLanes * pixels - block * blockStride;
  for (int v = 0; v < 2; ++v) {
    ahead.add(spread + next + v * blockStride);
    if (!past) ahead.add(work + next + v * blockStride);
  }
  outerStrips<V>(scratch.strips, pixels, 0, out, value, pixels, weights, ahead);
}

/// With squeeze-excite, once all of an image's gates have their gradients: dN = (dB gate + dPooled) act'(norm D) in
/// place of dB, and its sums.
template <int ACT>
void ungateImage(const MBConvShape& s, const Packed& packed, const float* centre, const float* gate, const float* dPooled,
                 const float* spread, float* work, size_t stride, float* sums, float* products) {
  for (int b = 0; b < packed.blocks; ++b) {
    const int m = kLanes * b;
    const float* d = spread + b * stride;
    float* to = work + b * stride;
    const vec scale = load(packed.scale2.data + m), shift = load(packed.shift2.data + m), mean = load(centre + m);
    const vec g = load(gate + m), q = load(dPooled + m);
    vec sum = zero(), product = zero();
    fours(s.outPixels(), [&](int p, auto counted) {
      constexpr int N = decltype(counted)::value;
      vec x[N], slope[N];
      HOT_EACH x[i] = load(d + kLanes * (p + i)) * scale + shift;
      activations<ACT, true, N>(x, slope);
      HOT_EACH x[i] = (load(to + kLanes * (p + i)) * g + q) * slope[i];
      HOT_EACH store(to + kLanes * (p + i), x[i]);
      HOT_EACH sum += x[i];
      HOT_EACH product += x[i] * (load(d + kLanes * (p + i)) - mean);
    });
    store(sums + m, load(sums + m) + sum);
    store(products + m, load(products + m) + product);
  }
}

/// The gradient before the depthwise norm into `work` (laid out as kept.spread), the projection's and the gate's.
inline void unproject(const MBConvShape& s, const MBConvWeights& w, const Groups& groups, const Packed& packed,
                      const MBConvKept& kept, const float* dy, const NormGradient& norm3, const MBConvGradients& gradients,
                      float* work, NormGradient& norm2) {
  const int blocks = packed.blocks, wide = packed.wide, out = s.outChannels, outPixels = s.outPixels();
  const size_t w2Size = static_cast<size_t>(wide) * out;
  const int chunks = chunksOf(groups.count, w2Size);
  const bool past = !s.reduced && goesPast(s.spreadSize(), kLanes, work);  // with a gate it is read again at once
  const gate::Layers layers(w, s.middle, s.reduced, s.activation);
  const gate::Trace trace(layers, s.reduced ? s.batch : 0);
  Buffer partial(chunks * w2Size, Uninitialised{}), w2t(w2Size, Uninitialised{}), centre(wide);
  packColumns(w.w2, s.middle, out, blocks, s.threads, w2t);
  pack(kept.mean2, s.middle, blocks, centre);
  Buffer sums(static_cast<size_t>(groups.count) * wide), products(static_cast<size_t>(groups.count) * wide);
  const size_t perThread = UnprojectScratch::size(s, packed, groups.span);
  Buffer memory(s.threads * perThread, Uninitialised{});
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int k = 0; k < chunks; ++k) {
    const UnprojectScratch scratch(memory + omp_get_thread_num() * perThread, s, packed, groups.span);
    float* dW2 = partial + k * w2Size;
    std::memset(dW2, 0, w2Size * sizeof(float));
    for (int g = chunkStart(k, chunks, groups.count); g < chunkStart(k + 1, chunks, groups.count); ++g) {
      const int images = groups.images(g);
      const size_t start = groups.start(g, blocks, outPixels), stride = groups.blockStride(g, outPixels);
      const size_t rows = static_cast<size_t>(groups.first(g)) * outPixels * out;
      float* sum = sums + static_cast<size_t>(g) * wide;
      float* product = products + static_cast<size_t>(g) * wide;
      for (int i = 0; s.reduced && i < images; ++i) {
        const int n = groups.first(g) + i;
        std::memcpy(trace.mean(n), kept.pooled + static_cast<size_t>(n) * s.middle, sizeof(float) * s.middle);
        layers.forward(trace.mean(n), trace.hidden(n), scratch.slope, scratch.gates + static_cast<size_t>(i) * wide);
      }
      withActivation(s.activation, [&](auto A) {
        constexpr int act = decltype(A)::value;
        pieces(images * outPixels, UnprojectScratch::run(out), [&](int first, int count) {
          for (int p = 0; p < count; ++p)
            for (int c = 0; c < out; c += kLanes) {
              const int lanes = std::min(kLanes, out - c);
              const size_t at = rows + static_cast<size_t>(first + p) * out + c;
              storePart(scratch.dP + static_cast<size_t>(p) * out + c,
                        loadPart(dy + at, lanes) * load(norm3.a + c) + (loadPart(kept.projected + at, lanes) * load(norm3.b + c) + load(norm3.c + c)), lanes);
            }
          packStrips(scratch.dP, out, count, scratch.strips);
          eachPair(0, blocks, [&](int b, auto pair) {
            const size_t at = start + b * stride + static_cast<size_t>(first) * kLanes;
            unprojectRun<act, decltype(pair)::value>(s, packed, scratch, w2t, centre, b, kept.spread + at, work + at, stride, past, first,
                                                     count, trace.dGate(groups.first(g)), dW2, sum, product);
          });
        });
        if (!s.reduced) return;
        for (int i = 0; i < images; ++i) {
          const int n = groups.first(g) + i;
          float* gates = scratch.gates + static_cast<size_t>(i) * wide;
          layers.forward(trace.mean(n), trace.hidden(n), scratch.slope, gates);
          layers.backward(gates, scratch.slope, trace.dGate(n), trace.dHidden(n), scratch.dPooled);
          for (int m = 0; m < wide; m += kLanes) store(scratch.dPooled + m, load(scratch.dPooled + m) * splat(1.0f / outPixels));
          const size_t at = start + static_cast<size_t>(i) * outPixels * kLanes;
          ungateImage<act>(s, packed, centre, gates, scratch.dPooled, kept.spread + at, work + at, stride, sum, product);
        }
      });
    }
    if (past) fence();
  }
  unpackColumns(partial, chunks, w2Size, out, s.middle, blocks, s.threads, gradients.w2);
  norm2.solve(sums, products, groups.count, wide, s.middle, static_cast<double>(s.batch) * outPixels, w.gamma2, kept.mean2,
              kept.variance2, s.epsilon, gradients.gamma2, gradients.beta2);
  if (s.reduced) trace.sum(layers, s.threads, gradients);
}

}  // namespace mbconv
