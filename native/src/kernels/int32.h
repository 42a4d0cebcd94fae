// Whole numbers beyond 2^24 are no float32, and products of two of them no float64: sums and products are taken in integers and
// keep their low 32 bits, as JavaScript's Math.imul does. What has fractions is computed in float64, where every int32 is exact,
// and comes back as JavaScript's Int32Array would keep it.
#pragma once
#include "../tensors.h"

namespace blockwise {

/// int32 by JavaScript's rule: the fraction is cut off, what lies beyond wraps around, NaN and infinities become 0.
inline at::Tensor ToInt32(const at::Tensor& x) {
  if (!x.is_floating_point()) return x.to(at::kInt);
  const at::Tensor whole = at::trunc(at::nan_to_num(x.to(at::kDouble), 0.0, 0.0, 0.0));
  return at::fmod(whole, 4294967296.0).to(at::kLong).to(at::kInt);
}

inline bool IsWhole(const at::Tensor& x) { return !x.is_floating_point(); }

/// A tensor to compute with fractions in: float32 as it is, int32 and bool as float64.
inline at::Tensor Wide(const at::Tensor& x) { return IsWhole(x) ? x.to(at::kDouble) : x; }

/// A whole tensor to multiply and add in: what overflows keeps its low 64 bits, and so its low 32.
inline at::Tensor Long(const at::Tensor& x) { return x.to(at::kLong); }

/// The low 32 bits of a bilinear function of two whole tensors that is computed in float64 (a convolution: ATen has few of
/// int64), exact for sums of up to 2^20 products: 16 bits of each factor at a time.
template <typename Bilinear>
at::Tensor WholeProduct(const at::Tensor& a, const at::Tensor& b, Bilinear f) {
  constexpr int64_t kHalf = 1 << 16, kWhole = int64_t{1} << 32;
  const auto low = [](const at::Tensor& x) { return at::remainder(Long(x), kHalf); };
  const auto high = [&](const at::Tensor& x) { return at::div(at::sub(Long(x), low(x)), kHalf, "trunc"); };
  const auto product = [&](const at::Tensor& x, const at::Tensor& y) {
    return f(x.to(at::kDouble), y.to(at::kDouble)).to(at::kLong);
  };
  const at::Tensor mixed = at::add(product(high(a), low(b)), product(low(a), high(b)));
  return at::add(at::mul(at::remainder(mixed, kWhole), kHalf), product(low(a), low(b)));
}

/// A result in the dtype of the tensor it came from.
inline at::Tensor Narrow(const at::Tensor& y, const at::Tensor& like) {
  const at::ScalarType type = like.scalar_type();
  if (y.scalar_type() == type) return y;
  if (type == at::kInt) return ToInt32(y);
  return type == at::kBool ? at::ne(ToInt32(y), 0) : y.to(type);
}

}  // namespace blockwise
