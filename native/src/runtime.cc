// Threads, allocator and versions.
#include <ATen/Parallel.h>
#include <torch/version.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>

#include <mutex>

#include "allocator.h"
#include "families.h"
#include "hot/hot.h"
#include "tensors.h"

namespace blockwise {
namespace {

Napi::Value SetThreads(Call& call) {
  const int threads = static_cast<int>(call.Int(0));
  if (threads < 1) throw std::invalid_argument("threads must be at least 1, got " + std::to_string(threads));
  // What libtorch does late, on a thread's first question, would undo the setting: it takes over the last of any thread.
  at::get_num_threads();
  at::set_num_threads(threads);
  // OpenBLAS built on pthreads has a pool of its own.
  using Setter = void (*)(int);
  if (auto set = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(threads);
  return call.info().Env().Undefined();
}

Napi::Value Threads(Call& call) { return Napi::Number::New(call.info().Env(), at::get_num_threads()); }

Napi::Value SetDevice(Call& call) {
  const at::Device device(call.Text(0));
  at::zeros({1}, at::TensorOptions().device(device));  // throws here when the device cannot be used
  call.addon().device = device;
  return call.info().Env().Undefined();
}

// setIsa(base, avx2, avx512 or nothing: the widest), for the whole process
Napi::Value SetIsa(Call& call) {
  hot::choose(call.Text(0));
  return call.info().Env().Undefined();
}

/// Which product of matrices libtorch calls: OpenBLAS says the processor that its kernels are for.
std::string Blas() {
  using Name = char* (*)();
  if (auto core = reinterpret_cast<Name>(dlsym(RTLD_DEFAULT, "openblas_get_corename"))) return std::string("OpenBLAS ") + core();
  if (dlsym(RTLD_DEFAULT, "mkl_get_version")) return "MKL";
  if (dlsym(RTLD_DEFAULT, "bli_info_get_version_str")) return "BLIS";
  return "reference";
}

Napi::Value Versions(Call& call) {
  Napi::Object versions = Napi::Object::New(call.info().Env());
  versions.Set("libtorch", TORCH_VERSION);
  versions.Set("cuda", at::hasCUDA());
  versions.Set("mkldnn", at::hasMKLDNN());
  versions.Set("isa", hot::table().isa);
  const std::vector<std::string> choices = hot::choices();
  Napi::Array isas = Napi::Array::New(call.info().Env(), choices.size());
  for (size_t i = 0; i < choices.size(); ++i) isas.Set(i, choices[i]);
  versions.Set("isas", isas);
  versions.Set("blas", Blas());
  versions.Set("parallel", at::get_parallel_info());
  return versions;
}

}  // namespace

void InitRuntime(Napi::Env env, Napi::Object exports) {
  static std::once_flag once;
  std::call_once(once, [] {
    KeepLargeBlocks();
    at::set_num_threads(1);
  });
  Define(env, exports, "setThreads", SetThreads);
  Define(env, exports, "threads", Threads);
  Define(env, exports, "setDevice", SetDevice);
  Define(env, exports, "setIsa", SetIsa);
  Define(env, exports, "versions", Versions);
}

}  // namespace blockwise
