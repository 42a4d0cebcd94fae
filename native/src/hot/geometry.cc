#include "geometry.h"

#include <algorithm>

namespace hot {

Geometry::Geometry(int height, int width, int outHeight, int outWidth, int kernel, int stride, int padTop, int padLeft, int lanes)
    : height(height), width(width), outHeight(outHeight), outWidth(outWidth), kernel(kernel), stride(stride),
      padTop(padTop), padLeft(padLeft), lanes(lanes) {
  tileHeight = std::max(padTop + height, (outHeight - 1) * stride + kernel);
  tileWidth = std::max(padLeft + width, (outWidth - 1) * stride + kernel);

  // Input row r + stride q gets from output row q + (r + pad - y) / stride through tap row y.
  struct Reach {
    int low = 0, high = 0;
    std::vector<std::vector<std::pair<int, int>>> taps;  // per residue: (tap, shift)
  };
  const auto reach = [&](int size, int outSize, int pad) {
    Reach reach;
    reach.high = outSize - 1;
    for (int r = 0; r < std::min(stride, size); ++r) {
      reach.taps.emplace_back();
      const int last = (size - 1 - r) / stride;
      for (int tap = kernel - 1; tap >= 0; --tap) {  // the last tap reaches the first output
        const int distance = r + pad - tap;
        if (distance % stride != 0) continue;
        const int shift = distance / stride;
        if (shift + last < 0 || shift > outSize - 1) continue;  // touches no output
        reach.taps.back().emplace_back(tap, shift);
        reach.low = std::min(reach.low, shift);
        reach.high = std::max(reach.high, shift + last);
      }
    }
    return reach;
  };
  const Reach down = reach(height, outHeight, padTop), across = reach(width, outWidth, padLeft);
  gradientTop = -down.low;
  gradientLeft = -across.low;
  gradientHeight = down.high - down.low + 1;
  gradientWidth = across.high - across.low + 1;
  for (int r = 0; r < static_cast<int>(down.taps.size()); ++r) {
    for (int c = 0; c < static_cast<int>(across.taps.size()); ++c) {
      Class k;
      k.row = r;
      k.column = c;
      k.rows = (height - 1 - r) / stride + 1;
      k.columns = (width - 1 - c) / stride + 1;
      k.tapRows = static_cast<int>(down.taps[r].size());
      k.tapColumns = static_cast<int>(across.taps[c].size());
      k.top = k.left = k.offset = 0;
      if (k.tapRows > 0 && k.tapColumns > 0) {
        k.top = down.taps[r][0].second;
        k.left = across.taps[c][0].second;
        k.offset = (gradientTop + k.top) * gradientRowStride() + lanes * (gradientLeft + k.left);
      }
      for (const auto& down1 : down.taps[r])
        for (const auto& across1 : across.taps[c]) k.taps.push_back(down1.first * kernel + across1.first);
      classes.push_back(std::move(k));
    }
  }
}

}  // namespace hot
