// The activations that TensorFlow.js fuses into convolutions and matrix products.
#pragma once
#include "../tensors.h"

namespace blockwise {

/// Applies `activation` to a tensor that nobody else holds; `name` is one of tfjs's: linear, relu, relu6, elu,
/// prelu, leakyrelu, sigmoid.
at::Tensor Activate(at::Tensor y, const std::string& name, const c10::optional<at::Tensor>& preluWeights, double alpha);

}  // namespace blockwise
