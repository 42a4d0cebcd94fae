// Depthwise convolution of ordinary NHWC tensors, read where they lie: some rows at a time, in these piece by piece, in
// each piece block by block of channels.

namespace depthwise {

/// Rows that go through the blocks of channels together, for they share inputs: more of them no longer fit the first-level
/// cache, in which blocks that lie all channels apart fill some sets only.
constexpr int kRows = 2;

/// The blocks of channels of images. What is left beyond the whole blocks is copied, with zeros in the other lanes.
struct Blocks {
  Blocks(int channels, int height, int width)
      : channels(channels), height(height), width(width), whole(channels / kLanes), count((channels + kLanes - 1) / kLanes) {}
  /// Floats of the copy.
  size_t copySize() const { return whole < count ? static_cast<size_t>(height) * width * kLanes : 0; }
  /// Copies rows `ready`..`needed` of an image, in which they then are ready.
  void copyRest(const float* image, float* copy, int& ready, int needed) const {
    const int from = ready * width, to = std::max(ready, std::min(needed, height)) * width;
    ready = to / width;
    if (whole == count) return;
    for (int p = from; p < to; ++p)
      store(copy + static_cast<size_t>(p) * kLanes, loadPart(image + static_cast<size_t>(p) * channels + kLanes * whole, channels - kLanes * whole));
  }
  /// Block b of an image from row `top` and column `left` on.
  Plane at(int b, const float* image, const float* copy, int top, int left) const {
    return b < whole ? at(image + kLanes * b, top, left) : rest(copy, top, left);
  }
  Plane at(const float* image, int top, int left) const { return {image, height, width, channels, top, left}; }
  Plane rest(const float* copy, int top, int left) const { return {copy, height, width, kLanes, top, left}; }
  /// The lines of some rows of an image, which may lie beyond it, to be asked for.
  Lines lines(const float* image, int row, int rows) const {
    const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(width) * channels;
    return linesOf(image + row * line, rows * line);
  }
  const float* image(const float* images, int n) const { return images + static_cast<size_t>(n) * height * width * channels; }

  int channels, height, width, whole, count;
};

inline Geometry geometryOf(const DepthwiseShape& s) {
  return Geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft, kLanes);
}

/// How an output larger than the caches is written: past them, where a block's vectors are whole lines of them, else with
/// the lines that come next asked for. Blocks of channels do not come in the order of memory, which the processor would see.
struct Writing {
  Writing(const DepthwiseShape& s, int height, int width, float* to) : to(to), row(static_cast<size_t>(width) * s.channels) {
    const size_t floats = s.batch * height * row;
    past = kLanes == 16 && goesPast(floats, s.channels, to);
    asks = !past && floats > (size_t{1} << 18);
  }
  /// The i-th row of all images.
  float* at(size_t i) const { return to + i * row; }
  /// The lines of `rows` rows from there on, where they are asked for.
  Lines lines(size_t i, int rows) const { return asks ? linesOf(at(i), rows * row) : Lines{}; }
  float* to;
  size_t row;
  bool past, asks;
};

/// Rows of sums of all channels: whole blocks straight to NHWC, what is left by way of memory behind its copy.
HOT_INLINE void sumRows(const Blocks& blocks, TapBlocks tapBlocks, const float* image, float* copy, int top, int left, const Taps& taps,
                        size_t weightStride, const SumRows& to, Lines reads, Lines writes) {
  if (blocks.whole) tapBlocks(blocks.at(image, top, left), taps, weightStride, blocks.whole, to, reads, writes);
  if (blocks.whole == blocks.count) return;
  float* sums = copy + blocks.copySize();
  const size_t rowStride = static_cast<size_t>(kLanes) * to.pixels;
  const Taps last{taps.rows, taps.columns, taps.weights + blocks.whole * weightStride};
  tapBlocks(blocks.rest(copy, top, left), last, 0, 1, {sums, to.rows, rowStride, to.pixels, kLanes, false}, {}, {});
  const int at = kLanes * blocks.whole;
  for (int y = 0; y < to.rows; ++y)
    for (int x = 0; x < to.pixels; ++x)
      storePart(to.first + y * to.rowStride + static_cast<size_t>(x) * to.stride + at, load(sums + y * rowStride + kLanes * x), blocks.channels - at);
}

/// filter [kernel, kernel, channels]
inline void forward(const DepthwiseShape& s, const float* x, const float* filter, float* y) {
  const Blocks blocks(s.channels, s.height, s.width);
  const int taps = s.kernel * s.kernel;
  Buffer packed(static_cast<size_t>(blocks.count) * taps * kLanes);
  mbconv::packRows(filter, taps, s.channels, blocks.count, nullptr, packed);
  const size_t perThread = blocks.copySize() + kRows * kLanes * static_cast<size_t>(s.outWidth);
  Buffer scratch(s.threads * perThread);
  const TapBlocks tapBlocks = tapBlocksFor(s.kernel, s.stride);
  const Writing writing(s, s.outHeight, s.outWidth, y);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* copy = scratch + omp_get_thread_num() * perThread;
    const float* image = blocks.image(x, n);
    for (int oy = 0, ready = 0; oy < s.outHeight; oy += kRows) {
      const int rows = std::min(kRows, s.outHeight - oy), top = oy * s.stride - s.padTop, below = top + (rows - 1) * s.stride + s.kernel;
      blocks.copyRest(image, copy, ready, below);
      const size_t row = static_cast<size_t>(n) * s.outHeight + oy;
      sumRows(blocks, tapBlocks, image, copy, top, -s.padLeft, {s.kernel, s.kernel, packed}, taps * kLanes,
              {writing.at(row), rows, writing.row, s.outWidth, s.channels, writing.past}, blocks.lines(image, below, kRows * s.stride),
              writing.lines(row + rows, kRows));
    }
    if (writing.past) fence();
  }
}

inline void inputGradient(const DepthwiseShape& s, const float* dy, const float* filter, float* dx) {
  const Geometry geometry = geometryOf(s);
  const Blocks blocks(s.channels, s.outHeight, s.outWidth);
  const int taps = s.kernel * s.kernel;
  Buffer packed(static_cast<size_t>(blocks.count) * taps * kLanes);
  mbconv::packRows(filter, taps, s.channels, blocks.count, nullptr, packed);
  const mbconv::BackTaps back(geometry, packed, blocks.count);
  const mbconv::BackRows<TapBlocks> rows(geometry, tapBlocksFor);
  int reach = 1;  // rows of the gradient that an input row's taps reach, from its own on
  for (const Geometry::Class& k : geometry.classes) reach = std::max(reach, k.top + k.tapRows);
  const Writing writing(s, s.height, s.width, dx);
  const size_t perThread = blocks.copySize() + kRows * kLanes * static_cast<size_t>(s.width);
  Buffer scratch(s.threads * perThread);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int n = 0; n < s.batch; ++n) {
    float* copy = scratch + omp_get_thread_num() * perThread;
    const float* image = blocks.image(dy, n);
    // Rows of one class lie `stride` apart, and each sees the gradient one row further than the one before.
    for (int y = 0, ready = 0; y * s.stride < s.height; y += kRows) {
      const int below = y + kRows - 1 + reach, parts = static_cast<int>(geometry.classes.size());
      blocks.copyRest(image, copy, ready, below);
      const size_t row = static_cast<size_t>(n) * s.height + y * s.stride;
      const Lines reads = blocks.lines(image, below, kRows), writes = writing.lines(row + kRows * s.stride, kRows * s.stride);
      const float* weights = back.weights;
      for (int i = 0; i < parts; ++i) {
        const Geometry::Class& k = geometry.classes[i];
        const Taps rectangle{k.tapRows, k.tapColumns, weights};
        weights += kLanes * k.taps.size();
        const int count = std::min(kRows, k.rows - y);
        if (count <= 0) continue;
        float* out = writing.at(row + k.row) + static_cast<size_t>(k.column) * s.channels;
        sumRows(blocks, rows.rows[i], image, copy, y + k.top, k.left, rectangle, taps * kLanes,
                {out, count, s.stride * writing.row, k.columns, s.stride * s.channels, writing.past}, reads.part(i, parts), writes.part(i, parts));
      }
    }
    if (writing.past) fence();
  }
}

inline void filterGradient(const DepthwiseShape& s, const float* x, const float* dy, float* dFilter) {
  const Blocks in(s.channels, s.height, s.width), out(s.channels, s.outHeight, s.outWidth);
  const int taps = s.kernel * s.kernel;
  const size_t groupSize = static_cast<size_t>(in.count) * taps * kLanes;
  const int groups = mbconv::chunksOf(s.batch, groupSize);
  const size_t perThread = in.copySize() + out.copySize();
  Buffer scratch(s.threads * perThread), partial(groups * groupSize);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s.threads)
  for (int g = 0; g < groups; ++g) {
    float* copy = scratch + omp_get_thread_num() * perThread;
    float* slopeCopy = copy + in.copySize();
    for (int n = mbconv::chunkStart(g, groups, s.batch); n < mbconv::chunkStart(g + 1, groups, s.batch); ++n) {
      const float *image = in.image(x, n), *slope = out.image(dy, n);
      for (int oy = 0, ready = 0, slopeReady = 0; oy < s.outHeight; oy += kRows) {
        const int rows = std::min(kRows, s.outHeight - oy), top = oy * s.stride - s.padTop, below = top + (rows - 1) * s.stride + s.kernel;
        in.copyRest(image, copy, ready, below);
        out.copyRest(slope, slopeCopy, slopeReady, oy + rows);
        Lines inputs = in.lines(image, below, kRows * s.stride), slopes = out.lines(slope, oy + rows, kRows);
        const int inputsEach = inputs.each(in.count * rows), slopesEach = slopes.each(in.count * rows);
        for (int b = 0; b < in.count; ++b) {
          float* sums = partial + g * groupSize + static_cast<size_t>(b) * taps * kLanes;
          for (int y = 0; y < rows; ++y) {
            inputs.ask(inputsEach);
            slopes.ask(slopesEach);
            const Plane input = in.at(b, image, copy, top + y * s.stride, -s.padLeft);
            const float* gradient = out.at(b, slope, slopeCopy, oy + y, 0).row(0);
            if (s.stride == 1) ::hot::HOT_NAMESPACE::filterGradient<1>(input, gradient, s.outWidth, s.kernel, sums);
            else ::hot::HOT_NAMESPACE::filterGradient<2>(input, gradient, s.outWidth, s.kernel, sums);
          }
        }
      }
    }
  }
  mbconv::unpackRows(partial, groups, groupSize, taps, s.channels, in.count, s.threads, dFilter);
}

}  // namespace depthwise
