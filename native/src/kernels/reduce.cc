// Reductions, softmax, cumulations and sorting.
#include <algorithm>
#include <limits>

#include "../families.h"
#include "../tensors.h"
#include "int32.h"

namespace blockwise {
namespace {

// Every reduction is called as (x, axes, keepDims); no axes means that nothing is reduced.
at::Tensor Sum(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor y = x.scalar_type() == at::kBool ? x.to(at::kInt) : x;
  const std::vector<int64_t> axes = call.Ints(1);
  return axes.empty() ? y.clone() : at::sum(y, axes, call.Flag(2), y.scalar_type());
}

at::Tensor Mean(Call& call) {
  const at::Tensor x = Wide(call.Tensor(0));
  const std::vector<int64_t> axes = call.Ints(1);
  return (axes.empty() ? x.clone() : at::mean(x, axes, call.Flag(2))).to(at::kFloat);
}

at::Tensor Max(Call& call) {
  const std::vector<int64_t> axes = call.Ints(1);
  return axes.empty() ? call.Tensor(0).clone() : at::amax(call.Tensor(0), axes, call.Flag(2));
}

at::Tensor Min(Call& call) {
  const std::vector<int64_t> axes = call.Ints(1);
  return axes.empty() ? call.Tensor(0).clone() : at::amin(call.Tensor(0), axes, call.Flag(2));
}

// Reduces axis after axis, last first, so that the numbers of the others stay.
template <typename Step>
at::Tensor AxisByAxis(Call& call, at::Tensor x, Step step) {
  std::vector<int64_t> axes = call.Ints(1);
  std::sort(axes.rbegin(), axes.rend());
  for (int64_t axis : axes) x = step(x, axis, call.Flag(2));
  return x.clone();
}

at::Tensor Prod(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor y = AxisByAxis(call, IsWhole(x) ? Long(x) : x, [](const at::Tensor& t, int64_t axis, bool keep) {
    return at::prod(t, axis, keep, t.scalar_type());
  });
  return IsWhole(x) ? ToInt32(y) : y;
}

at::Tensor All(Call& call) {
  return AxisByAxis(call, at::ne(call.Tensor(0), 0),
                    [](const at::Tensor& t, int64_t axis, bool keep) { return at::all(t, axis, keep); });
}

at::Tensor Any(Call& call) {
  return AxisByAxis(call, at::ne(call.Tensor(0), 0),
                    [](const at::Tensor& t, int64_t axis, bool keep) { return at::any(t, axis, keep); });
}

// What a search for the extreme looks at: NaN never wins, as on the cpu backend.
at::Tensor Comparable(const at::Tensor& x, double instead) {
  if (x.scalar_type() == at::kBool) return x.to(at::kInt);
  return x.is_floating_point() ? at::where(at::isnan(x), at::full({}, instead, x.options()), x) : x;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ArgMax(x, axis), ArgMin(x, axis)
at::Tensor ArgMax(Call& call) {
  return at::argmax(Comparable(call.Tensor(0), -kInfinity), call.Int(1)).to(at::kInt);
}
at::Tensor ArgMin(Call& call) {
  return at::argmin(Comparable(call.Tensor(0), kInfinity), call.Int(1)).to(at::kInt);
}

// Softmax(logits, axis), LogSoftmax(logits, axis)
at::Tensor Softmax(Call& call) { return at::softmax(Wide(call.Tensor(0)), call.Int(1)).to(at::kFloat); }
at::Tensor LogSoftmax(Call& call) { return at::log_softmax(Wide(call.Tensor(0)), call.Int(1)).to(at::kFloat); }

// Cumulations are called as (x, axis, exclusive, reverse).
template <typename Step>
at::Tensor Cumulate(Call& call, double neutral, Step step) {
  const at::Tensor& input = call.Tensor(0);
  const int64_t axis = call.Int(1);
  at::Tensor x = input.scalar_type() == at::kBool ? input.to(at::kInt) : input;
  if (call.Flag(3)) x = at::flip(x, {axis});
  at::Tensor y = step(x, axis);
  if (call.Flag(2)) {
    const int64_t length = x.size(axis);
    std::vector<int64_t> one(x.sizes().begin(), x.sizes().end());
    one[axis] = 1;
    y = length == 0 ? y : at::cat({at::full(one, neutral, x.options()), y.narrow(axis, 0, length - 1)}, axis);
  }
  return call.Flag(3) ? at::flip(y, {axis}) : y;
}

at::Tensor Cumsum(Call& call) {
  return Cumulate(call, 0, [](const at::Tensor& x, int64_t axis) { return at::cumsum(x, axis, x.scalar_type()); });
}

at::Tensor Cumprod(Call& call) {
  return Cumulate(call, 1, [](const at::Tensor& x, int64_t axis) {
    return IsWhole(x) ? ToInt32(at::cumprod(Long(x), axis)) : at::cumprod(x, axis, x.scalar_type());
  });
}

// TopK(x, k): along the last axis, largest first; of equals the one with the lower index first.
std::vector<at::Tensor> TopK(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const int64_t k = call.Int(1);
  auto [values, indices] = at::sort(x, /*stable=*/true, /*dim=*/-1, /*descending=*/true);
  return {values.narrow(-1, 0, k), indices.narrow(-1, 0, k).to(at::kInt)};
}

}  // namespace

void InitReduce(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Sum", Sum);
  Define(env, exports, "Mean", Mean);
  Define(env, exports, "Max", Max);
  Define(env, exports, "Min", Min);
  Define(env, exports, "Prod", Prod);
  Define(env, exports, "All", All);
  Define(env, exports, "Any", Any);
  Define(env, exports, "ArgMax", ArgMax);
  Define(env, exports, "ArgMin", ArgMin);
  Define(env, exports, "Softmax", Softmax);
  Define(env, exports, "LogSoftmax", LogSoftmax);
  Define(env, exports, "Cumsum", Cumsum);
  Define(env, exports, "Cumprod", Cumprod);
  Define(env, exports, "TopK", TopK);
}

}  // namespace blockwise
