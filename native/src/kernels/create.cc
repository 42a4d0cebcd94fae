// Fill, Range, LinSpace, Diag, Multinomial and RandomUniform-like sources.
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <cstring>
#include <sstream>

#include "../families.h"
#include "../hot/hot.h"
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

// StoredRows(bytes, dtype, rows, shape): the given rows of a table of float16 or float32 numbers, which other threads may read
// too, as float32. `bytes` is a Uint8Array, over shared memory or not; `shape` begins with the number of rows.
at::Tensor StoredRows(Call& call) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(call.info().Env(), call.info()[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    throw std::invalid_argument("StoredRows: bytes must be a Uint8Array");
  }
  const std::string dtype = call.Text(1);
  const bool half = dtype == "float16";
  if (!half && dtype != "float32") throw std::invalid_argument("StoredRows: dtype must be float16 or float32, got " + dtype);
  const std::vector<double> rows = call.Numbers(2);
  const std::vector<int64_t> shape = call.Ints(3);
  const at::Tensor out = NewFloats(shape);
  const int64_t count = static_cast<int64_t>(rows.size());
  if (shape.empty() || shape[0] != count) throw std::invalid_argument("StoredRows: shape must begin with the number of rows");
  if (out.numel() == 0) return out;
  const int64_t values = out.numel() / count, size = values * (half ? 2 : 4);
  for (int64_t i = 0; i < count; ++i) {
    // As numbers of JavaScript: NaN and what no integer holds are refused, too.
    if (!(rows[i] >= 0 && rows[i] < static_cast<double>(length / size)) || rows[i] != std::floor(rows[i])) {
      std::ostringstream text;
      text << "StoredRows: row " << rows[i] << " is beyond the table's " << length / size << ", or no whole number";
      throw std::out_of_range(text.str());
    }
    void* from = static_cast<char*>(data) + static_cast<int64_t>(rows[i]) * size;
    float* to = out.data_ptr<float>() + i * values;
    if (half) hot::table().fromHalves(static_cast<const uint16_t*>(from), values, to);
    else std::memcpy(to, from, size);
  }
  return out;
}

}  // namespace

void InitCreate(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "StoredRows", StoredRows);
  Define(env, exports, "Fill", Fill);
  Define(env, exports, "Range", Range);
  Define(env, exports, "Diag", Diag);
  Define(env, exports, "Multinomial", Multinomial);
}

}  // namespace blockwise
