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

/// e^-x to 1e-7 relative error for |x| <= 87; beyond, the value at the limit.
HOT_INLINE v8 expNegative(v8 x) {
  const v8 limit = splat(87.0f), log2e = splat(-1.44269504088896341f), magic = splat(12582912.0f);
  x = minOf(maxOf(x, -limit), limit);
  const v8 z = x * log2e + magic;  // the whole part of x log2(e), in the low bits
  const v8 f = x * log2e - (z - magic);
  // Minimax polynomial of 2^f on [-1/2, 1/2], relative error 1e-7.
  v8 p = splat(0.001322540122f);
  p = p * f + splat(0.009675668174f);
  p = p * f + splat(0.05550864032f);
  p = p * f + splat(0.2402213061f);
  p = p * f + splat(0.6931469227f);
  p = p * f + splat(1.000000057f);
  return reinterpret_cast<v8>(reinterpret_cast<v8i>(p) + (reinterpret_cast<v8i>(z) << 23));
}
HOT_INLINE v8 sigmoid(v8 x) { return splat(1.0f) / (splat(1.0f) + expNegative(x)); }

/// Activation of eight pre-activations, and its slope there.
template <int ACT>
HOT_INLINE v8 activation(v8 n) {
  if constexpr (ACT == kSilu) return n * sigmoid(n);
  if constexpr (ACT == kRelu) return maxOf(n, zero());
  if constexpr (ACT == kRelu6) return minOf(maxOf(n, zero()), splat(6.0f));
  return n;
}
template <int ACT>
HOT_INLINE v8 activation(v8 n, v8& slope) {
  if constexpr (ACT == kSilu) {
    const v8 s = sigmoid(n), y = n * s;
    slope = s + y * (splat(1.0f) - s);
    return y;
  }
  const v8 one = splat(1.0f);
  if constexpr (ACT == kRelu) {
    slope = n > zero() ? one : zero();
    return maxOf(n, zero());
  }
  if constexpr (ACT == kRelu6) {
    slope = ((n > zero()) & (n <= splat(6.0f))) ? one : zero();
    return minOf(maxOf(n, zero()), splat(6.0f));
  }
  slope = one;
  return n;
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
