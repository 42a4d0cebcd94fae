// Matrix products.
#include "../families.h"
#include "../tensors.h"
#include "activation.h"
#include "int32.h"

namespace blockwise {

at::Tensor Activate(at::Tensor y, const std::string& name, const c10::optional<at::Tensor>& preluWeights, double alpha) {
  if (name.empty() || name == "linear") return y;
  if (name == "relu") return at::relu_(y);
  if (name == "relu6") return at::clamp_(y, 0, 6);
  if (name == "elu") return at::elu_(y);
  if (name == "sigmoid") return at::sigmoid_(y);
  if (name == "leakyrelu") return at::leaky_relu_(y, alpha);
  if (name == "prelu" && preluWeights) return at::where(at::lt(y, 0), at::mul(y, *preluWeights), y);
  throw std::invalid_argument("no fused activation named " + name);
}

namespace {

at::Tensor Product(Call& call) {
  at::Tensor a = call.Tensor(0);
  at::Tensor b = call.Tensor(1);
  if (a.dim() < 2 || b.dim() < 2) throw std::invalid_argument("both factors must be of rank 2 or more");
  if (call.Flag(2)) a = a.transpose(-1, -2);
  if (call.Flag(3)) b = b.transpose(-1, -2);
  return at::matmul(a, b);
}

// BatchMatMul(a [..., m, k], b [..., k, n], transposeA, transposeB)
at::Tensor BatchMatMul(Call& call) { return Product(call); }

// _FusedMatMul(a, b, transposeA, transposeB, bias, preluWeights, activation, alpha)
at::Tensor FusedMatMul(Call& call) {
  at::Tensor y = Product(call).contiguous();
  if (const auto bias = call.OptionalTensor(4)) y = at::add(y, *bias);
  const std::string activation = call.Text(6);
  const auto activate = [&](const at::Tensor& of) { return Activate(of, activation, call.OptionalTensor(5), call.Number(7)); };
  if (!IsWhole(y)) return activate(y);
  const at::Tensor wide = activate(Wide(y));
  // These two give float32 whatever comes, as on the cpu backend.
  return activation == "prelu" || activation == "leakyrelu" ? wide.to(at::kFloat) : Narrow(wide, y);
}

// Einsum([tensors], equation)
at::Tensor Einsum(Call& call) { return at::einsum(call.Text(1), call.Tensors(0)).clone(at::MemoryFormat::Contiguous); }

}  // namespace

void InitMatMul(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "BatchMatMul", BatchMatMul);
  Define(env, exports, "_FusedMatMul", FusedMatMul);
  Define(env, exports, "Einsum", Einsum);
}

}  // namespace blockwise
