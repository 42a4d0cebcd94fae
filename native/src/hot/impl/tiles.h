// The inner loops: products of thin matrices and depthwise taps on tiles of one block of channels.
// A tile is [pixels][kLanes]; `x` and `out` are ordinary rows of `stride` floats a pixel.

/// T pixels of x · w, K inputs each, for V blocks of channels: `w[v]` is [K][kLanes]; epilogue(t, v, vec).
template <int T, int V, class Epilogue>
HOT_INLINE void productIntoBlocks(const float* x, int stride, int K, const float* const (&w)[V], const vec (&bias)[V], Epilogue epilogue) {
  vec acc[T][V];
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) acc[t][v] = bias[v];
  for (int c = 0; c < K; ++c) {
    vec wc[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) wc[v] = load(w[v] + kLanes * c);
#pragma GCC unroll 16
    for (int t = 0; t < T; ++t) {
      const vec s = splat(x[t * stride + c]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[t][v] += s * wc[v];
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) epilogue(t, v, acc[t][v]);
}

/// `pixels` of x · w + bias into V tiles; `bias[v]` points to one block of floats.
template <int V>
void productTiles(const float* x, int stride, int K, const float* const (&w)[V], const float* const (&bias)[V], int pixels,
                  float* const (&out)[V]) {
  vec start[V];
  for (int v = 0; v < V; ++v) start[v] = load(bias[v]);
  constexpr int most = kPixels<V>;
  pieces(pixels, most, [&](int at, int count) {
    withCount(count, [&](auto T) {
      if constexpr (decltype(T)::value <= most) {
        productIntoBlocks<decltype(T)::value, V>(x + static_cast<size_t>(at) * stride, stride, K, w, start,
                                            [&](int t, int v, vec r) { store(out[v] + kLanes * (at + t), r); });
      }
    });
  });
}

/// T pixels of (tile blocks · w), V vectors wide: `tile` is [blocks][tileSize][kLanes], `w` [kLanes blocks][wStride].
/// epilogue(t, v, vec)
template <int T, int V, class Epilogue>
HOT_INLINE void productFromBlocks(const float* tile, int tileSize, int blocks, const float* w, int wStride, Epilogue epilogue) {
  vec acc[T][V];
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) acc[t][v] = zero();
  for (int b = 0; b < blocks; ++b, tile += kLanes * tileSize, w += kLanes * wStride) {
    for (int j = 0; j < kLanes; ++j) {
      vec wj[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) wj[v] = load(w + j * wStride + kLanes * v);
#pragma GCC unroll 16
      for (int t = 0; t < T; ++t) {
        const vec s = splat(tile[kLanes * t + j]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) acc[t][v] += s * wj[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) epilogue(t, v, acc[t][v]);
}

/// Weights of more floats than are packed in some tens of microseconds by one thread, are shared by all.
constexpr long kPackedAtOnce = 1 << 15;

/// Weights [rows][columns] in panels of kPanel columns (the last of kLanes): [panel][rows][kPanel], so that a product reads
/// them in order. Rows up to `wide` are zeros.
struct Panels {
  Panels(const float* w, int rows, int columns, int wide) : Panels(columns, wide) {
    for (int c = 0; c < columns; c += widthAt(c)) {
      const int width = widthAt(c);
      for (int r = 0; r < rows; ++r)
        for (int v = 0; v < width; v += kLanes)
          store(at(r, c) + v, loadPart(w + static_cast<size_t>(r) * columns + c + v, std::min(kLanes, columns - c - v)));
    }
  }
  /// Of the transpose of w [columns][rows], row r times scale[r] where given.
  static Panels transposed(const float* w, int rows, int columns, int wide, int threads, const float* scale = nullptr) {
    Panels panels(columns, wide);
#pragma omp parallel for schedule(static) num_threads(threads) if (static_cast<long>(rows) * columns > kPackedAtOnce)
    for (int c = 0; c < columns; ++c) {
      const int first = c / kPanel * kPanel, base = first + kPanel <= columns ? first : c / kLanes * kLanes;
      for (int r = 0; r < rows; ++r)
        panels.at(r, base)[c - base] = w[static_cast<size_t>(c) * rows + r] * (scale ? scale[r] : 1.0f);
    }
    return panels;
  }
  /// All zeros.
  Panels(int columns, int wide) : columns(columns), wide(wide), data(static_cast<size_t>(wide) * (wholeLanes(columns))) {}

  int widthAt(int c) const { return c + kPanel <= columns ? kPanel : kLanes; }
  const float* at(int row, int c) const { return data.data + static_cast<size_t>(c) * wide + static_cast<size_t>(row) * widthAt(c); }
  float* at(int row, int c) { return data.data + static_cast<size_t>(c) * wide + static_cast<size_t>(row) * widthAt(c); }
  int columns, wide;
  Buffer data;
};

/// All `pixels` of (tile blocks · w from row `row` on) into rows of w.columns, `stride` apart.
template <bool ADD>
void productFromBlocksRows(const float* tile, int tileSize, int blocks, const Panels& w, int row, float* out, int stride, int pixels) {
  int c = 0;
  for (; c + kPanel <= w.columns; c += kPanel) {
    pieces(pixels, kPixels<2>, [&](int at, int count) {
      withCount(count, [&](auto T) {
        if constexpr (decltype(T)::value <= kPixels<2>) {
          float* o = out + static_cast<size_t>(at) * stride + c;
          productFromBlocks<decltype(T)::value, 2>(tile + kLanes * at, tileSize, blocks, w.at(row, c), kPanel, [&](int t, int v, vec x) {
            float* p = o + t * stride + kLanes * v;
            store(p, ADD ? load(p) + x : x);
          });
        }
      });
    });
  }
  for (; c < w.columns; c += kLanes) {
    const int lanes = std::min(kLanes, w.columns - c);
    pieces(pixels, kPixels<1>, [&](int at, int count) {
      withCount(count, [&](auto T) {
        if constexpr (decltype(T)::value <= kPixels<1>) {
          float* o = out + static_cast<size_t>(at) * stride + c;
          productFromBlocks<decltype(T)::value, 1>(tile + kLanes * at, tileSize, blocks, w.at(row, c), kLanes, [&](int t, int, vec x) {
            float* p = o + t * stride;
            storePart(p, ADD ? loadPart(p, lanes) + x : x, lanes);
          });
        }
      });
    });
  }
}

/// out[v][c][kLanes] += sum over pixels of x[p][c] · tile[v][p][kLanes], for C channels and V tiles. `ahead` are as many
/// pixels of a block that will be read next: they come from memory while this is computed.
template <int C, int V>
HOT_INLINE void outer(const float* x, int stride, const float* const (&tile)[V], int tileStride, int pixels,
                       float* const (&out)[V], int at, const float* ahead) {
  vec acc[C][V];
#pragma GCC unroll 16
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) acc[c][v] = zero();
  for (int p = 0; p < pixels; ++p) {
    vec t[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) t[v] = load(tile[v] + static_cast<size_t>(p) * tileStride);
    prefetch(ahead + kLanes * p);
    const float* xp = x + static_cast<size_t>(p) * stride;
#pragma GCC unroll 16
    for (int c = 0; c < C; ++c) {
      const vec s = splat(xp[c]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) acc[c][v] += s * t[v];
    }
  }
#pragma GCC unroll 16
  for (int c = 0; c < C; ++c)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      float* o = out[v] + kLanes * (at + c);
      store(o, load(o) + acc[c][v]);
    }
}

template <int V>
void outerRows(const float* x, int stride, int channels, const float* const (&tile)[V], int tileStride, int pixels,
                float* const (&out)[V]) {
  constexpr int most = kPixels<V>;
  pieces(channels, most, [&](int at, int count) {
    withCount(count, [&](auto C) {
      if constexpr (decltype(C)::value <= most) outer<decltype(C)::value, V>(x + at, stride, tile, tileStride, pixels, out, at, tile[0]);
    });
  });
}

/// Rows of `channels` in strips of at most kPixels<2>, [strip][stripStride], stripWidth floats a pixel: what outerStrips
/// reads in order.
inline int stripWidth(int channels) {
  const int strips = (channels + kPixels<2> - 1) / kPixels<2>;
  return (channels + strips - 1) / strips;
}
inline int stripStride(int pixels, int channels) {
  const int width = stripWidth(channels);
  return wholeLanes(width * pixels + kLanes - width);
}
inline size_t stripsSize(int pixels, int channels) {
  const int width = stripWidth(channels);
  return static_cast<size_t>((channels + width - 1) / width) * stripStride(pixels, channels);
}
inline void packStrips(const float* x, int channels, int pixels, float* to) {
  const int width = stripWidth(channels), stride = stripStride(pixels, channels);
  for (int c = 0; c < channels; c += width, to += stride) {
    const int lanes = std::min(kLanes, channels - c);
    const int whole = channels >= kLanes ? pixels - 1 : 0;  // the loads of these may run into the next row
    const float* from = x + c;
    for (int p = 0; p < whole; ++p, from += channels) store(to + width * p, load(from));
    for (int p = whole; p < pixels; ++p, from += channels) store(to + width * p, loadPart(from, lanes));
  }
}

/// Runs of pixels that will be read or written next, one for each strip of a product.
struct Ahead {
  const float* runs[4];
  int count = 0;
  void add(const float* run) { runs[count++] = run; }
};

/// out[v][c][kLanes] += sum over `pixels` of x[p][c] · tile[v][p][kLanes], x packed by packStrips (of `packed` pixels) from
/// pixel `from` on.
template <int V>
void outerStrips(const float* strips, int packed, int from, int channels, const float* const (&tile)[V], int pixels,
                 float* const (&out)[V], const Ahead& ahead = {}) {
  const int width = stripWidth(channels), stride = stripStride(packed, channels);
  strips += width * from;
  int strip = 0;
  for (int c = 0; c < channels; c += width, strips += stride, ++strip) {
    const float* next = strip < ahead.count ? ahead.runs[strip] : tile[0];
    withCount(std::min(width, channels - c), [&](auto C) {
      if constexpr (decltype(C)::value <= kPixels<2>) outer<decltype(C)::value, V>(strips, width, tile, kLanes, pixels, out, c, next);
    });
  }
}
