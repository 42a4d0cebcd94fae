// The expansion: made row by row where it is needed, or once and stored (MBConvShape::stored).

namespace mbconv {

/// Activation of a row of pre-activations, in place; slopes to `slope` where asked for.
template <int ACT, bool SLOPE>
HOT_INLINE void activateRow(float* row, float* slope, int pixels) {
  if constexpr (ACT == kNone && !SLOPE) return;
  fours(pixels, [&](int p, auto count) {
    constexpr int N = decltype(count)::value;
    vec x[N], d[N];
    HOT_EACH x[i] = load(row + kLanes * (p + i));
    activations<ACT, SLOPE, N>(x, d);
    HOT_EACH store(row + kLanes * (p + i), x[i]);
    if constexpr (SLOPE) HOT_EACH store(slope + kLanes * (p + i), d[i]);
  });
}

/// activation(x scale + shift) of a row into another; slopes to `slope` where asked for.
template <int ACT, bool SLOPE = false>
HOT_INLINE void normRow(const float* from, vec scale, vec shift, float* to, int pixels, float* slope = nullptr) {
  fours(pixels, [&](int p, auto count) {
    constexpr int N = decltype(count)::value;
    vec x[N], d[N];
    HOT_EACH x[i] = load(from + kLanes * (p + i)) * scale + shift;
    activations<ACT, SLOPE, N>(x, d);
    HOT_EACH store(to + kLanes * (p + i), x[i]);
    if constexpr (SLOPE) HOT_EACH store(slope + kLanes * (p + i), d[i]);
  });
}

/// One image's input and, where it was stored, its expansion: V blocks `stride` floats apart.
struct Source {
  const float* image;
  const float* expanded;
  size_t stride;
  const float* next;  // what is read after it, of a stored expansion
};

/// Row `row` of V blocks of channels, expanded and activated, into `tileRow[v]`; slopes to `slope[v]` if SLOPE.
template <int ACT, bool SLOPE, int V>
HOT_INLINE void expandRow(const MBConvShape& s, const Packed& packed, int block, const Source& source, int row,
                          float* const (&tileRow)[V], float* const (&slope)[V]) {
  if (source.expanded) {
    for (int v = 0; v < V; ++v) {
      const float* from = source.expanded + v * source.stride + static_cast<size_t>(row) * s.width * kLanes;
      const int m = kLanes * (block + v);
      prefetch(source.next + (from - source.expanded), s.width);
      normRow<ACT, SLOPE>(from, load(packed.scale1.data + m), load(packed.shift1.data + m), tileRow[v], s.width, SLOPE ? slope[v] : nullptr);
    }
    return;
  }
  const float* x = source.image + static_cast<size_t>(row) * s.width * s.inChannels;
  if (!s.expand) {
    for (int v = 0; v < V; ++v) {
      const int c = kLanes * (block + v), lanes = std::min(kLanes, s.inChannels - c);
      for (int p = 0; p < s.width; ++p) store(tileRow[v] + kLanes * p, loadPart(x + static_cast<size_t>(p) * s.inChannels + c, lanes));
    }
    return;
  }
  const float* w[V];
  const float* bias[V];
  for (int v = 0; v < V; ++v) {
    w[v] = packed.w1.data + static_cast<size_t>(block + v) * s.inChannels * kLanes;
    bias[v] = packed.shift1.data + kLanes * (block + v);
  }
  productTiles<V>(x, s.inChannels, s.inChannels, w, bias, s.width, tileRow);
  for (int v = 0; v < V; ++v) activateRow<ACT, SLOPE>(tileRow[v], SLOPE ? slope[v] : nullptr, s.width);
}

/// The statistics of the expansion from the input's covariance, without making it.
inline void expansionStatistics(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept) {
  float* cov = kept.moments;
  float* mean = cov + static_cast<size_t>(s.inChannels) * s.inChannels;
  covariance(x, s.batch, s.inPixels(), s.inChannels, s.threads, cov, mean);
  Doubles product(static_cast<size_t>(s.inChannels) * s.middle);
  covarianceTimes(cov, w.w1, s.inChannels, s.middle, s.threads, product);
  for (int m = 0; m < s.middle; ++m) {
    double mu = 0, variance = 0;
    for (int c = 0; c < s.inChannels; ++c) {
      const double weight = w.w1[static_cast<size_t>(c) * s.middle + m];
      mu += weight * mean[c];
      variance += weight * product[static_cast<size_t>(c) * s.middle + m];
    }
    kept.mean1[m] = static_cast<float>(mu);
    kept.variance1[m] = static_cast<float>(std::max(variance, 0.0));
  }
}

/// The expansion before its norm into kept.expanded, and its statistics.
inline void expandStored(const MBConvShape& s, const MBConvWeights& w, const Groups& groups, Packed& packed, const float* x,
                         const MBConvKept& kept) {
  const int in = s.inChannels, blocks = packed.blocks, wide = packed.wide;
  packRows(w.w1, in, s.middle, blocks, nullptr, packed.w1);
  const size_t size = static_cast<size_t>(groups.count) * wide;
  Buffer means(size, Uninitialised{}), squares(size, Uninitialised{}), none(kLanes);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int g = 0; g < groups.count; ++g) {
    const int pixels = groups.images(g) * s.inPixels();
    const float* from = x + static_cast<size_t>(groups.first(g)) * s.inPixels() * in;
    eachPair(0, blocks, [&](int b, auto pair) {
      constexpr int V = decltype(pair)::value;
      const float *weights[V], *bias[V];
      float* to[V];
      for (int v = 0; v < V; ++v) {
        weights[v] = packed.w1.data + static_cast<size_t>(b + v) * in * kLanes;
        bias[v] = none;
        to[v] = kept.expanded + groups.start(g, blocks, s.inPixels()) + (b + v) * groups.blockStride(g, s.inPixels());
      }
      productTiles<V>(from, in, in, weights, bias, pixels, to);
      for (int v = 0; v < V; ++v) {
        const size_t at = static_cast<size_t>(g) * wide + kLanes * (b + v);
        blockStatistics(to[v], pixels, means + at, squares + at);
      }
    });
  }
  combine(means, squares, groups.count, wide, s.middle, [&](int g) { return double(groups.images(g)) * s.inPixels(); }, kept.mean1, kept.variance1);
}

}  // namespace mbconv
