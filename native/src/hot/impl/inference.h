// An MBConv, or a pointwise convolution, with given statistics: the norms are folded into the weights, and an image goes
// through tiles that stay in the cache. Nothing is kept; only the output is written to memory.

namespace inference {

/// The weights with their norms in them: what follows a convolution is a shift only.
struct Folded {
  Folded(const MBConvShape& s, const MBConvWeights& w, const MBConvStatistics& k)
      : blocks(s.blocks()), wide(kLanes * blocks), outWide((s.outChannels + kPanel - 1) / kPanel * kPanel),
        w1(s.expand ? static_cast<size_t>(wide) * s.inChannels : 0, Uninitialised{}), shift1(wide, Uninitialised{}),
        wd(static_cast<size_t>(wide) * s.kernel * s.kernel, Uninitialised{}), shift2(wide, Uninitialised{}),
        w2(static_cast<size_t>(wide) * outWide, Uninitialised{}), shift3(outWide, Uninitialised{}) {
    Buffer scale(std::max(wide, outWide));
    if (s.expand) {
      mbconv::affineOf(w.gamma1, w.beta1, k.mean1, k.variance1, s.epsilon, s.middle, blocks, scale, shift1);
      mbconv::packRows(w.w1, s.inChannels, s.middle, blocks, scale, w1);
    }
    mbconv::affineOf(w.gamma2, w.beta2, k.mean2, k.variance2, s.epsilon, s.middle, blocks, scale, shift2);
    mbconv::packRows(w.wd, s.kernel * s.kernel, s.middle, blocks, scale, wd);
    mbconv::affineOf(w.gamma3, w.beta3, k.mean3, k.variance3, s.epsilon, s.outChannels, outWide / kLanes, scale, shift3);
    for (int p = 0; p < outWide / kPanel; ++p) {
      float* panel = w2 + static_cast<size_t>(p) * wide * kPanel;
      for (int m = 0; m < wide; ++m)
        for (int c = kPanel * p; c < kPanel * (p + 1); c += kLanes, panel += kLanes)
          store(panel, m < s.middle ? loadPart(w.w2 + static_cast<size_t>(m) * s.outChannels + c, s.outChannels - c) * load(scale + c) : zero());
    }
  }
  int blocks, wide, outWide;
  Buffer w1, shift1, wd, shift2, w2, shift3;  // w2 in panels, the others in blocks
};

/// activation(row + shift) in place; the sum of what comes out.
template <int ACT>
HOT_INLINE vec shiftRow(float* row, vec shift, int pixels) {
  vec sum = zero();
  fours(pixels, [&](int p, auto count) {
    constexpr int N = decltype(count)::value;
    vec x[N], unused[N];
    HOT_EACH x[i] = load(row + kLanes * (p + i)) + shift;
    activations<ACT, false, N>(x, unused);
    HOT_EACH store(row + kLanes * (p + i), x[i]);
    HOT_EACH sum += x[i];
  });
  return sum;
}

/// Where one thread works on an image.
struct Place {
  Place(const MBConvShape& s, const Geometry& g, const Folded& f)
      // An odd number of cache lines between blocks, so that a pixel's blocks do not all fall into one set.
      : stride((s.outPixels() + kSkew - 1) / kSkew | 1), tiles(2 * g.tileSize()), spread(static_cast<size_t>(f.blocks) * stride() * kLanes, Uninitialised{}),
        pooled(f.wide, Uninitialised{}), gate(f.wide, Uninitialised{}), hidden(2 * (s.reduced + kLanes), Uninitialised{}) {}
  /// Pixels from one block of the depthwise output to the next.
  struct Stride {
    int lines;
    Stride(int lines) : lines(lines) {}
    int operator()() const { return kSkew * lines; }
  } stride;
  Buffer tiles;  // zeroed: the padding stays so
  Buffer spread, pooled, gate, hidden;
};

/// V blocks of channels of one image: expand, activate, spread, activate; sums over the image to `pooled`.
template <int ACT, int V>
void spreadBlocks(const MBConvShape& s, const Geometry& g, const Folded& f, TapRow tapRow, int block, const float* image, Place& place) {
  const int rowStride = g.rowStride(), taps = s.kernel * s.kernel;
  const float* w[V];
  const float* shift[V];
  float* tile[V];
  float* out[V];
  vec sum[V];
  for (int v = 0; v < V; ++v) {
    w[v] = f.w1 + static_cast<size_t>(block + v) * s.inChannels * kLanes;
    shift[v] = f.shift1 + kLanes * (block + v);
    tile[v] = place.tiles + v * g.tileSize();
    out[v] = place.spread + static_cast<size_t>(block + v) * place.stride() * kLanes;
    sum[v] = zero();
  }
  int ready = 0;
  for (int y = 0; y < s.outHeight; ++y) {
    const int needed = std::min(s.height, y * s.stride + s.kernel - s.padTop);
    for (; ready < needed; ++ready) {
      const float* x = image + static_cast<size_t>(ready) * s.width * s.inChannels;
      float* row[V];
      for (int v = 0; v < V; ++v) row[v] = tile[v] + static_cast<size_t>(s.padTop + ready) * rowStride + kLanes * s.padLeft;
      if (s.expand) {
        productTiles<V>(x, s.inChannels, s.inChannels, w, shift, s.width, row);
        for (int v = 0; v < V; ++v) mbconv::activateRow<ACT, false>(row[v], nullptr, s.width);
      } else {
        for (int v = 0; v < V; ++v) {
          const int c = kLanes * (block + v), lanes = std::min(kLanes, s.inChannels - c);
          for (int p = 0; p < s.width; ++p) store(row[v] + kLanes * p, loadPart(x + static_cast<size_t>(p) * s.inChannels + c, lanes));
        }
      }
    }
    for (int v = 0; v < V; ++v) {
      const Taps all{s.kernel, s.kernel, f.wd + static_cast<size_t>(block + v) * taps * kLanes};
      float* to = out[v] + static_cast<size_t>(y) * s.outWidth * kLanes;
      tapRow(Tile{tile[v], rowStride}.at(y * s.stride, 0), all, s.outWidth, to, kLanes, nullptr);
      sum[v] += shiftRow<ACT>(to, load(f.shift2 + kLanes * (block + v)), s.outWidth);
    }
  }
  for (int v = 0; v < V; ++v) store(place.pooled + kLanes * (block + v), sum[v] * splat(1.0f / s.outPixels()));
}

template <int ACT>
void mbconvImage(const MBConvShape& s, const Geometry& g, const Folded& f, const gate::Layers& layers, TapRow tapRow, const float* x,
                 Place& place, float* y) {
  for (int b = 0; b < f.blocks; b += 2) {
    if (b + 1 < f.blocks) spreadBlocks<ACT, 2>(s, g, f, tapRow, b, x, place);
    else spreadBlocks<ACT, 1>(s, g, f, tapRow, b, x, place);
  }
  const int pixels = s.outPixels();
  if (s.reduced) layers.forward(place.pooled, place.hidden, place.hidden + s.reduced + kLanes, place.gate);
  const int run = f.wide <= 256 ? 48 : 24;
  for (int p0 = 0; p0 < pixels; p0 += run) {
    const int count = std::min(run, pixels - p0);
    float* tile = place.spread + static_cast<size_t>(p0) * kLanes;
    if (s.reduced) {
      for (int b = 0; b < f.blocks; ++b) {
        float* t = tile + static_cast<size_t>(b) * place.stride() * kLanes;
        const vec factor = load(place.gate + kLanes * b);
        for (int p = 0; p < count; ++p) store(t + kLanes * p, load(t + kLanes * p) * factor);
      }
    }
    for (int c = 0; c < s.outChannels; c += kPanel) {
      const float* panel = f.w2 + static_cast<size_t>(c) * f.wide;
      const vec shift[2] = {load(f.shift3 + c), load(f.shift3 + c + kLanes)};
      const int lanes[2] = {std::min(kLanes, s.outChannels - c), s.outChannels - c - kLanes};
      const auto put = [&](int at, int t, int v, vec r) {
        const size_t to = static_cast<size_t>(p0 + at + t) * s.outChannels + c + kLanes * v;
        r += shift[v];
        if (s.residual) r += loadPart(x + to, lanes[v]);
        storePart(y + to, r, lanes[v]);
      };
      if (lanes[1] > 0) {
        pieces(count, kPixels<2>, [&](int at, int n) {
          withCount(n, [&](auto T) {
            if constexpr (decltype(T)::value <= kPixels<2>)
              productFromBlocks<decltype(T)::value, 2>(tile + kLanes * at, place.stride(), f.blocks, panel, kPanel, [&](int t, int v, vec r) { put(at, t, v, r); });
          });
        });
      } else {
        pieces(count, kPixels<1>, [&](int at, int n) {
          withCount(n, [&](auto T) {
            productFromBlocks<decltype(T)::value, 1>(tile + kLanes * at, place.stride(), f.blocks, panel, kPanel, [&](int t, int v, vec r) { put(at, t, v, r); });
          });
        });
      }
    }
  }
}

inline void mbconvForward(const MBConvShape& s, const MBConvWeights& w, const MBConvStatistics& k, const float* x, float* y) {
  const Geometry geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft, kLanes);
  const Folded folded(s, w, k);
  const gate::Layers layers(w, s.middle, s.reduced, s.activation);
  const TapRow tapRow = tapRowFor(s.kernel, s.stride);
  const int threads = std::min(s.threads, s.batch);
  bool failed = false;  // an exception must not leave a parallel region
#pragma omp parallel num_threads(threads)
  {
    try {
      Place place(s, geometry, folded);
#pragma omp for schedule(dynamic, 1)
      for (int n = 0; n < s.batch; ++n) {
        withActivation(s.activation, [&](auto A) {
          mbconvImage<decltype(A)::value>(s, geometry, folded, layers, tapRow, x + static_cast<size_t>(n) * s.inPixels() * s.inChannels,
                                          place, y + static_cast<size_t>(n) * s.outPixels() * s.outChannels);
        });
      }
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  }
  if (failed) throw std::bad_alloc();
}

/// y = activation(norm(x w)): x [rows, inChannels], w [inChannels, channels].
inline void pointwise(const float* x, const float* w, const float* gamma, const float* beta, const float* mean, const float* variance,
                      float epsilon, int act, size_t rows, int inChannels, int channels, int threads, float* y) {
  const int wide = (channels + kPanel - 1) / kPanel * kPanel, run = 48;
  Buffer scale(wide, Uninitialised{}), shift(wide, Uninitialised{}), packed(static_cast<size_t>(wide) * inChannels, Uninitialised{});
  mbconv::affineOf(gamma, beta, mean, variance, epsilon, channels, wide / kLanes, scale, shift);
  mbconv::packRows(w, inChannels, channels, wide / kLanes, scale, packed);
  const long runs = static_cast<long>((rows + run - 1) / run);
#pragma omp parallel for schedule(static) num_threads(threads) if (runs > 1)
  for (long k = 0; k < runs; ++k) {
    const size_t first = static_cast<size_t>(k) * run;
    const int count = static_cast<int>(std::min<size_t>(run, rows - first));
    const float* from = x + first * inChannels;
    float* to = y + first * channels;
    for (int c = 0; c < channels; c += kPanel) {
      const float* const panels[2] = {packed + static_cast<size_t>(c) * inChannels, packed + static_cast<size_t>(c + kLanes) * inChannels};
      const vec start[2] = {load(shift + c), load(shift + c + kLanes)};
      const int lanes[2] = {std::min(kLanes, channels - c), channels - c - kLanes};
      pieces(count, kPixels<2>, [&](int at, int n) {
        withCount(n, [&](auto T) {
          if constexpr (decltype(T)::value <= kPixels<2>)
            productIntoBlocks<decltype(T)::value, 2>(from + static_cast<size_t>(at) * inChannels, inChannels, inChannels, panels, start,
                                                [&](int t, int v, vec r) {
                                                  if (lanes[v] > 0) storePart(to + static_cast<size_t>(at + t) * channels + c + kLanes * v, r, lanes[v]);
                                                });
        });
      });
    }
    if (act != kNone) elementwise::activate(to, act, static_cast<size_t>(count) * channels, 1, to);
  }
}

}  // namespace inference
