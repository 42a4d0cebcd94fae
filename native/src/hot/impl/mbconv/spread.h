// Forward through the depthwise convolution, tile by tile.

namespace mbconv {

/// Expand, activate and spread V blocks of channels of one image, `outStride` apart in `out`; mean and squared deviation
/// of what comes out.
template <int ACT, int V>
void spreadTile(const MBConvShape& s, const Geometry& geometry, const Packed& packed, TapRow tapRow, int block,
                const Source& source, float* tiles, float* out, size_t outStride, float* mean, float* squares) {
  const int rowStride = geometry.rowStride(), taps = s.kernel * s.kernel;
  const size_t corner = static_cast<size_t>(s.padTop) * rowStride + kLanes * s.padLeft;
  int ready = 0;
  for (int y = 0; y < s.outHeight; ++y) {
    const int needed = std::min(s.height, y * s.stride + s.kernel - s.padTop);
    for (; ready < needed; ++ready) {
      float* row[V];
      for (int v = 0; v < V; ++v) row[v] = tiles + v * geometry.tileSize() + corner + static_cast<size_t>(ready) * rowStride;
      expandRow<ACT, false, V>(s, packed, block, source, ready, row, row);
    }
    for (int v = 0; v < V; ++v) {
      const Taps all{s.kernel, s.kernel, packed.wd.data + static_cast<size_t>(block + v) * taps * kLanes};
      tapRow(Tile{tiles + v * geometry.tileSize(), rowStride}.at(y * s.stride, 0), all, s.outWidth,
             out + v * outStride + static_cast<size_t>(y) * s.outWidth * kLanes, kLanes, nullptr);
    }
  }
  for (int v = 0; v < V; ++v) blockStatistics(out + v * outStride, s.outPixels(), mean + kLanes * v, squares + kLanes * v);
}

/// The depthwise output into kept.spread, and its statistics.
inline void spread(const MBConvShape& s, const Geometry& geometry, const Groups& groups, const Packed& packed, const float* x,
                   const MBConvKept& kept) {
  const int blocks = packed.blocks, wide = packed.wide, inPixels = s.inPixels(), outPixels = s.outPixels();
  const size_t size = static_cast<size_t>(s.batch) * wide;
  Buffer means(size, Uninitialised{}), squares(size, Uninitialised{}), tiles(s.threads * 2 * geometry.tileSize());
  const TapRow tapRow = tapRowFor(s.kernel, s.stride);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* tile = tiles + omp_get_thread_num() * 2 * geometry.tileSize();
    const float* image = x + static_cast<size_t>(n) * inPixels * s.inChannels;
    const size_t inStride = groups.blockStride(groups.of(n), inPixels), outStride = groups.blockStride(groups.of(n), outPixels);
    eachBlock(!s.stored(), blocks, [&](int b, auto pair) {
      constexpr int V = decltype(pair)::value;
      Source source{image, nullptr, inStride, nullptr};
      if (s.stored()) {
        source.expanded = kept.expanded + groups.at(n, b, blocks, inPixels);
        source.next = kept.expanded + groups.after(n, b, blocks, inPixels);
      }
      const size_t at = static_cast<size_t>(n) * wide + kLanes * b;
      withActivation(s.activation, [&](auto A) {
        spreadTile<decltype(A)::value, V>(s, geometry, packed, tapRow, b, source, tile,
                                          kept.spread + groups.at(n, b, blocks, outPixels), outStride, means + at, squares + at);
      });
    });
  }
  combine(means, squares, s.batch, wide, s.middle, [&](int) { return double(outPixels); }, kept.mean2, kept.variance2);
}

}  // namespace mbconv
