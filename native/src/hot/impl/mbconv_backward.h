// The backward passes of mbconv.h: through the projection (per image), the depthwise norm and convolution
// (per tile), and last the small correction that the expansion's norm asks for.

namespace mbconv {

/// Gradient before the depthwise norm of V blocks of one image, run by run of pixels; see unprojectImage.
template <int ACT, int V, bool GATED>
void unprojectBlocks(const MBConvShape& s, const Packed& packed, const float* w2t, const float* dP, const float* spread,
                     const float* centre, const float* gate, const float* dPooled, int block, float* work, float* scratch,
                     float* dW2, float* sums, float* products) {
  const int pixels = s.outPixels(), out = s.outChannels, run = 64;
  const float* w[V];
  const float* bias[V];
  float *dB[V], *weights[V];
  const float* value[V];
  v8 sum[V], product[V];
  const v8 none = zero();
  for (int v = 0; v < V; ++v) {
    w[v] = w2t + static_cast<size_t>(block + v) * out * 8;
    bias[v] = reinterpret_cast<const float*>(&none);
    dB[v] = scratch + 8 * run * 2 * v;
    value[v] = dB[v] + 8 * run;
    weights[v] = dW2 + static_cast<size_t>(block + v) * out * 8;
    sum[v] = product[v] = zero();
  }
  for (int p0 = 0; p0 < pixels; p0 += run) {
    const int count = std::min(run, pixels - p0);
    productTiles<V>(dP + static_cast<size_t>(p0) * out, out, out, w, bias, count, dB);
    for (int v = 0; v < V; ++v) {
      const int m = 8 * (block + v);
      const size_t at = (static_cast<size_t>(block + v) * pixels + p0) * 8;
      const float* d = spread + at;
      float* dN = work + at;
      float* y = dB[v] + 8 * run;
      const v8 scale = load(packed.scale2.data + m), shift = load(packed.shift2.data + m), mean = load(centre + m);
      const v8 g = GATED ? load(gate + m) : zero(), q = GATED ? load(dPooled + m) : zero();
      fours(count, [&](int p, auto counted) {
        constexpr int N = decltype(counted)::value;
        v8 x[N], slope[N];
        HOT_EACH x[i] = load(d + 8 * (p + i)) * scale + shift;
        activations<ACT, true, N>(x, slope);
        if constexpr (!GATED) HOT_EACH store(y + 8 * (p + i), x[i]);
        HOT_EACH x[i] = load(dB[v] + 8 * (p + i));
        if constexpr (GATED) HOT_EACH x[i] = x[i] * g + q;
        HOT_EACH x[i] *= slope[i];
        HOT_EACH store(dN + 8 * (p + i), x[i]);
        HOT_EACH sum[v] += x[i];
        HOT_EACH product[v] += x[i] * (load(d + 8 * (p + i)) - mean);
      });
    }
    if constexpr (!GATED) outer8Rows<V>(dP + static_cast<size_t>(p0) * out, out, out, value, 8, count, weights);
  }
  for (int v = 0; v < V; ++v) {
    store(sums + 8 * (block + v), sum[v]);
    store(products + 8 * (block + v), product[v]);
  }
}

/// Gradient of one image before the depthwise norm, into `work`; sums of it, and the projection's gradient.
template <int ACT>
void unprojectImage(const MBConvShape& s, const MBConvWeights& w, const Packed& packed, const MBConvKept& kept,
                    const float* w2t, const float* dP, const float* spread, const float* pooled, const float* centre,
                    float* work, float* scratch, float* dW2, const MBConvGradients& gateGradients, float* sums,
                    float* products) {
  const int pixels = s.outPixels(), blocks = packed.blocks, out = s.outChannels;
  float* tile = scratch;  // [pixels][8], and room for the runs of two blocks
  float* gate = tile + std::max(static_cast<size_t>(pixels) * 8, size_t{8 * 64 * 4});
  float* dPooled = gate + packed.wide;
  if (s.reduced) {
    float* dGate = dPooled + packed.wide;
    float* before = dGate + packed.wide;
    float* hidden = before + s.reduced;
    float* panel = hidden + s.reduced;  // [out][8]
    Gate::forward(s, w, pooled, before, hidden, gate);
    for (int b = 0; b < blocks; ++b) {
      const float* d = spread + static_cast<size_t>(b) * pixels * 8;
      const v8 scale = load(packed.scale2.data + 8 * b), shift = load(packed.shift2.data + 8 * b);
      normRow<ACT>(d, scale, shift, tile, pixels);
      std::memset(panel, 0, sizeof(float) * 8 * out);
      outer8Rows<1>(dP, out, out, {tile}, 8, pixels, {panel});
      const v8 g = loadPart(gate + 8 * b, std::min(8, s.middle - 8 * b));
      v8 dg = zero();
      for (int c = 0; c < out; ++c) {
        const v8 q = load(panel + 8 * c);
        float* to = dW2 + (static_cast<size_t>(b) * out + c) * 8;
        store(to, load(to) + q * g);
        dg += q * load(w2t + (static_cast<size_t>(b) * out + c) * 8);
      }
      store(dGate + 8 * b, dg);
    }
    Gate::backward(s, w, pooled, before, hidden, gate, dGate, gateGradients, dPooled);
    for (int m = 0; m < packed.wide; ++m) {
      dPooled[m] = m < s.middle ? dPooled[m] / pixels : 0;
      if (m >= s.middle) gate[m] = 0;
    }
  }
  for (int b = 0; b < blocks; b += 2) {
    const auto run = [&](auto V, auto SE) {
      unprojectBlocks<ACT, decltype(V)::value, decltype(SE)::value>(s, packed, w2t, dP, spread, centre, gate, dPooled, b,
                                                                    work, tile, dW2, sums, products);
    };
    const auto one = std::integral_constant<int, 1>{};
    const auto two = std::integral_constant<int, 2>{};
    if (b + 1 < blocks) s.reduced ? run(two, std::true_type{}) : run(two, std::false_type{});
    else s.reduced ? run(one, std::true_type{}) : run(one, std::false_type{});
  }
}

/// Packed taps of the input gradient, class by class.
struct BackTaps {
  BackTaps(const Geometry& geometry, const float* wd, int blocks)
      : taps(geometry.kernel * geometry.kernel), weights(static_cast<size_t>(blocks) * taps * 8) {
    for (int b = 0; b < blocks; ++b) {
      float* to = weights + static_cast<size_t>(b) * taps * 8;
      for (const auto& k : geometry.classes)
        for (int tap : k.taps) {
          std::memcpy(to, wd + (static_cast<size_t>(b) * taps + tap) * 8, 32);
          to += 8;
        }
    }
  }
  int taps;
  Buffer weights;
};

/// Coefficients of the depthwise norm's gradient: dD = a dN + b D + c.
struct NormGradient {
  explicit NormGradient(int wide) : a(wide), b(wide), c(wide) {}
  Buffer a, b, c;
};

/// What one thread needs for the tiles of two blocks.
struct TileScratch {
  TileScratch(float* memory, const MBConvShape& s, const Geometry& g) {
    for (int v = 0; v < 2; ++v) {
      tile[v] = memory;
      gradient[v] = tile[v] + g.tileSize();
      slope[v] = gradient[v] + g.gradientSize();
      memory = slope[v] + static_cast<size_t>(s.inPixels()) * 8;
    }
    expanded = memory;
  }
  static size_t size(const MBConvShape& s, const Geometry& g) {
    return 2 * (g.tileSize() + g.gradientSize()) + static_cast<size_t>(s.inPixels()) * 8 * (2 + kSlots) + 16;
  }
  static constexpr int kSlots = 4;
  float *tile[2], *gradient[2], *slope[2];
  float* expanded;  // gradient before the expansion's norm, [slots][pixels][8]
};

/// How the taps of the input gradient are summed, class by class.
struct BackRows {
  TapRow rows[4];
  explicit BackRows(const Geometry& geometry) {
    for (size_t i = 0; i < geometry.classes.size(); ++i) rows[i] = tapRowFor<8>(geometry.classes[i].tapColumns);
  }
};

/// Backward through the depthwise convolution and the expansion's activation for V blocks of one image.
template <int ACT, int V>
void unspreadTile(const MBConvShape& s, const Geometry& geometry, const Packed& packed, const BackTaps& back,
                  const BackRows& backRows, const NormGradient& norm, int block, const float* image, const float* spread,
                  const float* dN, const TileScratch& scratch, float* expanded, float* filterSums) {
  const int rowStride = geometry.rowStride(), gradientStride = geometry.gradientRowStride(), taps = back.taps;
  const size_t corner = static_cast<size_t>(s.padTop) * rowStride + 8 * s.padLeft;
  const size_t gradientCorner = static_cast<size_t>(geometry.gradientTop) * gradientStride + 8 * geometry.gradientLeft;
  for (int y = 0; y < s.height; ++y) {
    float *row[V], *slope[V];
    for (int v = 0; v < V; ++v) {
      row[v] = scratch.tile[v] + corner + static_cast<size_t>(y) * rowStride;
      slope[v] = scratch.slope[v] + static_cast<size_t>(y) * s.width * 8;
    }
    expandRow<ACT, true, V>(s, packed, block, image, y, row, slope);
  }
  for (int v = 0; v < V; ++v) {
    const int m = 8 * (block + v);
    const size_t from = static_cast<size_t>(v) * s.outPixels() * 8;
    const v8 a = load(norm.a.data + m), b = load(norm.b.data + m), c = load(norm.c.data + m);
    float* gradient = scratch.gradient[v] + gradientCorner;
    for (int y = 0; y < s.outHeight; ++y) {
      const size_t at = from + static_cast<size_t>(y) * s.outWidth * 8;
      float* to = gradient + static_cast<size_t>(y) * gradientStride;
      for (int x = 0; x < s.outWidth; ++x)
        store(to + 8 * x, load(dN + at + 8 * x) * a + (load(spread + at + 8 * x) * b + c));
    }
    float* filter = filterSums + static_cast<size_t>(v) * taps * 8;
    if (s.stride == 1) filterGradient<8>(scratch.tile[v], rowStride, gradient, gradientStride, s.outHeight, s.outWidth, s.kernel, filter);
    else filterGradient<16>(scratch.tile[v], rowStride, gradient, gradientStride, s.outHeight, s.outWidth, s.kernel, filter);

    const float* weights = back.weights.data + static_cast<size_t>(block + v) * taps * 8;
    float* out = expanded + static_cast<size_t>(v) * s.inPixels() * 8;
    for (size_t i = 0; i < geometry.classes.size(); ++i) {
      const Geometry::Class& k = geometry.classes[i];
      const Taps rectangle{k.tapRows, k.tapColumns, gradientStride, weights};
      weights += 8 * k.taps.size();
      for (int q = 0; q < k.rows; ++q) {
        const size_t at = (static_cast<size_t>(k.row + q * s.stride) * s.width + k.column) * 8;
        backRows.rows[i](scratch.gradient[v] + k.offset + static_cast<size_t>(q) * gradientStride, rectangle, k.columns,
                         out + at, 8 * s.stride, s.expand ? scratch.slope[v] + at : nullptr);
      }
    }
  }
}

inline void backward(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept,
                     const float* dy, const MBConvGradients& gradients, float* work) {
  const Geometry geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft);
  Packed packed(s, w);
  if (s.expand) packed.foldExpansion(s, w, kept);
  packed.foldDepthwise(s, w, kept);
  const int blocks = packed.blocks, wide = packed.wide, in = s.inChannels, out = s.outChannels;
  const int outWide = (out + 7) / 8 * 8, inWide = (in + 7) / 8 * 8, taps = s.kernel * s.kernel;
  const int outPixels = s.outPixels(), inPixels = s.inPixels();
  const size_t imageSize = static_cast<size_t>(inPixels) * in, outImage = static_cast<size_t>(outPixels) * out;
  const size_t spreadImage = static_cast<size_t>(blocks) * outPixels * 8;
  const double outCount = static_cast<double>(s.batch) * outPixels, inCount = static_cast<double>(s.batch) * inPixels;

  // Through the last norm: dP = a3 dY + b3 P + c3.
  Buffer a3(outWide), b3(outWide), c3(outWide);
  {
    Buffer sums(static_cast<size_t>(s.batch) * outWide), products(static_cast<size_t>(s.batch) * outWide), mean(outWide);
    pack(kept.mean3, out, outWide / 8, mean);
#pragma omp parallel for schedule(static) num_threads(s.threads)
    for (int n = 0; n < s.batch; ++n)
      for (int c = 0; c < out; c += 8) {
        const int lanes = std::min(8, out - c);
        const v8 centre = load(mean + c);
        v8 sum = zero(), product = zero();
        for (int p = 0; p < outPixels; ++p) {
          const size_t at = n * outImage + static_cast<size_t>(p) * out + c;
          const v8 d = loadPart(dy + at, lanes);
          sum += d;
          product += d * (loadPart(kept.projected + at, lanes) - centre);
        }
        store(sums + static_cast<size_t>(n) * outWide + c, sum);
        store(products + static_cast<size_t>(n) * outWide + c, product);
      }
    for (int c = 0; c < out; ++c) {
      double sum = 0, product = 0;
      for (int n = 0; n < s.batch; ++n) {
        sum += sums[static_cast<size_t>(n) * outWide + c];
        product += products[static_cast<size_t>(n) * outWide + c];
      }
      const double inverse = 1 / std::sqrt(static_cast<double>(kept.variance3[c]) + s.epsilon);
      product *= inverse;
      gradients.beta3[c] = static_cast<float>(sum);
      gradients.gamma3[c] = static_cast<float>(product);
      const double a = w.gamma3[c] * inverse, b = -a * inverse * product / outCount;
      a3[c] = static_cast<float>(a);
      b3[c] = static_cast<float>(b);
      c3[c] = static_cast<float>(-a * sum / outCount - b * kept.mean3[c]);
    }
  }

  // Through the projection and the second activation.
  NormGradient norm2(wide);
  {
    const size_t gateSize = s.reduced ? 2 * static_cast<size_t>(s.middle) * s.reduced + s.reduced + s.middle : 0;
    const size_t dW2Size = static_cast<size_t>(wide) * out, groupSize = dW2Size + gateSize;
    const int groups = groupsOf(s.batch, groupSize);
    Buffer partial(groups * groupSize), w2t(static_cast<size_t>(wide) * out), centre(wide);
    for (int b = 0; b < blocks; ++b)
      for (int c = 0; c < out; ++c)
        for (int j = 0; j < 8; ++j) {
          const int m = 8 * b + j;
          w2t[(static_cast<size_t>(b) * out + c) * 8 + j] = m < s.middle ? w.w2[static_cast<size_t>(m) * out + c] : 0;
        }
    pack(kept.mean2, s.middle, blocks, centre);
    Buffer sums(static_cast<size_t>(s.batch) * wide), products(static_cast<size_t>(s.batch) * wide);
    const size_t perThread = outImage + std::max(static_cast<size_t>(outPixels) * 8, size_t{8 * 64 * 4}) + 3 * wide + 2 * s.reduced + 8 * out + 64;
    Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
    for (int g = 0; g < groups; ++g) {
      float* dP = scratch + omp_get_thread_num() * perThread;
      float* dW2 = partial + g * groupSize;
      MBConvGradients gate{};
      if (s.reduced) {
        gate.se1 = dW2 + dW2Size;
        gate.se2 = gate.se1 + static_cast<size_t>(s.middle) * s.reduced;
        gate.seBias1 = gate.se2 + static_cast<size_t>(s.middle) * s.reduced;
        gate.seBias2 = gate.seBias1 + s.reduced;
      }
      for (int n = groupStart(g, groups, s.batch); n < groupStart(g + 1, groups, s.batch); ++n) {
        for (int p = 0; p < outPixels; ++p)
          for (int c = 0; c < out; c += 8) {
            const int lanes = std::min(8, out - c);
            const size_t at = static_cast<size_t>(p) * out + c;
            storePart(dP + at, loadPart(dy + n * outImage + at, lanes) * load(a3 + c) +
                                   (loadPart(kept.projected + n * outImage + at, lanes) * load(b3 + c) + load(c3 + c)), lanes);
          }
        withActivation(s.activation, [&](auto A) {
          unprojectImage<decltype(A)::value>(
              s, w, packed, kept, w2t, dP, kept.spread + n * spreadImage,
              s.reduced ? kept.pooled + static_cast<size_t>(n) * s.middle : nullptr, centre, work + n * spreadImage,
              dP + (outImage + 7) / 8 * 8, dW2, gate, sums + static_cast<size_t>(n) * wide, products + static_cast<size_t>(n) * wide);
        });
      }
    }
    for (int m = 0; m < s.middle; ++m) {
      for (int c = 0; c < out; ++c) {
        double sum = 0;
        for (int g = 0; g < groups; ++g) sum += partial[g * groupSize + (static_cast<size_t>(m / 8) * out + c) * 8 + m % 8];
        gradients.w2[static_cast<size_t>(m) * out + c] = static_cast<float>(sum);
      }
      double sum = 0, product = 0;
      for (int n = 0; n < s.batch; ++n) {
        sum += sums[static_cast<size_t>(n) * wide + m];
        product += products[static_cast<size_t>(n) * wide + m];
      }
      const double inverse = 1 / std::sqrt(static_cast<double>(kept.variance2[m]) + s.epsilon);
      product *= inverse;
      gradients.beta2[m] = static_cast<float>(sum);
      gradients.gamma2[m] = static_cast<float>(product);
      const double a = w.gamma2[m] * inverse, b = -a * inverse * product / outCount;
      norm2.a[m] = static_cast<float>(a);
      norm2.b[m] = static_cast<float>(b);
      norm2.c[m] = static_cast<float>(-a * sum / outCount - b * kept.mean2[m]);
    }
    if (s.reduced) {
      const auto total = [&](float* to, size_t at, size_t count) {
        for (size_t i = 0; i < count; ++i) {
          double sum = 0;
          for (int g = 0; g < groups; ++g) sum += partial[g * groupSize + dW2Size + at + i];
          to[i] = static_cast<float>(sum);
        }
      };
      const size_t dense = static_cast<size_t>(s.middle) * s.reduced;
      total(gradients.se1, 0, dense);
      total(gradients.se2, dense, dense);
      total(gradients.seBias1, 2 * dense, s.reduced);
      total(gradients.seBias2, 2 * dense + s.reduced, s.middle);
    }
  }

  // Through the depthwise convolution, the first activation and (but for the norm's correction) the expansion.
  const BackTaps back(geometry, packed.wd, blocks);
  const BackRows backRows(geometry);
  const size_t filterSize = static_cast<size_t>(wide) * taps;
  const size_t w1Size = s.expand ? static_cast<size_t>(wide) * in : 0;
  const size_t groupSize = filterSize + w1Size + wide;
  const int groups = groupsOf(s.batch, groupSize);
  Buffer partial(groups * groupSize);
  Buffer w1t(s.expand ? static_cast<size_t>(wide) * inWide : 0);  // a1 w1, transposed: [wide][inWide]
  if (s.expand)
    for (int m = 0; m < s.middle; ++m)
      for (int c = 0; c < in; ++c)
        w1t[static_cast<size_t>(m) * inWide + c] = w.w1[static_cast<size_t>(c) * s.middle + m] * packed.scale1[m];
  {
    const size_t perThread = (TileScratch::size(s, geometry) + 15) / 16 * 16;
    Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
    for (int g = 0; g < groups; ++g) {
      const TileScratch tiles(scratch + omp_get_thread_num() * perThread, s, geometry);
      float* filter = partial + g * groupSize;
      float* products = filter + filterSize;
      float* sums = products + w1Size;
      for (int n = groupStart(g, groups, s.batch); n < groupStart(g + 1, groups, s.batch); ++n) {
        const float* image = x + n * imageSize;
        int slot = 0, first = 0;
        for (int b = 0; b < blocks; b += 2) {
          const int pair = std::min(2, blocks - b);
          const size_t at = n * spreadImage + static_cast<size_t>(b) * outPixels * 8;
          float* expanded = tiles.expanded + static_cast<size_t>(slot) * inPixels * 8;
          float* filterSums = filter + static_cast<size_t>(b) * taps * 8;
          withActivation(s.activation, [&](auto A) {
            constexpr int act = decltype(A)::value;
            if (pair == 2) unspreadTile<act, 2>(s, geometry, packed, back, backRows, norm2, b, image, kept.spread + at, work + at, tiles, expanded, filterSums);
            else unspreadTile<act, 1>(s, geometry, packed, back, backRows, norm2, b, image, kept.spread + at, work + at, tiles, expanded, filterSums);
          });
          if (!s.expand) {
            if (!gradients.x) continue;
            for (int v = 0; v < pair; ++v) {
              const int lanes = std::min(8, in - 8 * (b + v));
              for (int p = 0; p < inPixels; ++p) {
                const size_t to = n * imageSize + static_cast<size_t>(p) * in + 8 * (b + v);
                v8 d = load(expanded + (static_cast<size_t>(v) * inPixels + p) * 8);
                if (s.residual) d += loadPart(dy + to, lanes);
                storePart(gradients.x + to, d, lanes);
              }
            }
            continue;
          }
          const float* tile0 = expanded;
          const float* tile1 = expanded + static_cast<size_t>(inPixels) * 8;
          for (int v = 0; v < pair; ++v) {
            const float* tile = v ? tile1 : tile0;
            v8 sum = zero();
            for (int p = 0; p < inPixels; ++p) sum += load(tile + 8 * p);
            store(sums + 8 * (b + v), load(sums + 8 * (b + v)) + sum);
          }
          float* to = products + static_cast<size_t>(b) * in * 8;
          if (pair == 2) outer8Rows<2>(image, in, in, {tile0, tile1}, 8, inPixels, {to, to + static_cast<size_t>(in) * 8});
          else outer8Rows<1>(image, in, in, {tile0}, 8, inPixels, {to});
          slot += pair;
          if (!gradients.x) slot = 0;
          else if (slot + 2 > TileScratch::kSlots || b + pair == blocks) {
            float* dx = gradients.x + n * imageSize;
            const float* weights = w1t + static_cast<size_t>(first) * 8 * inWide;
            if (first == 0) productFrom8Rows<false>(tiles.expanded, inPixels, slot, weights, inWide, dx, in, in, inPixels);
            else productFrom8Rows<true>(tiles.expanded, inPixels, slot, weights, inWide, dx, in, in, inPixels);
            first = b + pair;
            slot = 0;
          }
        }
      }
    }
  }
  for (int t = 0; t < taps; ++t)
    for (int m = 0; m < s.middle; ++m) {
      double sum = 0;
      for (int g = 0; g < groups; ++g) sum += partial[g * groupSize + (static_cast<size_t>(m / 8) * taps + t) * 8 + m % 8];
      gradients.wd[static_cast<size_t>(t) * s.middle + m] = static_cast<float>(sum);
    }
  if (!s.expand) return;

  // The first norm's gradient subtracts, per channel, a constant and a multiple of the normalised value; both are
  // linear in x, so their share of dX is one small product, and their share of dW1 follows from the covariance.
  const float* cov = kept.moments;
  const float* mean = cov + static_cast<size_t>(in) * in;
  Doubles product(static_cast<size_t>(in) * s.middle), correction(static_cast<size_t>(in) * in), constant(in);
  covarianceTimes(cov, w.w1, in, s.middle, s.threads, product);
  Doubles scaled(s.middle), shifted(s.middle);
  for (int m = 0; m < s.middle; ++m) {
    const size_t block = m / 8, lane = m % 8;
    double sum = 0, along = 0;
    for (int g = 0; g < groups; ++g) sum += partial[g * groupSize + filterSize + w1Size + m];
    const double inverse = 1 / std::sqrt(static_cast<double>(kept.variance1[m]) + s.epsilon);
    const double a = w.gamma1[m] * inverse;
    Doubles centred(in);
    for (int c = 0; c < in; ++c) {
      for (int g = 0; g < groups; ++g) centred[c] += partial[g * groupSize + filterSize + (block * in + c) * 8 + lane];
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
  const int inBlocks = inWide / 8;
  Buffer matrix(static_cast<size_t>(in) * inWide), bias(inWide);
  for (int b = 0; b < inBlocks; ++b)
    for (int c = 0; c < in; ++c)
      for (int j = 0; j < 8; ++j)
        if (8 * b + j < in) matrix[(static_cast<size_t>(b) * in + c) * 8 + j] = static_cast<float>(-correction[c * in + 8 * b + j]);
  for (int c = 0; c < in; ++c) bias[c] = static_cast<float>(constant[c]);
#pragma omp parallel for schedule(static) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    const float* image = x + n * imageSize;
    const float* dyImage = dy + n * outImage;
    float* dx = gradients.x + n * imageSize;
    const int run = 64;
    alignas(64) float part[8 * run];
    for (int p0 = 0; p0 < inPixels; p0 += run) {
      const int count = std::min(run, inPixels - p0);
      for (int b = 0; b < inBlocks; ++b) {
        const int lanes = std::min(8, in - 8 * b);
        productTiles<1>(image + static_cast<size_t>(p0) * in, in, in, {matrix + static_cast<size_t>(b) * in * 8}, {bias + 8 * b}, count, {part});
        for (int p = 0; p < count; ++p) {
          const size_t to = static_cast<size_t>(p0 + p) * in + 8 * b;
          v8 d = load(part + 8 * p) + loadPart(dx + to, lanes);
          if (s.residual) d += loadPart(dyImage + to, lanes);
          storePart(dx + to, d, lanes);
        }
      }
    }
  }
}

}  // namespace mbconv
