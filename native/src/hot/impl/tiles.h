// The inner loops: products of thin matrices and depthwise taps on tiles of eight channels.
// A tile is [pixels][8]; `x` and `out` are ordinary rows of `stride` floats a pixel.

/// T pixels of x · w, K inputs each: `w` is [K][8]; epilogue(t, v8) takes what comes out, `bias` added.
template <int T, class Epilogue>
HOT_INLINE void productInto8(const float* x, int stride, int K, const float* w, v8 bias, Epilogue epilogue) {
  v8 acc[T];
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t) acc[t] = bias;
  for (int c = 0; c < K; ++c) {
    const v8 wc = load(w + 8 * c);
#pragma GCC unroll 12
    for (int t = 0; t < T; ++t) acc[t] += splat(x[t * stride + c]) * wc;
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t) epilogue(t, acc[t]);
}

/// T pixels of (tile blocks · w), V vectors wide: `tile` is [blocks][tileSize][8], `w` [8 blocks][wStride].
/// epilogue(t, v, v8)
template <int T, int V, class Epilogue>
HOT_INLINE void productFrom8(const float* tile, int tileSize, int blocks, const float* w, int wStride, Epilogue epilogue) {
  v8 acc[T][V];
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) acc[t][v] = zero();
  for (int b = 0; b < blocks; ++b, tile += 8 * tileSize, w += 8 * wStride) {
    for (int j = 0; j < 8; ++j) {
      v8 wj[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) wj[v] = load(w + j * wStride + 8 * v);
#pragma GCC unroll 12
      for (int t = 0; t < T; ++t) {
        const v8 s = splat(tile[8 * t + j]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) acc[t][v] += s * wj[v];
      }
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) epilogue(t, v, acc[t][v]);
}

/// All `pixels` of (tile blocks · w) into rows of `channels`, w padded to whole vectors ([8 blocks][wStride]).
template <bool ADD>
HOT_INLINE void productFrom8Rows(const float* tile, int tileSize, int blocks, const float* w, int wStride, float* out,
                                 int stride, int channels, int pixels) {
  int c = 0;
  for (; c + 16 <= channels; c += 16) {
    pieces(pixels, 6, [&](int at, int count) {
      withCount(count, [&](auto T) {
        if constexpr (decltype(T)::value <= 6) {
          float* o = out + static_cast<size_t>(at) * stride + c;
          productFrom8<decltype(T)::value, 2>(tile + 8 * at, tileSize, blocks, w + c, wStride, [&](int t, int v, v8 x) {
            float* p = o + t * stride + 8 * v;
            store(p, ADD ? load(p) + x : x);
          });
        }
      });
    });
  }
  for (; c < channels; c += 8) {
    const int lanes = std::min(8, channels - c);
    pieces(pixels, 12, [&](int at, int count) {
      withCount(count, [&](auto T) {
        float* o = out + static_cast<size_t>(at) * stride + c;
        productFrom8<decltype(T)::value, 1>(tile + 8 * at, tileSize, blocks, w + c, wStride, [&](int t, int, v8 x) {
          float* p = o + t * stride;
          storePart(p, ADD ? loadPart(p, lanes) + x : x, lanes);
        });
      });
    });
  }
}

/// out[c][8] += sum over pixels of x[p][c] · tile[p][8], for C channels.
template <int C>
HOT_INLINE void outer8(const float* x, int stride, const float* tile, int tileStride, int pixels, float* out) {
  v8 acc[C];
#pragma GCC unroll 12
  for (int c = 0; c < C; ++c) acc[c] = zero();
  for (int p = 0; p < pixels; ++p) {
    const v8 t = load(tile + static_cast<size_t>(p) * tileStride);
    const float* xp = x + static_cast<size_t>(p) * stride;
#pragma GCC unroll 12
    for (int c = 0; c < C; ++c) acc[c] += splat(xp[c]) * t;
  }
#pragma GCC unroll 12
  for (int c = 0; c < C; ++c) store(out + 8 * c, load(out + 8 * c) + acc[c]);
}

HOT_INLINE void outer8Rows(const float* x, int stride, int channels, const float* tile, int tileStride, int pixels,
                           float* out) {
  pieces(channels, 12, [&](int at, int count) {
    withCount(count, [&](auto C) { outer8<decltype(C)::value>(x + at, stride, tile, tileStride, pixels, out + 8 * at); });
  });
}

/// Taps of a depthwise convolution: where each looks (floats from the pixel's place) and its weights [taps][8].
struct Taps {
  int count = 0;
  const int* offsets = nullptr;
  const float* weights = nullptr;
};

/// T pixels that lie S floats apart in `source`: the sum of their taps, to epilogue(t, v8).
template <int T, int S, class Epilogue>
HOT_INLINE void sumTaps(const float* source, const Taps& taps, v8 bias, Epilogue epilogue) {
  v8 acc[T];
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t) acc[t] = bias;
  for (int k = 0; k < taps.count; ++k) {
    const v8 w = load(taps.weights + 8 * k);
    const float* p = source + taps.offsets[k];
#pragma GCC unroll 12
    for (int t = 0; t < T; ++t) acc[t] += load(p + S * t) * w;
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t) epilogue(t, acc[t]);
}

/// sums[R * K][8] += for R rows of K taps: input rows `rowStride` apart, against a row of `pixels` gradients.
template <int K, int R, int S>
HOT_INLINE void filterRows(const float* input, int rowStride, const float* gradient, int pixels, v8* sums) {
  v8 acc[R][K];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
    for (int k = 0; k < K; ++k) acc[r][k] = sums[r * K + k];
  for (int p = 0; p < pixels; ++p) {
    const v8 g = load(gradient + 8 * p);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
      for (int k = 0; k < K; ++k) acc[r][k] += load(input + r * rowStride + S * p + 8 * k) * g;
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
    for (int k = 0; k < K; ++k) sums[r * K + k] = acc[r][k];
}

/// Filter gradient of one tile: `input` is the padded tile at the first tap, rows `rowStride` floats apart.
template <int S>
HOT_INLINE void filterGradient(const float* input, int rowStride, const float* gradient, int gradientRowStride, int rows,
                               int pixels, int k, v8* sums) {
  for (int y = 0; y < rows; ++y) {
    const float* in = input + static_cast<size_t>(y) * (S / 8) * rowStride;
    const float* g = gradient + static_cast<size_t>(y) * gradientRowStride;
    switch (k) {
      case 3:
        filterRows<3, 3, S>(in, rowStride, g, pixels, sums);
        break;
      case 5:
        filterRows<5, 2, S>(in, rowStride, g, pixels, sums);
        filterRows<5, 2, S>(in + 2 * rowStride, rowStride, g, pixels, sums + 10);
        filterRows<5, 1, S>(in + 4 * rowStride, rowStride, g, pixels, sums + 20);
        break;
      case 7:
        for (int r = 0; r < 7; ++r) filterRows<7, 1, S>(in + r * rowStride, rowStride, g, pixels, sums + 7 * r);
        break;
      default:
        for (int r = 0; r < k; ++r)
          for (int c = 0; c < k; ++c) filterRows<1, 1, S>(in + r * rowStride + 8 * c, rowStride, g, pixels, sums + k * r + c);
    }
  }
}
