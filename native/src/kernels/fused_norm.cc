// Batch norm with an activation, activations, and squeeze-excite: the kernels behind src/engine/fused.
#include "../families.h"
#include "fused.h"

namespace blockwise {
namespace {

struct Rows {
  explicit Rows(const at::Tensor& x) : channels(static_cast<int>(x.size(-1))), rows(x.numel() / std::max(1, channels)) {
    Require(x.numel() > 0, [&] { return "x must not be empty, but is " + ShapeText(x); });
  }
  int channels;
  size_t rows;
};

// FusedActivation(x, activation)
at::Tensor FusedActivation(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  at::Tensor y = NewFloats(x.sizes());
  hot::table().activate(FloatsOf(x), call.Int(1), x.numel(), Threads(), FloatsOf(y));
  return y;
}

// FusedActivationGrad(x, dy, activation)
at::Tensor FusedActivationGrad(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor& dy = call.Tensor(1);
  RequireSize(dy, x.numel(), "dy");
  at::Tensor dx = NewFloats(x.sizes());
  hot::table().activateBackward(FloatsOf(x), FloatsOf(dy), call.Int(2), x.numel(), Threads(), FloatsOf(dx));
  return dx;
}

// FusedBatchNormTraining(x, gamma, beta, epsilon, activation) -> y, mean, variance
std::vector<at::Tensor> FusedBatchNormTraining(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const Rows r(x);
  RequireSize(call.Tensor(1), r.channels, "gamma");
  RequireSize(call.Tensor(2), r.channels, "beta");
  at::Tensor y = NewFloats(x.sizes()), mean = NewFloats({r.channels}), variance = NewFloats({r.channels});
  hot::table().normForward(FloatsOf(x), call.Floats(1), call.Floats(2), call.Number(3), call.Int(4), r.rows, r.channels,
                           Threads(), FloatsOf(y), FloatsOf(mean), FloatsOf(variance));
  return {y, mean, variance};
}

// FusedBatchNormTrainingGrad(x, gamma, beta, mean, variance, dy, epsilon, activation) -> dx, dgamma, dbeta
std::vector<at::Tensor> FusedBatchNormTrainingGrad(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const Rows r(x);
  for (int i = 1; i < 5; ++i) RequireSize(call.Tensor(i), r.channels, "gamma, beta, mean and variance");
  RequireSize(call.Tensor(5), x.numel(), "dy");
  at::Tensor dx = NewFloats(x.sizes()), dgamma = NewFloats({r.channels}), dbeta = NewFloats({r.channels});
  hot::table().normBackward(FloatsOf(x), call.Floats(1), call.Floats(2), call.Floats(3), call.Floats(4), call.Floats(5),
                            call.Number(6), call.Int(7), r.rows, r.channels, Threads(), FloatsOf(dx), FloatsOf(dgamma),
                            FloatsOf(dbeta));
  return {dx, dgamma, dbeta};
}

// FusedBatchNormInference(x, gamma, beta, mean, variance, epsilon, activation)
at::Tensor FusedBatchNormInference(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const Rows r(x);
  for (int i = 1; i < 5; ++i) RequireSize(call.Tensor(i), r.channels, "gamma, beta, mean and variance");
  at::Tensor y = NewFloats(x.sizes());
  hot::table().normApply(FloatsOf(x), call.Floats(1), call.Floats(2), call.Floats(3), call.Floats(4), call.Number(5),
                         call.Int(6), r.rows, r.channels, Threads(), FloatsOf(y));
  return y;
}

/// x [batch, ..., channels] and the gate's weights from argument 1 on.
struct GateCall {
  explicit GateCall(Call& call) : x(call.Tensor(0)) {
    Require(x.dim() == 4 && x.numel() > 0, [&] { return "x must be [batch, height, width, channels] and not empty, but is " + ShapeText(x); });
    channels = x.size(3);
    reduced = call.Tensor(2).numel();
    RequireSize(call.Tensor(1), static_cast<int64_t>(channels) * reduced, "w1");
    RequireSize(call.Tensor(3), static_cast<int64_t>(channels) * reduced, "w2");
    RequireSize(call.Tensor(4), channels, "b2");
    weights.se1 = call.Floats(1);
    weights.seBias1 = call.Floats(2);
    weights.se2 = call.Floats(3);
    weights.seBias2 = call.Floats(4);
  }
  at::Tensor x;
  hot::MBConvWeights weights{};
  int channels, reduced;
  int batch() const { return x.size(0); }
  int pixels() const { return x.size(1) * x.size(2); }
};

// FusedSqueezeExcite(x, w1, b1, w2, b2, activation) -> y, pooled
std::vector<at::Tensor> FusedSqueezeExcite(Call& call) {
  const GateCall g(call);
  at::Tensor y = NewFloats(g.x.sizes()), pooled = NewFloats({g.batch(), g.channels});
  hot::table().gateForward(FloatsOf(g.x), g.weights, call.Int(5), g.batch(), g.pixels(), g.channels, g.reduced, Threads(),
                           FloatsOf(y), FloatsOf(pooled));
  return {y, pooled};
}

// FusedSqueezeExciteGrad(x, w1, b1, w2, b2, pooled, dy, activation) -> dx, dw1, db1, dw2, db2
std::vector<at::Tensor> FusedSqueezeExciteGrad(Call& call) {
  const GateCall g(call);
  RequireSize(call.Tensor(5), static_cast<int64_t>(g.batch()) * g.channels, "pooled");
  RequireSize(call.Tensor(6), g.x.numel(), "dy");
  std::vector<at::Tensor> out = {NewFloats(g.x.sizes())};
  for (int i = 1; i < 5; ++i) out.push_back(NewFloats(call.Tensor(i).sizes()));
  hot::MBConvGradients gradients{};
  gradients.x = FloatsOf(out[0]);
  gradients.se1 = FloatsOf(out[1]);
  gradients.seBias1 = FloatsOf(out[2]);
  gradients.se2 = FloatsOf(out[3]);
  gradients.seBias2 = FloatsOf(out[4]);
  hot::table().gateBackward(FloatsOf(g.x), g.weights, call.Floats(5), call.Floats(6), call.Int(7), g.batch(), g.pixels(),
                            g.channels, g.reduced, Threads(), gradients);
  return out;
}

}  // namespace

void InitFusedNorm(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "FusedActivation", FusedActivation);
  Define(env, exports, "FusedActivationGrad", FusedActivationGrad);
  Define(env, exports, "FusedBatchNormTraining", FusedBatchNormTraining);
  Define(env, exports, "FusedBatchNormTrainingGrad", FusedBatchNormTrainingGrad);
  Define(env, exports, "FusedBatchNormInference", FusedBatchNormInference);
  Define(env, exports, "FusedSqueezeExcite", FusedSqueezeExcite);
  Define(env, exports, "FusedSqueezeExciteGrad", FusedSqueezeExciteGrad);
}

}  // namespace blockwise
