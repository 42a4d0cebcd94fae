// Activations come and go by the tens of megabytes in every step, always of the same sizes. glibc gives such blocks back
// to the system and faults them in again, page by page, which costs up to half of a step; and what it can be told to keep
// (mallopt) it keeps for the main thread only. Here a freed block waits in the list of its size for the next of that size.
#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace blockwise {
namespace {

constexpr size_t kHuge = 2 << 20;     // aligned for huge pages
constexpr size_t kHeader = 64;        // before the data: the list it belongs to; keeps the data aligned for AVX
constexpr int kClasses = 64 * 8;

size_t Physical() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// Sizes are rounded up to eighths of a power of two: at most an eighth is wasted.
int ClassOf(size_t bytes) {
  const int log = 63 - __builtin_clzll(bytes);
  const size_t eighth = size_t{1} << (log - 3);
  return log * 8 + static_cast<int>((bytes - (size_t{1} << log) + eighth - 1) / eighth);
}

size_t SizeOf(int index) {
  const size_t base = size_t{1} << (index / 8);
  return base + (base / 8) * (index % 8);
}

[[noreturn]] void Refuse(size_t bytes) {
  throw std::runtime_error("out of memory: " + std::to_string(bytes) + " bytes were asked for, this machine has " +
                           std::to_string(Physical()));
}

class Cache {
 public:
  void* Take(size_t bytes) {
    if (bytes > Physical()) Refuse(bytes);
    const int index = ClassOf(bytes + kHeader);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      auto& list = lists_[index];
      if (!list.empty()) {
        void* block = list.back();
        list.pop_back();
        held_ -= SizeOf(index);
        return block;
      }
    }
    void* memory = New(SizeOf(index));
    if (!memory) {
      Flush();
      memory = New(SizeOf(index));
    }
    if (!memory) Refuse(bytes);
    *static_cast<int*>(memory) = index;
    return static_cast<char*>(memory) + kHeader;
  }

  void Give(void* block) {
    const int index = *static_cast<int*>(Start(block));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (held_ + SizeOf(index) <= limit_) {
        lists_[index].push_back(block);
        held_ += SizeOf(index);
        return;
      }
    }
    std::free(Start(block));
  }

 private:
  static void* Start(void* block) { return static_cast<char*>(block) - kHeader; }

  static void* New(size_t bytes) {
    void* memory = nullptr;
    if (posix_memalign(&memory, bytes >= kHuge ? kHuge : kHeader, bytes) != 0) return nullptr;
    if (bytes >= kHuge) madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
  }

  void Flush() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& list : lists_) {
      for (void* block : list) std::free(Start(block));
      list.clear();
    }
    held_ = 0;
  }

  std::mutex mutex_;
  std::vector<void*> lists_[kClasses];
  size_t held_ = 0;
  const size_t limit_ = Physical() / 4;  // what waits, not what is in use
};

Cache& TheCache() {
  static Cache* cache = new Cache();  // outlives every tensor, also those freed while the process ends
  return *cache;
}

// One way back for all blocks: libtorch asks for one function.
void Free(void* block) {
  if (block) TheCache().Give(block);
}

c10::DataPtr Allocate(size_t bytes) {
  void* block = bytes == 0 ? nullptr : TheCache().Take(bytes);
  return {block, block, &Free, c10::Device(c10::DeviceType::CPU)};
}

// Newer versions of libtorch dropped the const and want copy_data; the right ones of these override.
struct Allocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) const { return Allocate(bytes); }
  c10::DataPtr allocate(size_t bytes) { return Allocate(bytes); }
  c10::DeleterFnPtr raw_deleter() const { return &Free; }
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }
};

}  // namespace

void KeepLargeBlocks() {
  // oneDNN's and our own scratch memory comes from malloc.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 64 << 20);
  const char* asked = std::getenv("BLOCKWISE_ALLOCATOR");
  if (asked && std::string(asked) == "system") return;
  static Allocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/100);
}

}  // namespace blockwise
