// The addon's door: everything that JavaScript can call is listed here by family.
#include "families.h"
#include "tensors.h"

namespace {

void Init(Napi::Env env, Napi::Object exports) {
  using namespace blockwise;
  Addon* addon = new Addon();
  env.SetInstanceData<Addon>(addon);
  Napi::Int32Array mailbox = Napi::Int32Array::New(env, Addon::kMailboxLength);
  addon->mailbox = mailbox.Data();
  addon->mailboxArray = Napi::Reference<Napi::Int32Array>::New(mailbox, 1);
  exports.Set("shapes", mailbox);
  Napi::Float64Array released = Napi::Float64Array::New(env, Addon::kMostReleased + 1);
  addon->released = released.Data();
  addon->releasedArray = Napi::Reference<Napi::Float64Array>::New(released, 1);
  exports.Set("released", released);

  InitRuntime(env, exports);
  InitMemory(env, exports);
  InitCreate(env, exports);
  InitUnary(env, exports);
  InitBinary(env, exports);
  InitReduce(env, exports);
  InitMovement(env, exports);
  InitGather(env, exports);
  InitMatMul(env, exports);
  InitConv(env, exports);
  InitDepthwise(env, exports);
  InitPool(env, exports);
  InitNorm(env, exports);
  InitImage(env, exports);
  InitDilation(env, exports);
  InitFusedNorm(env, exports);
  InitFusedTrain(env, exports);
  InitFusedInference(env, exports);
  InitFusedMBConv(env, exports);
}

}  // namespace

// A thread may be told to end while it loads the addon: Node-API then refuses what Init asks for, and what that throws must
// not reach Node's frames.
NAPI_MODULE_INIT() {
  try {
    Init(env, Napi::Object(env, exports));
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}
