#include "hot.h"

namespace hot {

namespace base {
extern const Table kTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Table kTable;
}
#endif

const Table& table() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::kTable;
#endif
  return base::kTable;
}

}  // namespace hot
