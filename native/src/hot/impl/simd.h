// Eight floats at a time, by the compiler's vector extension: the same source gives AVX2 + FMA in avx2.cc
// and whatever the target has in base.cc. Included inside a namespace of its own in each.

typedef float v8 __attribute__((vector_size(32)));
typedef int v8i __attribute__((vector_size(32)));
typedef float v8u __attribute__((vector_size(32), aligned(4), may_alias));

#define HOT_INLINE inline __attribute__((always_inline))

HOT_INLINE v8 load(const float* p) { return *reinterpret_cast<const v8u*>(p); }
HOT_INLINE void store(float* p, v8 x) { *reinterpret_cast<v8u*>(p) = x; }
HOT_INLINE v8 splat(float x) { return v8{x, x, x, x, x, x, x, x}; }
HOT_INLINE v8 zero() { return v8{}; }
HOT_INLINE v8 maxOf(v8 a, v8 b) { return a > b ? a : b; }
HOT_INLINE v8 minOf(v8 a, v8 b) { return a < b ? a : b; }

/// Up to eight floats; the lanes beyond are 0.
HOT_INLINE v8 loadPart(const float* p, int count) {
  if (count >= 8) return load(p);
  v8 x = {};
  for (int i = 0; i < count; ++i) x[i] = p[i];
  return x;
}
HOT_INLINE void storePart(float* p, v8 x, int count) {
  if (count >= 8) return store(p, x);
  for (int i = 0; i < count; ++i) p[i] = x[i];
}

typedef double v8d __attribute__((vector_size(64)));
HOT_INLINE v8d doubles(v8 x) { return __builtin_convertvector(x, v8d); }
HOT_INLINE v8 floats(const v8d& x) { return __builtin_convertvector(x, v8); }

HOT_INLINE v8 clamp(v8 x, v8 limit) {
#ifdef __AVX__
  return reinterpret_cast<v8>(_mm256_min_ps(_mm256_max_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(-limit)),
                                            reinterpret_cast<__m256>(limit)));
#else
  return minOf(maxOf(x, -limit), limit);
#endif
}

// Sigmoids are written out stage by stage for N vectors: one alone is a chain of some twenty dependent operations,
// longer than a processor's window, and so would run at the chain's latency.
#define HOT_EACH _Pragma("GCC unroll 8") for (int i = 0; i < N; ++i)

/// 1 / (1 + e^-x), to 2e-7 relative error.
template <int N>
HOT_INLINE void sigmoids(const v8 (&x)[N], v8 (&out)[N]) {
  const v8 limit = splat(87.0f), log2e = splat(-1.44269504088896341f), magic = splat(12582912.0f), one = splat(1.0f);
  v8 f[N], z[N], p[N];
  HOT_EACH f[i] = clamp(x[i], limit);
  HOT_EACH z[i] = f[i] * log2e + magic;  // the whole part of -x log2(e), in the low bits
  HOT_EACH f[i] = f[i] * log2e - (z[i] - magic);
  // Minimax polynomial of 2^f on [-1/2, 1/2], relative error 1e-7.
  HOT_EACH p[i] = f[i] * splat(0.001322540122f) + splat(0.009675668174f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.05550864032f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.2402213061f);
  HOT_EACH p[i] = p[i] * f[i] + splat(0.6931469227f);
  HOT_EACH p[i] = p[i] * f[i] + splat(1.000000057f);
  HOT_EACH p[i] = reinterpret_cast<v8>(reinterpret_cast<v8i>(p[i]) + (reinterpret_cast<v8i>(z[i]) << 23));
  HOT_EACH out[i] = one / (one + p[i]);
}
HOT_INLINE v8 sigmoid(v8 x) {
  const v8 in[1] = {x};
  v8 out[1];
  sigmoids<1>(in, out);
  return out[0];
}

/// Activations of N vectors of pre-activations, in place; their slopes too if SLOPE.
template <int ACT, bool SLOPE, int N>
HOT_INLINE void activations(v8 (&x)[N], v8 (&slope)[N]) {
  const v8 one = splat(1.0f), six = splat(6.0f);
  if constexpr (ACT == kSilu) {
    v8 s[N];
    sigmoids<N>(x, s);
    HOT_EACH x[i] = x[i] * s[i];
    if constexpr (SLOPE) HOT_EACH slope[i] = s[i] + x[i] * (one - s[i]);
  } else if constexpr (ACT == kRelu) {
    if constexpr (SLOPE) HOT_EACH slope[i] = x[i] > zero() ? one : zero();
    HOT_EACH x[i] = maxOf(x[i], zero());
  } else if constexpr (ACT == kRelu6) {
    if constexpr (SLOPE) HOT_EACH slope[i] = ((x[i] > zero()) & (x[i] <= six)) ? one : zero();
    HOT_EACH x[i] = minOf(maxOf(x[i], zero()), six);
  } else if constexpr (SLOPE) {
    HOT_EACH slope[i] = one;
  }
}
template <int ACT>
HOT_INLINE v8 activation(v8 n) {
  v8 x[1] = {n}, slope[1];
  activations<ACT, false, 1>(x, slope);
  return x[0];
}
template <int ACT>
HOT_INLINE v8 activation(v8 n, v8& slope) {
  v8 x[1] = {n}, d[1];
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

/// Calls f(std::integral_constant<int, n>) for a run-time n of 1..12.
template <class F>
HOT_INLINE void withCount(int n, F f) {
  switch (n) {
#define HOT_CASE(N) \
  case N:           \
    f(std::integral_constant<int, N>{}); \
    break;
    HOT_CASE(1) HOT_CASE(2) HOT_CASE(3) HOT_CASE(4) HOT_CASE(5) HOT_CASE(6)
    HOT_CASE(7) HOT_CASE(8) HOT_CASE(9) HOT_CASE(10) HOT_CASE(11) HOT_CASE(12)
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

/// Memory of one thread that grows and stays.
struct Scratch {
  float* data = nullptr;
  size_t size = 0;
  float* get(size_t floats) {
    if (floats > size) {
      std::free(data);
      size = (floats + 15) / 16 * 16;
      data = static_cast<float*>(std::aligned_alloc(64, size * sizeof(float)));
      if (!data) {
        size = 0;
        throw std::bad_alloc();
      }
    }
    return data;
  }
  ~Scratch() { std::free(data); }
};
