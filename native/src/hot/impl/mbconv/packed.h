// Packed weights and folded norms of one call.

namespace mbconv {

struct Packed {
  Packed(const MBConvShape& s, const MBConvWeights& w)
      : blocks(s.blocks()), wide(kLanes * blocks),
        w1(s.expand ? static_cast<size_t>(wide) * s.inChannels : 0, Uninitialised{}), scale1(wide), shift1(wide),
        wd(static_cast<size_t>(wide) * s.kernel * s.kernel, Uninitialised{}), scale2(wide), shift2(wide) {
    packRows(w.wd, s.kernel * s.kernel, s.middle, blocks, nullptr, wd);
  }
  /// The norm after the expansion, once its statistics are known. Where the expanded tensor is made again from the
  /// input, the norm's scale goes into the weights.
  void foldExpansion(const MBConvShape& s, const MBConvWeights& w, const MBConvKept& k) {
    affineOf(w.gamma1, w.beta1, k.mean1, k.variance1, s.epsilon, s.middle, blocks, scale1, shift1);
    if (!s.stored()) packRows(w.w1, s.inChannels, s.middle, blocks, scale1, w1);
  }
  void foldDepthwise(const MBConvShape& s, const MBConvWeights& w, const MBConvKept& k) {
    affineOf(w.gamma2, w.beta2, k.mean2, k.variance2, s.epsilon, s.middle, blocks, scale2, shift2);
  }
  int blocks, wide;
  Buffer w1, scale1, shift1, wd, scale2, shift2;
};

}  // namespace mbconv
