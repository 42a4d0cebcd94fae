// Normalisation with given statistics, and local response normalisation.
#include "../families.h"
#include "../tensors.h"

namespace blockwise {
namespace {

// FusedBatchNorm(x, mean, variance, offset, scale, epsilon): one multiply-add a value.
at::Tensor FusedBatchNorm(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor& mean = call.Tensor(1);
  const auto offset = call.OptionalTensor(3);
  const auto scale = call.OptionalTensor(4);
  at::Tensor factor = at::rsqrt(at::add(call.Tensor(2), call.Number(5)));
  if (scale) factor = at::mul(factor, *scale);
  at::Tensor shift = at::neg(at::mul(mean, factor));
  if (offset) shift = at::add(shift, *offset);
  return at::addcmul(shift, x, factor);
}

// Sums over 2 * radius + 1 neighbouring channels.
at::Tensor NeighbourSum(const at::Tensor& x, int64_t radius) {
  return at::constant_pad_nd(x, {radius, radius}).unfold(-1, 2 * radius + 1, 1).sum(-1);
}

// LRN(x, depthRadius, bias, alpha, beta)
at::Tensor LRN(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor norm = NeighbourSum(at::mul(x, x), call.Int(1)).mul(call.Number(3)).add(call.Number(2));
  return at::mul(x, at::pow(norm, -call.Number(4)));
}

// LRNGrad(x, y, dy, depthRadius, bias, alpha, beta)
at::Tensor LRNGrad(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor& y = call.Tensor(1);
  const at::Tensor& dy = call.Tensor(2);
  const int64_t radius = call.Int(3);
  const double alpha = call.Number(5), beta = call.Number(6);
  const at::Tensor norm = NeighbourSum(at::mul(x, x), radius).mul(alpha).add(call.Number(4));
  const at::Tensor through = NeighbourSum(at::div(at::mul(dy, y), norm), radius);
  return at::sub(at::mul(dy, at::pow(norm, -beta)), at::mul(x, through).mul(2 * alpha * beta));
}

}  // namespace

void InitNorm(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "FusedBatchNorm", FusedBatchNorm);
  Define(env, exports, "LRN", LRN);
  Define(env, exports, "LRNGrad", LRNGrad);
}

}  // namespace blockwise
