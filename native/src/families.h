// One line a kernel family: a family is a file in kernels/ that exports its kernels.
#pragma once
#include <napi.h>

namespace blockwise {

void InitRuntime(Napi::Env env, Napi::Object exports);
void InitMemory(Napi::Env env, Napi::Object exports);
void InitCreate(Napi::Env env, Napi::Object exports);
void InitUnary(Napi::Env env, Napi::Object exports);
void InitBinary(Napi::Env env, Napi::Object exports);
void InitReduce(Napi::Env env, Napi::Object exports);
void InitMovement(Napi::Env env, Napi::Object exports);
void InitGather(Napi::Env env, Napi::Object exports);
void InitMatMul(Napi::Env env, Napi::Object exports);
void InitConv(Napi::Env env, Napi::Object exports);
void InitDepthwise(Napi::Env env, Napi::Object exports);
void InitPool(Napi::Env env, Napi::Object exports);
void InitNorm(Napi::Env env, Napi::Object exports);
void InitImage(Napi::Env env, Napi::Object exports);
void InitDilation(Napi::Env env, Napi::Object exports);
void InitFusedNorm(Napi::Env env, Napi::Object exports);
void InitFusedTrain(Napi::Env env, Napi::Object exports);
void InitFusedInference(Napi::Env env, Napi::Object exports);
void InitFusedMBConv(Napi::Env env, Napi::Object exports);

}  // namespace blockwise
