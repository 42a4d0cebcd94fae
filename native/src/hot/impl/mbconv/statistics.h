// Means and variances of a batch norm, and what follows from them.

namespace mbconv {

/// Mean and squared deviation of `pixels` of one block, [pixels][kLanes].
HOT_INLINE void blockStatistics(const float* x, int pixels, float* mean, float* squares) {
  vec a = zero(), b = zero(), c = zero(), d = zero();
  int p = 0;
  for (; p + 4 <= pixels; p += 4) a += load(x + kLanes * p), b += load(x + kLanes * (p + 1)), c += load(x + kLanes * (p + 2)), d += load(x + kLanes * (p + 3));
  for (; p < pixels; ++p) a += load(x + kLanes * p);
  const vec centre = ((a + b) + (c + d)) * splat(1.0f / pixels);
  vec s[4] = {};
  for (p = 0; p + 4 <= pixels; p += 4)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const vec e = load(x + kLanes * (p + i)) - centre;
      s[i] += e * e;
    }
  for (; p < pixels; ++p) {
    const vec e = load(x + kLanes * p) - centre;
    s[0] += e * e;
  }
  store(mean, centre);
  store(squares, (s[0] + s[1]) + (s[2] + s[3]));
}

/// Mean and biased variance over parts from each part's mean and squared deviation, [parts][stride];
/// `pixelsOf(part)` pixels each.
template <class PixelsOf>
inline void combine(const float* means, const float* squares, int parts, int stride, int channels, PixelsOf pixelsOf,
                    float* mean, float* variance) {
  double pixels = 0;
  for (int n = 0; n < parts; ++n) pixels += pixelsOf(n);
  Doubles total(stride), squared(stride);
  for (int n = 0; n < parts; ++n) {
    const double share = pixelsOf(n) / pixels;
    for (int m = 0; m < channels; ++m) total[m] += share * means[static_cast<size_t>(n) * stride + m];
  }
  for (int n = 0; n < parts; ++n) {
    const double count = pixelsOf(n);
    for (int m = 0; m < channels; ++m) {
      const double d = means[static_cast<size_t>(n) * stride + m] - total[m];
      squared[m] += squares[static_cast<size_t>(n) * stride + m] + count * d * d;
    }
  }
  for (int m = 0; m < channels; ++m) {
    mean[m] = static_cast<float>(total[m]);
    variance[m] = static_cast<float>(squared[m] / pixels);
  }
}

/// scale and shift of a batch norm, in whole blocks.
inline void affineOf(const float* gamma, const float* beta, const float* mean, const float* variance, float epsilon,
                     int channels, int blocks, float* scale, float* shift) {
  for (int m = 0; m < kLanes * blocks; ++m) {
    scale[m] = shift[m] = 0;
    if (m >= channels) continue;
    const double s = gamma[m] / std::sqrt(static_cast<double>(variance[m]) + epsilon);
    scale[m] = static_cast<float>(s);
    shift[m] = static_cast<float>(beta[m] - mean[m] * s);
  }
}

/// A batch norm's gradient: dX = a dN + b X + c, in whole blocks.
struct NormGradient {
  explicit NormGradient(int wide) : a(wide), b(wide), c(wide) {}

  /// From the sums of dN and dN (X - mean) over `count` pixels, [parts][stride] each; gives dgamma and dbeta too.
  void solve(const float* sums, const float* products, int parts, int stride, int channels, double count, const float* gamma,
             const float* mean, const float* variance, float epsilon, float* dgamma, float* dbeta) {
    Doubles sum(channels), product(channels);
    for (int n = 0; n < parts; ++n)
      for (int m = 0; m < channels; ++m) {
        sum[m] += sums[static_cast<size_t>(n) * stride + m];
        product[m] += products[static_cast<size_t>(n) * stride + m];
      }
    for (int m = 0; m < channels; ++m) {
      const double inverse = 1 / std::sqrt(static_cast<double>(variance[m]) + epsilon);
      const double along = product[m] * inverse, s = gamma[m] * inverse, t = -s * inverse * along / count;
      dgamma[m] = static_cast<float>(along);
      dbeta[m] = static_cast<float>(sum[m]);
      a[m] = static_cast<float>(s);
      b[m] = static_cast<float>(t);
      c[m] = static_cast<float>(-s * sum[m] / count - t * mean[m]);
    }
  }
  Buffer a, b, c;
};

}  // namespace mbconv
