// Backward through the depthwise norm and convolution, tile by tile.

namespace mbconv {

/// Packed taps of the input gradient, class by class.
struct BackTaps {
  BackTaps(const Geometry& geometry, const float* wd, int blocks)
      : taps(geometry.kernel * geometry.kernel), weights(static_cast<size_t>(blocks) * taps * kLanes) {
    for (int b = 0; b < blocks; ++b) {
      float* to = weights + static_cast<size_t>(b) * taps * kLanes;
      for (const auto& k : geometry.classes)
        for (int tap : k.taps) {
          std::memcpy(to, wd + (static_cast<size_t>(b) * taps + tap) * kLanes, sizeof(vec));
          to += kLanes;
        }
    }
  }
  int taps;
  Buffer weights;
};

/// What one thread needs for the tiles of two blocks.
struct TileScratch {
  TileScratch(float* memory, const MBConvShape& s, const Geometry& g) {
    for (int v = 0; v < 2; ++v) {
      tile[v] = memory;
      gradient[v] = tile[v] + g.tileSize();
      slope[v] = gradient[v] + g.gradientSize();
      memory = slope[v] + static_cast<size_t>(s.inPixels()) * kLanes;
    }
    slots = memory;
  }
  static size_t size(const MBConvShape& s, const Geometry& g) {
    return 2 * (g.tileSize() + g.gradientSize()) + static_cast<size_t>(s.inPixels()) * kLanes * (2 + (s.stored() ? 0 : kSlots)) + 16;
  }
  static constexpr int kSlots = 4;
  float *tile[2], *gradient[2], *slope[2];
  float* slots;  // dM where it is not stored, [kSlots][pixels][kLanes]
};

/// How the taps of the input gradient are summed, class by class.
template <class Row>
struct BackRows {
  Row rows[4];
  BackRows(const Geometry& geometry, Row (*rowFor)(int columns, int stride)) {
    for (size_t i = 0; i < geometry.classes.size(); ++i) rows[i] = rowFor(geometry.classes[i].tapColumns, 1);
  }
};

/// Backward through the depthwise convolution and the expansion's activation for V blocks of one image: spread and dN lie
/// `stride` apart, dM, the gradient before the expansion's norm (without one: to the input), `dMStride`. What comes next in
/// spread and dN lies `ahead` floats further.
template <int ACT, int V>
void unspreadTile(const MBConvShape& s, const Geometry& geometry, const Packed& packed, const BackTaps& back,
                  const BackRows<TapRow>& backRows, const NormGradient& norm, int block, const Source& source, const float* spread,
                  const float* dN, size_t stride, std::ptrdiff_t ahead, const TileScratch& scratch, float* dM, size_t dMStride,
                  float* filterSums) {
  const int rowStride = geometry.rowStride(), gradientStride = geometry.gradientRowStride(), taps = back.taps;
  const size_t corner = static_cast<size_t>(s.padTop) * rowStride + kLanes * s.padLeft;
  const size_t gradientCorner = static_cast<size_t>(geometry.gradientTop) * gradientStride + kLanes * geometry.gradientLeft;
  for (int y = 0; y < s.height; ++y) {
    float *row[V], *slope[V];
    for (int v = 0; v < V; ++v) {
      row[v] = scratch.tile[v] + corner + static_cast<size_t>(y) * rowStride;
      slope[v] = scratch.slope[v] + static_cast<size_t>(y) * s.width * kLanes;
    }
    expandRow<ACT, true, V>(s, packed, block, source, y, row, slope);
  }
  for (int v = 0; v < V; ++v) {
    const int m = kLanes * (block + v);
    const size_t from = v * stride;
    const vec a = load(norm.a.data + m), b = load(norm.b.data + m), c = load(norm.c.data + m);
    float* gradient = scratch.gradient[v] + gradientCorner;
    for (int y = 0; y < s.outHeight; ++y) {
      const size_t at = from + static_cast<size_t>(y) * s.outWidth * kLanes;
      float* to = gradient + static_cast<size_t>(y) * gradientStride;
      prefetch(dN + at + ahead, s.outWidth), prefetch(spread + at + ahead, s.outWidth);
      for (int x = 0; x < s.outWidth; ++x)
        store(to + kLanes * x, load(dN + at + kLanes * x) * a + (load(spread + at + kLanes * x) * b + c));
    }
    float* filter = filterSums + static_cast<size_t>(v) * taps * kLanes;
    filterGradient(Tile{scratch.tile[v], rowStride}, gradient, gradientStride, s.outHeight, s.outWidth, s.kernel, s.stride, filter);

    const float* weights = back.weights.data + static_cast<size_t>(block + v) * taps * kLanes;
    float* out = dM + v * dMStride;
    for (size_t i = 0; i < geometry.classes.size(); ++i) {
      const Geometry::Class& k = geometry.classes[i];
      const Taps rectangle{k.tapRows, k.tapColumns, weights};
      const Tile tile{scratch.gradient[v] + k.offset, gradientStride};
      weights += kLanes * k.taps.size();
      for (int q = 0; q < k.rows; ++q) {
        const size_t at = (static_cast<size_t>(k.row + q * s.stride) * s.width + k.column) * kLanes;
        backRows.rows[i](tile.at(q, 0), rectangle, k.columns, out + at, kLanes * s.stride, s.expand ? scratch.slope[v] + at : nullptr);
      }
    }
  }
}

}  // namespace mbconv
