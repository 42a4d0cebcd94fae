// The kernels for any processor, eight lanes in whatever vectors the target has.
#include "headers.h"

namespace hot::base {
#define HOT_NAMESPACE base
#define HOT_LANES 8
constexpr const char* kIsa = "base";
#include "impl/all.h"
}  // namespace hot::base
