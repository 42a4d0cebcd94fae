// Statistics of a 1x1 convolution's output from second moments of its input, in double.

namespace mbconv {

/// Covariance [channels, channels] and mean [channels] of x [pixels, channels], summed about the first image's mean.
inline void covariance(const float* x, int batch, int pixels, int channels, int threads, float* cov, float* mean) {
  const int blocks = (channels + kLanes - 1) / kLanes, wide = kLanes * blocks, run = 64;
  const size_t size = static_cast<size_t>(channels) * wide + wide;
  const int chunks = chunksOf(batch, 2 * size);
  Doubles sums(chunks * size);
  Buffer shift(wide), work(static_cast<size_t>(threads) * (static_cast<size_t>(run) * wide + kLanes * channels));
  {
    Doubles total(channels);
    for (int p = 0; p < pixels; ++p)
      for (int c = 0; c < channels; ++c) total[c] += x[static_cast<size_t>(p) * channels + c];
    for (int c = 0; c < channels; ++c) shift[c] = static_cast<float>(total[c] / pixels);
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int g = 0; g < chunks; ++g) {
    float* centred = work + static_cast<size_t>(omp_get_thread_num()) * (static_cast<size_t>(run) * wide + kLanes * channels);
    float* panel = centred + static_cast<size_t>(run) * wide;
    double* products = sums + g * size;
    double* totals = products + static_cast<size_t>(channels) * wide;
    const size_t end = static_cast<size_t>(chunkStart(g + 1, chunks, batch)) * pixels;
    for (size_t p = static_cast<size_t>(chunkStart(g, chunks, batch)) * pixels; p < end; p += run) {
      const int count = static_cast<int>(std::min<size_t>(run, end - p));
      for (int b = 0; b < blocks; ++b) {
        const int lanes = std::min(kLanes, channels - kLanes * b);
        vec total = zero();
        for (int q = 0; q < count; ++q) {
          const vec d = loadPart(x + (p + q) * channels + kLanes * b, lanes) - load(shift + kLanes * b);
          store(centred + static_cast<size_t>(q) * wide + kLanes * b, d);
          total += d;
        }
        for (int j = 0; j < lanes; ++j) totals[kLanes * b + j] += total[j];
      }
      for (int b = 0; b < blocks; ++b) {
        const int first = kLanes * b;  // the product is symmetric: rows from the block's own on
        std::memset(panel, 0, sizeof(float) * kLanes * (channels - first));
        outerRows<1>(centred + first, wide, channels - first, {centred + kLanes * b}, wide, count, {panel});
        for (int c = first; c < channels; ++c)
          for (int j = 0; j < kLanes; ++j) products[static_cast<size_t>(c) * wide + kLanes * b + j] += panel[kLanes * (c - first) + j];
      }
    }
  }
  const double n = static_cast<double>(batch) * pixels;
  Doubles centre(channels);
  for (int c = 0; c < channels; ++c) {
    for (int g = 0; g < chunks; ++g) centre[c] += sums[g * size + static_cast<size_t>(channels) * wide + c];
    centre[c] /= n;
    mean[c] = static_cast<float>(shift[c] + centre[c]);
  }
  for (int c = 0; c < channels; ++c)
    for (int d = 0; d <= c; ++d) {
      double sum = 0;
      for (int g = 0; g < chunks; ++g) sum += sums[g * size + static_cast<size_t>(c) * wide + d];
      cov[c * channels + d] = cov[d * channels + c] = static_cast<float>(sum / n - centre[c] * centre[d]);
    }
}

/// cov [channels, channels] · w [channels, middle], in double.
inline void covarianceTimes(const float* cov, const float* w, int channels, int middle, int threads, double* out) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int c = 0; c < channels; ++c) {
    double* o = out + static_cast<size_t>(c) * middle;
    for (int d = 0; d < channels; ++d) {
      const double s = cov[c * channels + d];
      for (int m = 0; m < middle; ++m) o[m] += s * w[static_cast<size_t>(d) * middle + m];
    }
  }
}

}  // namespace mbconv
