// Activations and the kernels' own memory come and go in every step, always of the same sizes. glibc looks through its lists
// for each, gives large blocks back to the system and faults them in again, page by page, which costs up to half of a step;
// and what it can be told to keep (mallopt) it keeps for the main thread only. Here a freed block waits in the list of its
// size for the next of that size.
#include "blocks.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace hot {
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

void* Start(void* block) { return static_cast<char*>(block) - kHeader; }
int ListOf(void* block) { return *static_cast<int*>(Start(block)); }

/// Blocks that wait, by size, up to `limit` bytes of them.
class Lists {
 public:
  explicit Lists(size_t limit) : limit_(limit) {}

  void* Take(int index) {
    auto& list = lists_[index];
    if (list.empty()) return nullptr;
    void* block = list.back();
    list.pop_back();
    held_ -= SizeOf(index);
    return block;
  }
  bool Give(void* block, int index) {
    if (held_ + SizeOf(index) > limit_) return false;
    lists_[index].push_back(block);
    held_ += SizeOf(index);
    return true;
  }
  template <class F>
  void Empty(F each) {
    for (auto& list : lists_) {
      for (void* block : list) each(block);
      list.clear();
    }
    held_ = 0;
  }

 private:
  std::vector<void*> lists_[kClasses];
  size_t held_ = 0;
  const size_t limit_;
};

/// What all threads share: what their own lists have no room for, and what ended threads had.
class Shared {
 public:
  void* Take(int index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lists_.Take(index);
  }
  void Give(void* block) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (lists_.Give(block, ListOf(block))) return;
    }
    std::free(Start(block));
  }
  void Empty() {
    const std::lock_guard<std::mutex> lock(mutex_);
    lists_.Empty([](void* block) { std::free(Start(block)); });
  }

 private:
  std::mutex mutex_;
  Lists lists_{Physical() / 8};
};

Shared& TheShared() {
  static Shared* shared = new Shared();  // outlives every tensor, also those freed while the process ends
  return *shared;
}

/// A thread's own, so that a block stays in its core's caches and no thread waits for another's lock. Null before the first
/// use and when the thread is ending.
thread_local Lists* own = nullptr;
thread_local bool ending = false;

/// Passes on what a thread that ends leaves.
struct Will {
  Will() { own = new Lists(Physical() / 8 / std::max(1u, std::thread::hardware_concurrency())); }
  ~Will() {
    ending = true;
    own->Empty([](void* block) { TheShared().Give(block); });
    delete own;
    own = nullptr;
  }
};

Lists* Own() {
  if (own || ending) return own;
  thread_local Will will;
  return own;
}

void* New(size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, bytes >= kHuge ? kHuge : kHeader, bytes) != 0) return nullptr;
  if (bytes >= kHuge) madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

}  // namespace

void* takeBlock(size_t bytes) {
  if (bytes > Physical()) Refuse(bytes);
  const int index = ClassOf(bytes + kHeader);
  Lists* mine = Own();
  if (void* block = mine ? mine->Take(index) : nullptr) return block;
  if (void* block = TheShared().Take(index)) return block;
  void* memory = New(SizeOf(index));
  if (!memory) {
    if (mine) mine->Empty([](void* block) { std::free(Start(block)); });
    TheShared().Empty();
    memory = New(SizeOf(index));
  }
  if (!memory) Refuse(bytes);
  *static_cast<int*>(memory) = index;
  return static_cast<char*>(memory) + kHeader;
}

void giveBlock(void* block) noexcept {
  Lists* mine = Own();
  if (!mine || !mine->Give(block, ListOf(block))) TheShared().Give(block);
}

}  // namespace hot
