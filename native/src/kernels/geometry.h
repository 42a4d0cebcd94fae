// Windows over images: what convolutions and pools share.
#pragma once
#include "../tensors.h"

namespace blockwise {

/// Where the windows of a convolution or pool lie; one number a spatial axis.
struct Windows {
  std::vector<int64_t> strides;
  std::vector<int64_t> before;  // padding at the top, left
  std::vector<int64_t> dilations;
  std::vector<int64_t> out;  // size of the output
  bool channelsFirst = false;

  /// Reads (strides, before, dilations, out, channelsFirst) from argument `at` on.
  static Windows From(Call& call, size_t at) {
    return {call.Ints(at), call.Ints(at + 1), call.Ints(at + 2), call.Ints(at + 3), call.Flag(at + 4)};
  }

  size_t Axes() const { return strides.size(); }

  /// True when padding both sides by `before` gives this output: what ATen can do by itself.
  bool Symmetric(at::IntArrayRef in, at::IntArrayRef kernel) const {
    for (size_t i = 0; i < Axes(); ++i) {
      const int64_t room = in[i] + 2 * before[i] - Reach(kernel, i);
      if (before[i] < 0 || room < 0 || room / strides[i] + 1 != out[i]) return false;
    }
    return true;
  }

  /// What ATen's constant_pad_nd must add (or cut, where negative) so that no further padding is needed.
  std::vector<int64_t> Pads(at::IntArrayRef in, at::IntArrayRef kernel, int64_t sign = 1) const {
    std::vector<int64_t> pads;
    for (size_t i = Axes(); i-- > 0;) {
      const int64_t after = (out[i] - 1) * strides[i] + Reach(kernel, i) - in[i] - before[i];
      pads.push_back(sign * before[i]);
      pads.push_back(sign * after);
    }
    return pads;
  }

 private:
  int64_t Reach(at::IntArrayRef kernel, size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

/// `[batch, ...space, channels]` seen as `[batch, channels, ...space]`, without a copy.
inline at::Tensor ChannelsFirst(const at::Tensor& x, bool already = false) {
  return already ? x : x.movedim(-1, 1);
}

inline at::Tensor ChannelsLast(const at::Tensor& x, bool leave = false) { return leave ? x : x.movedim(1, -1); }

inline std::vector<int64_t> SpaceOf(const at::Tensor& channelsFirst) {
  return {channelsFirst.sizes().begin() + 2, channelsFirst.sizes().end()};
}

}  // namespace blockwise
