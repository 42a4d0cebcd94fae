// The inner loops of depthwise convolutions, on padded tiles of one block of channels.

/// A rectangle of depthwise taps, `rowStride` floats between rows: weights [rows][columns][kLanes].
struct Taps {
  int rows, columns, rowStride;
  const float* weights;
};

/// T pixels of a row of an image with K columns of taps, S apart: every input is loaded once and goes to all the sums that
/// it belongs to; each sum takes its taps in order.
template <int K, int S, int T>
HOT_INLINE void tapSums(const float* source, const Taps& taps, vec (&acc)[T]) {
  const float* w = taps.weights;
  for (int r = 0; r < taps.rows; ++r, w += kLanes * K) {
    const float* p = source + static_cast<size_t>(r) * taps.rowStride;
    vec weight[K];
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k) weight[k] = load(w + kLanes * k);
#pragma GCC unroll 40
    for (int i = 0; i < S * (T - 1) + K; ++i) {
      const vec x = load(p + kLanes * i);
#pragma GCC unroll 16
      for (int k = 0; k < K; ++k)
        if ((i - k) % S == 0 && i - k >= 0 && (i - k) / S < T) acc[(i - k) / S] += x * weight[k];
    }
  }
}

/// The same for any number of columns.
template <int S, int T>
HOT_INLINE void anyTapSums(const float* source, const Taps& taps, vec (&acc)[T]) {
  const float* w = taps.weights;
  for (int r = 0; r < taps.rows; ++r) {
    const float* p = source + static_cast<size_t>(r) * taps.rowStride;
    for (int k = 0; k < taps.columns; ++k, w += kLanes) {
      const vec wk = load(w);
#pragma GCC unroll 16
      for (int t = 0; t < T; ++t) acc[t] += load(p + kLanes * (k + S * t)) * wk;
    }
  }
}

/// Pixels that are summed at once: their sums, the weights of a row of taps and an input must fit the registers.
template <int K>
constexpr int kTapPixels = kLanes == 16 ? 14 : K <= 3 ? 10 : K <= 5 ? 9 : 7;

/// `pixels` that lie S pixels apart in `source`: the sum of their taps to `out`, `outStride` floats apart, times
/// `factor` (laid out as `out`) where given. K columns of taps; 0 for any number.
template <int K, int S>
void tapRow(const float* source, const Taps& taps, int pixels, float* out, int outStride, const float* factor) {
  pieces(pixels, kTapPixels<K>, [&](int at, int count) {
    withCount(count, [&](auto counted) {
      constexpr int T = decltype(counted)::value;
      if constexpr (T <= kTapPixels<K>) {
        vec acc[T];
#pragma GCC unroll 16
        for (int t = 0; t < T; ++t) acc[t] = zero();
        const float* from = source + static_cast<size_t>(S) * kLanes * at;
        if constexpr (K > 0) tapSums<K, S, T>(from, taps, acc);
        else anyTapSums<S, T>(from, taps, acc);
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

/// Gradients of a row that are held in registers at once.
constexpr int kFilterPixels = kLanes == 16 ? 8 : 4;

/// sums[R * K][kLanes] += for R rows of K taps: input rows `rowStride` apart, against a row of `pixels` gradients. Every input
/// is loaded once; each sum takes the pixels in order.
template <int K, int R, int S>
void filterRows(const float* input, int rowStride, const float* gradient, int pixels, float* sums) {
  vec acc[R][K];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int k = 0; k < K; ++k) acc[r][k] = load(sums + kLanes * (r * K + k));
  const auto some = [&](int at, auto counted) {
    constexpr int N = decltype(counted)::value;
    vec g[N];
    HOT_EACH g[i] = load(gradient + kLanes * (at + i));
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float* in = input + static_cast<size_t>(r) * rowStride + static_cast<size_t>(S) * kLanes * at;
#pragma GCC unroll 40
      for (int j = 0; j < S * (N - 1) + K; ++j) {
        const vec x = load(in + kLanes * j);
#pragma GCC unroll 16
        for (int k = 0; k < K; ++k)
          if ((j - k) % S == 0 && j - k >= 0 && (j - k) / S < N) acc[r][k] += x * g[(j - k) / S];
      }
    }
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
template <int K, int S>
void filterTaps(const float* in, int rowStride, const float* gradient, int pixels, float* sums) {
  constexpr int most = std::max(1, (kLanes == 16 ? 21 : 10) / K);
  int r = 0;
  for (; r + most <= K; r += most) filterRows<K, most, S>(in + r * rowStride, rowStride, gradient, pixels, sums + kLanes * K * r);
  if constexpr (K % most != 0) filterRows<K, K % most, S>(in + r * rowStride, rowStride, gradient, pixels, sums + kLanes * K * r);
}

/// Filter gradient of one tile: `input` is the padded tile at the first tap, rows `rowStride` floats apart; S the stride.
template <int S>
void filterGradient(const float* input, int rowStride, const float* gradient, int gradientRowStride, int rows, int pixels,
                    int k, float* sums) {
  for (int y = 0; y < rows; ++y) {
    const float* in = input + static_cast<size_t>(y) * S * rowStride;
    const float* g = gradient + static_cast<size_t>(y) * gradientRowStride;
    switch (k) {
      case 3:
        filterTaps<3, S>(in, rowStride, g, pixels, sums);
        break;
      case 5:
        filterTaps<5, S>(in, rowStride, g, pixels, sums);
        break;
      case 7:
        filterTaps<7, S>(in, rowStride, g, pixels, sums);
        break;
      default:
        for (int r = 0; r < k; ++r)
          for (int c = 0; c < k; ++c) filterRows<1, 1, S>(in + r * rowStride + kLanes * c, rowStride, g, pixels, sums + kLanes * (k * r + c));
    }
  }
}
