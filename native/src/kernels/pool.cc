// Max and average pools in two and three dimensions, and their gradients.
#include <algorithm>
#include <limits>

#include "../families.h"
#include "../tensors.h"
#include "geometry.h"
#include "int32.h"

namespace blockwise {
namespace {

// Pools are called as (..., kernel, windows...).
struct Pool {
  std::vector<int64_t> kernel;
  Windows windows;
  std::vector<int64_t> zeros;

  Pool(Call& call, size_t at) : kernel(call.Ints(at)), windows(Windows::From(call, at + 1)), zeros(windows.Axes(), 0) {}

  // A window wider than the image leaves no output.
  bool Empty() const {
    return std::any_of(windows.out.begin(), windows.out.end(), [](int64_t size) { return size <= 0; });
  }
  at::Tensor Nothing(const at::Tensor& x) const {
    std::vector<int64_t> shape = {x.size(0), x.size(1)};
    for (int64_t size : windows.out) shape.push_back(std::max<int64_t>(0, size));
    return at::empty(shape, x.options());
  }
  bool In3D() const { return windows.Axes() == 3; }
  at::Tensor Pad(const at::Tensor& x, double value) const {
    return at::constant_pad_nd(x, windows.Pads(SpaceOf(x), kernel), value);
  }
  at::Tensor Cut(const at::Tensor& padded, const at::Tensor& like) const {
    return at::constant_pad_nd(padded, windows.Pads(SpaceOf(like), kernel, -1));
  }
  // Sums over windows.
  at::Tensor Sums(const at::Tensor& padded) const {
    return In3D() ? at::avg_pool3d(padded, kernel, windows.strides, zeros, false, true, 1)
                  : at::avg_pool2d(padded, kernel, windows.strides, zeros, false, true, 1);
  }
  // How many places of each window lie in the image: padding does not count.
  at::Tensor Counts(const at::Tensor& x) const {
    std::vector<int64_t> shape = {1, 1};
    for (int64_t size : SpaceOf(x)) shape.push_back(size);
    return Sums(Pad(at::ones(shape, x.options()), 0)).clamp_min_(1);
  }
  std::tuple<at::Tensor, at::Tensor> MaxWithIndices(const at::Tensor& padded) const {
    return In3D() ? at::max_pool3d_with_indices(padded, kernel, windows.strides, zeros, windows.dilations, false)
                  : at::max_pool2d_with_indices(padded, kernel, windows.strides, zeros, windows.dilations, false);
  }
};

constexpr double kLowest = -std::numeric_limits<double>::infinity();

at::Tensor Image(Call& call, size_t i, bool channelsFirst) {
  return Wide(ChannelsFirst(call.Tensor(i), channelsFirst));
}

at::Tensor Return(Call& call, const at::Tensor& y, bool channelsFirst) {
  return Narrow(ChannelsLast(y, channelsFirst), call.Tensor(0));
}

// AvgPool(x, kernel, windows...)
at::Tensor AvgPool(Call& call) {
  const Pool pool(call, 1);
  const at::Tensor x = Image(call, 0, pool.windows.channelsFirst);
  if (pool.Empty()) return Return(call, pool.Nothing(x), pool.windows.channelsFirst);
  return Return(call, at::div(pool.Sums(pool.Pad(x, 0)), pool.Counts(x)), pool.windows.channelsFirst);
}

// AvgPoolGrad(dy, input, kernel, windows...)
at::Tensor AvgPoolGrad(Call& call) {
  const Pool pool(call, 2);
  const bool first = pool.windows.channelsFirst;
  const at::Tensor x = Image(call, 1, first);
  if (pool.Empty()) return at::zeros_like(call.Tensor(1));
  const at::Tensor dy = at::div(Image(call, 0, first).to(x.scalar_type()), pool.Counts(x));
  const at::Tensor padded = pool.Pad(x, 0);
  const auto& w = pool.windows;
  const at::Tensor dx =
      pool.In3D() ? at::avg_pool3d_backward(dy, padded, pool.kernel, w.strides, pool.zeros, false, true, 1)
                  : at::avg_pool2d_backward(dy, padded, pool.kernel, w.strides, pool.zeros, false, true, 1);
  return ChannelsLast(pool.Cut(dx, x), first).to(at::kFloat);
}

// MaxPool(x, kernel, windows...)
at::Tensor MaxPool(Call& call) {
  const Pool pool(call, 1);
  const at::Tensor x = Image(call, 0, pool.windows.channelsFirst);
  if (pool.Empty()) return Return(call, pool.Nothing(x), pool.windows.channelsFirst);
  return Return(call, std::get<0>(pool.MaxWithIndices(pool.Pad(x, kLowest))), pool.windows.channelsFirst);
}

// MaxPoolGrad(dy, input, kernel, windows...)
at::Tensor MaxPoolGrad(Call& call) {
  const Pool pool(call, 2);
  const bool first = pool.windows.channelsFirst;
  const at::Tensor x = Image(call, 1, first);
  const at::Tensor dy = Image(call, 0, first).to(x.scalar_type());
  if (pool.Empty()) return at::zeros_like(call.Tensor(1));
  const at::Tensor padded = pool.Pad(x, kLowest);
  const at::Tensor indices = std::get<1>(pool.MaxWithIndices(padded));
  const auto& w = pool.windows;
  const at::Tensor dx = pool.In3D() ? at::max_pool3d_with_indices_backward(dy, padded, pool.kernel, w.strides, pool.zeros,
                                                                           w.dilations, false, indices)
                                    : at::max_pool2d_with_indices_backward(dy, padded, pool.kernel, w.strides, pool.zeros,
                                                                           w.dilations, false, indices);
  return ChannelsLast(pool.Cut(dx, x), first).to(at::kFloat);
}

// MaxPoolWithArgmax(x, includeBatchInIndex, kernel, windows...): indices into the flattened image.
std::vector<at::Tensor> MaxPoolWithArgmax(Call& call) {
  const Pool pool(call, 2);
  const at::Tensor x = Image(call, 0, false);
  const at::Tensor padded = pool.Pad(x, kLowest);
  const auto [values, places] = pool.MaxWithIndices(padded);
  const int64_t channels = x.size(1), height = x.size(2), width = x.size(3), wide = padded.size(3);
  const auto longs = at::TensorOptions().dtype(at::kLong).device(x.device());
  const at::Tensor row = at::div(places, wide, "floor").sub(pool.windows.before[0]);
  const at::Tensor column = at::remainder(places, wide).sub(pool.windows.before[1]);
  at::Tensor index = row.mul(width).add(column).mul(channels).add(at::arange(channels, longs).view({1, channels, 1, 1}));
  if (call.Flag(1)) {
    index = index.add(at::arange(x.size(0), longs).view({x.size(0), 1, 1, 1}).mul(height * width * channels));
  }
  return {Narrow(ChannelsLast(values), call.Tensor(0)), ChannelsLast(index).to(at::kInt)};
}

}  // namespace

void InitPool(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "AvgPool", AvgPool);
  Define(env, exports, "AvgPoolGrad", AvgPoolGrad);
  Define(env, exports, "AvgPool3D", AvgPool);
  Define(env, exports, "AvgPool3DGrad", AvgPoolGrad);
  Define(env, exports, "MaxPool", MaxPool);
  Define(env, exports, "MaxPoolGrad", MaxPoolGrad);
  Define(env, exports, "MaxPool3D", MaxPool);
  Define(env, exports, "MaxPool3DGrad", MaxPoolGrad);
  Define(env, exports, "MaxPoolWithArgmax", MaxPoolWithArgmax);
}

}  // namespace blockwise
