#include "tensors.h"

#include <ATen/EmptyTensor.h>
#include <c10/core/InferenceMode.h>

#include <new>
#include <sstream>
#include <stdexcept>

namespace blockwise {

namespace {

// A handle is a slot number and the slot's generation, so that a stale handle is recognised
// although its slot is in use again; both fit a JavaScript number.
constexpr int64_t kSlots = int64_t{1} << 24;
constexpr uint32_t kGenerations = 1u << 28;

// Throws in JavaScript. In an environment that is ending (a worker that is terminated, process.exit) Node-API refuses
// nearly every call, this one too: then nobody is left to be told.
void Throw(napi_env env, const char* message) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) napi_throw_error(env, nullptr, message);
}

// What JavaScript threw while a call of Node-API ran its code, e.g. a getter.
void ThrowAgain(napi_env env, const Napi::Error& error) {
  try {
    const Napi::HandleScope scope(env);
    const napi_value thrown = error.Value();
    if (thrown) napi_throw(env, thrown);
  } catch (const Napi::Error&) {
    // The environment is ending.
  }
}

// Autograd's bookkeeping is left out: tfjs-core keeps the tape. Of a thread that calls, from then on: beginning and ending
// this in every call takes as long as a small kernel does.
void WithoutAutograd() {
  static thread_local const auto* const inference = new c10::InferenceMode();
  static_cast<void>(inference);
}

// Runs a callback's body. No C++ exception may leave a callback: on its way through Node's frames it would end the
// process, as node-addon-api's own callbacks do where Node-API refuses to throw what they caught.
template <typename Body>
napi_value Guard(napi_env env, napi_callback_info arguments, Body body) noexcept {
  try {
    const Napi::CallbackInfo info(env, arguments);
    WithoutAutograd();
    Addon* addon = Napi::Env(env).GetInstanceData<Addon>();
    if (addon->released[0] > 0) addon->ReleaseGivenUp();
    Call call(info, *addon);
    return body(call);
  } catch (const Napi::Error& error) {
    ThrowAgain(env, error);
  } catch (const std::bad_alloc&) {
    Throw(env, "out of memory");
  } catch (const c10::Error& error) {
    Throw(env, error.what_without_backtrace());
  } catch (const std::exception& error) {
    Throw(env, error.what());
  } catch (...) {
    Throw(env, "unknown C++ exception");
  }
  return nullptr;
}

// An output in the mailbox: dtype code, rank, sizes.
int WriteShape(Addon& addon, int at, const at::Tensor& tensor) {
  const auto sizes = tensor.sizes();
  if (at + static_cast<int>(sizes.size()) + 2 > Addon::kMailboxLength) throw std::length_error("too many outputs");
  switch (tensor.scalar_type()) {
    case at::kFloat:
      addon.mailbox[at++] = 0;
      break;
    case at::kInt:
      addon.mailbox[at++] = 1;
      break;
    case at::kBool:
      addon.mailbox[at++] = 2;
      break;
    default:
      throw std::logic_error(std::string("a kernel returned ") + at::toString(tensor.scalar_type()));
  }
  addon.mailbox[at++] = static_cast<int32_t>(sizes.size());
  for (int64_t size : sizes) addon.mailbox[at++] = static_cast<int32_t>(size);
  return at;
}

}  // namespace

int64_t TensorTable::Add(at::Tensor tensor) {
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    if (slot >= kSlots - 1) throw std::length_error("more than 16 million tensors are held");
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& s = slots_[slot];
  s.tensor = std::move(tensor);
  s.used = true;
  ++count_;
  return (static_cast<int64_t>(s.generation) << 24) + slot + 1;
}

const at::Tensor& TensorTable::Get(int64_t handle) const {
  const int64_t slot = (handle - 1) & (kSlots - 1);
  if (handle <= 0 || slot >= static_cast<int64_t>(slots_.size()) || !slots_[slot].used ||
      slots_[slot].generation != static_cast<uint32_t>((handle - 1) >> 24)) {
    throw std::invalid_argument("tensor handle " + std::to_string(handle) + " is not held: it was disposed or never made");
  }
  return slots_[slot].tensor;
}

bool TensorTable::Release(int64_t handle) {
  const int64_t slot = (handle - 1) & (kSlots - 1);
  if (handle <= 0 || slot >= static_cast<int64_t>(slots_.size())) return false;
  Slot& s = slots_[slot];
  if (!s.used || s.generation != static_cast<uint32_t>((handle - 1) >> 24)) return false;
  s.tensor.reset();
  s.used = false;
  s.generation = (s.generation + 1) % kGenerations;
  free_.push_back(static_cast<uint32_t>(slot));
  --count_;
  return true;
}

void TensorTable::Clear() {
  slots_.clear();
  free_.clear();
  count_ = 0;
}

bool Call::Has(size_t i) const {
  return i < info_.Length() && !info_[i].IsUndefined() && !info_[i].IsNull();
}

int64_t Call::Int(size_t i) const {
  int64_t value = 0;
  if (napi_get_value_int64(info_.Env(), info_[i], &value) != napi_ok) {
    throw std::invalid_argument("argument " + std::to_string(i) + " must be a number");
  }
  return value;
}

double Call::Number(size_t i) const {
  double value = 0;
  if (napi_get_value_double(info_.Env(), info_[i], &value) != napi_ok) {
    throw std::invalid_argument("argument " + std::to_string(i) + " must be a number");
  }
  return value;
}

bool Call::Flag(size_t i) const { return Has(i) && info_[i].ToBoolean().Value(); }

std::string Call::Text(size_t i) const { return Has(i) ? info_[i].ToString().Utf8Value() : std::string(); }

const at::Tensor& Call::Tensor(size_t i) const { return addon_.tensors.Get(Int(i)); }

c10::optional<at::Tensor> Call::OptionalTensor(size_t i) const {
  if (!Has(i)) return c10::nullopt;
  const int64_t handle = Int(i);
  if (handle == 0) return c10::nullopt;
  return addon_.tensors.Get(handle);
}

std::vector<int64_t> Call::Ints(size_t i) const {
  uint32_t length = 0;
  napi_env env = info_.Env();
  if (napi_get_array_length(env, info_[i], &length) != napi_ok) {
    throw std::invalid_argument("argument " + std::to_string(i) + " must be an array of numbers");
  }
  std::vector<int64_t> values(length);
  for (uint32_t k = 0; k < length; ++k) {
    napi_value element;
    if (napi_get_element(env, info_[i], k, &element) != napi_ok ||
        napi_get_value_int64(env, element, &values[k]) != napi_ok) {
      throw std::invalid_argument("argument " + std::to_string(i) + " must be an array of numbers");
    }
  }
  return values;
}

std::vector<double> Call::Numbers(size_t i) const {
  uint32_t length = 0;
  napi_env env = info_.Env();
  if (napi_get_array_length(env, info_[i], &length) != napi_ok) {
    throw std::invalid_argument("argument " + std::to_string(i) + " must be an array of numbers");
  }
  std::vector<double> values(length);
  for (uint32_t k = 0; k < length; ++k) {
    napi_value element;
    if (napi_get_element(env, info_[i], k, &element) != napi_ok ||
        napi_get_value_double(env, element, &values[k]) != napi_ok) {
      throw std::invalid_argument("argument " + std::to_string(i) + " must be an array of numbers");
    }
  }
  return values;
}

std::vector<at::Tensor> Call::Tensors(size_t i) const {
  const std::vector<int64_t> handles = Ints(i);
  std::vector<at::Tensor> tensors;
  tensors.reserve(handles.size());
  for (int64_t handle : handles) tensors.push_back(addon_.tensors.Get(handle));
  return tensors;
}

std::vector<at::Tensor> Call::OptionalTensors(size_t i) const {
  const std::vector<int64_t> handles = Ints(i);
  std::vector<at::Tensor> tensors;
  tensors.reserve(handles.size());
  for (int64_t handle : handles) tensors.push_back(handle == 0 ? at::Tensor() : addon_.tensors.Get(handle));
  return tensors;
}

float* Call::Floats(size_t i) const {
  const at::Tensor& tensor = Tensor(i);
  if (tensor.scalar_type() != at::kFloat || !tensor.is_cpu()) {
    throw std::invalid_argument("argument " + std::to_string(i) + " must be a float32 tensor on the CPU");
  }
  return tensor.data_ptr<float>();
}

// Exports a callback of Node-API, with the function that it runs.
template <typename Function>
void Export(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback, Function function) {
  napi_value made;
  const napi_status status =
      napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, reinterpret_cast<void*>(function), &made);
  if (status != napi_ok) throw Napi::Error::New(env);
  exports.Set(name, Napi::Value(env, made));
}

template <typename Function>
Function FunctionOf(const Call& call) {
  return reinterpret_cast<Function>(call.info().Data());
}

void Define(Napi::Env env, Napi::Object exports, const char* name, Kernel kernel) {
  const napi_callback callback = [](napi_env env, napi_callback_info arguments) {
    return Guard(env, arguments, [](Call& call) -> napi_value {
      at::Tensor out = FunctionOf<Kernel>(call)(call);
      if (!out.is_contiguous()) out = out.contiguous();
      WriteShape(call.addon(), 0, out);
      return Napi::Number::New(call.info().Env(), static_cast<double>(call.addon().tensors.Add(std::move(out))));
    });
  };
  Export(env, exports, name, callback, kernel);
}

void Define(Napi::Env env, Napi::Object exports, const char* name, MultiKernel kernel) {
  const napi_callback callback = [](napi_env env, napi_callback_info arguments) {
    return Guard(env, arguments, [](Call& call) -> napi_value {
      std::vector<at::Tensor> outs = FunctionOf<MultiKernel>(call)(call);
      for (at::Tensor& out : outs) out = out.contiguous();
      Napi::Array handles = Napi::Array::New(call.info().Env(), outs.size());
      int at = 0;
      for (const at::Tensor& out : outs) at = WriteShape(call.addon(), at, out);
      for (size_t i = 0; i < outs.size(); ++i) {
        handles.Set(static_cast<uint32_t>(i), static_cast<double>(call.addon().tensors.Add(outs[i])));
      }
      return handles;
    });
  };
  Export(env, exports, name, callback, kernel);
}

void Define(Napi::Env env, Napi::Object exports, const char* name, RawFunction function) {
  const napi_callback callback = [](napi_env env, napi_callback_info arguments) {
    return Guard(env, arguments, [](Call& call) -> napi_value { return FunctionOf<RawFunction>(call)(call); });
  };
  Export(env, exports, name, callback, function);
}

// Without the dispatcher, which takes longer than a small kernel does.
at::Tensor NewFloats(at::IntArrayRef shape) { return at::Tensor(at::detail::empty_cpu(shape, at::kFloat, false, c10::nullopt)); }

std::string ShapeText(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

}  // namespace blockwise
