// Grey-scale morphological dilation, Dilation2D, and its gradients.
#include <limits>

#include "../families.h"
#include "../tensors.h"
#include "geometry.h"

namespace blockwise {
namespace {

// Called as (x, filter, ..., windows...): x `[batch, height, width, channels]`, filter `[height, width, channels]`.
struct Dilation {
  at::Tensor x, filter;
  Windows windows;

  Dilation(Call& call, size_t windowsAt)
      : x(call.Tensor(0).to(at::kCPU, at::kFloat)),
        filter(call.Tensor(1).to(at::kCPU, at::kFloat)),
        windows(Windows::From(call, windowsAt)) {
    if (x.dim() != 4 || filter.dim() != 3 || x.size(3) != filter.size(2)) {
      throw std::invalid_argument("x must be of rank 4 and the filter of rank 3 with the same channels");
    }
  }

  std::vector<int64_t> OutShape() const { return {x.size(0), windows.out[0], windows.out[1], x.size(3)}; }

  // Calls `use(output place, largest sum, place in x, place in the filter)` for every output; of equals the first counts.
  template <typename Use>
  void Walk(Use use) const {
    const float* from = x.data_ptr<float>();
    const float* by = filter.data_ptr<float>();
    const int64_t height = x.size(1), width = x.size(2), channels = x.size(3);
    int64_t out = 0;
    for (int64_t n = 0; n < x.size(0); ++n)
      for (int64_t oy = 0; oy < windows.out[0]; ++oy)
        for (int64_t ox = 0; ox < windows.out[1]; ++ox)
          for (int64_t c = 0; c < channels; ++c, ++out) {
            const int64_t top = oy * windows.strides[0] - windows.before[0];
            const int64_t left = ox * windows.strides[1] - windows.before[1];
            float best = std::numeric_limits<float>::lowest();
            int64_t atX = -1, atFilter = -1;
            for (int64_t h = 0; h < filter.size(0); ++h) {
              const int64_t y = top + h * windows.dilations[0];
              if (y < 0 || y >= height) continue;
              for (int64_t w = 0; w < filter.size(1); ++w) {
                const int64_t column = left + w * windows.dilations[1];
                if (column < 0 || column >= width) continue;
                const int64_t placeX = ((n * height + y) * width + column) * channels + c;
                const int64_t placeFilter = (h * filter.size(1) + w) * channels + c;
                const float sum = from[placeX] + by[placeFilter];
                if (sum > best) {
                  best = sum;
                  atX = placeX;
                  atFilter = placeFilter;
                }
              }
            }
            use(out, best, atX, atFilter);
          }
  }
};

// Dilation2D(x, filter, windows...)
at::Tensor Dilation2D(Call& call) {
  const Dilation dilation(call, 2);
  at::Tensor out = NewFloats(dilation.OutShape());
  float* to = out.data_ptr<float>();
  dilation.Walk([&](int64_t place, float best, int64_t, int64_t) { to[place] = best; });
  return out.to(call.addon().device, call.Tensor(0).scalar_type());
}

template <bool toInput>
at::Tensor Backprop(Call& call) {
  const Dilation dilation(call, 3);
  const at::Tensor dy = call.Tensor(2).to(at::kCPU, at::kFloat);
  if (!dy.sizes().equals(dilation.OutShape())) throw std::invalid_argument("dy must have the output's shape");
  at::Tensor out = at::zeros((toInput ? dilation.x : dilation.filter).sizes(), at::TensorOptions().dtype(at::kFloat));
  const float* from = dy.data_ptr<float>();
  float* to = out.data_ptr<float>();
  dilation.Walk([&](int64_t place, float, int64_t atX, int64_t atFilter) {
    if (atX >= 0) to[toInput ? atX : atFilter] += from[place];
  });
  return out.to(call.addon().device, call.Tensor(toInput ? 0 : 1).scalar_type());
}

}  // namespace

void InitDilation(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Dilation2D", Dilation2D);
  Define(env, exports, "Dilation2DBackpropInput", Backprop<true>);
  Define(env, exports, "Dilation2DBackpropFilter", Backprop<false>);
}

}  // namespace blockwise
