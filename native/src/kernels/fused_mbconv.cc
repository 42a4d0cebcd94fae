// A whole MBConv in training mode: hot.h's kernel between tensors.
#include <cstring>

#include "../families.h"
#include "fused.h"

namespace blockwise {
namespace {

// How JavaScript orders the weights; 0 where there is none.
enum Weight { kW1, kGamma1, kBeta1, kWd, kGamma2, kBeta2, kSe1, kSeBias1, kSe2, kSeBias2, kW2, kGamma3, kBeta3, kWeights };
// Floats that a cache line holds: parts of what is kept begin on one.
constexpr int64_t kLine = 16;

float* FloatsOrNull(const at::Tensor& tensor) { return tensor.defined() ? FloatsOf(tensor) : nullptr; }

/// (x, weights, [stride, padTop, padLeft, outHeight, outWidth, activation, residual], epsilon)
struct MBConvCall {
  explicit MBConvCall(Call& call) : x(call.Tensor(0)), weights(call.OptionalTensors(1)) {
    Require(x.dim() == 4 && x.numel() > 0, [&] { return "x must be [batch, height, width, channels] and not empty, but is " + ShapeText(x); });
    Require(weights.size() == kWeights, [] { return "an MBConv has " + std::to_string(kWeights) + " weights"; });
    const std::vector<int64_t> c = call.Ints(2);
    Require(c.size() == 7, "an MBConv has 7 numbers");
    const at::Tensor& wd = weights[kWd];
    shape.batch = x.size(0);
    shape.height = x.size(1);
    shape.width = x.size(2);
    shape.inChannels = x.size(3);
    shape.kernel = wd.size(0);
    shape.middle = wd.size(2);
    shape.outChannels = weights[kW2].size(3);
    shape.stride = c[0];
    shape.padTop = c[1];
    shape.padLeft = c[2];
    shape.outHeight = c[3];
    shape.outWidth = c[4];
    shape.activation = c[5];
    shape.residual = c[6];
    shape.expand = weights[kW1].defined();
    shape.reduced = weights[kSe1].defined() ? weights[kSe1].size(1) : 0;
    shape.epsilon = call.Number(3);
    shape.threads = Threads();
    shape.lanes = hot::table().lanes;
    Require(shape.stride == 1 || shape.stride == 2, "stride must be 1 or 2");
    Require(shape.outHeight > 0 && shape.outWidth > 0 && shape.padTop >= 0 && shape.padLeft >= 0, "the output would be empty");
    const int64_t middle = shape.middle, in = shape.inChannels, out = shape.outChannels, reduced = shape.reduced;
    Size(kW1, in * middle), Size(kGamma1, middle), Size(kBeta1, middle);
    Size(kWd, static_cast<int64_t>(shape.kernel) * shape.kernel * middle), Size(kGamma2, middle), Size(kBeta2, middle);
    Size(kSe1, middle * reduced), Size(kSeBias1, reduced), Size(kSe2, middle * reduced), Size(kSeBias2, middle);
    Size(kW2, middle * out), Size(kGamma3, out), Size(kBeta3, out);
    Require(shape.expand || middle == in, "without an expansion the depthwise kernel has x's channels");
    Require(!shape.residual || (shape.stride == 1 && in == out && shape.outHeight == shape.height && shape.outWidth == shape.width),
            "a residual needs an output of the input's shape");
  }

  void Size(Weight which, int64_t size) {
    if (weights[which].defined()) RequireSize(weights[which], size, "a weight of the MBConv");
  }
  hot::MBConvWeights Weights() const {
    const auto p = [&](Weight w) { return FloatsOrNull(weights[w]); };
    return {p(kW1), p(kGamma1), p(kBeta1), p(kWd), p(kGamma2), p(kBeta2), p(kSe1), p(kSeBias1), p(kSe2), p(kSeBias2), p(kW2), p(kGamma3), p(kBeta3)};
  }
  /// The parts of what is kept for the gradient in `at`, or, from null on, how many floats they take in all.
  size_t Lay(float* at, hot::MBConvKept& kept) const {
    const hot::MBConvShape& s = shape;
    const size_t expanded = s.expand ? s.middle : 0, moments = s.expand && !s.stored() ? (s.inChannels + 1) * s.inChannels : 0;
    const size_t outputs = static_cast<size_t>(s.batch) * s.outPixels() * s.outChannels, pooled = s.reduced ? static_cast<size_t>(s.batch) * s.middle : 0;
    size_t used = 0;
    const auto part = [&](size_t size) {
      float* const from = at && size ? at + used : nullptr;
      used += (size + kLine - 1) / kLine * kLine;
      return from;
    };
    // The statistics are small, and come first.
    kept.mean1 = part(expanded), kept.variance1 = part(expanded);
    kept.mean2 = part(s.middle), kept.variance2 = part(s.middle);
    kept.mean3 = part(s.outChannels), kept.variance3 = part(s.outChannels);
    kept.moments = part(moments), kept.expanded = part(s.expandedSize()), kept.spread = part(s.spreadSize());
    kept.projected = part(outputs), kept.pooled = part(pooled);
    return used;
  }
  std::vector<int64_t> OutShape() const { return {shape.batch, shape.outHeight, shape.outWidth, shape.outChannels}; }

  at::Tensor x;
  std::vector<at::Tensor> weights;
  hot::MBConvShape shape{};
};

// MBConvTraining(x, weights, numbers, epsilon, keep) -> y, mean and variance of depthwise, project and, if there is one,
// expand; last, if it is to be kept, what the gradient needs beside x and the weights, as one tensor.
std::vector<at::Tensor> MBConvTraining(Call& call) {
  const MBConvCall c(call);
  const hot::MBConvShape& s = c.shape;
  const bool keep = call.Flag(4);
  hot::MBConvKept kept{};
  const at::Tensor all = NewFloats({static_cast<int64_t>(c.Lay(nullptr, kept) / kLine), kLine});
  c.Lay(FloatsOf(all), kept);
  std::vector<at::Tensor> out = {NewFloats(c.OutShape())};
  hot::table().mbconvForward(s, c.Weights(), FloatsOf(c.x), kept, FloatsOf(out[0]));
  const auto give = [&](const float* values, int64_t size) {
    out.push_back(NewFloats({size}));
    std::memcpy(FloatsOf(out.back()), values, size * sizeof(float));
  };
  give(kept.mean2, s.middle), give(kept.variance2, s.middle);
  give(kept.mean3, s.outChannels), give(kept.variance3, s.outChannels);
  if (s.expand) give(kept.mean1, s.middle), give(kept.variance1, s.middle);
  if (keep) out.push_back(all);
  return out;
}

// MBConvTrainingGrad(x, weights, numbers, epsilon, kept, dy, inputGradient) -> dx (empty if not wanted), then the
// gradients of the weights that exist, in their order.
std::vector<at::Tensor> MBConvTrainingGrad(Call& call) {
  const MBConvCall c(call);
  const hot::MBConvShape& s = c.shape;
  const at::Tensor& all = call.Tensor(4);
  const at::Tensor& dy = call.Tensor(5);
  RequireSize(dy, static_cast<int64_t>(s.batch) * s.outPixels() * s.outChannels, "dy");
  hot::MBConvKept kept{};
  RequireSize(all, c.Lay(nullptr, kept), "what the MBConv keeps");
  c.Lay(FloatsOf(all), kept);
  const bool wanted = call.Flag(6);

  std::vector<at::Tensor> out = {wanted ? NewFloats(c.x.sizes()) : NewFloats({0})};
  std::vector<float*> pointers(kWeights, nullptr);
  for (int i = 0; i < kWeights; ++i) {
    if (!c.weights[i].defined()) continue;
    out.push_back(NewFloats(c.weights[i].sizes()));
    pointers[i] = FloatsOf(out.back());
  }
  hot::MBConvGradients g{};
  g.x = wanted ? FloatsOf(out[0]) : nullptr;
  g.w1 = pointers[kW1], g.gamma1 = pointers[kGamma1], g.beta1 = pointers[kBeta1];
  g.wd = pointers[kWd], g.gamma2 = pointers[kGamma2], g.beta2 = pointers[kBeta2];
  g.se1 = pointers[kSe1], g.seBias1 = pointers[kSeBias1], g.se2 = pointers[kSe2], g.seBias2 = pointers[kSeBias2];
  g.w2 = pointers[kW2], g.gamma3 = pointers[kGamma3], g.beta3 = pointers[kBeta3];
  const at::Tensor work = NewFloats({static_cast<int64_t>(s.workSize())});
  hot::table().mbconvBackward(s, c.Weights(), FloatsOf(c.x), kept, FloatsOf(dy), g, FloatsOf(work));
  return out;
}

}  // namespace

void InitFusedMBConv(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "MBConvTraining", MBConvTraining);
  Define(env, exports, "MBConvTrainingGrad", MBConvTrainingGrad);
}

}  // namespace blockwise
