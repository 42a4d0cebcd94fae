// Tensors in and out of the table.
#include <atomic>
#include <cstring>

#include "families.h"
#include "tensors.h"

namespace blockwise {
namespace {

at::ScalarType TypeOf(const std::string& dtype) {
  if (dtype == "float32") return at::kFloat;
  if (dtype == "int32") return at::kInt;
  if (dtype == "bool") return at::kBool;
  throw std::invalid_argument("dtype must be float32, int32 or bool, got " + dtype);
}

// Bytes that this JavaScript thread's tensors copied: from it, to it at once, and to it on another thread.
struct Copied {
  double created = 0, read = 0;
  std::atomic<int64_t> readAside{0};
};
Copied& CopiedHere() {
  static thread_local Copied copied;
  return copied;
}

void* BytesOf(const Napi::TypedArray& array) {
  return static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
}

// create(typedArray, shape, dtype): one copy into native memory.
at::Tensor Create(Call& call) {
  if (!call.info()[0].IsTypedArray()) throw std::invalid_argument("create: values must be a typed array");
  const auto values = call.info()[0].As<Napi::TypedArray>();
  const std::vector<int64_t> shape = call.Ints(1);
  const at::ScalarType type = TypeOf(call.Text(2));
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(type));
  if (static_cast<size_t>(tensor.numel()) != values.ElementLength() || tensor.element_size() != values.ElementSize()) {
    throw std::invalid_argument("create: shape " + ShapeText(tensor) + " needs " + std::to_string(tensor.numel()) +
                                " values of " + std::to_string(tensor.element_size()) + " bytes, got " +
                                std::to_string(values.ElementLength()) + " of " + std::to_string(values.ElementSize()));
  }
  if (tensor.numel() > 0) {
    const void* source = BytesOf(values);
    CopiedHere().created += tensor.nbytes();
    if (type == at::kBool) {
      const uint8_t* from = static_cast<const uint8_t*>(source);
      bool* to = tensor.data_ptr<bool>();
      for (int64_t i = 0; i < tensor.numel(); ++i) to[i] = from[i] != 0;
    } else {
      std::memcpy(tensor.data_ptr(), source, tensor.nbytes());
    }
  }
  return call.addon().device.is_cpu() ? tensor : tensor.to(call.addon().device);
}

// alias(handle, shape): the same memory under another shape.
at::Tensor Alias(Call& call) { return call.Tensor(0).view(call.Ints(1)); }

Napi::Value Release(Call& call) {
  return Napi::Boolean::New(call.info().Env(), call.addon().tensors.Release(call.Int(0)));
}

Napi::Value Count(Call& call) {
  return Napi::Number::New(call.info().Env(), static_cast<double>(call.addon().tensors.Count()));
}

Napi::Value Clear(Call& call) {
  call.addon().tensors.Clear();
  return call.info().Env().Undefined();
}

Napi::Value WrapBytes(Napi::Env env, Napi::ArrayBuffer bytes, const at::Tensor& tensor) {
  const size_t length = tensor.numel();
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return Napi::Float32Array::New(env, length, bytes, 0);
    case at::kInt:
      return Napi::Int32Array::New(env, length, bytes, 0);
    case at::kBool:
      return Napi::Uint8Array::New(env, length, bytes, 0);
    default:
      throw std::invalid_argument("read: tensor is neither float32, int32 nor bool");
  }
}

Napi::Value ReadSync(Call& call) {
  const at::Tensor tensor = call.Tensor(0).cpu();
  Napi::ArrayBuffer bytes = Napi::ArrayBuffer::New(call.info().Env(), tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(bytes.Data(), tensor.data_ptr(), tensor.nbytes());
  CopiedHere().read += tensor.nbytes();
  return WrapBytes(call.info().Env(), bytes, tensor);
}

// Copies on a thread of libuv's pool; holds the tensor meanwhile, so a dispose does no harm.
class Reader : public Napi::AsyncWorker {
 public:
  Reader(Napi::Env env, at::Tensor tensor)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), tensor_(std::move(tensor)), copied_(CopiedHere()) {
    Napi::ArrayBuffer bytes = Napi::ArrayBuffer::New(env, tensor_.nbytes());
    to_ = bytes.Data();
    bytes_ = Napi::Persistent(bytes);
  }
  Napi::Promise Promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    const at::Tensor here = tensor_.cpu();
    if (here.nbytes() > 0) std::memcpy(to_, here.data_ptr(), here.nbytes());
    copied_.readAside += here.nbytes();
  }
  void OnOK() override {
    Settle([this] { deferred_.Resolve(WrapBytes(Env(), bytes_.Value(), tensor_)); });
  }
  void OnError(const Napi::Error& error) override {
    Settle([&] { deferred_.Reject(error.Value()); });
  }

 private:
  // In an environment that is ending nobody waits, Node-API refuses to settle, and nothing may be thrown.
  template <typename Act>
  void Settle(Act act) {
    try {
      act();
    } catch (const Napi::Error&) {
    }
  }

  Napi::Promise::Deferred deferred_;
  at::Tensor tensor_;
  Copied& copied_;  // of the thread that waits for this
  void* to_ = nullptr;
  Napi::Reference<Napi::ArrayBuffer> bytes_;
};

Napi::Value Read(Call& call) {
  Reader* reader = new Reader(call.info().Env(), call.Tensor(0));
  Napi::Promise promise = reader->Promise();
  reader->Queue();
  return promise;
}

// copied() -> bytes copied since the thread began, by way; for tests.
Napi::Value CopiedBytes(Call& call) {
  const Copied& copied = CopiedHere();
  Napi::Object bytes = Napi::Object::New(call.info().Env());
  bytes.Set("created", copied.created);
  bytes.Set("read", copied.read);
  bytes.Set("readAside", static_cast<double>(copied.readAside.load()));
  return bytes;
}

}  // namespace

void InitMemory(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "create", Create);
  Define(env, exports, "alias", Alias);
  Define(env, exports, "release", Release);
  Define(env, exports, "count", Count);
  Define(env, exports, "clear", Clear);
  Define(env, exports, "readSync", ReadSync);
  Define(env, exports, "read", Read);
  Define(env, exports, "copied", CopiedBytes);
}

}  // namespace blockwise
