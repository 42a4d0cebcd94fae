// What the vector extension cannot say, for each width. Where a is NaN, all of them take b.

#if HOT_LANES == 16

HOT_INLINE vec maxOf(vec a, vec b) { return _mm512_max_ps(a, b); }
HOT_INLINE vec minOf(vec a, vec b) { return _mm512_min_ps(a, b); }
HOT_INLINE vec root(vec x) { return _mm512_sqrt_ps(x); }
HOT_INLINE void stream(float* p, vec x) { _mm512_stream_ps(p, x); }
inline void fence() { _mm_sfence(); }

/// Numbers in half precision.
HOT_INLINE vec halves(const uint16_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }

HOT_INLINE __mmask16 firstLanes(int count) { return static_cast<__mmask16>(count <= 0 ? 0 : (1u << count) - 1); }
/// Up to a vector of floats; the lanes beyond are 0.
HOT_INLINE vec loadPart(const float* p, int count) {
  if (count >= kLanes) return load(p);
  return _mm512_maskz_loadu_ps(firstLanes(count), p);
}
HOT_INLINE void storePart(float* p, vec x, int count) {
  if (count >= kLanes) return store(p, x);
  _mm512_mask_storeu_ps(p, firstLanes(count), x);
}

#else

#ifdef __AVX__
HOT_INLINE vec maxOf(vec a, vec b) { return _mm256_max_ps(a, b); }
HOT_INLINE vec minOf(vec a, vec b) { return _mm256_min_ps(a, b); }
HOT_INLINE vec root(vec x) { return _mm256_sqrt_ps(x); }
HOT_INLINE void stream(float* p, vec x) { _mm256_stream_ps(p, x); }
inline void fence() { _mm_sfence(); }
HOT_INLINE vec halves(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
#else
HOT_INLINE vec maxOf(vec a, vec b) { return a > b ? a : b; }
HOT_INLINE vec minOf(vec a, vec b) { return a < b ? a : b; }
HOT_INLINE vec root(vec x) {
  for (int j = 0; j < kLanes; ++j) x[j] = std::sqrt(x[j]);
  return x;
}
HOT_INLINE void stream(float* p, vec x) { store(p, x); }
inline void fence() {}
HOT_INLINE vec halves(const uint16_t* p) {
  vec x;
  for (int j = 0; j < kLanes; ++j) {
    // Exponent and fraction in a float's places; 2^112 makes up for the other bias, and makes subnormal numbers normal.
    const uint32_t bits = static_cast<uint32_t>(p[j] & 0x7fff) << 13, sign = static_cast<uint32_t>(p[j] & 0x8000) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    value *= 5192296858534827628530496329220096.0f;
    uint32_t out;
    std::memcpy(&out, &value, 4);
    if ((p[j] & 0x7c00) == 0x7c00) out = bits | 0x7f800000;
    out |= sign;
    std::memcpy(&value, &out, 4);
    x[j] = value;
  }
  return x;
}
#endif

/// Up to a vector of floats; the lanes beyond are 0.
HOT_INLINE vec loadPart(const float* p, int count) {
  if (count >= kLanes) return load(p);
  vec x = {};
  for (int i = 0; i < count; ++i) x[i] = p[i];
  return x;
}
HOT_INLINE void storePart(float* p, vec x, int count) {
  if (count >= kLanes) return store(p, x);
  for (int i = 0; i < count; ++i) p[i] = x[i];
}

#endif

/// NaN stays NaN.
HOT_INLINE vec clamp(vec x, vec limit) { return minOf(limit, maxOf(-limit, x)); }
