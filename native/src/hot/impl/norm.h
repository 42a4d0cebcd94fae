// Batch norm with an activation on rows of channels: x is [rows][channels].

namespace norm {

constexpr int kRun = 64;  // rows summed in single precision before they go to doubles

inline int chunksOf(size_t rows) { return static_cast<int>(std::min<size_t>(32, (rows + 4 * kRun - 1) / (4 * kRun))); }
inline size_t chunkStart(int chunk, int chunks, size_t rows) { return rows * chunk / chunks; }

/// first[c] and second[c] summed over rows by each(x row offset, lanes) -> two vectors, in doubles, in a fixed order.
template <class Each>
inline void sumRows(size_t rows, int channels, int threads, double* first, double* second, Each each) {
  const int chunks = chunksOf(rows), wide = wholeLanes(channels);
  Doubles partial(static_cast<size_t>(chunks) * 2 * wide);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int k = 0; k < chunks; ++k) {
    double* sums = partial + static_cast<size_t>(k) * 2 * wide;
    const size_t end = chunkStart(k + 1, chunks, rows);
    for (size_t r0 = chunkStart(k, chunks, rows); r0 < end; r0 += kRun) {
      const int count = static_cast<int>(std::min<size_t>(kRun, end - r0));
      for (int c = 0; c < channels; c += kLanes) {
        const int lanes = std::min(kLanes, channels - c);
        vec a = zero(), b = zero();
        size_t at = r0 * channels + c;
        fours(count, [&](int, auto counted) {
          each(at, c, lanes, counted, a, b);
          at += static_cast<size_t>(decltype(counted)::value) * channels;
        });
        for (int j = 0; j < kLanes; ++j) {
          sums[c + j] += a[j];
          sums[wide + c + j] += b[j];
        }
      }
    }
  }
  for (int c = 0; c < channels; ++c) {
    first[c] = second[c] = 0;
    for (int k = 0; k < chunks; ++k) {
      first[c] += partial[static_cast<size_t>(k) * 2 * wide + c];
      second[c] += partial[static_cast<size_t>(k) * 2 * wide + wide + c];
    }
  }
}

/// Mean of |y - target| over all rows and channels, and of (y - target)² of each channel.
inline void errors(const float* y, const float* target, size_t rows, int channels, int threads, float* absolute, float* squared) {
  Doubles sum(channels), square(channels);
  sumRows(rows, channels, threads, sum, square, [&](size_t at, int, int lanes, auto counted, vec& a, vec& b) {
    constexpr int N = decltype(counted)::value;
    HOT_EACH {
      const size_t from = at + static_cast<size_t>(i) * channels;
      const vec d = loadPart(y + from, lanes) - loadPart(target + from, lanes);
      a += d < zero() ? -d : d;
      b += d * d;
    }
  });
  double total = 0;
  for (int c = 0; c < channels; ++c) {
    total += sum[c];
    squared[c] = static_cast<float>(square[c] / rows);
  }
  *absolute = static_cast<float>(total / (static_cast<double>(rows) * channels));
}

/// Mean and biased variance of each channel, summed about the first row.
inline void statistics(const float* x, size_t rows, int channels, int threads, float* mean, float* variance) {
  const int wide = wholeLanes(channels);
  Buffer shift(wide);
  std::memcpy(shift, x, sizeof(float) * channels);
  Doubles sum(channels), square(channels);
  sumRows(rows, channels, threads, sum, square, [&](size_t at, int c, int lanes, auto counted, vec& a, vec& b) {
    constexpr int N = decltype(counted)::value;
    const vec s = load(shift + c);
    HOT_EACH {
      const vec d = loadPart(x + at + static_cast<size_t>(i) * channels, lanes) - s;
      a += d;
      b += d * d;
    }
  });
  for (int c = 0; c < channels; ++c) {
    const double d = sum[c] / rows;
    mean[c] = static_cast<float>(shift[c] + d);
    variance[c] = static_cast<float>(std::max(0.0, square[c] / rows - d * d));
  }
}

/// y = activation(x scale + shift)
template <int ACT>
void apply(const float* x, const float* scale, const float* shift, size_t rows, int channels, int threads, float* y) {
  const int whole = channels / kLanes;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (size_t r = 0; r < rows; ++r) {
    const float* from = x + r * channels;
    float* to = y + r * channels;
    fours(whole, [&](int v, auto counted) {
      constexpr int N = decltype(counted)::value;
      vec n[N], unused[N];
      HOT_EACH n[i] = load(from + kLanes * (v + i)) * load(scale + kLanes * (v + i)) + load(shift + kLanes * (v + i));
      activations<ACT, false, N>(n, unused);
      HOT_EACH store(to + kLanes * (v + i), n[i]);
    });
    if (const int lanes = channels - kLanes * whole) {
      const vec n = loadPart(from + kLanes * whole, lanes) * load(scale + kLanes * whole) + load(shift + kLanes * whole);
      storePart(to + kLanes * whole, activation<ACT>(n), lanes);
    }
  }
}

inline void affine(const float* x, const float* gamma, const float* beta, const float* mean, const float* variance,
                   float epsilon, int act, size_t rows, int channels, int threads, float* y) {
  const int blocks = (channels + kLanes - 1) / kLanes;
  Buffer scale(kLanes * blocks), shift(kLanes * blocks);
  mbconv::affineOf(gamma, beta, mean, variance, epsilon, channels, blocks, scale, shift);
  withActivation(act, [&](auto A) { apply<decltype(A)::value>(x, scale, shift, rows, channels, threads, y); });
}

inline void forward(const float* x, const float* gamma, const float* beta, float epsilon, int act, size_t rows, int channels,
                    int threads, float* y, float* mean, float* variance) {
  statistics(x, rows, channels, threads, mean, variance);
  affine(x, gamma, beta, mean, variance, epsilon, act, rows, channels, threads, y);
}

/// Slope of the activation times dy, N rows apart by `channels`.
template <int ACT, int N>
HOT_INLINE void before(const float* x, const float* dy, int channels, int lanes, vec scale, vec shift, vec (&dn)[N], vec (&xs)[N]) {
  HOT_EACH xs[i] = loadPart(x + static_cast<size_t>(i) * channels, lanes);
  HOT_EACH dn[i] = loadPart(dy + static_cast<size_t>(i) * channels, lanes);
  if constexpr (ACT != kNone) {
    vec n[N], slope[N];
    HOT_EACH n[i] = xs[i] * scale + shift;
    activations<ACT, true, N>(n, slope);
    HOT_EACH dn[i] *= slope[i];
  }
}

template <int ACT>
void backwardOf(const float* x, const float* gamma, const float* beta, const float* mean, const float* variance,
                const float* dy, float epsilon, size_t rows, int channels, int threads, float* dx, float* dgamma, float* dbeta) {
  const int blocks = (channels + kLanes - 1) / kLanes, wide = kLanes * blocks;
  Buffer scale(wide), shift(wide), centre(wide), a(wide), b(wide), c(wide);
  mbconv::affineOf(gamma, beta, mean, variance, epsilon, channels, blocks, scale, shift);
  mbconv::pack(mean, channels, blocks, centre);
  Doubles sum(channels), product(channels);
  sumRows(rows, channels, threads, sum, product, [&](size_t at, int first, int lanes, auto counted, vec& s, vec& p) {
    constexpr int N = decltype(counted)::value;
    vec dn[N], xs[N];
    before<ACT, N>(x + at, dy + at, channels, lanes, load(scale + first), load(shift + first), dn, xs);
    const vec m = load(centre + first);
    HOT_EACH s += dn[i];
    HOT_EACH p += dn[i] * (xs[i] - m);
  });
  for (int k = 0; k < channels; ++k) {
    const double inverse = 1 / std::sqrt(static_cast<double>(variance[k]) + epsilon);
    const double along = product[k] * inverse, s = gamma[k] * inverse, t = -s * inverse * along / rows;
    dgamma[k] = static_cast<float>(along);
    dbeta[k] = static_cast<float>(sum[k]);
    a[k] = static_cast<float>(s);
    b[k] = static_cast<float>(t);
    c[k] = static_cast<float>(-s * sum[k] / rows - t * mean[k]);
  }
  if (!dx) return;
  const int chunks = chunksOf(rows);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int chunk = 0; chunk < chunks; ++chunk) {
    const size_t end = chunkStart(chunk + 1, chunks, rows);
    for (size_t r0 = chunkStart(chunk, chunks, rows); r0 < end; r0 += kRun) {
      const int count = static_cast<int>(std::min<size_t>(kRun, end - r0));
      for (int k = 0; k < channels; k += kLanes) {
        const int lanes = std::min(kLanes, channels - k);
        fours(count, [&](int r, auto counted) {
          constexpr int N = decltype(counted)::value;
          const size_t at = (r0 + r) * channels + k;
          vec dn[N], xs[N];
          before<ACT, N>(x + at, dy + at, channels, lanes, load(scale + k), load(shift + k), dn, xs);
          HOT_EACH storePart(dx + at + static_cast<size_t>(i) * channels, dn[i] * load(a + k) + (xs[i] * load(b + k) + load(c + k)), lanes);
        });
      }
    }
  }
}

inline void backward(const float* x, const float* gamma, const float* beta, const float* mean, const float* variance,
                     const float* dy, float epsilon, int act, size_t rows, int channels, int threads, float* dx,
                     float* dgamma, float* dbeta) {
  withActivation(act, [&](auto A) {
    backwardOf<decltype(A)::value>(x, gamma, beta, mean, variance, dy, epsilon, rows, channels, threads, dx, dgamma, dbeta);
  });
}

}  // namespace norm
