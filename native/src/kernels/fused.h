// What the kernels over native/src/hot share.
#pragma once
#include <ATen/Parallel.h>

#include "../hot/hot.h"
#include "../tensors.h"

namespace blockwise {

/// The memory of a contiguous float32 tensor on the CPU.
inline float* FloatsOf(const at::Tensor& tensor) {
  if (tensor.scalar_type() != at::kFloat || !tensor.is_cpu()) {
    throw std::invalid_argument("the fused kernels take float32 tensors on the CPU, got " + ShapeText(tensor) + " of " +
                                std::string(c10::toString(tensor.scalar_type())));
  }
  return tensor.data_ptr<float>();
}

inline void Require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

/// The same with a text that is made only where it is needed: hundreds of checks a training step would make it each time.
template <class What>
void Require(bool holds, const What& what) {
  if (!holds) throw std::invalid_argument(what());
}

inline void RequireSize(const at::Tensor& tensor, int64_t size, const char* name) {
  Require(tensor.numel() == size, [&] {
    return std::string(name) + " must have " + std::to_string(size) + " values, but is " + ShapeText(tensor);
  });
}

inline int Threads() { return at::get_num_threads(); }

}  // namespace blockwise
