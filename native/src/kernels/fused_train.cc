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

// FusedErrors(y, target) -> mean absolute error, mean squared error of each channel (the last axis)
std::vector<at::Tensor> FusedErrors(Call& call) {
  const at::Tensor& y = call.Tensor(0);
  RequireSize(call.Tensor(1), y.numel(), "target");
  Require(y.dim() > 0 && y.numel() > 0, "y must have channels, and not be empty");
  const int64_t channels = y.size(y.dim() - 1);
  at::Tensor absolute = NewFloats({}), squared = NewFloats({channels});
  hot::table().errors(FloatsOf(y), call.Floats(1), y.numel() / channels, static_cast<int>(channels), Threads(), FloatsOf(absolute),
                      FloatsOf(squared));
  return {absolute, squared};
}

// FusedSoftmaxCrossEntropy(logits, labels, smoothing, gradientToo) -> loss, dLogits for dLoss 1 (or nothing: empty)
std::vector<at::Tensor> FusedSoftmaxCrossEntropy(Call& call) {
  const at::Tensor& logits = call.Tensor(0);
  const at::Tensor& labels = call.Tensor(1);
  Require(logits.dim() == 2 && logits.numel() > 0, [&] { return "logits must be [batch, classes] and not empty, but are " + ShapeText(logits); });
  RequireSize(labels, logits.size(0), "labels");
  const bool gradientToo = call.Flag(3);
  at::Tensor loss = NewFloats({}), gradient = gradientToo ? NewFloats(logits.sizes()) : NewFloats({0});
  const bool fits =
      hot::table().softmaxCrossEntropy(FloatsOf(logits), LabelsOf(labels), logits.size(0), logits.size(1), call.Number(2), Threads(),
                                       FloatsOf(loss), gradientToo ? FloatsOf(gradient) : nullptr);
  Require(fits, [&] { return "labels must be whole numbers from 0 to " + std::to_string(logits.size(1) - 1); });
  return {loss, gradient};
}

// FusedSoftmaxCrossEntropyGrad(gradient for dLoss 1, dLoss) -> dLogits; the same memory where dLoss is 1
at::Tensor FusedSoftmaxCrossEntropyGrad(Call& call) {
  const at::Tensor& gradient = call.Tensor(0);
  RequireSize(call.Tensor(1), 1, "the loss's gradient");
  const float dLoss = *call.Floats(1);
  return dLoss == 1 ? gradient.alias() : at::mul(gradient, dLoss);
}

// anyShared(xs): somebody else looks at the memory of one of these (a view, or a read on another thread).
Napi::Value AnyShared(Call& call) {
  bool shared = false;
  for (int64_t handle : call.Ints(0)) {
    const at::Tensor& x = call.addon().tensors.Get(handle);
    shared = shared || x.use_count() > 1 || x.storage().use_count() > 1;
  }
  return Napi::Boolean::New(call.info().Env(), shared);
}

/// Parameters to update and what belongs to each: lists of one length.
struct Updates {
  Updates(Call& call, size_t count) {
    for (size_t i = 0; i < count; ++i) lists.push_back(call.Tensors(i));
    const std::vector<at::Tensor>& w = lists[0];
    for (const auto& list : lists) {
      Require(list.empty() || list.size() == w.size(), "an update needs one gradient and one state a parameter");
      for (size_t k = 0; k < list.size(); ++k) {
        Require(list[k].numel() == w[k].numel(), [&] {
          return "parameter " + std::to_string(k) + " is " + ShapeText(w[k]) + ", but its gradient or state is " + ShapeText(list[k]);
        });
        FloatsOf(list[k]);
      }
    }
  }
  size_t size() const { return lists[0].size(); }
  size_t sizeOf(size_t k) const { return lists[0][k].numel(); }
  float* at(size_t list, size_t k) const { return lists[list].empty() ? nullptr : lists[list][k].data_ptr<float>(); }
  std::vector<std::vector<at::Tensor>> lists;
};

std::vector<double> NumbersOf(Call& call, size_t argument, size_t count) {
  const std::vector<double> numbers = call.Numbers(argument);
  Require(numbers.size() == count, [&] { return "an update needs " + std::to_string(count) + " numbers, got " + std::to_string(numbers.size()); });
  return numbers;
}

// fusedSgd(parameters, gradients, velocities or [], weight decays, learningRate, momentum, nesterov), in place
Napi::Value FusedSgd(Call& call) {
  const Updates u(call, 3);
  const std::vector<double> decays = NumbersOf(call, 3, u.size());
  const hot::SgdOptions options{static_cast<float>(call.Number(4)), static_cast<float>(call.Number(5)), call.Flag(6)};
  std::vector<hot::Update> updates;
  for (size_t k = 0; k < u.size(); ++k) updates.push_back({u.at(0, k), u.at(2, k), nullptr, u.at(1, k), u.sizeOf(k), decays[k], 0});
  hot::table().sgd(updates.data(), updates.size(), options, Threads());
  return call.info().Env().Undefined();
}

// fusedAdam(parameters, gradients, first moments, second moments, weight decays, steps, learningRate, beta1, beta2,
// epsilon, decoupled), in place
Napi::Value FusedAdam(Call& call) {
  const Updates u(call, 4);
  const std::vector<double> decays = NumbersOf(call, 4, u.size()), steps = NumbersOf(call, 5, u.size());
  const hot::AdamOptions options{call.Number(6), call.Number(7), call.Number(8), call.Number(9), call.Flag(10)};
  for (double step : steps) Require(step >= 1, [&] { return "step must be at least 1, got " + std::to_string(step); });
  std::vector<hot::Update> updates;
  for (size_t k = 0; k < u.size(); ++k)
    updates.push_back({u.at(0, k), u.at(2, k), u.at(3, k), u.at(1, k), u.sizeOf(k), decays[k], static_cast<int>(steps[k])});
  hot::table().adam(updates.data(), updates.size(), options, Threads());
  return call.info().Env().Undefined();
}

// fusedRunningAverage(running values, batch values, momentum), in place
Napi::Value FusedRunningAverage(Call& call) {
  const Updates u(call, 2);
  for (size_t k = 0; k < u.size(); ++k)
    hot::table().runningAverage(u.at(0, k), u.at(1, k), call.Number(2), u.lists[0][k].numel());
  return call.info().Env().Undefined();
}

}  // namespace

void InitFusedTrain(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "FusedMeanSquaredError", FusedMeanSquaredError);
  Define(env, exports, "FusedMeanSquaredErrorGrad", FusedMeanSquaredErrorGrad);
  Define(env, exports, "FusedErrors", FusedErrors);
  Define(env, exports, "FusedSoftmaxCrossEntropy", FusedSoftmaxCrossEntropy);
  Define(env, exports, "FusedSoftmaxCrossEntropyGrad", FusedSoftmaxCrossEntropyGrad);
  Define(env, exports, "anyShared", AnyShared);
  Define(env, exports, "fusedSgd", FusedSgd);
  Define(env, exports, "fusedAdam", FusedAdam);
  Define(env, exports, "fusedRunningAverage", FusedRunningAverage);
}

}  // namespace blockwise
