// The backward passes of mbconv.h: through the projection (per image), the depthwise norm and convolution
// (per tile), and last the small correction that the expansion's norm asks for.

namespace mbconv {

/// Gradient of one image before the depthwise norm, into `work`; sums of it, and the projection's gradient.
template <int ACT>
void unprojectImage(const MBConvShape& s, const MBConvWeights& w, const Packed& packed, const MBConvKept& kept,
                    const float* w2t, const float* dP, const float* spread, const float* pooled, const float* centre,
                    float* work, float* scratch, float* dW2, const MBConvGradients& gateGradients, float* sums,
                    float* products) {
  const int pixels = s.outPixels(), blocks = packed.blocks, out = s.outChannels;
  float* tile = scratch;  // [pixels][8]
  float* gate = tile + static_cast<size_t>(pixels) * 8;
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
      for (int p = 0; p < pixels; ++p) store(tile + 8 * p, activation<ACT>(load(d + 8 * p) * scale + shift));
      std::memset(panel, 0, sizeof(float) * 8 * out);
      outer8Rows(dP, out, out, tile, 8, pixels, panel);
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
  for (int b = 0; b < blocks; ++b) {
    const float* d = spread + static_cast<size_t>(b) * pixels * 8;
    float* dN = work + static_cast<size_t>(b) * pixels * 8;
    const float* weights = w2t + static_cast<size_t>(b) * out * 8;
    const v8 scale = load(packed.scale2.data + 8 * b), shift = load(packed.shift2.data + 8 * b);
    const v8 mean = load(centre + 8 * b);
    v8 sum = zero(), product = zero();
    const auto run = [&](auto SE) {
      constexpr bool gated = decltype(SE)::value;
      const v8 g = gated ? load(gate + 8 * b) : zero(), q = gated ? load(dPooled + 8 * b) : zero();
      pieces(pixels, 10, [&](int at, int count) {
        withCount(count, [&](auto T) {
          productInto8<decltype(T)::value>(dP + static_cast<size_t>(at) * out, out, out, weights, zero(), [&](int t, v8 dB) {
            if constexpr (gated) dB = dB * g + q;
            const v8 spreadValue = load(d + 8 * (at + t));
            v8 slope;
            const v8 value = activation<ACT>(spreadValue * scale + shift, slope);
            if constexpr (!gated) store(tile + 8 * (at + t), value);
            const v8 gradient = dB * slope;
            store(dN + 8 * (at + t), gradient);
            sum += gradient;
            product += gradient * (spreadValue - mean);
          });
        });
      });
      if constexpr (!gated) outer8Rows(dP, out, out, tile, 8, pixels, dW2 + static_cast<size_t>(b) * out * 8);
    };
    if (s.reduced) run(std::true_type{});
    else run(std::false_type{});
    store(sums + 8 * b, sum);
    store(products + 8 * b, product);
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

/// What one thread needs for a tile.
struct TileScratch {
  TileScratch(float* memory, const MBConvShape& s, const Geometry& g) {
    tile = memory;
    gradient = tile + g.tileSize();
    slope = gradient + g.gradientSize();
    expanded = slope + static_cast<size_t>(s.inPixels()) * 8;
  }
  static size_t size(const MBConvShape& s, const Geometry& g) {
    return g.tileSize() + g.gradientSize() + static_cast<size_t>(s.inPixels()) * 8 * (1 + kSlots) + 16;
  }
  static constexpr int kSlots = 4;
  float *tile, *gradient, *slope;
  float* expanded;  // gradient before the expansion's norm, [slots][pixels][8]
};

/// Backward through the depthwise convolution and the expansion's activation for one block of one image.
template <int ACT, int S>
HOT_INLINE void unspreadTile(const MBConvShape& s, const Geometry& geometry, const Packed& packed, const BackTaps& back,
                             const NormGradient& norm, int block, const float* image, const float* spread,
                             const float* dN, TileScratch scratch, float* expanded, v8* filterSums) {
  const int rowStride = geometry.rowStride(), gradientStride = geometry.gradientRowStride();
  float* inner = scratch.tile + s.padTop * rowStride + 8 * s.padLeft;
  float* gradient = scratch.gradient + geometry.gradientTop * gradientStride + 8 * geometry.gradientLeft;
  const v8 a = load(norm.a.data + 8 * block), b = load(norm.b.data + 8 * block), c = load(norm.c.data + 8 * block);
  for (int y = 0; y < s.outHeight; ++y) {
    const size_t from = static_cast<size_t>(y) * s.outWidth * 8;
    float* to = gradient + static_cast<size_t>(y) * gradientStride;
    for (int x = 0; x < s.outWidth; ++x)
      store(to + 8 * x, load(dN + from + 8 * x) * a + (load(spread + from + 8 * x) * b + c));
  }
  for (int y = 0; y < s.height; ++y)
    expandRow<ACT, true>(s, packed, block, image, y, inner + static_cast<size_t>(y) * rowStride,
                         scratch.slope + static_cast<size_t>(y) * s.width * 8);
  filterGradient<S>(scratch.tile, rowStride, gradient, gradientStride, s.outHeight, s.outWidth, s.kernel, filterSums);

  const float* weights = back.weights.data + static_cast<size_t>(block) * back.taps * 8;
  for (const Geometry::Class& k : geometry.classes) {
    const Taps taps{static_cast<int>(k.taps.size()), k.offsets.data(), weights};
    weights += 8 * k.taps.size();
    for (int q = 0; q < k.rows; ++q) {
      const size_t row = (static_cast<size_t>(k.row + q * s.stride) * s.width + k.column) * 8;
      pieces(k.columns, 10, [&](int at, int count) {
        withCount(count, [&](auto T) {
          sumTaps<decltype(T)::value, 8>(scratch.gradient + static_cast<size_t>(q) * gradientStride + 8 * at, taps, zero(),
                                         [&](int t, v8 dA) {
                                           const size_t p = row + static_cast<size_t>(at + t) * S;
                                           if (s.expand) dA *= load(scratch.slope + p);
                                           store(expanded + p, dA);
                                         });
        });
      });
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
    const size_t perThread = outImage + static_cast<size_t>(outPixels) * 8 + 3 * wide + 2 * s.reduced + 8 * out + 64;
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
        for (int b = 0; b < blocks; ++b) {
          const size_t at = n * spreadImage + static_cast<size_t>(b) * outPixels * 8;
          float* expanded = tiles.expanded + static_cast<size_t>(slot) * inPixels * 8;
          v8* filterSums = reinterpret_cast<v8*>(filter + static_cast<size_t>(b) * taps * 8);
          withActivation(s.activation, [&](auto A) {
            constexpr int act = decltype(A)::value;
            if (s.stride == 1) unspreadTile<act, 8>(s, geometry, packed, back, norm2, b, image, kept.spread + at, work + at, tiles, expanded, filterSums);
            else unspreadTile<act, 16>(s, geometry, packed, back, norm2, b, image, kept.spread + at, work + at, tiles, expanded, filterSums);
          });
          if (!s.expand) {
            if (!gradients.x) continue;
            const int lanes = std::min(8, in - 8 * b);
            for (int p = 0; p < inPixels; ++p) {
              const size_t to = n * imageSize + static_cast<size_t>(p) * in + 8 * b;
              v8 d = load(expanded + 8 * p);
              if (s.residual) d += loadPart(dy + to, lanes);
              storePart(gradients.x + to, d, lanes);
            }
            continue;
          }
          v8 sum = zero();
          for (int p = 0; p < inPixels; ++p) sum += load(expanded + 8 * p);
          store(sums + 8 * b, load(sums + 8 * b) + sum);
          outer8Rows(image, in, in, expanded, 8, inPixels, products + static_cast<size_t>(b) * in * 8);
          if (gradients.x && (++slot == TileScratch::kSlots || b + 1 == blocks)) {
            float* dx = gradients.x + n * imageSize;
            const float* weights = w1t + static_cast<size_t>(first) * 8 * inWide;
            if (first == 0) productFrom8Rows<false>(tiles.expanded, inPixels, slot, weights, inWide, dx, in, in, inPixels);
            else productFrom8Rows<true>(tiles.expanded, inPixels, slot, weights, inWide, dx, in, in, inPixels);
            first = b + 1;
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
    pieces(inPixels, 12, [&](int at, int count) {
      withCount(count, [&](auto T) {
        for (int b = 0; b < inBlocks; ++b) {
          const int lanes = std::min(8, in - 8 * b);
          productInto8<decltype(T)::value>(image + static_cast<size_t>(at) * in, in, in,
                                           matrix + static_cast<size_t>(b) * in * 8, load(bias + 8 * b), [&](int t, v8 d) {
                                             const size_t to = static_cast<size_t>(at + t) * in + 8 * b;
                                             d += loadPart(dx + to, lanes);
                                             if (s.residual) d += loadPart(dyImage + to, lanes);
                                             storePart(dx + to, d, lanes);
                                           });
        }
      });
    });
  }
}

}  // namespace mbconv
