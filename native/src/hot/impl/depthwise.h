// Depthwise convolution of ordinary NHWC tensors: blocks of eight channels go through the same tiles as in MBConv.

namespace depthwise {

/// Copies eight channels of an NHWC image into a tile.
inline void gather(const float* image, int height, int width, int channels, int c, float* tile, int rowStride) {
  const int lanes = std::min(kLanes, channels - c);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      store(tile + static_cast<size_t>(y) * rowStride + kLanes * x, loadPart(image + (static_cast<size_t>(y) * width + x) * channels + c, lanes));
}

inline Geometry geometryOf(const DepthwiseShape& s) {
  return Geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft, kLanes);
}

/// filter [kernel, kernel, channels]
inline void forward(const DepthwiseShape& s, const float* x, const float* filter, float* y) {
  const Geometry geometry = geometryOf(s);
  const int blocks = (s.channels + kLanes - 1) / kLanes, taps = s.kernel * s.kernel;
  mbconv::Buffer packed(static_cast<size_t>(blocks) * taps * kLanes);
  mbconv::packRows(filter, taps, s.channels, blocks, nullptr, packed);
  const size_t perThread = geometry.tileSize() + kLanes * static_cast<size_t>(s.outWidth);
  mbconv::Buffer scratch(s.threads * perThread);
  const TapRow tapRow = s.stride == 1 ? tapRowFor<1>(s.kernel) : tapRowFor<2>(s.kernel);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* tile = scratch + omp_get_thread_num() * perThread;
    float* row = tile + geometry.tileSize();
    for (int b = 0; b < blocks; ++b) {
      gather(x + static_cast<size_t>(n) * s.height * s.width * s.channels, s.height, s.width, s.channels, kLanes * b,
             tile + s.padTop * geometry.rowStride() + kLanes * s.padLeft, geometry.rowStride());
      const int lanes = std::min(kLanes, s.channels - kLanes * b);
      const Taps all{s.kernel, s.kernel, geometry.rowStride(), packed + static_cast<size_t>(b) * taps * kLanes};
      for (int oy = 0; oy < s.outHeight; ++oy) {
        tapRow(tile + static_cast<size_t>(oy) * s.stride * geometry.rowStride(), all, s.outWidth, row, kLanes, nullptr);
        float* to = y + (static_cast<size_t>(n) * s.outHeight + oy) * s.outWidth * s.channels + kLanes * b;
        for (int ox = 0; ox < s.outWidth; ++ox) storePart(to + static_cast<size_t>(ox) * s.channels, load(row + kLanes * ox), lanes);
      }
    }
  }
}

inline void inputGradient(const DepthwiseShape& s, const float* dy, const float* filter, float* dx) {
  const Geometry geometry = geometryOf(s);
  const int blocks = (s.channels + kLanes - 1) / kLanes, taps = s.kernel * s.kernel;
  mbconv::Buffer packed(static_cast<size_t>(blocks) * taps * kLanes);
  mbconv::packRows(filter, taps, s.channels, blocks, nullptr, packed);
  const mbconv::BackTaps back(geometry, packed, blocks);
  const mbconv::BackRows rows(geometry);
  const size_t perThread = geometry.gradientSize() + kLanes * static_cast<size_t>(s.width);
  mbconv::Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* tile = scratch + omp_get_thread_num() * perThread;
    float* row = tile + geometry.gradientSize();
    for (int b = 0; b < blocks; ++b) {
      gather(dy + static_cast<size_t>(n) * s.outHeight * s.outWidth * s.channels, s.outHeight, s.outWidth, s.channels, kLanes * b,
             tile + geometry.gradientTop * geometry.gradientRowStride() + kLanes * geometry.gradientLeft, geometry.gradientRowStride());
      const int lanes = std::min(kLanes, s.channels - kLanes * b);
      const float* weights = back.weights.data + static_cast<size_t>(b) * taps * kLanes;
      for (size_t i = 0; i < geometry.classes.size(); ++i) {
        const Geometry::Class& k = geometry.classes[i];
        const Taps rectangle{k.tapRows, k.tapColumns, geometry.gradientRowStride(), weights};
        weights += kLanes * k.taps.size();
        for (int q = 0; q < k.rows; ++q) {
          rows.rows[i](tile + k.offset + static_cast<size_t>(q) * geometry.gradientRowStride(), rectangle, k.columns, row, kLanes, nullptr);
          float* to = dx + ((static_cast<size_t>(n) * s.height + k.row + q * s.stride) * s.width + k.column) * s.channels + kLanes * b;
          for (int x = 0; x < k.columns; ++x) storePart(to + static_cast<size_t>(x) * s.stride * s.channels, load(row + kLanes * x), lanes);
        }
      }
    }
  }
}

inline void filterGradient(const DepthwiseShape& s, const float* x, const float* dy, float* dFilter) {
  const Geometry geometry = geometryOf(s);
  const int blocks = (s.channels + kLanes - 1) / kLanes, taps = s.kernel * s.kernel;
  const size_t groupSize = static_cast<size_t>(blocks) * taps * kLanes;
  const int groups = mbconv::chunksOf(s.batch, groupSize);
  const size_t outPixels = static_cast<size_t>(s.outHeight) * s.outWidth;
  const size_t perThread = geometry.tileSize() + kLanes * outPixels;
  mbconv::Buffer scratch(s.threads * perThread), partial(groups * groupSize);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int g = 0; g < groups; ++g) {
    float* tile = scratch + omp_get_thread_num() * perThread;
    float* gradient = tile + geometry.tileSize();
    for (int n = mbconv::chunkStart(g, groups, s.batch); n < mbconv::chunkStart(g + 1, groups, s.batch); ++n) {
      for (int b = 0; b < blocks; ++b) {
        gather(x + static_cast<size_t>(n) * s.height * s.width * s.channels, s.height, s.width, s.channels, kLanes * b,
               tile + s.padTop * geometry.rowStride() + kLanes * s.padLeft, geometry.rowStride());
        gather(dy + n * outPixels * s.channels, s.outHeight, s.outWidth, s.channels, kLanes * b, gradient, kLanes * s.outWidth);
        float* sums = partial + g * groupSize + static_cast<size_t>(b) * taps * kLanes;
        if (s.stride == 1) ::hot::HOT_NAMESPACE::filterGradient<1>(tile, geometry.rowStride(), gradient, kLanes * s.outWidth, s.outHeight, s.outWidth, s.kernel, sums);
        else ::hot::HOT_NAMESPACE::filterGradient<2>(tile, geometry.rowStride(), gradient, kLanes * s.outWidth, s.outHeight, s.outWidth, s.kernel, sums);
      }
    }
  }
  mbconv::unpackRows(partial, groups, groupSize, taps, s.channels, blocks, s.threads, dFilter);
}

}  // namespace depthwise
