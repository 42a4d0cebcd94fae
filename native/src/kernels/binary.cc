// Elementwise kernels of two tensors, with broadcasting.
#include <cmath>

#include "../families.h"
#include "../tensors.h"
#include "int32.h"

namespace blockwise {
namespace {

bool IsBool(const at::Tensor& x) { return x.scalar_type() == at::kBool; }
at::Tensor Arithmetic(const at::Tensor& x) { return IsBool(x) ? x.to(at::kInt) : x; }

bool AreWhole(const at::Tensor& a, const at::Tensor& b) { return IsWhole(a) && IsWhole(b); }

// Small tensors of one shape, or one of them a single number: at their size ATen's preparations are all the time.
constexpr int64_t kSmall = 2048;

bool IsSmall(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != at::kFloat || b.scalar_type() != at::kFloat || !a.is_cpu() || !b.is_cpu()) return false;
  if (a.numel() > kSmall || b.numel() > kSmall) return false;
  return a.sizes() == b.sizes() || (b.numel() == 1 && b.dim() <= a.dim()) || (a.numel() == 1 && a.dim() <= b.dim());
}

template <typename F>
at::Tensor EachPair(const at::Tensor& a, const at::Tensor& b, F f) {
  const bool likeB = a.numel() == 1 && a.dim() <= b.dim();
  at::Tensor y = NewFloats(likeB ? b.sizes() : a.sizes());
  const float *p = a.data_ptr<float>(), *q = b.data_ptr<float>();
  float* to = y.data_ptr<float>();
  const int64_t count = y.numel();
  if (a.numel() == b.numel()) {
    for (int64_t i = 0; i < count; ++i) to[i] = f(p[i], q[i]);
  } else if (likeB) {
    for (int64_t i = 0; i < count; ++i) to[i] = f(p[0], q[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = f(p[i], q[0]);
  }
  return y;
}

#define SMALL_OR(Name, General, operation)                                                \
  at::Tensor Name(Call& call) {                                                           \
    const at::Tensor& a = call.Tensor(0);                                                 \
    const at::Tensor& b = call.Tensor(1);                                                 \
    if (!IsSmall(a, b)) return General(call);                                             \
    return EachPair(a, b, [](float x, float y) { return x operation y; });                \
  }
#define ARITHMETIC(Name, expression)                          \
  at::Tensor Name(Call& call) {                               \
    const at::Tensor a = Arithmetic(call.Tensor(0));          \
    const at::Tensor b = Arithmetic(call.Tensor(1));          \
    const at::Tensor y = expression;                          \
    return IsBool(call.Tensor(0)) ? at::ne(y, 0) : y;         \
  }
// Of two whole tensors in float64, the result in the first one's dtype, as on the cpu backend.
#define FRACTIONAL(Name, function)                                                        \
  at::Tensor Name(Call& call) {                                                           \
    const at::Tensor& a = call.Tensor(0);                                                 \
    const at::Tensor& b = call.Tensor(1);                                                 \
    if (!AreWhole(a, b)) return function(Arithmetic(a), Arithmetic(b));                   \
    return Narrow(function(Wide(a), Wide(b)), a);                                         \
  }
#define COMPARISON(Name, expression)                          \
  at::Tensor Name(Call& call) {                               \
    const at::Tensor& a = call.Tensor(0);                     \
    const at::Tensor& b = call.Tensor(1);                     \
    return expression;                                        \
  }

// Of two whole tensors in integers, the result in the first one's dtype, too.
at::Tensor AnyMultiply(Call& call) {
  const at::Tensor& a = call.Tensor(0);
  const at::Tensor& b = call.Tensor(1);
  return AreWhole(a, b) ? Narrow(at::mul(Long(a), Long(b)), a) : at::mul(Arithmetic(a), Arithmetic(b));
}

ARITHMETIC(AnyAdd, at::add(a, b))
ARITHMETIC(AnySub, at::sub(a, b))
ARITHMETIC(Maximum, at::maximum(a, b))
ARITHMETIC(Minimum, at::minimum(a, b))
ARITHMETIC(BitwiseAnd, at::bitwise_and(a, b))
FRACTIONAL(AnyRealDiv, at::div)
FRACTIONAL(Atan2, at::atan2)
SMALL_OR(Add, AnyAdd, +)
SMALL_OR(Sub, AnySub, -)
SMALL_OR(Multiply, AnyMultiply, *)
SMALL_OR(RealDiv, AnyRealDiv, /)

COMPARISON(Equal, at::eq(a, b))
COMPARISON(NotEqual, at::ne(a, b))
COMPARISON(Greater, at::gt(a, b))
COMPARISON(GreaterEqual, at::ge(a, b))
COMPARISON(Less, at::lt(a, b))
COMPARISON(LessEqual, at::le(a, b))
COMPARISON(LogicalAnd, at::logical_and(a, b))
COMPARISON(LogicalOr, at::logical_or(a, b))

at::Tensor SquaredDifference(Call& call) {
  const at::Tensor& a = call.Tensor(0);
  const at::Tensor& b = call.Tensor(1);
  const bool whole = AreWhole(a, b);
  const at::Tensor d = whole ? at::sub(Long(a), Long(b)) : at::sub(Arithmetic(a), Arithmetic(b));
  const at::Tensor y = at::mul(d, d);
  return whole ? ToInt32(y) : y;
}

at::Tensor FloorDiv(Call& call) {
  const at::Tensor& a = call.Tensor(0);
  const at::Tensor& b = call.Tensor(1);
  // int32 whatever comes, as on the cpu backend.
  return ToInt32(at::floor(at::div(a.to(at::kDouble), b.to(at::kDouble))));
}

at::Tensor Mod(Call& call) {
  const at::Tensor& a = call.Tensor(0);
  const at::Tensor& b = call.Tensor(1);
  if (a.is_floating_point()) return at::remainder(a, b);
  return ToInt32(at::remainder(a.to(at::kDouble), b.to(at::kDouble)));
}

// The low 32 bits of a whole power, by squaring.
int32_t WholePower(int32_t base, uint32_t exponent) {
  uint32_t power = 1;
  for (uint32_t square = static_cast<uint32_t>(base); exponent > 0; exponent >>= 1, square *= square) {
    if (exponent & 1) power *= square;
  }
  return static_cast<int32_t>(power);
}

at::Tensor Pow(Call& call) {
  const at::Tensor& a = call.Tensor(0);
  const at::Tensor& b = call.Tensor(1);
  if (a.is_floating_point()) return at::pow(a, b);
  // Number by number: ATen's vectorised power may lie just below a whole number.
  const std::vector<at::Tensor> both = at::broadcast_tensors({a.to(at::kCPU, at::kDouble), b.to(at::kCPU, at::kDouble)});
  const at::Tensor base = both[0].contiguous(), exponent = both[1].contiguous();
  at::Tensor y = at::empty(base.sizes(), base.options());
  for (int64_t i = 0; i < y.numel(); ++i) {
    const double x = base.data_ptr<double>()[i], e = exponent.data_ptr<double>()[i];
    const bool isWhole = IsWhole(b) && e >= 0;
    y.data_ptr<double>()[i] = isWhole ? WholePower(static_cast<int32_t>(x), static_cast<uint32_t>(e)) : std::pow(x, e);
  }
  return ToInt32(y).to(a.device());
}

// Prelu(x, alpha)
at::Tensor Prelu(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  if (!IsWhole(x)) return at::where(at::lt(x, 0), at::mul(x, call.Tensor(1)), x);
  // float32 whatever comes, as on the cpu backend.
  const at::Tensor wide = Wide(x);
  return at::where(at::lt(wide, 0), at::mul(wide, call.Tensor(1)), wide).to(at::kFloat);
}

// EluGrad(dy, y)
at::Tensor EluGrad(Call& call) {
  const at::Tensor dy = call.Tensor(0).to(at::kFloat);
  const at::Tensor y = call.Tensor(1).to(at::kFloat);
  return at::where(at::ge(y, 0), dy, at::mul(dy, at::add(y, 1)));
}

// Select(condition, t, e): a condition of rank 1 chooses whole rows.
at::Tensor Select(Call& call) {
  at::Tensor condition = call.Tensor(0).to(at::kBool);
  const at::Tensor& t = call.Tensor(1);
  if (condition.dim() == 1 && t.dim() > 1) {
    std::vector<int64_t> shape(t.dim(), 1);
    shape[0] = condition.size(0);
    condition = condition.view(shape);
  }
  return at::where(condition, t, call.Tensor(2));
}

// AddN([tensors])
at::Tensor AddN(Call& call) {
  const std::vector<at::Tensor> xs = call.Tensors(0);
  if (xs.empty()) throw std::invalid_argument("AddN: no tensors");
  at::Tensor sum = xs.size() == 1 ? xs[0].clone() : at::add(xs[0], xs[1]);
  for (size_t i = 2; i < xs.size(); ++i) sum.add_(xs[i]);
  return sum;
}

}  // namespace

void InitBinary(Napi::Env env, Napi::Object exports) {
#define EXPORT(Name) Define(env, exports, #Name, Name)
  EXPORT(Add);
  EXPORT(Sub);
  EXPORT(Multiply);
  EXPORT(Maximum);
  EXPORT(Minimum);
  EXPORT(RealDiv);
  EXPORT(Atan2);
  EXPORT(BitwiseAnd);
  EXPORT(Equal);
  EXPORT(NotEqual);
  EXPORT(Greater);
  EXPORT(GreaterEqual);
  EXPORT(Less);
  EXPORT(LessEqual);
  EXPORT(LogicalAnd);
  EXPORT(LogicalOr);
  EXPORT(SquaredDifference);
  EXPORT(FloorDiv);
  EXPORT(Mod);
  EXPORT(Pow);
  EXPORT(Prelu);
  EXPORT(EluGrad);
  EXPORT(Select);
  EXPORT(AddN);
#undef EXPORT
}

}  // namespace blockwise
