// Convolutions in two and three dimensions: Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput and the 3D ones.
#include "../families.h"
#include "../tensors.h"
#include "activation.h"
#include "convolve.h"
#include "geometry.h"
#include "int32.h"

namespace blockwise {
namespace {

at::MemoryFormat DenseFormat(int64_t dim) {
  return dim == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d;
}

// tfjs keeps filters as `[...kernel, in, out]`, ATen as `[out, in, ...kernel]`.
at::Tensor FilterToTorch(const at::Tensor& filter) { return filter.movedim({-1, -2}, {0, 1}); }
at::Tensor FilterFromTorch(const at::Tensor& weight) { return weight.movedim({0, 1}, {-1, -2}); }

at::Tensor Forward(Call& call, const c10::optional<at::Tensor>& bias, size_t windowsAt) {
  const Windows windows = Windows::From(call, windowsAt);
  const at::Tensor x = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor weight = FilterToTorch(call.Tensor(1));
  if (x.size(1) != weight.size(1)) {
    throw std::invalid_argument("x has " + std::to_string(x.size(1)) + " channels, the filter takes " +
                                std::to_string(weight.size(1)));
  }
  return ChannelsLast(Convolve(x, weight.contiguous(DenseFormat(x.dim())), bias, windows, 1), windows.channelsFirst);
}

// Conv(x, filter, windows...)
at::Tensor Conv(Call& call) { return Forward(call, c10::nullopt, 2); }

// ConvBackpropInput(dy, filter, inputShape, windows...)
at::Tensor ConvBackpropInput(Call& call) {
  const Windows windows = Windows::From(call, 3);
  const at::Tensor dy = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor weight = FilterToTorch(call.Tensor(1)).contiguous(DenseFormat(dy.dim()));
  at::Tensor shape = at::empty(call.Ints(2), dy.options());
  shape = ChannelsFirst(shape, windows.channelsFirst);
  return ChannelsLast(ConvolveBackward(dy, shape, weight, windows, 1, true), windows.channelsFirst);
}

// ConvBackpropFilter(x, dy, filterShape, windows...)
at::Tensor ConvBackpropFilter(Call& call) {
  const Windows windows = Windows::From(call, 3);
  const at::Tensor x = ChannelsFirst(call.Tensor(0), windows.channelsFirst);
  const at::Tensor dy = ChannelsFirst(call.Tensor(1), windows.channelsFirst);
  const at::Tensor shape = at::empty(FilterToTorch(at::empty(call.Ints(2), x.options())).sizes(), x.options());
  return FilterFromTorch(ConvolveBackward(dy, x, shape, windows, 1, false));
}

// FusedConv2D(x, filter, bias, preluWeights, activation, alpha, windows...)
at::Tensor FusedConv2D(Call& call) {
  const auto bias = call.OptionalTensor(2);
  const bool direct = bias && bias->dim() == 1 && bias->size(0) == call.Tensor(1).size(-1);
  at::Tensor y = Forward(call, direct ? bias : c10::nullopt, 6).contiguous();
  if (bias && !direct) y = at::add(y, *bias);
  auto preluWeights = call.OptionalTensor(3);
  const bool channelsFirst = call.Flag(10);
  if (preluWeights && preluWeights->dim() == 1 && channelsFirst) preluWeights = preluWeights->view({-1, 1, 1});
  return Activate(y, call.Text(4), preluWeights, call.Number(5));
}

// oneDNN refuses some shapes (a padding wider than the kernel, say) that ATen's own kernels take.
template <typename Body>
auto WithoutOneDnnWhereItRefuses(Body body) {
  try {
    return body();
  } catch (const c10::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    at::globalContext().setUserEnabledMkldnn(false);
    try {
      auto result = body();
      at::globalContext().setUserEnabledMkldnn(true);
      return result;
    } catch (...) {
      at::globalContext().setUserEnabledMkldnn(true);
      throw;
    }
  }
}

}  // namespace

at::Tensor Convolve(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                    const Windows& windows, int64_t groups) {
  if (IsWhole(x) && IsWhole(weight) && (!bias || IsWhole(*bias))) {
    const at::Tensor y = WholeProduct(x, weight, [&](const at::Tensor& from, const at::Tensor& by) {
      return Convolve(from, by, c10::nullopt, windows, groups);
    });
    if (!bias) return Narrow(y, x);
    std::vector<int64_t> shape(windows.Axes() + 1, 1);
    shape[0] = -1;
    return Narrow(at::add(y, Long(*bias).view(shape)), x);
  }
  const std::vector<int64_t> space = SpaceOf(x);
  const std::vector<int64_t> kernel = SpaceOf(weight);
  const at::Tensor from = Wide(x);
  const at::Tensor by = weight.to(from.scalar_type());
  const c10::optional<at::Tensor> offset = bias ? c10::optional<at::Tensor>(bias->to(from.scalar_type())) : c10::nullopt;
  const std::vector<int64_t> zeros(windows.Axes(), 0);
  const bool symmetric = windows.Symmetric(space, kernel);
  const at::Tensor padded = symmetric ? from : at::constant_pad_nd(from, windows.Pads(space, kernel));
  const at::Tensor y = WithoutOneDnnWhereItRefuses([&] {
    return at::convolution(padded, by, offset, windows.strides, symmetric ? windows.before : zeros, windows.dilations, false,
                           zeros, groups);
  });
  return Narrow(y, x);
}

at::Tensor ConvolveBackward(const at::Tensor& slope, const at::Tensor& image, const at::Tensor& filter, const Windows& windows,
                            int64_t groups, bool toInput) {
  if (IsWhole(slope) || IsWhole(image) || IsWhole(filter)) {
    const auto wide = [](const at::Tensor& of) { return of.to(at::kDouble); };
    // Gradients are float32 whatever comes, as on the cpu backend.
    return ConvolveBackward(wide(slope), wide(image), wide(filter), windows, groups, toInput).to(at::kFloat);
  }
  const at::Tensor &dy = slope, &x = image, &weight = filter;
  const std::vector<int64_t> space = SpaceOf(x);
  const std::vector<int64_t> kernel = SpaceOf(weight);
  const std::vector<int64_t> zeros(windows.Axes(), 0);
  const bool symmetric = windows.Symmetric(space, kernel);
  at::Tensor padded = x;
  if (!symmetric) {
    if (toInput) {
      // Only the shape of x counts here.
      std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
      const std::vector<int64_t> pads = windows.Pads(space, kernel);
      const size_t axes = windows.Axes();
      for (size_t i = 0; i < axes; ++i) shape[2 + i] += pads[2 * (axes - 1 - i)] + pads[2 * (axes - 1 - i) + 1];
      padded = at::empty(shape, x.options());
      if (shape.size() == 4) padded = padded.contiguous(at::MemoryFormat::ChannelsLast);
    } else {
      padded = at::constant_pad_nd(x, windows.Pads(space, kernel));
    }
  }
  const auto [dx, dw, db] = WithoutOneDnnWhereItRefuses([&] {
    return at::convolution_backward(dy, padded, weight, c10::nullopt, windows.strides, symmetric ? windows.before : zeros,
                                    windows.dilations, false, zeros, groups, {toInput, !toInput, false});
  });
  if (!toInput) return dw;
  return symmetric ? dx : at::constant_pad_nd(dx, windows.Pads(space, kernel, -1));
}

void InitConv(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Conv2D", Conv);
  Define(env, exports, "Conv2DBackpropFilter", ConvBackpropFilter);
  Define(env, exports, "Conv2DBackpropInput", ConvBackpropInput);
  Define(env, exports, "Conv3D", Conv);
  Define(env, exports, "Conv3DBackpropFilterV2", ConvBackpropFilter);
  Define(env, exports, "Conv3DBackpropInputV2", ConvBackpropInput);
  Define(env, exports, "FusedConv2D", FusedConv2D);
}

}  // namespace blockwise
