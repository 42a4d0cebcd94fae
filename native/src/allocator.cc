// libtorch's tensors from the lists of hot/blocks.cc.
#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "hot/blocks.h"

namespace blockwise {
namespace {

// One way back for all blocks: libtorch asks for one function.
void Free(void* block) {
  if (block) hot::giveBlock(block);
}

c10::DataPtr Allocate(size_t bytes) {
  void* block = bytes == 0 ? nullptr : hot::takeBlock(bytes);
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
  // oneDNN's scratch memory comes from malloc.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 64 << 20);
  const char* asked = std::getenv("BLOCKWISE_ALLOCATOR");
  if (asked && std::string(asked) == "system") return;
  static Allocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/100);
}

}  // namespace blockwise
