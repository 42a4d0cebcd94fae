// A whole MBConv in training mode, forward and backward (see native/src/hot/README.md for the plan of passes).
//
// The expanded tensor is never stored: its batch statistics follow from the covariance of the input, and tiles of
// it are made again wherever they are needed. Stored are the depthwise output (in blocks of eight channels) and,
// within the backward pass, the gradient before the depthwise norm.

namespace mbconv {

/// Zeroed memory for one call.
struct Buffer {
  explicit Buffer(size_t floats) : data(static_cast<float*>(std::aligned_alloc(64, (floats * 4 + 127) / 64 * 64))) {
    if (!data) throw std::bad_alloc();
    std::memset(data, 0, floats * 4);
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() { std::free(data); }
  operator float*() { return data; }
  float* data;
};

struct Doubles {
  explicit Doubles(size_t n) : data(static_cast<double*>(std::calloc(n, sizeof(double)))) {
    if (!data) throw std::bad_alloc();
  }
  Doubles(const Doubles&) = delete;
  ~Doubles() { std::free(data); }
  operator double*() { return data; }
  double* data;
};

/// Images are summed in groups: enough for every thread, few enough that the sums of a group stay small.
inline int groupsOf(int batch, size_t floatsPerGroup) {
  const size_t most = std::max<size_t>(8, (size_t{4} << 20) / std::max<size_t>(1, floatsPerGroup));
  return static_cast<int>(std::min<size_t>({static_cast<size_t>(batch), 32, most}));
}
inline int groupStart(int group, int groups, int batch) {
  return static_cast<int>(static_cast<long>(group) * batch / groups);
}

/// [channels] to [blocks][8], zeros beyond.
inline void pack(const float* from, int channels, int blocks, float* to) {
  for (int m = 0; m < 8 * blocks; ++m) to[m] = m < channels ? from[m] : 0.0f;
}
/// [rows][channels] to [blocks][rows][8], times scale[channels] where given.
inline void packRows(const float* from, int rows, int channels, int blocks, const float* scale, float* to) {
  for (int b = 0; b < blocks; ++b)
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < 8; ++j) {
        const int m = 8 * b + j;
        to[(static_cast<size_t>(b) * rows + r) * 8 + j] =
            m < channels ? from[static_cast<size_t>(r) * channels + m] * (scale ? scale[m] : 1.0f) : 0.0f;
      }
}
/// [blocks][rows][8] partial sums of `groups` groups to [rows][channels].
inline void unpackRows(const float* from, int groups, int rows, int channels, int blocks, float* to) {
  const size_t size = static_cast<size_t>(blocks) * rows * 8;
  for (int r = 0; r < rows; ++r)
    for (int m = 0; m < channels; ++m) {
      const size_t at = (static_cast<size_t>(m / 8) * rows + r) * 8 + m % 8;
      double sum = 0;
      for (int g = 0; g < groups; ++g) sum += from[g * size + at];
      to[static_cast<size_t>(r) * channels + m] = static_cast<float>(sum);
    }
}

/// Mean and biased variance over images of equal size from each image's mean and squared deviation.
inline void combine(const float* means, const float* squares, int images, int stride, int channels, double pixels,
                    float* mean, float* variance) {
  for (int m = 0; m < channels; ++m) {
    double total = 0;
    for (int n = 0; n < images; ++n) total += means[static_cast<size_t>(n) * stride + m];
    total /= images;
    double squared = 0;
    for (int n = 0; n < images; ++n) {
      const double d = means[static_cast<size_t>(n) * stride + m] - total;
      squared += squares[static_cast<size_t>(n) * stride + m] + pixels * d * d;
    }
    mean[m] = static_cast<float>(total);
    variance[m] = static_cast<float>(squared / (images * pixels));
  }
}

/// scale and shift of a batch norm, in whole blocks.
inline void affineOf(const float* gamma, const float* beta, const float* mean, const float* variance, float epsilon,
                     int channels, int blocks, float* scale, float* shift) {
  for (int m = 0; m < 8 * blocks; ++m) {
    scale[m] = shift[m] = 0;
    if (m >= channels) continue;
    const double s = gamma[m] / std::sqrt(static_cast<double>(variance[m]) + epsilon);
    scale[m] = static_cast<float>(s);
    shift[m] = static_cast<float>(beta[m] - mean[m] * s);
  }
}

/// Covariance [channels, channels] and mean [channels] of x [pixels, channels], summed about the first image's mean.
inline void covariance(const float* x, int batch, int pixels, int channels, int threads, float* cov, float* mean) {
  const int blocks = (channels + 7) / 8, wide = 8 * blocks, run = 64;
  const size_t size = static_cast<size_t>(channels) * wide + wide;
  const int groups = groupsOf(batch, 2 * size);
  Doubles sums(groups * size);
  Buffer shift(wide), work(static_cast<size_t>(threads) * (static_cast<size_t>(run) * wide + 8 * channels));
  {
    Doubles total(channels);
    for (int p = 0; p < pixels; ++p)
      for (int c = 0; c < channels; ++c) total[c] += x[static_cast<size_t>(p) * channels + c];
    for (int c = 0; c < channels; ++c) shift[c] = static_cast<float>(total[c] / pixels);
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int g = 0; g < groups; ++g) {
    float* centred = work + static_cast<size_t>(omp_get_thread_num()) * (static_cast<size_t>(run) * wide + 8 * channels);
    float* panel = centred + static_cast<size_t>(run) * wide;
    double* products = sums + g * size;
    double* totals = products + static_cast<size_t>(channels) * wide;
    const size_t end = static_cast<size_t>(groupStart(g + 1, groups, batch)) * pixels;
    for (size_t p = static_cast<size_t>(groupStart(g, groups, batch)) * pixels; p < end; p += run) {
      const int count = static_cast<int>(std::min<size_t>(run, end - p));
      for (int b = 0; b < blocks; ++b) {
        const int lanes = std::min(8, channels - 8 * b);
        v8 total = zero();
        for (int q = 0; q < count; ++q) {
          const v8 d = loadPart(x + (p + q) * channels + 8 * b, lanes) - load(shift + 8 * b);
          store(centred + static_cast<size_t>(q) * wide + 8 * b, d);
          total += d;
        }
        for (int j = 0; j < lanes; ++j) totals[8 * b + j] += total[j];
      }
      for (int b = 0; b < blocks; ++b) {
        const int first = 8 * b;  // the product is symmetric: rows from the block's own on
        std::memset(panel, 0, sizeof(float) * 8 * (channels - first));
        outer8Rows<1>(centred + first, wide, channels - first, {centred + 8 * b}, wide, count, {panel});
        for (int c = first; c < channels; ++c)
          for (int j = 0; j < 8; ++j) products[static_cast<size_t>(c) * wide + 8 * b + j] += panel[8 * (c - first) + j];
      }
    }
  }
  const double n = static_cast<double>(batch) * pixels;
  Doubles centre(channels);
  for (int c = 0; c < channels; ++c) {
    for (int g = 0; g < groups; ++g) centre[c] += sums[g * size + static_cast<size_t>(channels) * wide + c];
    centre[c] /= n;
    mean[c] = static_cast<float>(shift[c] + centre[c]);
  }
  for (int c = 0; c < channels; ++c)
    for (int d = 0; d <= c; ++d) {
      double sum = 0;
      for (int g = 0; g < groups; ++g) sum += sums[g * size + static_cast<size_t>(c) * wide + d];
      cov[c * channels + d] = cov[d * channels + c] = static_cast<float>(sum / n - centre[c] * centre[d]);
    }
}

/// cov [channels, channels] · w [channels, middle], in double.
inline void covarianceTimes(const float* cov, const float* w, int channels, int middle, int threads, double* out) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int c = 0; c < channels; ++c) {
    double* o = out + static_cast<size_t>(c) * middle;
    for (int d = 0; d < channels; ++d) {
      const double s = cov[c * channels + d];
      for (int m = 0; m < middle; ++m) o[m] += s * w[static_cast<size_t>(d) * middle + m];
    }
  }
}

/// Packed weights and folded norms of one call.
struct Packed {
  Packed(const MBConvShape& s, const MBConvWeights& w)
      : blocks(s.blocks()), wide(8 * blocks),
        w1(s.expand ? static_cast<size_t>(wide) * s.inChannels : 0), bias1(wide), scale1(wide),
        wd(static_cast<size_t>(wide) * s.kernel * s.kernel), scale2(wide), shift2(wide) {
    packRows(w.wd, s.kernel * s.kernel, s.middle, blocks, nullptr, wd);
  }
  /// Folds the norm after the expansion into its weights, once its statistics are known.
  void foldExpansion(const MBConvShape& s, const MBConvWeights& w, const MBConvKept& k) {
    affineOf(w.gamma1, w.beta1, k.mean1, k.variance1, s.epsilon, s.middle, blocks, scale1, bias1);
    packRows(w.w1, s.inChannels, s.middle, blocks, scale1, w1);
  }
  void foldDepthwise(const MBConvShape& s, const MBConvWeights& w, const MBConvKept& k) {
    affineOf(w.gamma2, w.beta2, k.mean2, k.variance2, s.epsilon, s.middle, blocks, scale2, shift2);
  }
  int blocks, wide;
  Buffer w1, bias1, scale1, wd, scale2, shift2;
};

/// Activation of a row of pre-activations, in place; slopes to `slope` where asked for.
template <int ACT, bool SLOPE>
HOT_INLINE void activateRow(float* row, float* slope, int pixels) {
  if constexpr (ACT == kNone && !SLOPE) return;
  fours(pixels, [&](int p, auto count) {
    constexpr int N = decltype(count)::value;
    v8 x[N], d[N];
    HOT_EACH x[i] = load(row + 8 * (p + i));
    activations<ACT, SLOPE, N>(x, d);
    HOT_EACH store(row + 8 * (p + i), x[i]);
    if constexpr (SLOPE) HOT_EACH store(slope + 8 * (p + i), d[i]);
  });
}

/// activation(x scale + shift) of a row into another.
template <int ACT>
HOT_INLINE void normRow(const float* from, v8 scale, v8 shift, float* to, int pixels) {
  fours(pixels, [&](int p, auto count) {
    constexpr int N = decltype(count)::value;
    v8 x[N], unused[N];
    HOT_EACH x[i] = load(from + 8 * (p + i)) * scale + shift;
    activations<ACT, false, N>(x, unused);
    HOT_EACH store(to + 8 * (p + i), x[i]);
  });
}

/// Row `row` of V blocks of channels, expanded and activated, into `tileRow[v]`; slopes to `slope[v]` if SLOPE.
template <int ACT, bool SLOPE, int V>
HOT_INLINE void expandRow(const MBConvShape& s, const Packed& packed, int block, const float* image, int row,
                          float* const (&tileRow)[V], float* const (&slope)[V]) {
  const float* x = image + static_cast<size_t>(row) * s.width * s.inChannels;
  if (!s.expand) {
    for (int v = 0; v < V; ++v) {
      const int c = 8 * (block + v), lanes = std::min(8, s.inChannels - c);
      for (int p = 0; p < s.width; ++p) store(tileRow[v] + 8 * p, loadPart(x + static_cast<size_t>(p) * s.inChannels + c, lanes));
    }
    return;
  }
  const float* w[V];
  const float* bias[V];
  for (int v = 0; v < V; ++v) {
    w[v] = packed.w1.data + static_cast<size_t>(block + v) * s.inChannels * 8;
    bias[v] = packed.bias1.data + 8 * (block + v);
  }
  productTiles<V>(x, s.inChannels, s.inChannels, w, bias, s.width, tileRow);
  for (int v = 0; v < V; ++v) activateRow<ACT, SLOPE>(tileRow[v], SLOPE ? slope[v] : nullptr, s.width);
}

/// Expand, activate and spread V blocks of channels of one image; mean and squared deviation of what comes out.
template <int ACT, int V>
void spreadTile(const MBConvShape& s, const Geometry& geometry, const Packed& packed, TapRow tapRow, int block,
                const float* image, float* tiles, float* out, float* mean, float* squares) {
  const int rowStride = geometry.rowStride(), taps = s.kernel * s.kernel, pixels = s.outPixels();
  const size_t corner = static_cast<size_t>(s.padTop) * rowStride + 8 * s.padLeft;
  v8 total[V];
  for (int v = 0; v < V; ++v) total[v] = zero();
  int ready = 0;
  for (int y = 0; y < s.outHeight; ++y) {
    const int needed = std::min(s.height, y * s.stride + s.kernel - s.padTop);
    for (; ready < needed; ++ready) {
      float* row[V];
      for (int v = 0; v < V; ++v) row[v] = tiles + v * geometry.tileSize() + corner + static_cast<size_t>(ready) * rowStride;
      expandRow<ACT, false, V>(s, packed, block, image, ready, row, row);
    }
    for (int v = 0; v < V; ++v) {
      const Taps all{s.kernel, s.kernel, rowStride, packed.wd.data + static_cast<size_t>(block + v) * taps * 8};
      float* to = out + (static_cast<size_t>(v) * pixels + static_cast<size_t>(y) * s.outWidth) * 8;
      tapRow(tiles + v * geometry.tileSize() + static_cast<size_t>(y) * s.stride * rowStride, all, s.outWidth, to, 8, nullptr);
      for (int x = 0; x < s.outWidth; ++x) total[v] += load(to + 8 * x);
    }
  }
  for (int v = 0; v < V; ++v) {
    const v8 centre = total[v] * splat(1.0f / pixels);
    const float* o = out + static_cast<size_t>(v) * pixels * 8;
    v8 squared0 = zero(), squared1 = zero();
    int p = 0;
    for (; p + 2 <= pixels; p += 2) {
      const v8 d0 = load(o + 8 * p) - centre, d1 = load(o + 8 * p + 8) - centre;
      squared0 += d0 * d0;
      squared1 += d1 * d1;
    }
    if (p < pixels) {
      const v8 d = load(o + 8 * p) - centre;
      squared0 += d * d;
    }
    store(mean + 8 * v, centre);
    store(squares + 8 * v, squared0 + squared1);
  }
}

/// Squeeze-excite's two small layers for one image.
struct Gate {
  static void forward(const MBConvShape& s, const MBConvWeights& w, const float* pooled, float* before, float* hidden,
                      float* gate) {
    for (int r = 0; r < s.reduced; ++r) {
      double sum = w.seBias1[r];
      for (int m = 0; m < s.middle; ++m) sum += static_cast<double>(pooled[m]) * w.se1[static_cast<size_t>(m) * s.reduced + r];
      before[r] = static_cast<float>(sum);
      withActivation(s.activation, [&](auto A) { hidden[r] = activation<decltype(A)::value>(splat(before[r]))[0]; });
    }
    for (int m = 0; m < s.middle; ++m) gate[m] = w.seBias2[m];
    for (int r = 0; r < s.reduced; ++r)
      for (int m = 0; m < s.middle; ++m) gate[m] += hidden[r] * w.se2[static_cast<size_t>(r) * s.middle + m];
    for (int m = 0; m < s.middle; m += 8) {
      const int lanes = std::min(8, s.middle - m);
      storePart(gate + m, sigmoid(loadPart(gate + m, lanes)), lanes);
    }
  }

  /// Gradients of the weights (added to `g`, each as in the weights) and of the pooled means.
  static void backward(const MBConvShape& s, const MBConvWeights& w, const float* pooled, const float* before,
                       const float* hidden, const float* gate, float* dGate, const MBConvGradients& g, float* dPooled) {
    for (int m = 0; m < s.middle; ++m) {
      dGate[m] *= gate[m] * (1.0f - gate[m]);
      g.seBias2[m] += dGate[m];
      dPooled[m] = 0;
    }
    for (int r = 0; r < s.reduced; ++r) {
      float sum = 0;
      for (int m = 0; m < s.middle; ++m) {
        g.se2[static_cast<size_t>(r) * s.middle + m] += hidden[r] * dGate[m];
        sum += w.se2[static_cast<size_t>(r) * s.middle + m] * dGate[m];
      }
      withActivation(s.activation, [&](auto A) {
        v8 slope;
        activation<decltype(A)::value>(splat(before[r]), slope);
        sum *= slope[0];
      });
      g.seBias1[r] += sum;
      for (int m = 0; m < s.middle; ++m) {
        g.se1[static_cast<size_t>(m) * s.reduced + r] += pooled[m] * sum;
        dPooled[m] += w.se1[static_cast<size_t>(m) * s.reduced + r] * sum;
      }
    }
  }
};

/// Norm, activation, gate and projection of one image; mean and squared deviation of what comes out.
template <int ACT>
void projectImage(const MBConvShape& s, const MBConvWeights& w, const Packed& packed, const float* w2, int w2Stride,
                  const float* spread, float* pooled, float* scratch, float* out, float* means, float* squares) {
  const int pixels = s.outPixels(), blocks = packed.blocks;
  const int run = blocks <= 16 ? 48 : 24;
  float* tile = scratch;
  const float* projection = w2;
  if (s.reduced) {
    float* before = tile + static_cast<size_t>(blocks) * run * 8;
    float* hidden = before + s.reduced;
    float* gate = hidden + s.reduced;
    float* gated = gate + packed.wide;
    for (int b = 0; b < blocks; ++b) {
      const float* d = spread + static_cast<size_t>(b) * pixels * 8;
      const v8 scale = load(packed.scale2.data + 8 * b), shift = load(packed.shift2.data + 8 * b);
      v8 sum = zero();
      fours(pixels, [&](int p, auto count) {
        constexpr int N = decltype(count)::value;
        v8 x[N], unused[N];
        HOT_EACH x[i] = load(d + 8 * (p + i)) * scale + shift;
        activations<ACT, false, N>(x, unused);
        HOT_EACH sum += x[i];
      });
      storePart(pooled + 8 * b, sum * splat(1.0f / pixels), std::min(8, s.middle - 8 * b));
    }
    Gate::forward(s, w, pooled, before, hidden, gate);
    for (int m = 0; m < s.middle; ++m)
      for (int c = 0; c < w2Stride; ++c)
        gated[static_cast<size_t>(m) * w2Stride + c] = w2[static_cast<size_t>(m) * w2Stride + c] * gate[m];
    for (size_t i = static_cast<size_t>(s.middle) * w2Stride; i < static_cast<size_t>(packed.wide) * w2Stride; ++i) gated[i] = 0;
    projection = gated;
  }
  for (int p0 = 0; p0 < pixels; p0 += run) {
    const int count = std::min(run, pixels - p0);
    for (int b = 0; b < blocks; ++b) {
      const float* d = spread + (static_cast<size_t>(b) * pixels + p0) * 8;
      const v8 scale = load(packed.scale2.data + 8 * b), shift = load(packed.shift2.data + 8 * b);
      float* t = tile + static_cast<size_t>(b) * run * 8;
      normRow<ACT>(d, scale, shift, t, count);
    }
    productFrom8Rows<false>(tile, run, blocks, projection, w2Stride, out + static_cast<size_t>(p0) * s.outChannels,
                            s.outChannels, s.outChannels, count);
  }
  for (int c = 0; c < s.outChannels; c += 8) {
    const int lanes = std::min(8, s.outChannels - c);
    v8 total = zero(), squared = zero();
    for (int p = 0; p < pixels; ++p) total += loadPart(out + static_cast<size_t>(p) * s.outChannels + c, lanes);
    const v8 centre = total * splat(1.0f / pixels);
    for (int p = 0; p < pixels; ++p) {
      const v8 d = loadPart(out + static_cast<size_t>(p) * s.outChannels + c, lanes) - centre;
      squared += d * d;
    }
    store(means + c, centre);
    store(squares + c, squared);
  }
}

inline void forward(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept, float* y) {
  const Geometry geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft);
  Packed packed(s, w);
  const int blocks = packed.blocks, wide = packed.wide, outWide = (s.outChannels + 7) / 8 * 8;
  const size_t imageSize = static_cast<size_t>(s.inPixels()) * s.inChannels;
  const size_t spreadImage = static_cast<size_t>(blocks) * s.outPixels() * 8;
  const size_t outImage = static_cast<size_t>(s.outPixels()) * s.outChannels;

  if (s.expand) {
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
    packed.foldExpansion(s, w, kept);
  }

  {
    Buffer means(static_cast<size_t>(s.batch) * wide), squares(static_cast<size_t>(s.batch) * wide);
    Buffer tiles(s.threads * 2 * geometry.tileSize());
    const TapRow tapRow = s.stride == 1 ? tapRowFor<8>(s.kernel) : tapRowFor<16>(s.kernel);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
    for (int n = 0; n < s.batch; ++n) {
      float* tile = tiles + omp_get_thread_num() * 2 * geometry.tileSize();
      for (int b = 0; b < blocks; b += 2) {
        const size_t at = static_cast<size_t>(n) * wide + 8 * b;
        float* out = kept.spread + n * spreadImage + static_cast<size_t>(b) * s.outPixels() * 8;
        withActivation(s.activation, [&](auto A) {
          constexpr int act = decltype(A)::value;
          if (b + 1 < blocks) spreadTile<act, 2>(s, geometry, packed, tapRow, b, x + n * imageSize, tile, out, means + at, squares + at);
          else spreadTile<act, 1>(s, geometry, packed, tapRow, b, x + n * imageSize, tile, out, means + at, squares + at);
        });
      }
    }
    combine(means, squares, s.batch, wide, s.middle, s.outPixels(), kept.mean2, kept.variance2);
    packed.foldDepthwise(s, w, kept);
  }

  Buffer w2(static_cast<size_t>(wide) * outWide);
  for (int m = 0; m < s.middle; ++m)
    for (int c = 0; c < s.outChannels; ++c) w2[static_cast<size_t>(m) * outWide + c] = w.w2[static_cast<size_t>(m) * s.outChannels + c];
  Buffer means(static_cast<size_t>(s.batch) * outWide), squares(static_cast<size_t>(s.batch) * outWide);
  const size_t perThread = static_cast<size_t>(blocks) * 48 * 8 + 2 * s.reduced + wide + static_cast<size_t>(wide) * outWide + 64;
  Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    withActivation(s.activation, [&](auto A) {
      projectImage<decltype(A)::value>(s, w, packed, w2, outWide, kept.spread + n * spreadImage,
                                       s.reduced ? kept.pooled + static_cast<size_t>(n) * s.middle : nullptr,
                                       scratch + omp_get_thread_num() * perThread, kept.projected + n * outImage,
                                       means + static_cast<size_t>(n) * outWide, squares + static_cast<size_t>(n) * outWide);
    });
  }
  combine(means, squares, s.batch, outWide, s.outChannels, s.outPixels(), kept.mean3, kept.variance3);

  Buffer scale(outWide), shift(outWide);
  affineOf(w.gamma3, w.beta3, kept.mean3, kept.variance3, s.epsilon, s.outChannels, outWide / 8, scale, shift);
#pragma omp parallel for schedule(static) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    const float* from = kept.projected + n * outImage;
    const float* input = x + n * imageSize;
    float* to = y + n * outImage;
    for (int p = 0; p < s.outPixels(); ++p)
      for (int c = 0; c < s.outChannels; c += 8) {
        const int lanes = std::min(8, s.outChannels - c);
        const size_t at = static_cast<size_t>(p) * s.outChannels + c;
        v8 out = loadPart(from + at, lanes) * load(scale + c) + load(shift + c);
        if (s.residual) out += loadPart(input + at, lanes);
        storePart(to + at, out, lanes);
      }
  }
}

}  // namespace mbconv
