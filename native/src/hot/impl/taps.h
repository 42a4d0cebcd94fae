// The inner loops of depthwise convolutions, on padded tiles of one block of channels.

/// A rectangle of depthwise taps: weights [rows][columns][kLanes].
struct Taps {
  int rows, columns;
  const float* weights;
};

/// The lowest `count` bits, of fewer than 64.
constexpr unsigned long firstBits(int count) { return (1ul << count) - 1; }

/// Where taps read: a padded tile of one block of channels, from the first tap of the first pixel on. Rows lie `rowStride`
/// floats apart, pixels `step`.
struct Tile {
  const float* first;
  int rowStride;
  static constexpr int step = kLanes;
  bool hasRow(int) const { return true; }
  unsigned long inside(int pixels) const { return firstBits(pixels); }
  const float* row(int r) const { return first + static_cast<std::ptrdiff_t>(r) * rowStride; }
  Tile at(int r, int pixel) const { return {row(r) + static_cast<std::ptrdiff_t>(pixel) * step, rowStride}; }
};

/// Or one block of channels of an image where it lies, from (top, left) on; beyond its edges are zeros, which are skipped.
struct Plane {
  const float* image;
  int height, width, step, top, left;
  bool hasRow(int r) const { return static_cast<unsigned>(top + r) < static_cast<unsigned>(height); }
  unsigned long inside(int pixels) const {
    return firstBits(std::clamp(width - left, 0, pixels)) & ~firstBits(std::clamp(-left, 0, pixels));
  }
  const float* row(int r) const { return image + (static_cast<std::ptrdiff_t>(top + r) * width + left) * step; }
  Plane at(int r, int pixel) const { return {image, height, width, step, top + r, left + pixel}; }
};

/// Of the inputs of T pixels, S apart with K taps each: whether the i-th is none of the first and last K - 1, which alone lie
/// beyond the edges as a rule.
template <int K, int S, int T>
constexpr bool middle(int i) {
  return i >= K - 1 && i <= S * (T - 1);
}
template <int K, int S, int T>
HOT_INLINE bool middleInside(unsigned long inside) {
  constexpr unsigned long bits = S * (T - 1) < K - 1 ? 0 : firstBits(S * (T - 1) + 1) & ~firstBits(K - 1);
  return (inside & bits) == bits;
}

/// One row of K taps for T pixels, S apart: every input is loaded once and goes to all the sums that it belongs to; each sum
/// takes its taps in order. `inside` has a bit for each input that does not lie beyond the edges; MIDDLE: only the first and
/// last ones do.
template <int K, int S, int T, bool MIDDLE>
HOT_INLINE void rowSums(const float* p, int step, unsigned long inside, const float* w, vec (&acc)[T]) {
  vec weight[K];
#pragma GCC unroll 16
  for (int k = 0; k < K; ++k) weight[k] = load(w + kLanes * k);
#pragma GCC unroll 40
  for (int i = 0; i < S * (T - 1) + K; ++i) {
    if (!(MIDDLE && middle<K, S, T>(i)) && !(inside >> i & 1)) continue;
    const vec x = load(p + step * i);
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k)
      if ((i - k) % S == 0 && i - k >= 0 && (i - k) / S < T) acc[(i - k) / S] += x * weight[k];
  }
}

/// All rows of any number of columns of taps.
template <int S, int T, class Source>
HOT_INLINE void anyTapSums(const Source& source, const Taps& taps, vec (&acc)[T]) {
  for (int r = 0; r < taps.rows; ++r) {
    if (!source.hasRow(r)) continue;
    fours(taps.columns, [&](int k, auto counted) {
      constexpr int K = decltype(counted)::value;
      const Source from = source.at(r, k);
      rowSums<K, S, T, false>(from.row(0), from.step, from.inside(S * (T - 1) + K), taps.weights + kLanes * (taps.columns * r + k), acc);
    });
  }
}

/// All rows of taps, of K columns; 0 for any number, which goes by fours.
template <int K, int S, int T, class Source>
HOT_INLINE void tapSums(const Source& source, const Taps& taps, vec (&acc)[T]) {
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) acc[t] = zero();
  if constexpr (K == 0) anyTapSums<S, T>(source, taps, acc);
  else {
    const unsigned long inside = source.inside(S * (T - 1) + K);
    const bool middleIn = middleInside<K, S, T>(inside);
    for (int r = 0; r < taps.rows; ++r) {
      if (!source.hasRow(r)) continue;
      const float *p = source.row(r), *w = taps.weights + kLanes * K * r;
      if (middleIn) rowSums<K, S, T, true>(p, source.step, inside, w, acc);
      else rowSums<K, S, T, false>(p, source.step, inside, w, acc);
    }
  }
}

/// Pixels that are summed at once: their sums, the weights of a row of taps and an input must fit the registers.
template <int K>
constexpr int kTapPixels = kLanes == 16 ? 14 : K <= 3 ? 10 : K <= 5 ? 9 : 7;

/// `pixels` that lie S pixels apart in a tile: the sum of their taps to `out`, `outStride` floats apart, times `factor` (laid
/// out as `out`) where given. K columns of taps; 0 for any number.
template <int K, int S>
void tapRow(const Tile& tile, const Taps& taps, int pixels, float* out, int outStride, const float* factor) {
  pieces(pixels, kTapPixels<K>, [&](int at, int count) {
    withCount(count, [&](auto counted) {
      constexpr int T = decltype(counted)::value;
      if constexpr (T <= kTapPixels<K>) {
        vec acc[T];
        tapSums<K, S, T>(tile.at(0, S * at), taps, acc);
        float* o = out + static_cast<size_t>(at) * outStride;
        if (factor) {
          const float* f = factor + static_cast<size_t>(at) * outStride;
#pragma GCC unroll 16
          for (int t = 0; t < T; ++t) acc[t] *= load(f + t * outStride);
        }
#pragma GCC unroll 16
        for (int t = 0; t < T; ++t) store(o + t * outStride, acc[t]);
      }
    });
  });
}

/// Lines of memory, none by default, that are asked for some at a time, before they are read or written: into the second-level
/// cache, for the first is full of what is computed meanwhile. (`prefetchw`, which brings them to the first, is slower.)
struct Lines {
  const float* next = nullptr;
  int count = 0;
  /// The i-th of n parts.
  Lines part(int i, int n) const {
    const int from = static_cast<int>(static_cast<long>(count) * i / n);
    return {next + 16 * from, static_cast<int>(static_cast<long>(count) * (i + 1) / n) - from};
  }
  /// How many at a time ask for all of them in as many calls.
  int each(int calls) const { return (count + calls - 1) / calls; }
  void ask(int some) {
    prefetch(next, kSkew * some);
    next += 16 * some;
  }
};
inline Lines linesOf(const float* from, std::ptrdiff_t floats) { return {from, static_cast<int>((floats + 15) / 16)}; }

/// Where `rows` rows of sums go, `rowStride` floats from row to row and `stride` from pixel to pixel, past the caches if `past`.
struct SumRows {
  float* first;
  int rows;
  size_t rowStride;
  int pixels, stride;
  bool past;
};

/// The same of `blocks` blocks of channels of an image, side by side there and in `to`, S rows of the image from row to row; the
/// weights of a block lie `weightStride` floats after those of the one before. Pieces of rows go through all blocks: where they
/// lie in a row, and what of them lies beyond the edges, is found once, and the rows of a block share inputs that are in the
/// first-level cache. Meanwhile the lines are asked for that are read and written next.
template <int K, int S>
void tapBlocks(const Plane& plane, const Taps& taps, size_t weightStride, int blocks, const SumRows& to, Lines reads, Lines writes) {
  const int calls = (to.pixels + kTapPixels<K> - 1) / kTapPixels<K> * blocks * to.rows;
  const int readsEach = reads.each(calls), writesEach = writes.each(calls);
  pieces(to.pixels, kTapPixels<K>, [&](int at, int count) {
    withCount(count, [&](auto counted) {
      constexpr int T = decltype(counted)::value;
      if constexpr (T <= kTapPixels<K>) {
        Plane from = plane.at(0, S * at);
        float* out = to.first + static_cast<size_t>(at) * to.stride;
        const float* weights = taps.weights;
        vec acc[T];
        for (int b = 0; b < blocks; ++b, from.image += kLanes, out += kLanes, weights += weightStride) {
          Plane here = from;
          float* o = out;
          for (int y = 0; y < to.rows; ++y, here.top += S, o += to.rowStride) {
            reads.ask(readsEach);
            writes.ask(writesEach);
            tapSums<K, S, T>(here, {taps.rows, taps.columns, weights}, acc);
            if (to.past) {
#pragma GCC unroll 16
              for (int t = 0; t < T; ++t) stream(o + t * to.stride, acc[t]);
            } else {
#pragma GCC unroll 16
              for (int t = 0; t < T; ++t) store(o + t * to.stride, acc[t]);
            }
          }
        }
      }
    });
  });
}

using TapRow = void (*)(const Tile&, const Taps&, int, float*, int, const float*);
using TapBlocks = void (*)(const Plane&, const Taps&, size_t, int, const SumRows&, Lines, Lines);

/// f(std::integral_constant<int, K>, std::integral_constant<int, S>) for a number of columns and a stride; K is 0 for the
/// numbers that have no loops of their own.
template <class F>
HOT_INLINE auto withColumns(int columns, int stride, F f) {
  const auto of = [&](auto K) { return stride == 1 ? f(K, std::integral_constant<int, 1>{}) : f(K, std::integral_constant<int, 2>{}); };
  switch (columns) {
    case 1:
      return of(std::integral_constant<int, 1>{});
    case 2:
      return of(std::integral_constant<int, 2>{});
    case 3:
      return of(std::integral_constant<int, 3>{});
    case 4:
      return of(std::integral_constant<int, 4>{});
    case 5:
      return of(std::integral_constant<int, 5>{});
    case 7:
      return of(std::integral_constant<int, 7>{});
    default:
      return of(std::integral_constant<int, 0>{});
  }
}
inline TapRow tapRowFor(int columns, int stride) {
  return withColumns(columns, stride, [](auto K, auto S) -> TapRow { return tapRow<decltype(K)::value, decltype(S)::value>; });
}
inline TapBlocks tapBlocksFor(int columns, int stride) {
  return withColumns(columns, stride, [](auto K, auto S) -> TapBlocks { return tapBlocks<decltype(K)::value, decltype(S)::value>; });
}

/// Gradients of a row that are held in registers at once.
constexpr int kFilterPixels = kLanes == 16 ? 8 : 4;

/// sums[R * K][kLanes] += for R rows of K taps: rows of `input` against a row of `pixels` gradients, which lie as far apart as
/// its pixels. Every input is loaded once; each sum takes the pixels in order.
template <int K, int R, int S, class Source>
void filterRows(const Source& input, const float* gradient, int pixels, float* sums) {
  vec acc[R][K];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k) acc[r][k] = load(sums + kLanes * (r * K + k));
  const auto sum = [&](const Source& here, unsigned long inside, int at, auto counted, auto middleIn) __attribute__((always_inline)) {
    constexpr int N = decltype(counted)::value;
    vec g[N];
    HOT_EACH g[i] = load(gradient + static_cast<size_t>(input.step) * (at + i));
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      if (!here.hasRow(r)) continue;
      const float* in = here.row(r);
#pragma GCC unroll 40
      for (int j = 0; j < S * (N - 1) + K; ++j) {
        if (!(middleIn.value && middle<K, S, N>(j)) && !(inside >> j & 1)) continue;
        const vec x = load(in + here.step * j);
#pragma GCC unroll 16
        for (int k = 0; k < K; ++k)
          if ((j - k) % S == 0 && j - k >= 0 && (j - k) / S < N) acc[r][k] += x * g[(j - k) / S];
      }
    }
  };
  const auto some = [&](int at, auto counted) __attribute__((always_inline)) {
    constexpr int N = decltype(counted)::value;
    const Source here = input.at(0, S * at);
    const unsigned long inside = here.inside(S * (N - 1) + K);
    if (middleInside<K, S, N>(inside)) sum(here, inside, at, counted, std::true_type{});
    else sum(here, inside, at, counted, std::false_type{});
  };
  int p = 0;
  if constexpr (kFilterPixels == 8) {
    const int most = pixels % 8 != 0 && pixels % 7 == 0 ? 7 : 8;
    if (most == 7) for (; p + 7 <= pixels; p += 7) some(p, std::integral_constant<int, 7>{});
    for (; p + 8 <= pixels; p += 8) some(p, std::integral_constant<int, 8>{});
  }
  for (; p + 4 <= pixels; p += 4) some(p, std::integral_constant<int, 4>{});
  for (; p < pixels; ++p) some(p, std::integral_constant<int, 1>{});
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k) store(sums + kLanes * (r * K + k), acc[r][k]);
}

/// All K rows of K taps, as many at once as the registers hold.
template <int K, int S, class Source>
void filterTaps(const Source& input, const float* gradient, int pixels, float* sums) {
  constexpr int most = std::max(1, (kLanes == 16 ? 21 : 10) / K);
  int r = 0;
  for (; r + most <= K; r += most) filterRows<K, most, S>(input.at(r, 0), gradient, pixels, sums + kLanes * K * r);
  if constexpr (K % most != 0) filterRows<K, K % most, S>(input.at(r, 0), gradient, pixels, sums + kLanes * K * r);
}

/// The filter's gradient of one row of `pixels` gradients, S the stride; `input` begins at the first tap.
template <int S, class Source>
void filterGradient(const Source& input, const float* gradient, int pixels, int k, float* sums) {
  switch (k) {
    case 3:
      return filterTaps<3, S>(input, gradient, pixels, sums);
    case 5:
      return filterTaps<5, S>(input, gradient, pixels, sums);
    case 7:
      return filterTaps<7, S>(input, gradient, pixels, sums);
    default:
      for (int r = 0; r < k; ++r)
        fours(k, [&](int c, auto counted) {
          filterRows<decltype(counted)::value, 1, S>(input.at(r, c), gradient, pixels, sums + kLanes * (k * r + c));
        });
  }
}

/// The same of `rows` rows, which lie `gradientRowStride` floats apart.
inline void filterGradient(const Tile& input, const float* gradient, int gradientRowStride, int rows, int pixels, int k, int stride,
                           float* sums) {
  for (int y = 0; y < rows; ++y, gradient += gradientRowStride) {
    if (stride == 1) filterGradient<1>(input.at(y, 0), gradient, pixels, k, sums);
    else filterGradient<2>(input.at(2 * y, 0), gradient, pixels, k, sums);
  }
}
