// Layers with given statistics, their norms folded into the weights: a whole MBConv, and a convolution with norm and activation.
#include "../families.h"
#include "convolve.h"
#include "fused.h"

namespace blockwise {
namespace {

// How JavaScript orders the weights; 0 where there is none.
enum Weight { kW1, kGamma1, kBeta1, kWd, kGamma2, kBeta2, kSe1, kSeBias1, kSe2, kSeBias2, kW2, kGamma3, kBeta3,
              kMean1, kVariance1, kMean2, kVariance2, kMean3, kVariance3, kWeights };

// MBConvInference(x, weights and statistics, [stride, padTop, padLeft, outHeight, outWidth, activation, residual], epsilon)
at::Tensor MBConvInference(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const std::vector<at::Tensor> weights = call.OptionalTensors(1);
  const std::vector<int64_t> c = call.Ints(2);
  Require(x.dim() == 4 && x.numel() > 0, [&] { return "x must be [batch, height, width, channels] and not empty, but is " + ShapeText(x); });
  Require(weights.size() == kWeights && c.size() == 7, "an MBConv has 13 weights, 6 statistics and 7 numbers");
  const at::Tensor &wd = weights[kWd], &w2 = weights[kW2];
  Require(wd.defined() && wd.dim() == 4 && w2.defined() && w2.dim() == 4, "an MBConv needs its depthwise and project kernels");
  hot::MBConvShape s{};
  s.batch = x.size(0), s.height = x.size(1), s.width = x.size(2), s.inChannels = x.size(3);
  s.kernel = wd.size(0), s.middle = wd.size(2), s.outChannels = w2.size(3);
  s.stride = c[0], s.padTop = c[1], s.padLeft = c[2], s.outHeight = c[3], s.outWidth = c[4];
  s.activation = c[5], s.residual = c[6];
  s.expand = weights[kW1].defined();
  s.reduced = weights[kSe1].defined() ? weights[kSe1].size(1) : 0;
  s.epsilon = call.Number(3);
  s.threads = Threads();
  s.lanes = hot::table().lanes;
  Require(s.stride == 1 || s.stride == 2, "stride must be 1 or 2");
  Require(s.outHeight > 0 && s.outWidth > 0 && s.padTop >= 0 && s.padLeft >= 0, "the output would be empty");
  Require(s.expand || s.middle == s.inChannels, "without an expansion the depthwise kernel has x's channels");
  Require(!s.residual || (s.stride == 1 && s.inChannels == s.outChannels && s.outHeight == s.height && s.outWidth == s.width),
          "a residual needs an output of the input's shape");
  const int64_t middle = s.middle, out = s.outChannels, reduced = s.reduced;
  const int64_t sizes[kWeights] = {s.inChannels * middle, middle, middle, static_cast<int64_t>(s.kernel) * s.kernel * middle, middle,
                                   middle, middle * reduced, reduced, middle * reduced, middle, middle * out, out, out, middle,
                                   middle, middle, middle, out, out};
  std::vector<const float*> p(kWeights, nullptr);
  for (int i = 0; i < kWeights; ++i) {
    const bool ofExpansion = i <= kBeta1 || i == kMean1 || i == kVariance1, ofGate = i >= kSe1 && i <= kSeBias2;
    if (ofExpansion ? !s.expand : ofGate && !reduced) continue;
    Require(weights[i].defined(), "a weight of the MBConv is missing");
    RequireSize(weights[i], sizes[i], "a weight of the MBConv");
    p[i] = FloatsOf(weights[i]);
  }
  at::Tensor y = NewFloats({s.batch, s.outHeight, s.outWidth, s.outChannels});
  hot::table().mbconvInference(s,
                               {p[kW1], p[kGamma1], p[kBeta1], p[kWd], p[kGamma2], p[kBeta2], p[kSe1], p[kSeBias1], p[kSe2],
                                p[kSeBias2], p[kW2], p[kGamma3], p[kBeta3]},
                               {p[kMean1], p[kVariance1], p[kMean2], p[kVariance2], p[kMean3], p[kVariance3]}, FloatsOf(x),
                               FloatsOf(y));
  return y;
}

// ConvNormInference(x, kernel, gamma, beta, mean, variance, epsilon, activation, windows...)
at::Tensor ConvNormInference(Call& call) {
  const at::Tensor &x = call.Tensor(0), &kernel = call.Tensor(1);
  Require(x.dim() == 4 && x.numel() > 0, [&] { return "x must be [batch, height, width, channels] and not empty, but is " + ShapeText(x); });
  Require(kernel.dim() == 4 && kernel.size(2) == x.size(3), [&] {
    return "x " + ShapeText(x) + " and the kernel " + ShapeText(kernel) + " must have the same input channels";
  });
  const int64_t in = x.size(3), channels = kernel.size(3);
  for (int i = 2; i < 6; ++i) RequireSize(call.Tensor(i), channels, "gamma, beta, mean and variance");
  const double epsilon = call.Number(6);
  const int activation = static_cast<int>(call.Int(7));
  const Windows windows = Windows::From(call, 8);
  if (kernel.size(0) == 1 && kernel.size(1) == 1 && windows.strides[0] == 1 && windows.strides[1] == 1) {
    at::Tensor y = NewFloats({x.size(0), x.size(1), x.size(2), channels});
    hot::table().pointwiseInference(FloatsOf(x), FloatsOf(kernel), call.Floats(2), call.Floats(3), call.Floats(4), call.Floats(5),
                                    epsilon, activation, x.numel() / in, in, channels, Threads(), FloatsOf(y));
    return y;
  }
  const at::Tensor scale = call.Tensor(2) / at::sqrt(call.Tensor(5) + epsilon);
  const at::Tensor shift = call.Tensor(3) - call.Tensor(4) * scale;
  const at::Tensor weight = (kernel * scale).permute({3, 2, 0, 1}).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor y = ChannelsLast(Convolve(ChannelsFirst(x, false), weight, shift, windows, 1), false).contiguous();
  if (activation != hot::kNone) hot::table().activate(FloatsOf(y), activation, y.numel(), Threads(), FloatsOf(y));
  return y;
}

}  // namespace

void InitFusedInference(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "MBConvInference", MBConvInference);
  Define(env, exports, "ConvNormInference", ConvNormInference);
}

}  // namespace blockwise
