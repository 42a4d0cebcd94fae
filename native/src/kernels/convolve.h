// Convolutions on tensors in ATen's order of axes, with tfjs's padding (which need not be symmetric).
#pragma once
#include "geometry.h"

namespace blockwise {

/// x `[batch, in, ...space]`, weight `[out, in / groups, ...kernel]`.
at::Tensor Convolve(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                    const Windows& windows, int64_t groups);

/// The gradient to x (toInput; x gives only its shape) or to the weight (which gives only its shape).
at::Tensor ConvolveBackward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const Windows& windows,
                            int64_t groups, bool toInput);

}  // namespace blockwise
