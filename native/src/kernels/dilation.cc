// Grey-scale morphological dilation, Dilation2D, and its gradients.
#include <limits>

#include "../families.h"
#include "../tensors.h"
#include "geometry.h"
#include "int32.h"

namespace blockwise {
namespace {

// Called as (x, filter, ..., windows...): x `[batch, height, width, channels]`, filter `[height, width, channels]`.
struct Dilation {
  at::Tensor x, filter;
  Windows windows;

  Dilation(Call& call, size_t windowsAt)
      : x(call.Tensor(0).to(at::kCPU, at::kDouble)),
        filter(call.Tensor(1).to(at::kCPU, at::kDouble)),
        windows(Windows::From(call, windowsAt)) {
    if (x.dim() != 4 || filter.dim() != 3 || x.size(3) != filter.size(2)) {
      throw std::invalid_argument("x must be of rank 4 and the filter of rank 3 with the same channels");
    }
  }

  std::vector<int64_t> OutShape() const { return {x.size(0), windows.out[0], windows.out[1], x.size(3)}; }

  // Calls `use(output place, largest sum, place in x, place in the filter)` for every output; of equals the first counts.
  template <typename Use>
  void Walk(Use use) const {
    const double* from = x.data_ptr<double>();
    const double* by = filter.data_ptr<double>();
    const int64_t height = x.size(1), width = x.size(2), channels = x.size(3);
    int64_t out = 0;
    for (int64_t n = 0; n < x.size(0); ++n)
      for (int64_t oy = 0; oy < windows.out[0]; ++oy)
        for (int64_t ox = 0; ox < windows.out[1]; ++ox)
          for (int64_t c = 0; c < channels; ++c, ++out) {
            const int64_t top = oy * windows.strides[0] - windows.before[0];
            const int64_t left = ox * windows.strides[1] - windows.before[1];
            double best = std::numeric_limits<float>::lowest();
            int64_t atX = -1, atFilter = -1;
            for (int64_t h = 0; h < filter.size(0); ++h) {
              const int64_t y = top + h * windows.dilations[0];
              if (y < 0 || y >= height) continue;
              for (int64_t w = 0; w < filter.size(1); ++w) {
                const int64_t column = left + w * windows.dilations[1];
                if (column < 0 || column >= width) continue;
                const int64_t placeX = ((n * height + y) * width + column) * channels + c;
                const int64_t placeFilter = (h * filter.size(1) + w) * channels + c;
                const double sum = from[placeX] + by[placeFilter];
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
  at::Tensor out = at::empty(dilation.OutShape(), dilation.x.options());
  double* to = out.data_ptr<double>();
  dilation.Walk([&](int64_t place, double best, int64_t, int64_t) { to[place] = best; });
  return Narrow(out, call.Tensor(0)).to(call.addon().device);
}

template <bool toInput>
at::Tensor Backprop(Call& call) {
  const Dilation dilation(call, 3);
  const at::Tensor dy = call.Tensor(2).to(at::kCPU, at::kDouble);
  if (!dy.sizes().equals(dilation.OutShape())) throw std::invalid_argument("dy must have the output's shape");
  at::Tensor out = at::zeros((toInput ? dilation.x : dilation.filter).sizes(), dilation.x.options());
  const double* from = dy.data_ptr<double>();
  double* to = out.data_ptr<double>();
  dilation.Walk([&](int64_t place, double, int64_t atX, int64_t atFilter) {
    if (atX >= 0) to[toInput ? atX : atFilter] += from[place];
  });
  return Narrow(out, call.Tensor(toInput ? 0 : 1)).to(call.addon().device);
}

}  // namespace

void InitDilation(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "Dilation2D", Dilation2D);
  Define(env, exports, "Dilation2DBackpropInput", Backprop<true>);
  Define(env, exports, "Dilation2DBackpropFilter", Backprop<false>);
}

}  // namespace blockwise
