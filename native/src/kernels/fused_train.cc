// Losses with their gradients, and optimiser updates in place.
#include "../families.h"
#include "fused.h"

namespace blockwise {
namespace {

const int* LabelsOf(const at::Tensor& labels) {
  Require(labels.scalar_type() == at::kInt && labels.is_cpu(), "labels must be int32 on the CPU");
  return labels.data_ptr<int>();
}

// FusedMeanSquaredError(y, target)
at::Tensor FusedMeanSquaredError(Call& call) {
  const at::Tensor& y = call.Tensor(0);
  RequireSize(call.Tensor(1), y.numel(), "target");
  Require(y.numel() > 0, "y must not be empty");
  at::Tensor loss = NewFloats({});
  *FloatsOf(loss) = hot::table().squaredError(FloatsOf(y), call.Floats(1), y.numel(), Threads());
  return loss;
}

// FusedMeanSquaredErrorGrad(y, target, dLoss) -> dy
at::Tensor FusedMeanSquaredErrorGrad(Call& call) {
  const at::Tensor& y = call.Tensor(0);
  RequireSize(call.Tensor(1), y.numel(), "target");
  RequireSize(call.Tensor(2), 1, "the loss's gradient");
  at::Tensor dy = NewFloats(y.sizes());
  hot::table().squaredErrorBackward(FloatsOf(y), call.Floats(1), 2 * *call.Floats(2) / y.numel(), y.numel(), Threads(), FloatsOf(dy));
  return dy;
}

// FusedSoftmaxCrossEntropy(logits, labels, smoothing) -> loss, probabilities
std::vector<at::Tensor> FusedSoftmaxCrossEntropy(Call& call) {
  const at::Tensor& logits = call.Tensor(0);
  const at::Tensor& labels = call.Tensor(1);
  Require(logits.dim() == 2 && logits.numel() > 0, "logits must be [batch, classes] and not empty, but are " + ShapeText(logits));
  RequireSize(labels, logits.size(0), "labels");
  at::Tensor loss = NewFloats({}), probabilities = NewFloats(logits.sizes());
  const bool fits = hot::table().softmaxCrossEntropy(FloatsOf(logits), LabelsOf(labels), logits.size(0), logits.size(1),
                                                     call.Number(2), FloatsOf(probabilities), FloatsOf(loss));
  Require(fits, "labels must be whole numbers from 0 to " + std::to_string(logits.size(1) - 1));
  return {loss, probabilities};
}

// FusedSoftmaxCrossEntropyGrad(probabilities, labels, dLoss, smoothing) -> dLogits
at::Tensor FusedSoftmaxCrossEntropyGrad(Call& call) {
  const at::Tensor& probabilities = call.Tensor(0);
  RequireSize(call.Tensor(1), probabilities.size(0), "labels");
  RequireSize(call.Tensor(2), 1, "the loss's gradient");
  at::Tensor d = NewFloats(probabilities.sizes());
  hot::table().softmaxCrossEntropyBackward(FloatsOf(probabilities), LabelsOf(call.Tensor(1)), probabilities.size(0),
                                           probabilities.size(1), call.Number(3), *call.Floats(2), FloatsOf(d));
  return d;
}

// isShared(x): somebody else looks at this memory (a view, or a read on another thread).
Napi::Value IsShared(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  return Napi::Boolean::New(call.info().Env(), x.use_count() > 1 || x.storage().use_count() > 1);
}

// fusedSgd(variable, velocity or 0, grad, learningRate, momentum, weightDecay, nesterov), in place
Napi::Value FusedSgd(Call& call) {
  const at::Tensor& w = call.Tensor(0);
  const auto velocity = call.OptionalTensor(1);
  RequireSize(call.Tensor(2), w.numel(), "the gradient");
  if (velocity) RequireSize(*velocity, w.numel(), "the velocity");
  const hot::SgdOptions options{static_cast<float>(call.Number(3)), static_cast<float>(call.Number(4)),
                                static_cast<float>(call.Number(5)), call.Flag(6)};
  hot::table().sgd(FloatsOf(w), velocity ? FloatsOf(*velocity) : nullptr, call.Floats(2), options, w.numel(), Threads());
  return call.info().Env().Undefined();
}

// fusedAdam(variable, m, v, grad, learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step), in place
Napi::Value FusedAdam(Call& call) {
  const at::Tensor& w = call.Tensor(0);
  for (int i = 1; i < 4; ++i) RequireSize(call.Tensor(i), w.numel(), "moments and gradient");
  const hot::AdamOptions options{call.Number(4), call.Number(5), call.Number(6),  call.Number(7),
                                 call.Number(8), call.Flag(9),   static_cast<int>(call.Int(10))};
  Require(options.step >= 1, "step must be at least 1, got " + std::to_string(options.step));
  hot::table().adam(FloatsOf(w), call.Floats(1), call.Floats(2), call.Floats(3), options, w.numel(), Threads());
  return call.info().Env().Undefined();
}

// fusedRunningAverage(running, batch, momentum), in place
Napi::Value FusedRunningAverage(Call& call) {
  const at::Tensor& running = call.Tensor(0);
  RequireSize(call.Tensor(1), running.numel(), "batch");
  hot::table().runningAverage(FloatsOf(running), call.Floats(1), call.Number(2), running.numel());
  return call.info().Env().Undefined();
}

}  // namespace

void InitFusedTrain(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "FusedMeanSquaredError", FusedMeanSquaredError);
  Define(env, exports, "FusedMeanSquaredErrorGrad", FusedMeanSquaredErrorGrad);
  Define(env, exports, "FusedSoftmaxCrossEntropy", FusedSoftmaxCrossEntropy);
  Define(env, exports, "FusedSoftmaxCrossEntropyGrad", FusedSoftmaxCrossEntropyGrad);
  Define(env, exports, "isShared", IsShared);
  Define(env, exports, "fusedSgd", FusedSgd);
  Define(env, exports, "fusedAdam", FusedAdam);
  Define(env, exports, "fusedRunningAverage", FusedRunningAverage);
}

}  // namespace blockwise
