// The same kernels for processors with AVX2 and FMA.
#include "headers.h"

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
namespace hot::avx2 {
#define HOT_NAMESPACE avx2
#define HOT_LANES 8
constexpr const char* kIsa = "avx2";
#include "impl/all.h"
}  // namespace hot::avx2
#pragma GCC pop_options
#endif
