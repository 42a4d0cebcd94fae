// Kernels that move values without computing: transpose, slices, padding, joining and splitting.
#include "../families.h"
#include "../tensors.h"

namespace blockwise {
namespace {

at::Tensor Indices(const std::vector<int64_t>& values, const at::Tensor& beside) {
  return at::tensor(at::ArrayRef<int64_t>(values), at::TensorOptions().dtype(at::kLong)).to(beside.device());
}

at::Tensor Transpose(Call& call) { return call.Tensor(0).permute(call.Ints(1)); }

// Regroup(x, shape, perm, shape): the steps of space-to-batch, batch-to-space and depth-to-space.
at::Tensor Regroup(Call& call) {
  return call.Tensor(0).reshape(call.Ints(1)).permute(call.Ints(2)).reshape(call.Ints(3));
}

// Slice(x, begin, size)
at::Tensor Slice(Call& call) {
  at::Tensor x = call.Tensor(0);
  const std::vector<int64_t> begin = call.Ints(1);
  const std::vector<int64_t> size = call.Ints(2);
  for (size_t axis = 0; axis < begin.size(); ++axis) x = x.narrow(axis, begin[axis], size[axis]);
  return x.clone(at::MemoryFormat::Contiguous);
}

// StridedSlice(x, begin, end, strides, finalShape)
at::Tensor StridedSlice(Call& call) {
  at::Tensor x = call.Tensor(0);
  const std::vector<int64_t> begin = call.Ints(1);
  const std::vector<int64_t> end = call.Ints(2);
  const std::vector<int64_t> strides = call.Ints(3);
  for (size_t axis = 0; axis < begin.size(); ++axis) {
    if (strides[axis] > 0) {
      x = x.slice(axis, begin[axis], std::max(begin[axis], end[axis]), strides[axis]);
    } else {
      std::vector<int64_t> picked;
      for (int64_t i = begin[axis]; i > end[axis]; i += strides[axis]) picked.push_back(i);
      x = x.index_select(axis, Indices(picked, x));
    }
  }
  return x.clone(at::MemoryFormat::Contiguous).reshape(call.Ints(4));
}

// PadV2(x, before, after, value)
at::Tensor PadV2(Call& call) {
  const std::vector<int64_t> before = call.Ints(1);
  const std::vector<int64_t> after = call.Ints(2);
  std::vector<int64_t> pads;
  for (size_t axis = before.size(); axis-- > 0;) {
    pads.push_back(before[axis]);
    pads.push_back(after[axis]);
  }
  return at::constant_pad_nd(call.Tensor(0), pads, call.Number(3));
}

// MirrorPad(x, before, after, edge): edge 1 repeats the border (symmetric), 0 does not (reflect).
at::Tensor MirrorPad(Call& call) {
  at::Tensor x = call.Tensor(0);
  const std::vector<int64_t> before = call.Ints(1);
  const std::vector<int64_t> after = call.Ints(2);
  const int64_t edge = call.Int(3);
  for (size_t axis = 0; axis < before.size(); ++axis) {
    if (before[axis] == 0 && after[axis] == 0) continue;
    const int64_t length = x.size(axis);
    std::vector<int64_t> picked;
    for (int64_t i = -before[axis]; i < length + after[axis]; ++i) {
      picked.push_back(i < 0 ? -i - edge : i >= length ? 2 * (length - 1) - i + edge : i);
    }
    x = x.index_select(axis, Indices(picked, x));
  }
  return x;
}

// Concat([tensors], axis), Pack([tensors], axis)
at::Tensor Concat(Call& call) { return at::cat(call.Tensors(0), call.Int(1)); }
at::Tensor Pack(Call& call) { return at::stack(call.Tensors(0), call.Int(1)); }

// SplitV(x, sizes, axis): what is returned must own its memory, so that disposing x frees it.
std::vector<at::Tensor> SplitV(Call& call) {
  std::vector<at::Tensor> parts = at::split_with_sizes(call.Tensor(0), call.Ints(1), call.Int(2));
  for (at::Tensor& part : parts) part = part.clone(at::MemoryFormat::Contiguous);
  return parts;
}

// Unpack(x, axis)
std::vector<at::Tensor> Unpack(Call& call) {
  std::vector<at::Tensor> parts = at::unbind(call.Tensor(0), call.Int(1));
  for (at::Tensor& part : parts) part = part.clone(at::MemoryFormat::Contiguous);
  return parts;
}

// Tile(x, repetitions), Reverse(x, axes)
at::Tensor Tile(Call& call) { return call.Tensor(0).repeat(call.Ints(1)); }
at::Tensor Reverse(Call& call) { return at::flip(call.Tensor(0), call.Ints(1)); }

}  // namespace

void InitMovement(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Transpose", Transpose);
  Define(env, exports, "Regroup", Regroup);
  Define(env, exports, "Slice", Slice);
  Define(env, exports, "StridedSlice", StridedSlice);
  Define(env, exports, "PadV2", PadV2);
  Define(env, exports, "MirrorPad", MirrorPad);
  Define(env, exports, "Concat", Concat);
  Define(env, exports, "Pack", Pack);
  Define(env, exports, "SplitV", SplitV);
  Define(env, exports, "Unpack", Unpack);
  Define(env, exports, "Tile", Tile);
  Define(env, exports, "Reverse", Reverse);
}

}  // namespace blockwise
