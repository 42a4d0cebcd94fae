// Backward through the depthwise convolution and a stored expansion: first dM, the gradient before the expansion's norm,
// for the whole batch, with its sums; then two products with dE, the gradient before that norm.

namespace mbconv {

/// dM into `dM` (laid out as kept.expanded), the filter's gradient, and the first norm's.
inline void unspreadStored(const MBConvShape& s, const MBConvWeights& w, const Geometry& geometry, const Groups& groups,
                           const Packed& packed, const MBConvKept& kept, const float* work, const NormGradient& norm2,
                           const MBConvGradients& gradients, float* dM, NormGradient& norm1) {
  const int blocks = packed.blocks, wide = packed.wide, taps = s.kernel * s.kernel, inPixels = s.inPixels(), outPixels = s.outPixels();
  const BackTaps back(geometry, packed.wd, blocks);
  const BackRows<TapRow> backRows(geometry, tapRowFor);
  const size_t filterSize = static_cast<size_t>(wide) * taps;
  const int chunks = chunksOf(groups.count, filterSize);
  const bool past = goesPast(s.expandedSize(), kLanes, dM);
  const size_t tileFloats = (TileScratch::size(s, geometry) + 15) / 16 * 16, size = static_cast<size_t>(s.batch) * wide;
  const size_t perThread = tileFloats + (past ? static_cast<size_t>(inPixels) * kLanes : 0);
  Buffer partial(chunks * filterSize), scratch(s.threads * perThread), centre(wide);
  Buffer sums(size, Uninitialised{}), products(size, Uninitialised{});
  pack(kept.mean1, s.middle, blocks, centre);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int k = 0; k < chunks; ++k) {
    float* memory = scratch + omp_get_thread_num() * perThread;
    const TileScratch tiles(memory, s, geometry);
    float* filter = partial + k * filterSize;
    const int end = std::min(s.batch, groups.first(chunkStart(k + 1, chunks, groups.count)));
    for (int n = groups.first(chunkStart(k, chunks, groups.count)); n < end; ++n) {
      const size_t inStride = groups.blockStride(groups.of(n), inPixels), outStride = groups.blockStride(groups.of(n), outPixels);
      for (int b = 0; b < blocks; ++b) {
        const size_t at = groups.at(n, b, blocks, inPixels), outAt = groups.at(n, b, blocks, outPixels);
        const std::ptrdiff_t ahead = groups.after(n, b, blocks, outPixels) - outAt;
        const Source source{nullptr, kept.expanded + at, inStride, kept.expanded + groups.after(n, b, blocks, inPixels)};
        float* d = past ? memory + tileFloats : dM + at;
        withActivation(s.activation, [&](auto A) {
          unspreadTile<decltype(A)::value, 1>(s, geometry, packed, back, backRows, norm2, b, source, kept.spread + outAt, work + outAt,
                                              outStride, ahead, tiles, d, inStride, filter + static_cast<size_t>(b) * taps * kLanes);
        });
        const float* e = kept.expanded + at;
        const vec mean = load(centre.data + kLanes * b);
        vec sum[2] = {}, product[2] = {};
        for (int p = 0; p < inPixels; ++p) {
          const vec x = load(d + kLanes * p);
          sum[p & 1] += x;
          product[p & 1] += x * (load(e + kLanes * p) - mean);
          if (past) stream(dM + at + kLanes * p, x);
        }
        store(sums + static_cast<size_t>(n) * wide + kLanes * b, sum[0] + sum[1]);
        store(products + static_cast<size_t>(n) * wide + kLanes * b, product[0] + product[1]);
      }
    }
    if (past) fence();
  }
  unpackRows(partial, chunks, filterSize, taps, s.middle, blocks, s.threads, gradients.wd);
  norm1.solve(sums, products, s.batch, wide, s.middle, static_cast<double>(s.batch) * inPixels, w.gamma1, kept.mean1, kept.variance1,
              s.epsilon, gradients.gamma1, gradients.beta1);
}

/// dE = a dM + b E + c by runs of pixels; dW1 = Xᵀ dE, dX = dE W1ᵀ (plus dY where there is a residual).
inline void unexpandStored(const MBConvShape& s, const MBConvWeights& w, const Groups& groups, const Packed& packed, const float* x,
                           const MBConvKept& kept, const float* dy, const float* dM, const NormGradient& norm1,
                           const MBConvGradients& gradients) {
  constexpr int kRun = 128;
  const int blocks = packed.blocks, wide = packed.wide, in = s.inChannels, inPixels = s.inPixels();
  const size_t w1Size = static_cast<size_t>(wide) * in, tileFloats = static_cast<size_t>(std::min(blocks, kDepth)) * (kRun + 2) * kLanes;
  const size_t perThread = (tileFloats + stripsSize(kRun, in) + 15) / 16 * 16;
  const int chunks = chunksOf(groups.count, w1Size);
  const Panels w1t = Panels::transposed(w.w1, s.middle, in, wide, s.threads);
  Buffer partial(chunks * w1Size, Uninitialised{}), scratch(s.threads * perThread, Uninitialised{});
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int k = 0; k < chunks; ++k) {
    float* tile = scratch + omp_get_thread_num() * perThread;
    float* strips = tile + tileFloats;
    float* dW1 = partial + k * w1Size;
    std::memset(dW1, 0, w1Size * sizeof(float));
    for (int g = chunkStart(k, chunks, groups.count); g < chunkStart(k + 1, chunks, groups.count); ++g) {
      const size_t start = groups.start(g, blocks, inPixels), stride = groups.blockStride(g, inPixels);
      const size_t rows = static_cast<size_t>(groups.first(g)) * inPixels * in;
      pieces(groups.images(g) * inPixels, kRun, [&](int first, int count) {
        const int tileSize = count + kSkew;
        const size_t row = rows + static_cast<size_t>(first) * in;
        packStrips(x + row, in, count, strips);
        for (int b0 = 0; b0 < blocks; b0 += kDepth) {
          const int depth = std::min(kDepth, blocks - b0);
          eachPair(0, depth, [&](int b, auto pair) {
            constexpr int V = decltype(pair)::value;
            const float* values[V];
            float* to[V];
            for (int v = 0; v < V; ++v) {
              const int m = kLanes * (b0 + b + v);
              const size_t at = start + (b0 + b + v) * stride + static_cast<size_t>(first) * kLanes;
              float* value = tile + static_cast<size_t>(b + v) * tileSize * kLanes;
              const vec a = load(norm1.a.data + m), e = load(norm1.b.data + m), c = load(norm1.c.data + m);
              for (int p = 0; p < count; ++p) store(value + kLanes * p, load(dM + at + kLanes * p) * a + (load(kept.expanded + at + kLanes * p) * e + c));
              values[v] = value;
              to[v] = dW1 + static_cast<size_t>(m) * in;
            }
            Ahead ahead;  // the next pair's dM and E
            if (b0 + b + V + 2 <= blocks)
              for (int v = 0; v < 2; ++v) {
                const size_t at = start + (b0 + b + V + v) * stride + static_cast<size_t>(first) * kLanes;
                ahead.add(dM + at);
                ahead.add(kept.expanded + at);
              }
            outerStrips<V>(strips, count, 0, in, values, count, to, ahead);
          });
          if (!gradients.x) continue;
          if (b0 == 0) productFromBlocksRows<false>(tile, tileSize, depth, w1t, 0, gradients.x + row, in, count);
          else productFromBlocksRows<true>(tile, tileSize, depth, w1t, kLanes * b0, gradients.x + row, in, count);
        }
        if (gradients.x && s.residual)
          for (size_t i = row; i < row + static_cast<size_t>(count) * in; i += kLanes) {
            const int lanes = static_cast<int>(std::min<size_t>(kLanes, row + static_cast<size_t>(count) * in - i));
            storePart(gradients.x + i, loadPart(gradients.x + i, lanes) + loadPart(dy + i, lanes), lanes);
          }
      });
    }
  }
  unpackRows(partial, chunks, w1Size, in, s.middle, blocks, s.threads, gradients.w1);
}

}  // namespace mbconv
