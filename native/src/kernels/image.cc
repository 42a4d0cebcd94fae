// Resizing and cropping of images `[batch, height, width, channels]` by TensorFlow's conventions.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "../families.h"
#include "../tensors.h"

namespace blockwise {
namespace {

// One axis of a resize: which source places an output place reads.
struct Axis {
  int64_t in, out;
  bool alignCorners, halfPixel;

  double Ratio() const {
    const bool corners = alignCorners && out > 1;
    return static_cast<double>(corners ? in - 1 : in) / static_cast<double>(corners ? out - 1 : out);
  }
  struct Pair {
    int64_t low, high;
    float fraction;
  };
  Pair Linear(int64_t i) const {
    const double source = halfPixel ? Ratio() * (i + 0.5) - 0.5 : Ratio() * i;
    const int64_t low = std::max<int64_t>(0, static_cast<int64_t>(std::floor(source)));
    const int64_t high = std::min<int64_t>(in - 1, static_cast<int64_t>(std::ceil(source)));
    return {low, high, static_cast<float>(source - low)};
  }
  int64_t Nearest(int64_t i) const {
    const double source = halfPixel ? Ratio() * (i + 0.5) : Ratio() * i;
    const double place = alignCorners ? std::floor(source + 0.5) : std::floor(source);
    return std::max<int64_t>(0, std::min<int64_t>(in - 1, static_cast<int64_t>(place)));
  }
};

struct Resize {
  int64_t batch, channels;
  Axis rows, columns;

  // (images, ..., size at `at`, alignCorners, halfPixelCenters)
  Resize(Call& call, const at::Tensor& images, size_t at) {
    if (images.dim() != 4) throw std::invalid_argument("images must be of rank 4, got " + ShapeText(images));
    const std::vector<int64_t> size = call.Ints(at);
    const bool align = call.Flag(at + 1), half = call.Flag(at + 2);
    batch = images.size(0);
    channels = images.size(3);
    rows = {images.size(1), size[0], align, half};
    columns = {images.size(2), size[1], align, half};
  }
};

at::Tensor Plain(const at::Tensor& x) { return x.to(at::kCPU, at::kFloat).contiguous(); }

// ResizeBilinear(images, size, alignCorners, halfPixelCenters)
at::Tensor ResizeBilinear(Call& call) {
  const at::Tensor images = Plain(call.Tensor(0));
  const Resize r(call, images, 1);
  at::Tensor out = NewFloats({r.batch, r.rows.out, r.columns.out, r.channels});
  const float* from = images.data_ptr<float>();
  float* to = out.data_ptr<float>();
  const int64_t c = r.channels;
  at::parallel_for(0, r.batch * r.rows.out, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const Axis::Pair y = r.rows.Linear(row % r.rows.out);
      const float* image = from + (row / r.rows.out) * r.rows.in * r.columns.in * c;
      for (int64_t column = 0; column < r.columns.out; ++column) {
        const Axis::Pair x = r.columns.Linear(column);
        const float* topLeft = image + (y.low * r.columns.in + x.low) * c;
        const float* topRight = image + (y.low * r.columns.in + x.high) * c;
        const float* bottomLeft = image + (y.high * r.columns.in + x.low) * c;
        const float* bottomRight = image + (y.high * r.columns.in + x.high) * c;
        float* place = to + (row * r.columns.out + column) * c;
        for (int64_t k = 0; k < c; ++k) {
          const float top = topLeft[k] + (topRight[k] - topLeft[k]) * x.fraction;
          const float bottom = bottomLeft[k] + (bottomRight[k] - bottomLeft[k]) * x.fraction;
          place[k] = top + (bottom - top) * y.fraction;
        }
      }
    }
  });
  return out.to(call.addon().device);
}

// ResizeBilinearGrad(images, dy, size, alignCorners, halfPixelCenters)
at::Tensor ResizeBilinearGrad(Call& call) {
  const at::Tensor dy = Plain(call.Tensor(1));
  const Resize r(call, call.Tensor(0), 2);
  at::Tensor out = at::zeros(call.Tensor(0).sizes(), at::TensorOptions().dtype(at::kFloat));
  const float* from = dy.data_ptr<float>();
  float* to = out.data_ptr<float>();
  const int64_t c = r.channels;
  at::parallel_for(0, r.batch, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin * r.rows.out; row < end * r.rows.out; ++row) {
      const Axis::Pair y = r.rows.Linear(row % r.rows.out);
      float* image = to + (row / r.rows.out) * r.rows.in * r.columns.in * c;
      for (int64_t column = 0; column < r.columns.out; ++column) {
        const Axis::Pair x = r.columns.Linear(column);
        const float* place = from + (row * r.columns.out + column) * c;
        for (int64_t k = 0; k < c; ++k) {
          const float top = place[k] * (1 - y.fraction), bottom = place[k] * y.fraction;
          image[(y.low * r.columns.in + x.low) * c + k] += top * (1 - x.fraction);
          image[(y.low * r.columns.in + x.high) * c + k] += top * x.fraction;
          image[(y.high * r.columns.in + x.low) * c + k] += bottom * (1 - x.fraction);
          image[(y.high * r.columns.in + x.high) * c + k] += bottom * x.fraction;
        }
      }
    }
  });
  return out.to(call.addon().device);
}

// ResizeNearestNeighbor(images, size, alignCorners, halfPixelCenters)
at::Tensor ResizeNearestNeighbor(Call& call) {
  const at::Tensor images = call.Tensor(0);
  const Resize r(call, images, 1);
  const auto longs = at::TensorOptions().dtype(at::kLong);
  at::Tensor rows = at::empty({r.rows.out}, longs), columns = at::empty({r.columns.out}, longs);
  for (int64_t i = 0; i < r.rows.out; ++i) rows.data_ptr<int64_t>()[i] = r.rows.Nearest(i);
  for (int64_t i = 0; i < r.columns.out; ++i) columns.data_ptr<int64_t>()[i] = r.columns.Nearest(i);
  return images.index_select(1, rows.to(images.device())).index_select(2, columns.to(images.device()));
}

// ResizeNearestNeighborGrad(images, dy, size, alignCorners, halfPixelCenters)
at::Tensor ResizeNearestNeighborGrad(Call& call) {
  const at::Tensor dy = Plain(call.Tensor(1));
  const Resize r(call, call.Tensor(0), 2);
  at::Tensor out = at::zeros(call.Tensor(0).sizes(), at::TensorOptions().dtype(at::kFloat));
  const float* from = dy.data_ptr<float>();
  float* to = out.data_ptr<float>();
  const int64_t c = r.channels;
  for (int64_t row = 0; row < r.batch * r.rows.out; ++row) {
    const int64_t image = row / r.rows.out;
    const int64_t y = r.rows.Nearest(row % r.rows.out);
    for (int64_t column = 0; column < r.columns.out; ++column) {
      float* place = to + ((image * r.rows.in + y) * r.columns.in + r.columns.Nearest(column)) * c;
      const float* source = from + (row * r.columns.out + column) * c;
      for (int64_t k = 0; k < c; ++k) place[k] += source[k];
    }
  }
  return out.to(call.addon().device);
}

// CropAndResize(image, boxes [n, (y1, x1, y2, x2)], boxInd [n], cropSize, bilinear, outside)
at::Tensor CropAndResize(Call& call) {
  const at::Tensor image = Plain(call.Tensor(0));
  const at::Tensor boxes = Plain(call.Tensor(1));
  const at::Tensor which = call.Tensor(2).to(at::kCPU, at::kInt).contiguous();
  const std::vector<int64_t> crop = call.Ints(3);
  const bool bilinear = call.Flag(4);
  const float outside = static_cast<float>(call.Number(5));
  if (image.dim() != 4 || boxes.dim() != 2 || boxes.size(1) != 4 || which.numel() != boxes.size(0)) {
    throw std::invalid_argument("image must be of rank 4, boxes [n, 4], boxInd [n]");
  }
  const int64_t batch = image.size(0), height = image.size(1), width = image.size(2), c = image.size(3);
  at::Tensor out = at::zeros({boxes.size(0), crop[0], crop[1], c}, at::TensorOptions().dtype(at::kFloat));
  // Where along an axis of `size` places the i-th of `count` samples from `from` to `to` (in units of the axis) lies.
  const auto place = [](double from, double to, int64_t i, int64_t count, int64_t size) {
    return count > 1 ? from * (size - 1) + i * ((to - from) * (size - 1) / (count - 1)) : 0.5 * (from + to) * (size - 1);
  };
  for (int64_t n = 0; n < boxes.size(0); ++n) {
    const int64_t source = which.data_ptr<int>()[n];
    if (source < 0 || source >= batch) continue;
    const float* box = boxes.data_ptr<float>() + 4 * n;
    const float* from = image.data_ptr<float>() + source * height * width * c;
    for (int64_t i = 0; i < crop[0]; ++i) {
      const double y = place(box[0], box[2], i, crop[0], height);
      for (int64_t j = 0; j < crop[1]; ++j) {
        const double x = place(box[1], box[3], j, crop[1], width);
        float* to = out.data_ptr<float>() + ((n * crop[0] + i) * crop[1] + j) * c;
        if (!(y >= 0 && y <= height - 1 && x >= 0 && x <= width - 1)) {
          std::fill(to, to + c, outside);
        } else if (bilinear) {
          const int64_t top = std::floor(y), bottom = std::ceil(y), left = std::floor(x), right = std::ceil(x);
          const float down = static_cast<float>(y - top), across = static_cast<float>(x - left);
          for (int64_t k = 0; k < c; ++k) {
            const float a = from[(top * width + left) * c + k], b = from[(top * width + right) * c + k];
            const float d = from[(bottom * width + left) * c + k], e = from[(bottom * width + right) * c + k];
            const float upper = a + (b - a) * across, lower = d + (e - d) * across;
            to[k] = upper + (lower - upper) * down;
          }
        } else {
          const int64_t row = std::floor(y + 0.5), column = std::floor(x + 0.5);
          std::copy_n(from + (row * width + column) * c, c, to);
        }
      }
    }
  }
  return out.to(call.addon().device);
}

}  // namespace

void InitImage(Napi::Env env, Napi::Object exports) {
  Define(env, exports, "CropAndResize", CropAndResize);
  Define(env, exports, "ResizeBilinear", ResizeBilinear);
  Define(env, exports, "ResizeBilinearGrad", ResizeBilinearGrad);
  Define(env, exports, "ResizeNearestNeighbor", ResizeNearestNeighbor);
  Define(env, exports, "ResizeNearestNeighborGrad", ResizeNearestNeighborGrad);
}

}  // namespace blockwise
