// Elementwise kernels of one tensor. The result has the input's dtype unless the kernel says bool.
#include "../families.h"
#include "../tensors.h"
#include "int32.h"

namespace blockwise {
namespace {

// `int` in, `int` out, as on the cpu backend.
#define FLOATING(Name, expression)                     \
  at::Tensor Name(Call& call) {                        \
    const at::Tensor& input = call.Tensor(0);          \
    const at::Tensor x = Wide(input);                  \
    return Narrow(expression, input);                  \
  }
#define ANY_TYPE(Name, expression)                     \
  at::Tensor Name(Call& call) {                        \
    const at::Tensor& x = call.Tensor(0);              \
    return expression;                                 \
  }

FLOATING(Acos, at::acos(x))
FLOATING(Acosh, at::acosh(x))
FLOATING(Asin, at::asin(x))
FLOATING(Asinh, at::asinh(x))
FLOATING(Atan, at::atan(x))
FLOATING(Atanh, at::atanh(x))
FLOATING(Ceil, at::ceil(x))
FLOATING(Cos, at::cos(x))
FLOATING(Cosh, at::cosh(x))
FLOATING(Elu, at::elu(x))
FLOATING(Erf, at::erf(x))
FLOATING(Expm1, at::expm1(x))
FLOATING(Floor, at::floor(x))
FLOATING(Log, at::log(x))
FLOATING(Log1p, at::log1p(x))
FLOATING(Reciprocal, at::reciprocal(x))
FLOATING(Relu, at::relu(x))
FLOATING(Relu6, at::clamp(x, 0, 6))
FLOATING(Round, at::round(x))
FLOATING(Rsqrt, at::rsqrt(x))
FLOATING(Selu, at::selu(x))
FLOATING(Sigmoid, at::sigmoid(x))
FLOATING(Sin, at::sin(x))
FLOATING(Sinh, at::sinh(x))
FLOATING(Softplus, at::softplus(x))
FLOATING(Sqrt, at::sqrt(x))
FLOATING(Tan, at::tan(x))
FLOATING(Tanh, at::tanh(x))

// These two give float32 whatever comes.
ANY_TYPE(Exp, at::exp(Wide(x)).to(at::kFloat))
ANY_TYPE(LeakyRelu, at::leaky_relu(Wide(x), call.Number(1)).to(at::kFloat))
ANY_TYPE(IsFinite, at::isfinite(x))
ANY_TYPE(IsInf, at::isinf(x))
ANY_TYPE(IsNan, at::isnan(x))
ANY_TYPE(LogicalNot, at::logical_not(x))
ANY_TYPE(Abs, x.scalar_type() == at::kBool ? x : at::abs(x))
ANY_TYPE(Neg, x.scalar_type() == at::kBool ? x : at::neg(x))
ANY_TYPE(Sign, at::sign(x))
ANY_TYPE(Square, IsWhole(x) ? Narrow(at::mul(Long(x), Long(x)), x) : at::mul(x, x))

// Step(x, alpha): 1 where x > 0, NaN where x is, else alpha.
at::Tensor Step(Call& call) {
  const at::Tensor& input = call.Tensor(0);
  const at::Tensor x = Wide(input);
  const double alpha = call.Number(1);
  at::Tensor y = alpha == 0 ? at::gt(x, 0).to(x.scalar_type())
                            : at::where(at::gt(x, 0), at::full({}, 1.0, x.options()), at::full({}, alpha, x.options()));
  return Narrow(at::where(at::isnan(x), x, y), input);
}

// ClipByValue(x, min, max)
at::Tensor ClipByValue(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  return Narrow(at::clamp(Wide(x), call.Number(1), call.Number(2)), x);
}

// Cast(x, dtype)
at::Tensor Cast(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const std::string dtype = call.Text(1);
  if (dtype == "float32") return x.to(at::kFloat);
  if (dtype == "bool") return at::ne(x, 0);
  if (dtype == "int32") {
    return x.is_floating_point() ? ToInt32(x) : x.to(at::kInt);
  }
  throw std::invalid_argument("Cast: no such dtype: " + dtype);
}

}  // namespace

void InitUnary(Napi::Env env, Napi::Object exports) {
#define EXPORT(Name) Define(env, exports, #Name, Name)
  EXPORT(Acos);
  EXPORT(Acosh);
  EXPORT(Asin);
  EXPORT(Asinh);
  EXPORT(Atan);
  EXPORT(Atanh);
  EXPORT(Ceil);
  EXPORT(Cos);
  EXPORT(Cosh);
  EXPORT(Elu);
  EXPORT(Erf);
  EXPORT(Exp);
  EXPORT(Expm1);
  EXPORT(Floor);
  EXPORT(LeakyRelu);
  EXPORT(Log);
  EXPORT(Log1p);
  EXPORT(Reciprocal);
  EXPORT(Relu);
  EXPORT(Relu6);
  EXPORT(Round);
  EXPORT(Rsqrt);
  EXPORT(Selu);
  EXPORT(Sigmoid);
  EXPORT(Sin);
  EXPORT(Sinh);
  EXPORT(Softplus);
  EXPORT(Sqrt);
  EXPORT(Tan);
  EXPORT(Tanh);
  EXPORT(IsFinite);
  EXPORT(IsInf);
  EXPORT(IsNan);
  EXPORT(LogicalNot);
  EXPORT(Abs);
  EXPORT(Neg);
  EXPORT(Sign);
  EXPORT(Square);
  EXPORT(Step);
  EXPORT(ClipByValue);
  EXPORT(Cast);
#undef EXPORT
}

}  // namespace blockwise
