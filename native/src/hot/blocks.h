// Memory that is given back waits for the next who asks for as much.
#pragma once

#include <cstddef>

namespace hot {

/// At least `bytes`, aligned for any vector. Throws std::runtime_error where the machine has not so much.
void* takeBlock(size_t bytes);
/// Gives back what takeBlock gave, from any thread.
void giveBlock(void* block) noexcept;

}  // namespace hot
