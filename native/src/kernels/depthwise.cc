// Depthwise convolutions: DepthwiseConv2dNative, ...BackpropFilter, ...BackpropInput.
#include "../families.h"
#include "../tensors.h"
#include "activation.h"
#include "convolve.h"

namespace blockwise {
namespace {

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
  return ChannelsLast(Convolve(x, FilterToTorch(filter), bias, windows, x.size(1)), windows.channelsFirst);
}

// DepthwiseConv2dNative(x, filter, windows...)
at::Tensor DepthwiseConv2dNative(Call& call) { return Forward(call, c10::nullopt, 2); }

// DepthwiseConv2dNativeBackpropInput(dy, filter, inputShape, windows...)
at::Tensor DepthwiseConv2dNativeBackpropInput(Call& call) {
  const Windows windows = Windows::From(call, 3);
  const at::Tensor dy = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor shape = ChannelsFirst(at::empty(call.Ints(2), dy.options()), windows.channelsFirst);
  return ChannelsLast(ConvolveBackward(dy, shape, FilterToTorch(call.Tensor(1)), windows, shape.size(1), true),
                      windows.channelsFirst);
}

// DepthwiseConv2dNativeBackpropFilter(x, dy, filterShape, windows...)
at::Tensor DepthwiseConv2dNativeBackpropFilter(Call& call) {
  const Windows windows = Windows::From(call, 3);
  const at::Tensor x = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor dy = ChannelsFirst(call.Tensor(1), windows.channelsFirst);
  const std::vector<int64_t> shape = call.Ints(2);
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
