// Whole numbers beyond 2^24 are no float32: what has no int32 form of its own is computed in float64, where every int32 and
// every sum and product of two of them that matters is exact, and comes back as JavaScript's Int32Array would keep it.
#pragma once
#include "../tensors.h"

namespace blockwise {

/// int32 by JavaScript's rule: the fraction is cut off, what lies beyond wraps around, NaN and infinities become 0.
inline at::Tensor ToInt32(const at::Tensor& x) {
  const at::Tensor whole = at::trunc(at::nan_to_num(x.to(at::kDouble), 0.0, 0.0, 0.0));
  return at::fmod(whole, 4294967296.0).to(at::kLong).to(at::kInt);
}

inline bool IsWhole(const at::Tensor& x) { return !x.is_floating_point(); }

/// A tensor to compute with fractions in: float32 as it is, int32 and bool as float64.
inline at::Tensor Wide(const at::Tensor& x) { return IsWhole(x) ? x.to(at::kDouble) : x; }

/// A result in the dtype of the tensor it came from.
inline at::Tensor Narrow(const at::Tensor& y, const at::Tensor& like) {
  const at::ScalarType type = like.scalar_type();
  if (y.scalar_type() == type) return y;
  if (type == at::kInt) return ToInt32(y);
  return type == at::kBool ? at::ne(ToInt32(y), 0) : y.to(type);
}

}  // namespace blockwise
