// Depthwise convolutions: DepthwiseConv2dNative, ...BackpropFilter, ...BackpropInput.
#include "../families.h"
#include "../tensors.h"
#include "activation.h"
#include "convolve.h"
#include "fused.h"

namespace blockwise {
namespace {

// Whether the hand-written kernels take this: plain NHWC float32 on the CPU, one filter a channel, stride 1 or 2.
bool ByHand(const at::Tensor& image, at::IntArrayRef filter, const Windows& w) {
  return image.is_cpu() && image.scalar_type() == at::kFloat && image.dim() == 4 && !w.channelsFirst &&
         filter.size() == 4 && filter[2] == image.size(3) && filter[3] == 1 &&
         filter[0] == filter[1] && w.strides[0] == w.strides[1] && (w.strides[0] == 1 || w.strides[0] == 2) &&
         w.dilations[0] == 1 && w.dilations[1] == 1 && w.before[0] >= 0 && w.before[1] >= 0 && w.out[0] > 0 && w.out[1] > 0;
}

hot::DepthwiseShape ShapeOf(at::IntArrayRef x, at::IntArrayRef filter, const Windows& w) {
  hot::DepthwiseShape s;
  s.batch = x[0];
  s.height = x[1];
  s.width = x[2];
  s.channels = x[3];
  s.kernel = filter[0];
  s.stride = w.strides[0];
  s.padTop = w.before[0];
  s.padLeft = w.before[1];
  s.outHeight = w.out[0];
  s.outWidth = w.out[1];
  s.threads = Threads();
  return s;
}

void RequireOutput(const at::Tensor& dy, const hot::DepthwiseShape& s) {
  Require(dy.sizes().equals({s.batch, s.outHeight, s.outWidth, s.channels}), "dy must have the output's shape");
}

// tfjs: `[height, width, channels, multiplier]`; ATen: `[channels * multiplier, 1, height, width]`.
at::Tensor FilterToTorch(const at::Tensor& filter) {
  return filter.permute({2, 3, 0, 1}).reshape({filter.size(2) * filter.size(3), 1, filter.size(0), filter.size(1)});
}

at::Tensor Forward(Call& call, const c10::optional<at::Tensor>& bias, size_t windowsAt) {
  const Windows windows = Windows::From(call, windowsAt);
  const at::Tensor x = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor& filter = call.Tensor(1);
  if (x.size(1) != filter.size(2)) {
    throw std::invalid_argument("x has " + std::to_string(x.size(1)) + " channels, the filter takes " +
                                std::to_string(filter.size(2)));
  }
  if (!bias && ByHand(call.Tensor(0), filter.sizes(), windows)) {
    const hot::DepthwiseShape s = ShapeOf(call.Tensor(0).sizes(), filter.sizes(), windows);
    at::Tensor y = NewFloats({s.batch, s.outHeight, s.outWidth, s.channels});
    hot::table().depthwiseForward(s, FloatsOf(call.Tensor(0)), FloatsOf(filter), FloatsOf(y));
    return y;
  }
  return ChannelsLast(Convolve(x, FilterToTorch(filter), bias, windows, x.size(1)), windows.channelsFirst);
}

// DepthwiseConv2dNative(x, filter, windows...)
at::Tensor DepthwiseConv2dNative(Call& call) { return Forward(call, c10::nullopt, 2); }

// DepthwiseConv2dNativeBackpropInput(dy, filter, inputShape, windows...)
at::Tensor DepthwiseConv2dNativeBackpropInput(Call& call) {
  const Windows windows = Windows::From(call, 3);
  const at::Tensor& filter = call.Tensor(1);
  if (ByHand(call.Tensor(0), filter.sizes(), windows)) {
    const hot::DepthwiseShape s = ShapeOf(call.Ints(2), filter.sizes(), windows);
    RequireOutput(call.Tensor(0), s);
    at::Tensor dx = NewFloats({s.batch, s.height, s.width, s.channels});
    hot::table().depthwiseInputGradient(s, FloatsOf(call.Tensor(0)), FloatsOf(filter), FloatsOf(dx));
    return dx;
  }
  const at::Tensor dy = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor shape = ChannelsFirst(at::empty(call.Ints(2), dy.options()), windows.channelsFirst);
  return ChannelsLast(ConvolveBackward(dy, shape, FilterToTorch(call.Tensor(1)), windows, shape.size(1), true),
                      windows.channelsFirst);
}

// DepthwiseConv2dNativeBackpropFilter(x, dy, filterShape, windows...)
at::Tensor DepthwiseConv2dNativeBackpropFilter(Call& call) {
  const Windows windows = Windows::From(call, 3);
  const std::vector<int64_t> shape = call.Ints(2);
  Require(shape.size() == 4, "the filter's shape must be of rank 4");
  if (ByHand(call.Tensor(0), shape, windows)) {
    const hot::DepthwiseShape s = ShapeOf(call.Tensor(0).sizes(), shape, windows);
    RequireOutput(call.Tensor(1), s);
    at::Tensor dw = NewFloats(shape);
    hot::table().depthwiseFilterGradient(s, FloatsOf(call.Tensor(0)), FloatsOf(call.Tensor(1)), FloatsOf(dw));
    return dw;
  }
  const at::Tensor x = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor dy = ChannelsFirst(call.Tensor(1), windows.channelsFirst);
  const at::Tensor weight = at::empty({shape[2] * shape[3], 1, shape[0], shape[1]}, x.options());
  const at::Tensor dw = ConvolveBackward(dy, x, weight, windows, x.size(1), false);
  return dw.reshape({shape[2], shape[3], shape[0], shape[1]}).permute({2, 3, 0, 1});
}

// FusedDepthwiseConv2D(x, filter, bias, preluWeights, activation, alpha, windows...)
at::Tensor FusedDepthwiseConv2D(Call& call) {
  const auto bias = call.OptionalTensor(2);
  at::Tensor y = Forward(call, c10::nullopt, 6).contiguous();
  if (bias) y = at::add(y, *bias);
  return Activate(y, call.Text(4), call.OptionalTensor(3), call.Number(5));
}

}  // namespace

void InitDepthwise(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "DepthwiseConv2dNative", DepthwiseConv2dNative);
  Define(env, exports, "DepthwiseConv2dNativeBackpropFilter", DepthwiseConv2dNativeBackpropFilter);
  Define(env, exports, "DepthwiseConv2dNativeBackpropInput", DepthwiseConv2dNativeBackpropInput);
  Define(env, exports, "FusedDepthwiseConv2D", FusedDepthwiseConv2D);
}

}  // namespace blockwise
