// The inner loops: products of thin matrices and depthwise taps on tiles of eight channels.
// A tile is [pixels][8]; `x` and `out` are ordinary rows of `stride` floats a pixel.

/// T pixels of x · w, K inputs each, for V blocks of channels: `w[v]` is [K][8]; epilogue(t, v, v8).
template <int T, int V, class Epilogue>
HOT_INLINE void productInto8(const float* x, int stride, int K, const float* const (&w)[V], const v8 (&bias)[V], Epilogue epilogue) {
  v8 acc[T][V];
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) acc[t][v] = bias[v];
  for (int c = 0; c < K; ++c) {
    v8 wc[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) wc[v] = load(w[v] + 8 * c);
#pragma GCC unroll 12
    for (int t = 0; t < T; ++t) {
      const v8 s = splat(x[t * stride + c]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[t][v] += s * wc[v];
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) epilogue(t, v, acc[t][v]);
}

/// `pixels` of x · w + bias into V tiles; `bias[v]` points to eight floats.
template <int V>
void productTiles(const float* x, int stride, int K, const float* const (&w)[V], const float* const (&bias)[V], int pixels,
                  float* const (&out)[V]) {
  v8 start[V];
  for (int v = 0; v < V; ++v) start[v] = load(bias[v]);
  constexpr int most = V == 1 ? 12 : 6;
  pieces(pixels, most, [&](int at, int count) {
    withCount(count, [&](auto T) {
      if constexpr (decltype(T)::value <= most) {
        productInto8<decltype(T)::value, V>(x + static_cast<size_t>(at) * stride, stride, K, w, start,
                                            [&](int t, int v, v8 r) { store(out[v] + 8 * (at + t), r); });
      }
    });
  });
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

/// Weights [rows][columns] in panels of 16 columns (the last of 8): [panel][rows][16], so that a product reads them in
/// order. Rows up to `wide` are zeros.
struct Panels {
  Panels(const float* w, int rows, int columns, int wide) : Panels(columns, wide) {
    for (int c = 0; c < columns; c += widthAt(c)) {
      const int width = widthAt(c);
      for (int r = 0; r < rows; ++r)
        for (int v = 0; v < width; v += 8)
          store(at(r, c) + v, loadPart(w + static_cast<size_t>(r) * columns + c + v, std::min(8, columns - c - v)));
    }
  }
  /// Of the transpose of w [columns][rows], row r times scale[r] where given.
  static Panels transposed(const float* w, int rows, int columns, int wide, const float* scale = nullptr) {
    Panels panels(columns, wide);
    for (int c = 0; c < columns; ++c) {
      const int first = c / 16 * 16, base = first + 16 <= columns ? first : c / 8 * 8;
      for (int r = 0; r < rows; ++r)
        panels.at(r, base)[c - base] = w[static_cast<size_t>(c) * rows + r] * (scale ? scale[r] : 1.0f);
    }
    return panels;
  }
  /// All zeros.
  Panels(int columns, int wide) : columns(columns), wide(wide), data(static_cast<size_t>(wide) * ((columns + 7) / 8 * 8)) {}

  int widthAt(int c) const { return c + 16 <= columns ? 16 : 8; }
  const float* at(int row, int c) const { return data.data + static_cast<size_t>(c) * wide + static_cast<size_t>(row) * widthAt(c); }
  float* at(int row, int c) { return data.data + static_cast<size_t>(c) * wide + static_cast<size_t>(row) * widthAt(c); }
  int columns, wide;
  mbconv::Buffer data;
};

/// All `pixels` of (tile blocks · w from row `row` on) into rows of w.columns, `stride` apart.
template <bool ADD>
void productFrom8Rows(const float* tile, int tileSize, int blocks, const Panels& w, int row, float* out, int stride, int pixels) {
  int c = 0;
  for (; c + 16 <= w.columns; c += 16) {
    pieces(pixels, 6, [&](int at, int count) {
      withCount(count, [&](auto T) {
        if constexpr (decltype(T)::value <= 6) {
          float* o = out + static_cast<size_t>(at) * stride + c;
          productFrom8<decltype(T)::value, 2>(tile + 8 * at, tileSize, blocks, w.at(row, c), 16, [&](int t, int v, v8 x) {
            float* p = o + t * stride + 8 * v;
            store(p, ADD ? load(p) + x : x);
          });
        }
      });
    });
  }
  for (; c < w.columns; c += 8) {
    const int lanes = std::min(8, w.columns - c);
    pieces(pixels, 12, [&](int at, int count) {
      withCount(count, [&](auto T) {
        float* o = out + static_cast<size_t>(at) * stride + c;
        productFrom8<decltype(T)::value, 1>(tile + 8 * at, tileSize, blocks, w.at(row, c), 8, [&](int t, int, v8 x) {
          float* p = o + t * stride;
          storePart(p, ADD ? loadPart(p, lanes) + x : x, lanes);
        });
      });
    });
  }
}

/// out[v][c][8] += sum over pixels of x[p][c] · tile[v][p][8], for C channels and V tiles.
template <int C, int V>
HOT_INLINE void outer8(const float* x, int stride, const float* const (&tile)[V], int tileStride, int pixels,
                       float* const (&out)[V], int at) {
  v8 acc[C][V];
#pragma GCC unroll 12
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) acc[c][v] = zero();
  for (int p = 0; p < pixels; ++p) {
    v8 t[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) t[v] = load(tile[v] + static_cast<size_t>(p) * tileStride);
    const float* xp = x + static_cast<size_t>(p) * stride;
#pragma GCC unroll 12
    for (int c = 0; c < C; ++c) {
      const v8 s = splat(xp[c]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[c][v] += s * t[v];
    }
  }
#pragma GCC unroll 12
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      float* o = out[v] + 8 * (at + c);
      store(o, load(o) + acc[c][v]);
    }
}

template <int V>
void outer8Rows(const float* x, int stride, int channels, const float* const (&tile)[V], int tileStride, int pixels,
                float* const (&out)[V]) {
  constexpr int most = V == 1 ? 12 : 6;
  pieces(channels, most, [&](int at, int count) {
    withCount(count, [&](auto C) {
      if constexpr (decltype(C)::value <= most) outer8<decltype(C)::value, V>(x + at, stride, tile, tileStride, pixels, out, at);
    });
  });
}

/// Rows of `channels` in panels of six, [panel][sixesStride(pixels)], six floats a pixel: what outerSixes reads in order.
inline int sixesStride(int pixels) { return (6 * pixels + 2 + 7) / 8 * 8; }
inline size_t sixesSize(int pixels, int channels) { return static_cast<size_t>(channels + 5) / 6 * sixesStride(pixels); }
inline void packSixes(const float* x, int channels, int pixels, float* to) {
  for (int c = 0; c < channels; c += 6, to += sixesStride(pixels)) {
    const int lanes = std::min(8, channels - c);
    const int whole = channels >= 8 ? pixels - 1 : 0;  // the loads of these may run into the next row
    const float* from = x + c;
    for (int p = 0; p < whole; ++p, from += channels) store(to + 6 * p, load(from));
    for (int p = whole; p < pixels; ++p, from += channels) store(to + 6 * p, loadPart(from, lanes));
  }
}

/// out[v][c][8] += sum over pixels of x[p][c] · tile[v][p][8], x packed by packSixes from pixel 0 of `panels` on.
template <int V>
void outerSixes(const float* panels, int panelStride, int channels, const float* const (&tile)[V], int pixels, float* const (&out)[V]) {
  for (int c = 0; c < channels; c += 6, panels += panelStride)
    withCount(std::min(6, channels - c), [&](auto C) {
      if constexpr (decltype(C)::value <= 6) outer8<decltype(C)::value, V>(panels, 6, tile, 8, pixels, out, c);
    });
}

/// A rectangle of depthwise taps, `rowStride` floats between rows: weights [rows][columns][8].
struct Taps {
  int rows, columns, rowStride;
  const float* weights;
};

/// `pixels` that lie S floats apart in `source`: the sum of their taps to `out`, `outStride` floats apart, times
/// `factor` (laid out as `out`) where given. K columns of taps; 0 for any number.
template <int K, int S>
void tapRow(const float* source, const Taps& taps, int pixels, float* out, int outStride, const float* factor) {
  pieces(pixels, 10, [&](int at, int count) {
    withCount(count, [&](auto counted) {
      constexpr int T = decltype(counted)::value;
      if constexpr (T <= 10) {
        v8 acc[T];
#pragma GCC unroll 12
        for (int t = 0; t < T; ++t) acc[t] = zero();
        const float* w = taps.weights;
        for (int r = 0; r < taps.rows; ++r) {
          const float* p = source + static_cast<size_t>(r) * taps.rowStride + S * at;
          if constexpr (K > 0) {
#pragma GCC unroll 12
            for (int k = 0; k < K; ++k, w += 8) {
              const v8 wk = load(w);
#pragma GCC unroll 12
              for (int t = 0; t < T; ++t) acc[t] += load(p + 8 * k + S * t) * wk;
            }
          } else {
            for (int k = 0; k < taps.columns; ++k, w += 8) {
              const v8 wk = load(w);
#pragma GCC unroll 12
              for (int t = 0; t < T; ++t) acc[t] += load(p + 8 * k + S * t) * wk;
            }
          }
        }
        float* o = out + static_cast<size_t>(at) * outStride;
        if (factor) {
          const float* f = factor + static_cast<size_t>(at) * outStride;
#pragma GCC unroll 12
          for (int t = 0; t < T; ++t) acc[t] *= load(f + t * outStride);
        }
#pragma GCC unroll 12
        for (int t = 0; t < T; ++t) store(o + t * outStride, acc[t]);
      }
    });
  });
}

using TapRow = void (*)(const float*, const Taps&, int, float*, int, const float*);

template <int S>
inline TapRow tapRowFor(int columns) {
  switch (columns) {
    case 1:
      return tapRow<1, S>;
    case 2:
      return tapRow<2, S>;
    case 3:
      return tapRow<3, S>;
    case 4:
      return tapRow<4, S>;
    case 5:
      return tapRow<5, S>;
    case 7:
      return tapRow<7, S>;
    default:
      return tapRow<0, S>;
  }
}

/// sums[R * K][8] += for R rows of K taps: input rows `rowStride` apart, against a row of `pixels` gradients.
template <int K, int R, int S>
HOT_INLINE void filterRows(const float* input, int rowStride, const float* gradient, int pixels, float* sums) {
  v8 acc[R][K];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
    for (int k = 0; k < K; ++k) acc[r][k] = load(sums + 8 * (r * K + k));
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
    for (int k = 0; k < K; ++k) store(sums + 8 * (r * K + k), acc[r][k]);
}

/// Filter gradient of one tile: `input` is the padded tile at the first tap, rows `rowStride` floats apart.
template <int S>
void filterGradient(const float* input, int rowStride, const float* gradient, int gradientRowStride, int rows, int pixels,
                    int k, float* sums) {
  for (int y = 0; y < rows; ++y) {
    const float* in = input + static_cast<size_t>(y) * (S / 8) * rowStride;
    const float* g = gradient + static_cast<size_t>(y) * gradientRowStride;
    switch (k) {
      case 3:
        filterRows<3, 3, S>(in, rowStride, g, pixels, sums);
        break;
      case 5:
        filterRows<5, 2, S>(in, rowStride, g, pixels, sums);
        filterRows<5, 2, S>(in + 2 * rowStride, rowStride, g, pixels, sums + 80);
        filterRows<5, 1, S>(in + 4 * rowStride, rowStride, g, pixels, sums + 160);
        break;
      case 7:
        for (int r = 0; r < 7; ++r) filterRows<7, 1, S>(in + r * rowStride, rowStride, g, pixels, sums + 56 * r);
        break;
      default:
        for (int r = 0; r < k; ++r)
          for (int c = 0; c < k; ++c) filterRows<1, 1, S>(in + r * rowStride + 8 * c, rowStride, g, pixels, sums + 8 * (k * r + c));
    }
  }
}
