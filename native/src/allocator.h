// Keeps large blocks that are freed, and gives them out again.
#pragma once

namespace blockwise {

/// Makes it libtorch's allocator for the CPU, for the whole process.
void KeepLargeBlocks();

}  // namespace blockwise
