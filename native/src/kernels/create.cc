// Fill, Range, LinSpace, Diag, Multinomial and RandomUniform-like sources.
#include <ATen/CPUGeneratorImpl.h>

#include "../families.h"
#include "../tensors.h"
#include "int32.h"

namespace blockwise {
namespace {

at::TensorOptions OptionsOf(Call& call, const std::string& dtype) {
  const at::ScalarType type = dtype == "float32" ? at::kFloat : dtype == "int32" ? at::kInt : at::kBool;
  return at::TensorOptions().dtype(type).device(call.addon().device);
}

// Fill(shape, value, dtype)
at::Tensor Fill(Call& call) {
  const at::TensorOptions options = OptionsOf(call, call.Text(2));
  if (options.dtype() != at::kInt) return at::full(call.Ints(0), call.Number(1), options);
  const at::Tensor value = at::full({}, call.Number(1), at::TensorOptions().dtype(at::kDouble));
  return at::full(call.Ints(0), ToInt32(value).item<int32_t>(), options);
}

// Range(start, step, count, dtype)
at::Tensor Range(Call& call) {
  const at::Tensor steps = at::arange(call.Int(2), at::TensorOptions().dtype(at::kDouble).device(call.addon().device));
  const at::Tensor values = steps.mul(call.Number(1)).add(call.Number(0));
  const at::TensorOptions options = OptionsOf(call, call.Text(3));
  return options.dtype() == at::kInt ? ToInt32(values) : values.to(options.dtype());
}

// Diag(x): `[a, b]` becomes `[a, b, a, b]`.
at::Tensor Diag(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
  shape.insert(shape.end(), x.sizes().begin(), x.sizes().end());
  return at::diag(x.reshape({-1})).view(shape);
}

// Multinomial(probabilities [batch, classes], samples, seed)
at::Tensor Multinomial(Call& call) {
  at::Generator generator = at::detail::createCPUGenerator(static_cast<uint64_t>(call.Int(2)));
  return at::multinomial(call.Tensor(0).cpu(), call.Int(1), true, generator).to(call.addon().device, at::kInt);
}

}  // namespace

void InitCreate(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Fill", Fill);
  Define(env, exports, "Range", Range);
  Define(env, exports, "Diag", Diag);
  Define(env, exports, "Multinomial", Multinomial);
}

}  // namespace blockwise
