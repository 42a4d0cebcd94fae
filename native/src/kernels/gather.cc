// Kernels that read or write at computed places: gathers, scatters, one-hot, segment sums.
#include "../families.h"
#include "../tensors.h"

namespace blockwise {
namespace {

int64_t Product(at::IntArrayRef sizes, size_t from, size_t to) {
  int64_t product = 1;
  for (size_t i = from; i < to; ++i) product *= sizes[i];
  return product;
}

// GatherV2(x, indices, axis, batchDims)
at::Tensor GatherV2(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor indices = call.Tensor(1).to(at::kLong);
  const int64_t axis = call.Int(2);
  const int64_t batchDims = call.Int(3);
  if (batchDims < 0 || batchDims > axis || batchDims > indices.dim()) {
    throw std::invalid_argument("batchDims must be in [0, axis], got " + std::to_string(batchDims));
  }
  const int64_t length = x.size(axis);
  if (indices.numel() > 0) {
    const int64_t low = indices.min().item<int64_t>(), high = indices.max().item<int64_t>();
    if (low < 0 || high >= length) {
      throw std::out_of_range("GatherV2: the index value " + std::to_string(low < 0 ? low : high) + " is not in [0, " +
                              std::to_string(length - 1) + "]");
    }
  }
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().begin() + axis);
  shape.insert(shape.end(), indices.sizes().begin() + batchDims, indices.sizes().end());
  shape.insert(shape.end(), x.sizes().begin() + axis + 1, x.sizes().end());
  if (batchDims == 0) return at::index_select(x, axis, indices.reshape({-1})).reshape(shape);
  const int64_t batch = Product(x.sizes(), 0, batchDims);
  const int64_t outer = Product(x.sizes(), batchDims, axis);
  const int64_t inner = Product(x.sizes(), axis + 1, x.dim());
  const int64_t picked = batch == 0 ? 0 : indices.numel() / batch;
  const at::Tensor where = indices.view({batch, 1, picked, 1}).expand({batch, outer, picked, inner});
  return at::gather(x.view({batch, outer, length, inner}), 2, where).reshape(shape);
}

// Row numbers of `indices [rows, depth]` in a tensor of `shape`, whose first `depth` axes are flattened.
at::Tensor FlatRows(const at::Tensor& indices, at::IntArrayRef shape, int64_t depth) {
  const at::Tensor here = indices.to(at::kCPU, at::kLong).reshape({-1, depth}).contiguous();
  const int64_t rows = depth == 0 ? 1 : here.size(0);
  at::Tensor flat = at::zeros({rows}, at::TensorOptions().dtype(at::kLong));
  const int64_t* from = here.data_ptr<int64_t>();
  int64_t* to = flat.data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t axis = 0; axis < depth; ++axis) {
      const int64_t index = from[row * depth + axis];
      if (index < 0 || index >= shape[axis]) {
        throw std::out_of_range("Invalid indices: " + std::to_string(index) + " does not index into axis " +
                                std::to_string(axis) + " of size " + std::to_string(shape[axis]));
      }
      to[row] = to[row] * shape[axis] + index;
    }
  }
  return flat.to(indices.device());
}

// GatherNd(params, indices)
at::Tensor GatherNd(Call& call) {
  const at::Tensor& params = call.Tensor(0);
  const at::Tensor& indices = call.Tensor(1);
  const int64_t depth = indices.size(-1);
  if (depth > params.dim()) throw std::invalid_argument("indices reach " + std::to_string(depth) + " axes deep");
  std::vector<int64_t> shape(indices.sizes().begin(), indices.sizes().end() - 1);
  shape.insert(shape.end(), params.sizes().begin() + depth, params.sizes().end());
  if (Product(shape, 0, shape.size()) == 0) return at::empty(shape, params.options());
  const at::Tensor rows = FlatRows(indices, params.sizes(), depth);
  const int64_t width = Product(params.sizes(), depth, params.dim());
  return at::index_select(params.reshape({-1, width}), 0, rows).reshape(shape);
}

// ScatterNd(indices, updates, shape, depth): values at one place are added.
at::Tensor ScatterNd(Call& call) {
  const at::Tensor& updates = call.Tensor(1);
  const std::vector<int64_t> shape = call.Ints(2);
  const int64_t depth = call.Int(3);
  const bool isBool = updates.scalar_type() == at::kBool;
  const at::Tensor values = isBool ? updates.to(at::kInt) : updates;
  at::Tensor out = at::zeros(shape, values.options());
  if (updates.numel() > 0 && out.numel() > 0) {
    const int64_t width = Product(shape, depth, shape.size());
    const at::Tensor rows = FlatRows(call.Tensor(0), shape, depth);
    out.view({-1, width}).index_add_(0, rows, values.reshape({-1, width}));
  }
  return isBool ? at::ne(out, 0) : out;
}

// TensorScatterUpdate(tensor, indices, updates, depth)
at::Tensor TensorScatterUpdate(Call& call) {
  at::Tensor out = call.Tensor(0).clone();
  const at::Tensor& updates = call.Tensor(2);
  const int64_t depth = call.Int(3);
  if (updates.numel() > 0) {
    const int64_t width = Product(out.sizes(), depth, out.dim());
    const at::Tensor rows = FlatRows(call.Tensor(1), out.sizes(), depth);
    out.view({-1, width}).index_copy_(0, rows, updates.reshape({-1, width}));
  }
  return out;
}

// SparseToDense(indices [rows, depth], values, defaultValue, shape)
at::Tensor SparseToDense(Call& call) {
  const at::Tensor& indices = call.Tensor(0);
  const at::Tensor& values = call.Tensor(1);
  const std::vector<int64_t> shape = call.Ints(3);
  at::Tensor out = at::empty(shape, values.options());
  out.copy_(call.Tensor(2).to(values.scalar_type()).expand(shape));
  const at::Tensor rows = FlatRows(indices, shape, shape.size());
  if (rows.numel() > 0) out.view({-1}).index_copy_(0, rows, values.reshape({-1}).expand({rows.numel()}));
  return out;
}

// OneHot(indices, depth, onValue, offValue, dtype)
at::Tensor OneHot(Call& call) {
  const at::Tensor& indices = call.Tensor(0);
  const std::string dtype = call.Text(4);
  const at::ScalarType type = dtype == "float32" ? at::kFloat : dtype == "int32" ? at::kInt : at::kBool;
  const at::TensorOptions options = at::TensorOptions().dtype(type).device(indices.device());
  const at::Tensor hot = at::eq(indices.to(at::kInt).unsqueeze(-1), at::arange(call.Int(1), indices.options().dtype(at::kInt)));
  return at::where(hot, at::full({}, call.Number(2), options), at::full({}, call.Number(3), options));
}

// UnsortedSegmentSum(x, segmentIds [rows], segments): rows with other ids are left out.
at::Tensor UnsortedSegmentSum(Call& call) {
  at::Tensor x = call.Tensor(0);
  at::Tensor ids = call.Tensor(1).to(at::kLong);
  const int64_t segments = call.Int(2);
  if (ids.dim() != 1) throw std::invalid_argument("segmentIds must be of rank 1, got " + ShapeText(ids));
  if (x.scalar_type() == at::kBool) x = x.to(at::kInt);
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
  shape[0] = segments;
  const at::Tensor kept = at::logical_and(at::ge(ids, 0), at::lt(ids, segments)).nonzero().view({-1});
  if (kept.numel() != ids.numel()) {
    x = x.index_select(0, kept);
    ids = ids.index_select(0, kept);
  }
  return at::zeros(shape, x.options()).index_add_(0, ids, x);
}

// Bincount(x [..., values], weights like x or empty, size, binary): counts along the last axis; 1 or 0 where binary.
at::Tensor Bincount(Call& call) {
  const at::Tensor& x = call.Tensor(0);
  const at::Tensor& weights = call.Tensor(1);
  const int64_t size = call.Int(2);
  if (x.dim() < 1 || x.dim() > 2) throw std::invalid_argument("input must be of rank 1 or 2, got " + ShapeText(x));
  if (at::any(at::lt(x, 0)).item<bool>()) throw std::invalid_argument("Input x must be non-negative!");
  const at::ScalarType type = weights.scalar_type() == at::kBool ? at::kInt : weights.scalar_type();
  at::Tensor what = weights.numel() > 0 && !call.Flag(3) ? weights.to(type) : at::ones(x.sizes(), weights.options().dtype(type));
  // One bin more takes what is too large.
  const at::Tensor bins = at::clamp_max(x.to(at::kLong), size);
  std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
  shape.back() = size + 1;
  at::Tensor counts = at::zeros(shape, what.options()).scatter_add_(-1, bins, what).narrow(-1, 0, size);
  return call.Flag(3) ? at::ne(counts, 0).to(type) : counts;
}

// SearchSorted(sorted [batch, n], values [batch, m], right)
at::Tensor SearchSorted(Call& call) {
  return at::searchsorted(call.Tensor(0), call.Tensor(1), /*out_int32=*/true, /*right=*/call.Flag(2));
}

}  // namespace

void InitGather(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Bincount", Bincount);
  Define(env, exports, "SearchSorted", SearchSorted);
  Define(env, exports, "GatherV2", GatherV2);
  Define(env, exports, "GatherNd", GatherNd);
  Define(env, exports, "ScatterNd", ScatterNd);
  Define(env, exports, "TensorScatterUpdate", TensorScatterUpdate);
  Define(env, exports, "SparseToDense", SparseToDense);
  Define(env, exports, "OneHot", OneHot);
  Define(env, exports, "UnsortedSegmentSum", UnsortedSegmentSum);
}

}  // namespace blockwise
