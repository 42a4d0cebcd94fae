// The same kernels for any processor.
#include "headers.h"

namespace hot::base {
#define HOT_NAMESPACE base
constexpr const char* kIsa = "portable";
#include "impl/all.h"
}  // namespace hot::base
