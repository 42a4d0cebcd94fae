// The addon's door: everything that JavaScript can call is listed here by family.
#include "families.h"
#include "tensors.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  using namespace blockwise;
  Addon* addon = new Addon();
  env.SetInstanceData<Addon>(addon);
  Napi::Int32Array mailbox = Napi::Int32Array::New(env, Addon::kMailboxLength);
  addon->mailbox = mailbox.Data();
  addon->mailboxArray = Napi::Reference<Napi::Int32Array>::New(mailbox, 1);
  exports.Set("shapes", mailbox);

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
  return exports;
}

}  // namespace

NODE_API_MODULE(blockwise_native, Init)
