// The same kernels, sixteen lanes wide, for processors with AVX-512 (F, VL, DQ, BW).
#include "headers.h"

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // both of GCC 12's own intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")
namespace hot::avx512 {
#define HOT_NAMESPACE avx512
#define HOT_LANES 16
constexpr const char* kIsa = "avx512";
#include "impl/all.h"
}  // namespace hot::avx512
#pragma GCC pop_options
#endif
