// How a batch is divided: groups of images that are worked on together, chunks of groups that are summed together.

namespace mbconv {

/// Images of small maps are taken several at a time, so that a product sees some hundred pixels. Tensors in blocks of
/// eight channels follow it: [group][block][pixels of the group's images][kLanes].
struct Groups {
  explicit Groups(const MBConvShape& s)
      : batch(s.batch), span(std::max(1, std::min(128 / s.outPixels(), s.batch))), count((s.batch + span - 1) / span) {}
  int first(int group) const { return group * span; }
  int images(int group) const { return std::min(span, batch - first(group)); }
  int of(int image) const { return image / span; }

  /// Where a group's tensor in blocks begins.
  size_t start(int group, int blocks, int pixels) const { return static_cast<size_t>(first(group)) * blocks * pixels * kLanes; }
  /// From one block of a group to its next.
  size_t blockStride(int group, int pixels) const { return static_cast<size_t>(images(group)) * pixels * kLanes; }
  /// Where one image's pixels of one block begin.
  size_t at(int image, int block, int blocks, int pixels) const {
    const int group = of(image);
    return start(group, blocks, pixels) + block * blockStride(group, pixels) + static_cast<size_t>(image - first(group)) * pixels * kLanes;
  }
  /// Where the next block begins: of this image, after its last one of the next.
  size_t after(int image, int block, int blocks, int pixels) const {
    if (block + 1 < blocks) return at(image, block + 1, blocks, pixels);
    return at(image + 1 < batch ? image + 1 : image, 0, blocks, pixels);
  }
  int batch, span, count;
};

/// A fixed number of chunks, each with sums of its own: enough for every thread, few where the sums are large, and even, so
/// that two threads have as many.
inline int chunksOf(int parts, size_t floatsPerChunk) {
  const size_t fit = (size_t{1} << 20) / std::max<size_t>(1, floatsPerChunk);
  const size_t most = std::max<size_t>(4, fit + fit % 2);
  return static_cast<int>(std::min<size_t>({static_cast<size_t>(parts), 32, most}));
}
inline int chunkStart(int chunk, int chunks, int parts) { return static_cast<int>(static_cast<long>(chunk) * parts / chunks); }

/// Calls f(block, std::integral_constant<int, V>) for pairs of blocks and a last single one.
template <class F>
HOT_INLINE void eachPair(int from, int to, F f) {
  int b = from;
  for (; b + 2 <= to; b += 2) f(b, std::integral_constant<int, 2>{});
  if (b < to) f(b, std::integral_constant<int, 1>{});
}

/// The same where blocks share nothing: pairs for a product that reads its input once for both, else one by one, so that
/// what one block needs stays in the first-level cache.
template <class F>
HOT_INLINE void eachBlock(bool pairs, int to, F f) {
  if (pairs) return eachPair(0, to, f);
  for (int b = 0; b < to; ++b) f(b, std::integral_constant<int, 1>{});
}

}  // namespace mbconv
