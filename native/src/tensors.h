// How kernels meet JavaScript: tensors live in a table behind integer handles.
//
// A kernel is a plain function `at::Tensor Kernel(Call& call)` (or `std::vector<at::Tensor>`)
// that is exported by `Define(env, exports, "Name", Kernel)`. From a Call it takes its arguments:
//
//   const at::Tensor& x = call.Tensor(0);      // any handle; a contiguous tensor of the tfjs shape (NHWC)
//   float* p = call.Floats(0);                 // the same as raw memory; throws unless float32 on the CPU
//   int64_t stride = call.Int(1);
//   double epsilon = call.Number(2);
//   std::vector<int64_t> perm = call.Ints(3);
//
// What it returns is made contiguous and gets a new handle; its shape is written to the shape mailbox,
// where the TypeScript side reads it. Any C++ exception becomes a JavaScript error.
#pragma once
#include "prefix.h"

#include <cstdint>
#include <string>
#include <vector>

namespace blockwise {

/// The tensors of one JavaScript environment (the main thread or one worker).
class TensorTable {
 public:
  /// Keeps `tensor` and returns its handle, never 0.
  int64_t Add(at::Tensor tensor);
  /// @throws std::invalid_argument when the handle was never given out, or was released.
  const at::Tensor& Get(int64_t handle) const;
  /// Forgets a tensor; false when the handle was not (or no longer) held.
  bool Release(int64_t handle);
  int64_t Count() const { return count_; }
  void Clear();

 private:
  struct Slot {
    at::Tensor tensor;
    uint32_t generation = 0;
    bool used = false;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  int64_t count_ = 0;
};

/// What belongs to one JavaScript environment.
struct Addon {
  static constexpr int kMailboxLength = 4096;
  TensorTable tensors;
  at::Device device = at::kCPU;
  int32_t* mailbox = nullptr;
  Napi::Reference<Napi::Int32Array> mailboxArray;
  /// Handles that JavaScript gave up since its last call: how many, then they.
  static constexpr int kMostReleased = 255;
  double* released = nullptr;
  Napi::Reference<Napi::Float64Array> releasedArray;

  /// Forgets them.
  void ReleaseGivenUp() {
    for (int count = static_cast<int>(released[0]); count > 0; --count) tensors.Release(static_cast<int64_t>(released[count]));
    released[0] = 0;
  }
};

/// The arguments of one kernel call.
class Call {
 public:
  Call(const Napi::CallbackInfo& info, Addon& addon) : info_(info), addon_(addon) {}

  size_t Count() const { return info_.Length(); }
  bool Has(size_t i) const;
  const at::Tensor& Tensor(size_t i) const;
  /// The tensor, or nothing where JavaScript passed undefined, null or 0.
  c10::optional<at::Tensor> OptionalTensor(size_t i) const;
  /// Handles of an array argument.
  std::vector<at::Tensor> Tensors(size_t i) const;
  /// Undefined ones where the handle is 0.
  std::vector<at::Tensor> OptionalTensors(size_t i) const;
  float* Floats(size_t i) const;
  int64_t Int(size_t i) const;
  double Number(size_t i) const;
  bool Flag(size_t i) const;
  std::string Text(size_t i) const;
  std::vector<int64_t> Ints(size_t i) const;
  std::vector<double> Numbers(size_t i) const;

  Addon& addon() const { return addon_; }
  const Napi::CallbackInfo& info() const { return info_; }

 private:
  const Napi::CallbackInfo& info_;
  Addon& addon_;
};

using Kernel = at::Tensor (*)(Call&);
using MultiKernel = std::vector<at::Tensor> (*)(Call&);
using RawFunction = Napi::Value (*)(Call&);

/// Exports a kernel with one output: JavaScript gets its handle.
void Define(Napi::Env env, Napi::Object exports, const char* name, Kernel kernel);
/// Exports a kernel with several outputs: JavaScript gets an array of handles.
void Define(Napi::Env env, Napi::Object exports, const char* name, MultiKernel kernel);
/// Exports a function that is no kernel; it returns a JavaScript value itself.
void Define(Napi::Env env, Napi::Object exports, const char* name, RawFunction function);

/// An uninitialised contiguous float32 tensor on the CPU, for hand-written kernels to fill.
at::Tensor NewFloats(at::IntArrayRef shape);

/// "[2, 3, 4]"
std::string ShapeText(const at::Tensor& tensor);

}  // namespace blockwise
