// Hand-written kernels for training thin networks on a CPU: plain C++ on float pointers, no ATen, no N-API.
//
// All tensors are NHWC, float32. Sums over a batch are kept per group of images and added in a fixed order in
// double precision, so that a result depends on the shapes only, not on the number of threads.
// `table()` gives the versions for this machine: AVX2 + FMA where the processor has them, portable ones elsewhere.
#pragma once
#include <cstddef>

namespace hot {

enum Activation { kNone = 0, kSilu = 1, kRelu = 2, kRelu6 = 3 };

/// Everything that describes one MBConv in training mode.
struct MBConvShape {
  int batch, height, width, inChannels, middle, outChannels;
  int kernel, stride, padTop, padLeft, outHeight, outWidth;
  bool expand;      // false: the depthwise convolution sees the input, middle == inChannels
  bool residual;    // adds the input
  int reduced;      // width of squeeze-excite, 0 for none
  int activation;   // after expand and depthwise, and inside squeeze-excite
  float epsilon;
  int threads;

  int blocks() const { return (middle + 7) / 8; }
  int inPixels() const { return height * width; }
  int outPixels() const { return outHeight * outWidth; }
  /// Floats of the depthwise output before its norm, [batch][blocks][pixels][8].
  size_t spreadSize() const { return static_cast<size_t>(batch) * blocks() * outPixels() * 8; }
};

struct MBConvWeights {
  const float *w1, *gamma1, *beta1;        // [inChannels, middle]
  const float *wd, *gamma2, *beta2;        // [kernel, kernel, middle]
  const float *se1, *seBias1, *se2, *seBias2;  // [middle, reduced], [reduced, middle]
  const float *w2, *gamma3, *beta3;        // [middle, outChannels]
};

/// Batch statistics and what the gradient needs again.
struct MBConvKept {
  float *mean1, *variance1, *mean2, *variance2, *mean3, *variance3;
  float* moments;    // [inChannels + 1, inChannels]: covariance of the input, then its mean (with expand)
  float* spread;     // depthwise output, spreadSize()
  float* projected;  // [batch, outHeight, outWidth, outChannels], before its norm
  float* pooled;     // [batch, middle], with squeeze-excite
};

struct MBConvGradients {
  float* x;  // null: not wanted
  float *w1, *gamma1, *beta1, *wd, *gamma2, *beta2, *se1, *seBias1, *se2, *seBias2, *w2, *gamma3, *beta3;
};

struct Table {
  const char* isa;
  void (*mbconvForward)(const MBConvShape&, const MBConvWeights&, const float* x, const MBConvKept&, float* y);
  /// `work` has spreadSize() floats.
  void (*mbconvBackward)(const MBConvShape&, const MBConvWeights&, const float* x, const MBConvKept&, const float* dy,
                         const MBConvGradients&, float* work);
};

const Table& table();

}  // namespace hot
