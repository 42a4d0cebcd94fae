// Depthwise convolution of ordinary NHWC tensors. Rows of all channels go through padded tiles, one for each block of
// channels, some rows at a time: memory is read and written in order, and a tile's rows are still in the cache when the
// taps come.

namespace depthwise {

/// Tiles of some rows of an image, one after another: [block][rows][columns][kLanes].
struct Band {
  Band(int blocks, int columns, int most, int extra)
      : blocks(blocks), columns(columns), advance(std::max(1, std::min(most, kFloats / (blocks * columns * kLanes) - extra))),
        rows(advance + extra), tile(static_cast<size_t>(rows) * columns * kLanes) {}
  /// What stays in the second-level cache.
  static constexpr int kFloats = 48 << 10;
  size_t size() const { return blocks * tile; }

  /// Rows from..from + count of an image [height][width][channels] to the tiles, from their first row on; zeros outside the
  /// image. The tiles' columns outside the image must be zeros.
  void gather(const float* image, int height, int width, int channels, int left, int from, int count, float* tiles) const {
    for (int r = 0; r < count; ++r) {
      float* to = tiles + (static_cast<size_t>(r) * columns + left) * kLanes;
      if (from + r < 0 || from + r >= height) {
        for (int b = 0; b < blocks; ++b) std::memset(to + b * tile, 0, sizeof(float) * width * kLanes);
        continue;
      }
      const float* row = image + static_cast<size_t>(from + r) * width * channels;
      for (int x = 0; x < width; ++x, row += channels, to += kLanes) {
        int b = 0;
        for (; kLanes * (b + 1) <= channels; ++b) store(to + b * tile, load(row + kLanes * b));
        if (b < blocks) store(to + b * tile, loadPart(row + kLanes * b, channels - kLanes * b));
      }
    }
  }

  int blocks, columns;
  int advance;  // rows of the other side that a band is for
  int rows;
  size_t tile;
};

inline Geometry geometryOf(const DepthwiseShape& s) {
  return Geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft, kLanes);
}

/// Input rows for `advance` output rows: stride each, and what the taps reach beyond.
inline Band inputBand(const DepthwiseShape& s, const Geometry& geometry, int blocks) {
  Band band(blocks, geometry.tileWidth, s.outHeight * s.stride, s.kernel - s.stride);
  band.advance = std::max(1, band.advance / s.stride);
  band.rows = (band.advance - 1) * s.stride + s.kernel;
  band.tile = static_cast<size_t>(band.rows) * band.columns * kLanes;
  return band;
}

/// `pixels` of a block's row of sums, straight to NHWC where the block is whole.
HOT_INLINE void putRow(TapRow tapRow, const float* source, const Taps& taps, int pixels, float* row, float* to, int lanes, int stride) {
  if (lanes == kLanes) return tapRow(source, taps, pixels, to, stride, nullptr);
  tapRow(source, taps, pixels, row, kLanes, nullptr);
  for (int x = 0; x < pixels; ++x) storePart(to + static_cast<size_t>(x) * stride, load(row + kLanes * x), lanes);
}

/// filter [kernel, kernel, channels]
inline void forward(const DepthwiseShape& s, const float* x, const float* filter, float* y) {
  const Geometry geometry = geometryOf(s);
  const int blocks = (s.channels + kLanes - 1) / kLanes, taps = s.kernel * s.kernel;
  mbconv::Buffer packed(static_cast<size_t>(blocks) * taps * kLanes);
  mbconv::packRows(filter, taps, s.channels, blocks, nullptr, packed);
  const Band band = inputBand(s, geometry, blocks);
  const size_t perThread = band.size() + kLanes * static_cast<size_t>(s.outWidth);
  mbconv::Buffer scratch(s.threads * perThread);
  const TapRow tapRow = s.stride == 1 ? tapRowFor<1>(s.kernel) : tapRowFor<2>(s.kernel);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* tiles = scratch + omp_get_thread_num() * perThread;
    float* row = tiles + band.size();
    const float* image = x + static_cast<size_t>(n) * s.height * s.width * s.channels;
    for (int y0 = 0; y0 < s.outHeight; y0 += band.advance) {
      const int count = std::min(band.advance, s.outHeight - y0);
      band.gather(image, s.height, s.width, s.channels, s.padLeft, y0 * s.stride - s.padTop, (count - 1) * s.stride + s.kernel, tiles);
      for (int oy = 0; oy < count; ++oy)
        for (int b = 0; b < blocks; ++b) {
          const Taps all{s.kernel, s.kernel, geometry.rowStride(), packed + static_cast<size_t>(b) * taps * kLanes};
          putRow(tapRow, tiles + b * band.tile + static_cast<size_t>(oy) * s.stride * geometry.rowStride(), all, s.outWidth, row,
                 y + (static_cast<size_t>(n) * s.outHeight + y0 + oy) * s.outWidth * s.channels + kLanes * b,
                 std::min(kLanes, s.channels - kLanes * b), s.channels);
        }
    }
  }
}

inline void inputGradient(const DepthwiseShape& s, const float* dy, const float* filter, float* dx) {
  const Geometry geometry = geometryOf(s);
  const int blocks = (s.channels + kLanes - 1) / kLanes, taps = s.kernel * s.kernel, gradientStride = geometry.gradientRowStride();
  mbconv::Buffer packed(static_cast<size_t>(blocks) * taps * kLanes);
  mbconv::packRows(filter, taps, s.channels, blocks, nullptr, packed);
  const mbconv::BackTaps back(geometry, packed, blocks);
  const mbconv::BackRows rows(geometry);
  // Input rows q stride .. (q + 1) stride - 1 reach gradient rows q .. q + reach - 1 of the padded gradient.
  int reach = 1;
  for (const Geometry::Class& k : geometry.classes)
    if (k.tapRows > 0) reach = std::max(reach, k.offset / gradientStride + k.tapRows);
  const int steps = (s.height + s.stride - 1) / s.stride;
  const Band band(blocks, geometry.gradientWidth, steps, reach - 1);
  const size_t perThread = band.size() + kLanes * static_cast<size_t>(s.width);
  mbconv::Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* tiles = scratch + omp_get_thread_num() * perThread;
    float* row = tiles + band.size();
    const float* image = dy + static_cast<size_t>(n) * s.outHeight * s.outWidth * s.channels;
    for (int q0 = 0; q0 < steps; q0 += band.advance) {
      const int count = std::min(band.advance, steps - q0);
      band.gather(image, s.outHeight, s.outWidth, s.channels, geometry.gradientLeft, q0 - geometry.gradientTop, count + reach - 1, tiles);
      for (int q = 0; q < count; ++q)
        for (int r = 0; r < s.stride && (q0 + q) * s.stride + r < s.height; ++r)
          for (int b = 0; b < blocks; ++b) {
            const float* weights = back.weights.data + static_cast<size_t>(b) * taps * kLanes;
            for (size_t i = 0; i < geometry.classes.size(); ++i) {
              const Geometry::Class& k = geometry.classes[i];
              const Taps rectangle{k.tapRows, k.tapColumns, gradientStride, weights};
              weights += kLanes * k.taps.size();
              if (k.row != r) continue;
              const size_t pixel = (static_cast<size_t>(n) * s.height + (q0 + q) * s.stride + r) * s.width + k.column;
              putRow(rows.rows[i], tiles + b * band.tile + k.offset + static_cast<size_t>(q) * gradientStride, rectangle, k.columns, row,
                     dx + pixel * s.channels + kLanes * b, std::min(kLanes, s.channels - kLanes * b), s.stride * s.channels);
            }
          }
    }
  }
}

inline void filterGradient(const DepthwiseShape& s, const float* x, const float* dy, float* dFilter) {
  const Geometry geometry = geometryOf(s);
  const int blocks = (s.channels + kLanes - 1) / kLanes, taps = s.kernel * s.kernel, rowStride = geometry.rowStride();
  const size_t groupSize = static_cast<size_t>(blocks) * taps * kLanes;
  const int groups = mbconv::chunksOf(s.batch, groupSize);
  const size_t outPixels = static_cast<size_t>(s.outHeight) * s.outWidth;
  const Band band = inputBand(s, geometry, blocks);
  const Band row(blocks, s.outWidth, 1, 0);
  const size_t perThread = band.size() + row.size();
  mbconv::Buffer scratch(s.threads * perThread), partial(groups * groupSize);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int g = 0; g < groups; ++g) {
    float* tiles = scratch + omp_get_thread_num() * perThread;
    float* gradient = tiles + band.size();
    for (int n = mbconv::chunkStart(g, groups, s.batch); n < mbconv::chunkStart(g + 1, groups, s.batch); ++n) {
      const float* image = x + static_cast<size_t>(n) * s.height * s.width * s.channels;
      const float* slope = dy + n * outPixels * s.channels;
      for (int y0 = 0; y0 < s.outHeight; y0 += band.advance) {
        const int count = std::min(band.advance, s.outHeight - y0);
        band.gather(image, s.height, s.width, s.channels, s.padLeft, y0 * s.stride - s.padTop, (count - 1) * s.stride + s.kernel, tiles);
        for (int oy = 0; oy < count; ++oy) {
          row.gather(slope, s.outHeight, s.outWidth, s.channels, 0, y0 + oy, 1, gradient);
          for (int b = 0; b < blocks; ++b) {
            const float* input = tiles + b * band.tile + static_cast<size_t>(oy) * s.stride * rowStride;
            float* sums = partial + g * groupSize + static_cast<size_t>(b) * taps * kLanes;
            if (s.stride == 1) ::hot::HOT_NAMESPACE::filterGradient<1>(input, rowStride, gradient + b * row.tile, 0, 1, s.outWidth, s.kernel, sums);
            else ::hot::HOT_NAMESPACE::filterGradient<2>(input, rowStride, gradient + b * row.tile, 0, 1, s.outWidth, s.kernel, sums);
          }
        }
      }
    }
  }
  mbconv::unpackRows(partial, groups, groupSize, taps, s.channels, blocks, s.threads, dFilter);
}

}  // namespace depthwise
