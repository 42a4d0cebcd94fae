// One vector of kLanes floats, by the compiler's vector extension: the same source gives AVX-512 in avx512.cc, AVX2 + FMA in
// avx2.cc and whatever the target has in base.cc. Included inside a namespace of its own in each, with HOT_LANES set.

constexpr int kLanes = HOT_LANES;
typedef float vec __attribute__((vector_size(4 * kLanes)));
typedef int veci __attribute__((vector_size(4 * kLanes)));
typedef float vecu __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef double vecd __attribute__((vector_size(8 * kLanes)));

/// Columns of a panel of weights: two vectors.
constexpr int kPanel = 2 * kLanes;
/// Pixels whose products with V vectors of weights are summed at once: the sums, the weights and a factor fit the 16
/// registers of AVX2, or the 32 of AVX-512. 14 is what the maps of mobile networks divide by.
template <int V>
constexpr int kPixels = kLanes == 16 ? 14 : V == 1 ? 12 : 6;
/// Pixels in a cache line: blocks that lie an odd number of lines apart do not all fall into one set of the cache.
constexpr int kSkew = 16 / kLanes;
/// n rounded up to whole vectors.
constexpr int wholeLanes(int n) { return (n + kLanes - 1) / kLanes * kLanes; }

#define HOT_INLINE inline __attribute__((always_inline))

HOT_INLINE vec load(const float* p) { return *reinterpret_cast<const vecu*>(p); }
HOT_INLINE void store(float* p, vec x) { *reinterpret_cast<vecu*>(p) = x; }
/// Asks for `pixels` of a block of channels to come into the second-level cache; any address will do.
HOT_INLINE void prefetch(const float* p, int pixels = 1) {
  for (int i = 0; i < pixels; i += kSkew) __builtin_prefetch(p + kLanes * i, 0, 2);
}
HOT_INLINE vec zero() { return vec{}; }
HOT_INLINE vec splat(float x) { return x - vec{}; }
HOT_INLINE vecd doubles(vec x) { return __builtin_convertvector(x, vecd); }
HOT_INLINE vec floats(const vecd& x) { return __builtin_convertvector(x, vec); }

#include "intrinsics.h"

/// The sum of the lanes, pair by pair.
HOT_INLINE float sumOf(vec x) {
  float total = 0;
  for (int j = 0; j < kLanes; j += 8)
    total += ((x[j] + x[j + 1]) + (x[j + 2] + x[j + 3])) + ((x[j + 4] + x[j + 5]) + (x[j + 6] + x[j + 7]));
  return total;
}

// Sigmoids are written out stage by stage for N vectors: one alone is a chain of some twenty dependent operations,
// longer than a processor's window, and so would run at the chain's latency.
#define HOT_EACH _Pragma("GCC unroll 8") for (int i = 0; i < N; ++i)

/// 1 / (1 + e^-x), to 2e-7 relative error.
template <int N>
HOT_INLINE void sigmoids(const vec (&x)[N], vec (&out)[N]) {
  const vec limit = splat(87.0f), log2e = splat(-1.44269504088896341f), magic = splat(12582912.0f), one = splat(1.0f);
  vec f[N], z[N], p[N];
  HOT_EACH f[i] = clamp(x[i], limit);
  HOT_EACH z[i] = f[i] * log2e + magic;  // the whole part of -x log2(e), in the low bits
  HOT_EACH f[i] = f[i] * log2e - (z[i] - magic);
  // Minimax polynomial of 2^f on [-1/2, 1/2], relative error 1e-7.
  HOT_EACH p[i] = f[i] * splat(0.001322540122f) + splat(0.009675668174f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.05550864032f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.2402213061f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.6931469227f);
  HOT_EACH p[i] = p[i] * f[i] + splat(1.000000057f);
  HOT_EACH p[i] = reinterpret_cast<vec>(reinterpret_cast<veci>(p[i]) + (reinterpret_cast<veci>(z[i]) << 23));
  HOT_EACH out[i] = one / (one + p[i]);
}
HOT_INLINE vec sigmoid(vec x) {
  const vec in[1] = {x};
  vec out[1];
  sigmoids<1>(in, out);
  return out[0];
}

/// Activations of N vectors of pre-activations, in place; their slopes too if SLOPE.
template <int ACT, bool SLOPE, int N>
HOT_INLINE void activations(vec (&x)[N], vec (&slope)[N]) {
  const vec one = splat(1.0f), six = splat(6.0f);
  if constexpr (ACT == kSilu) {
    vec s[N];
    sigmoids<N>(x, s);
    HOT_EACH x[i] = x[i] * s[i];
    if constexpr (SLOPE) HOT_EACH slope[i] = s[i] + x[i] * (one - s[i]);
  } else if constexpr (ACT == kRelu) {
    if constexpr (SLOPE) HOT_EACH slope[i] = x[i] > zero() ? one : zero();
    // NaN stays NaN: of two operands, the second; and +0 for -0.
    HOT_EACH x[i] = maxOf(zero(), x[i]) + zero();
  } else if constexpr (ACT == kRelu6) {
    if constexpr (SLOPE) HOT_EACH slope[i] = ((x[i] > zero()) & (x[i] <= six)) ? one : zero();
    HOT_EACH x[i] = minOf(six, maxOf(zero(), x[i]) + zero());
  } else if constexpr (SLOPE) {
    HOT_EACH slope[i] = one;
  }
}
template <int ACT>
HOT_INLINE vec activation(vec n) {
  vec x[1] = {n}, slope[1];
  activations<ACT, false, 1>(x, slope);
  return x[0];
}
template <int ACT>
HOT_INLINE vec activation(vec n, vec& slope) {
  vec x[1] = {n}, d[1];
  activations<ACT, true, 1>(x, d);
  slope = d[0];
  return x[0];
}

/// Calls f(first, std::integral_constant<int, N>) for runs of four and the ones that are left.
template <class F>
HOT_INLINE void fours(int count, F f) {
  int i = 0;
  for (; i + 4 <= count; i += 4) f(i, std::integral_constant<int, 4>{});
  for (; i < count; ++i) f(i, std::integral_constant<int, 1>{});
}

/// Calls f(std::integral_constant<int, n>) for a run-time n of 1..14.
template <class F>
HOT_INLINE void withCount(int n, F f) {
  switch (n) {
#define HOT_CASE(N) \
  case N:           \
    f(std::integral_constant<int, N>{}); \
    break;
    HOT_CASE(1) HOT_CASE(2) HOT_CASE(3) HOT_CASE(4) HOT_CASE(5) HOT_CASE(6)
    HOT_CASE(7) HOT_CASE(8) HOT_CASE(9) HOT_CASE(10) HOT_CASE(11) HOT_CASE(12)
    HOT_CASE(13) HOT_CASE(14)
#undef HOT_CASE
  }
}

/// Calls f(std::integral_constant<int, ACT>).
template <class F>
HOT_INLINE void withActivation(int act, F f) {
  switch (act) {
    case kSilu:
      return f(std::integral_constant<int, kSilu>{});
    case kRelu:
      return f(std::integral_constant<int, kRelu>{});
    case kRelu6:
      return f(std::integral_constant<int, kRelu6>{});
    default:
      return f(std::integral_constant<int, kNone>{});
  }
}

/// Calls f(first, count) for pieces of 1..most that cover 0..n as evenly as can be.
template <class F>
HOT_INLINE void pieces(int n, int most, F f) {
  int left = (n + most - 1) / most;
  for (int at = 0; at < n; --left) {
    const int count = (n - at + left - 1) / left;
    f(at, count);
    at += count;
  }
}
