// Weights and vectors in the orders that the inner loops read.

namespace mbconv {

/// [channels] to [blocks][kLanes], zeros beyond.
inline void pack(const float* from, int channels, int blocks, float* to) {
  for (int m = 0; m < kLanes * blocks; ++m) to[m] = m < channels ? from[m] : 0.0f;
}

/// [rows][channels] to [blocks][rows][kLanes], times scale[channels] where given.
inline void packRows(const float* from, int rows, int channels, int blocks, const float* scale, float* to) {
  for (int b = 0; b < blocks; ++b) {
    const int lanes = std::min(kLanes, channels - kLanes * b);
    const vec factor = scale ? loadPart(scale + kLanes * b, lanes) : splat(1.0f);
    for (int r = 0; r < rows; ++r, to += kLanes) store(to, loadPart(from + static_cast<size_t>(r) * channels + kLanes * b, lanes) * factor);
  }
}

/// [channels][columns] to [blocks][columns][kLanes]: packRows of the transpose.
inline void packColumns(const float* from, int channels, int columns, int blocks, int threads, float* to) {
#pragma omp parallel for schedule(static) num_threads(threads) if (static_cast<long>(channels) * columns > kPackedAtOnce)
  for (int b = 0; b < blocks; ++b)
    for (int j = 0; j < kLanes; ++j) {
      const int m = kLanes * b + j;
      float* lane = to + static_cast<size_t>(b) * columns * kLanes + j;
      for (int c = 0; c < columns; ++c) lane[kLanes * c] = m < channels ? from[static_cast<size_t>(m) * columns + c] : 0.0f;
    }
}

/// [blocks][rows][kLanes] partial sums of `chunks` chunks, added in doubles, to [rows][channels].
inline void unpackRows(const float* from, int chunks, size_t chunkSize, int rows, int channels, int blocks, int threads, float* to) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int b = 0; b < blocks; ++b) {
    const int lanes = std::min(kLanes, channels - kLanes * b);
    for (int r = 0; r < rows; ++r) {
      const float* p = from + (static_cast<size_t>(b) * rows + r) * kLanes;
      vecd sum = doubles(load(p));
      for (int k = 1; k < chunks; ++k) sum += doubles(load(p + k * chunkSize));
      storePart(to + static_cast<size_t>(r) * channels + kLanes * b, floats(sum), lanes);
    }
  }
}

/// The same to [channels][rows].
inline void unpackColumns(const float* from, int chunks, size_t chunkSize, int rows, int channels, int blocks, int threads, float* to) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int b = 0; b < blocks; ++b) {
    const int lanes = std::min(kLanes, channels - kLanes * b);
    for (int r = 0; r < rows; ++r) {
      const float* p = from + (static_cast<size_t>(b) * rows + r) * kLanes;
      vecd sum = doubles(load(p));
      for (int k = 1; k < chunks; ++k) sum += doubles(load(p + k * chunkSize));
      const vec value = floats(sum);
      for (int j = 0; j < lanes; ++j) to[static_cast<size_t>(kLanes * b + j) * rows + r] = value[j];
    }
  }
}

}  // namespace mbconv
