// Backward through the depthwise convolution and an expansion that is made again, or without one: all at once, tile by
// tile; last the small correction that the expansion's norm asks for.

namespace mbconv {

/// Sums of the tiles that the correction needs: [chunks][Xᵀ dM in blocks, then the sum of dM].
struct ThinSums {
  ThinSums(const MBConvShape& s, int wide, int chunks)
      : chunks(chunks), filterSize(static_cast<size_t>(wide) * s.kernel * s.kernel),
        w1Size(s.expand ? static_cast<size_t>(wide) * s.inChannels : 0), chunkSize(filterSize + w1Size + wide), data(chunks * chunkSize) {}
  static size_t sizeOf(const MBConvShape& s, int wide) {
    return static_cast<size_t>(wide) * (s.kernel * s.kernel + (s.expand ? s.inChannels : 0) + 1);
  }
  float* filter(int chunk) { return data.data + chunk * chunkSize; }
  float* products(int chunk) { return filter(chunk) + filterSize; }
  float* sums(int chunk) { return products(chunk) + w1Size; }
  int chunks;
  size_t filterSize, w1Size, chunkSize;
  Buffer data;
};

/// The gradient to the input, but for the first norm's correction, and the sums over the batch.
inline void unspreadThin(const MBConvShape& s, const MBConvWeights& w, const Geometry& geometry, const Groups& groups,
                         const Packed& packed, const float* x, const MBConvKept& kept, const float* dy, const float* work,
                         const NormGradient& norm2, const MBConvGradients& gradients, ThinSums& total) {
  constexpr int kRun = 256;
  const int blocks = packed.blocks, wide = packed.wide, in = s.inChannels, taps = s.kernel * s.kernel;
  const int inPixels = s.inPixels(), outPixels = s.outPixels();
  const size_t imageSize = static_cast<size_t>(inPixels) * in;
  const BackTaps back(geometry, packed.wd, blocks);
  const BackRows<TapRow> backRows(geometry, tapRowFor);
  const size_t tileFloats = (TileScratch::size(s, geometry) + 15) / 16 * 16;
  const size_t perThread = tileFloats + (s.expand ? (stripsSize(inPixels, in) + 15) / 16 * 16 : 0);
  const Panels w1t = s.expand ? Panels::transposed(w.w1, s.middle, in, wide, s.threads, packed.scale1) : Panels(0, 0);
  Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int k = 0; k < total.chunks; ++k) {
    float* memory = scratch + omp_get_thread_num() * perThread;
    const TileScratch tiles(memory, s, geometry);
    float* strips = memory + tileFloats;
    const int end = std::min(s.batch, groups.first(chunkStart(k + 1, total.chunks, groups.count)));
    for (int n = groups.first(chunkStart(k, total.chunks, groups.count)); n < end; ++n) {
      const float* image = x + n * imageSize;
      float* dx = gradients.x ? gradients.x + n * imageSize : nullptr;
      const size_t stride = groups.blockStride(groups.of(n), outPixels), tileStride = static_cast<size_t>(inPixels) * kLanes;
      if (s.expand) packStrips(image, in, inPixels, strips);
      int slot = 0, first = 0;
      eachPair(0, blocks, [&](int b, auto pair) {
        constexpr int V = decltype(pair)::value;
        const size_t at = groups.at(n, b, blocks, outPixels);
        float* dM = tiles.slots + slot * tileStride;
        const std::ptrdiff_t ahead = groups.after(n, b + V - 1, blocks, outPixels) - at;
        withActivation(s.activation, [&](auto A) {
          unspreadTile<decltype(A)::value, V>(s, geometry, packed, back, backRows, norm2, b, {image, nullptr, 0, nullptr}, kept.spread + at,
                                              work + at, stride, ahead, tiles, dM, tileStride, total.filter(k) + static_cast<size_t>(b) * taps * kLanes);
        });
        if (!s.expand) {
          for (int v = 0; dx && v < V; ++v) {
            const int lanes = std::min(kLanes, in - kLanes * (b + v));
            for (int p = 0; p < inPixels; ++p) {
              const size_t to = static_cast<size_t>(p) * in + kLanes * (b + v);
              vec d = load(dM + v * tileStride + kLanes * p);
              if (s.residual) d += loadPart(dy + n * imageSize + to, lanes);
              storePart(dx + to, d, lanes);
            }
          }
          return;
        }
        const float* tile[V];
        float* to[V];
        for (int v = 0; v < V; ++v) {
          tile[v] = dM + v * tileStride;
          to[v] = total.products(k) + static_cast<size_t>(b + v) * in * kLanes;
          vec even = zero(), odd = zero();
          int p = 0;
          for (; p + 2 <= inPixels; p += 2) even += load(tile[v] + kLanes * p), odd += load(tile[v] + kLanes * (p + 1));
          if (p < inPixels) even += load(tile[v] + kLanes * p);
          float* sums = total.sums(k) + kLanes * (b + v);
          store(sums, load(sums) + (even + odd));
        }
        pieces(inPixels, kRun, [&](int from, int count) {
          const float* run[V];
          for (int v = 0; v < V; ++v) run[v] = tile[v] + kLanes * from;
          outerStrips<V>(strips, inPixels, from, in, run, count, to);
        });
        slot += V;
        if (!dx) slot = 0;
        else if (slot + 2 > TileScratch::kSlots || b + V == blocks) {
          if (first == 0) productFromBlocksRows<false>(tiles.slots, inPixels, slot, w1t, 0, dx, in, inPixels);
          else productFromBlocksRows<true>(tiles.slots, inPixels, slot, w1t, kLanes * first, dx, in, inPixels);
          first = b + V;
          slot = 0;
        }
      });
    }
  }
  unpackRows(total.data, total.chunks, total.chunkSize, taps, s.middle, blocks, s.threads, gradients.wd);
}

/// The first norm's gradient subtracts, per channel, a constant and a multiple of the normalised value; both are linear
/// in x, so their share of dX is one small product, and their share of dW1 follows from the covariance.
inline void correctThin(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept, const float* dy,
                        const MBConvGradients& gradients, ThinSums& total) {
  const int in = s.inChannels, inWide = wholeLanes(in), inPixels = s.inPixels();
  const size_t imageSize = static_cast<size_t>(inPixels) * in;
  const double inCount = static_cast<double>(s.batch) * inPixels;
  const float* cov = kept.moments;
  const float* mean = cov + static_cast<size_t>(in) * in;
  Doubles product(static_cast<size_t>(in) * s.middle), correction(static_cast<size_t>(in) * in), constant(in);
  covarianceTimes(cov, w.w1, in, s.middle, s.threads, product);
  Doubles scaled(s.middle), shifted(s.middle);
  for (int m = 0; m < s.middle; ++m) {
    const size_t block = m / kLanes, lane = m % kLanes;
    double sum = 0, along = 0;
    for (int k = 0; k < total.chunks; ++k) sum += total.sums(k)[m];
    const double inverse = 1 / std::sqrt(static_cast<double>(kept.variance1[m]) + s.epsilon);
    const double a = w.gamma1[m] * inverse;
    Doubles centred(in);
    for (int c = 0; c < in; ++c) {
      for (int k = 0; k < total.chunks; ++k) centred[c] += total.products(k)[(block * in + c) * kLanes + lane];
      centred[c] -= mean[c] * sum;
      along += centred[c] * w.w1[static_cast<size_t>(c) * s.middle + m];
    }
    along *= inverse;
    gradients.beta1[m] = static_cast<float>(sum);
    gradients.gamma1[m] = static_cast<float>(along);
    for (int c = 0; c < in; ++c)
      gradients.w1[static_cast<size_t>(c) * s.middle + m] =
          static_cast<float>(a * (centred[c] - along * inverse * product[static_cast<size_t>(c) * s.middle + m]));
    scaled[m] = a * inverse * along / inCount;
    shifted[m] = a * sum / inCount;
  }
  if (!gradients.x) return;
#pragma omp parallel for schedule(static) num_threads(s.threads)
  for (int c = 0; c < in; ++c) {
    const float* wc = w.w1 + static_cast<size_t>(c) * s.middle;
    for (int d = 0; d < in; ++d) {
      const float* wd = w.w1 + static_cast<size_t>(d) * s.middle;
      double sum = 0;
      for (int m = 0; m < s.middle; ++m) sum += wc[m] * scaled[m] * wd[m];
      correction[c * in + d] = sum;
    }
    double sum = 0;
    for (int m = 0; m < s.middle; ++m) sum += wc[m] * shifted[m];
    constant[c] = -sum;
  }
  for (int c = 0; c < in; ++c)
    for (int d = 0; d < in; ++d) constant[d] += mean[c] * correction[c * in + d];
  const int inBlocks = inWide / kLanes;
  Buffer matrix(static_cast<size_t>(in) * inWide), bias(inWide);
  for (int b = 0; b < inBlocks; ++b)
    for (int c = 0; c < in; ++c)
      for (int j = 0; j < kLanes; ++j)
        if (kLanes * b + j < in) matrix[(static_cast<size_t>(b) * in + c) * kLanes + j] = static_cast<float>(-correction[c * in + kLanes * b + j]);
  for (int c = 0; c < in; ++c) bias[c] = static_cast<float>(constant[c]);
#pragma omp parallel for schedule(static) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    const float* image = x + n * imageSize;
    const float* dyImage = dy + n * imageSize;
    float* dx = gradients.x + n * imageSize;
    const int run = 64;
    alignas(64) float part[kLanes * run];
    for (int p0 = 0; p0 < inPixels; p0 += run) {
      const int count = std::min(run, inPixels - p0);
      for (int b = 0; b < inBlocks; ++b) {
        const int lanes = std::min(kLanes, in - kLanes * b);
        productTiles<1>(image + static_cast<size_t>(p0) * in, in, in, {matrix + static_cast<size_t>(b) * in * kLanes}, {bias + kLanes * b}, count, {part});
        for (int p = 0; p < count; ++p) {
          const size_t to = static_cast<size_t>(p0 + p) * in + kLanes * b;
          vec d = load(part + kLanes * p) + loadPart(dx + to, lanes);
          if (s.residual) d += loadPart(dyImage + to, lanes);
          storePart(dx + to, d, lanes);
        }
      }
    }
  }
}

}  // namespace mbconv
