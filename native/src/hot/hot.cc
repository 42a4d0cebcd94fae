#include "hot.h"

#include <atomic>
#include <stdexcept>

namespace hot {

namespace base {
extern const Table kTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Table kTable;
}
namespace avx512 {
extern const Table kTable;
}
#endif

namespace {

struct Isa {
  const char* name;
  const Table* table;
  bool present;  // in the processor, and its registers kept by the system (the compiler's check asks xgetbv)
};

/// From the narrowest to the widest.
const std::vector<Isa>& isas() {
  static const std::vector<Isa> all = {
      {"base", &base::kTable, true},
#if defined(__x86_64__)
      {"avx2", &avx2::kTable, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")},
      {"avx512", &avx512::kTable,
       __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
#endif
  };
  return all;
}

std::atomic<const Table*> chosen{nullptr};

}  // namespace

const Table& table() {
  if (!chosen) choose("");
  return *chosen;
}

std::vector<std::string> choices() {
  std::vector<std::string> names;
  for (const Isa& isa : isas())
    if (isa.present) names.push_back(isa.name);
  return names;
}

void choose(const std::string& name) {
  const Isa* found = nullptr;
  for (const Isa& isa : isas())
    if (isa.present && (name.empty() || name == isa.name)) found = &isa;
  if (!found) {
    std::string here;
    for (const std::string& choice : choices()) here += (here.empty() ? "" : ", ") + choice;
    throw std::invalid_argument("must be one of base, avx2 and avx512 that this machine has (" + here + "), got " + name);
  }
  chosen = found->table;
}

}  // namespace hot
