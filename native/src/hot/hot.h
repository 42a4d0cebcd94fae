// Hand-written kernels for training thin networks on a CPU: plain C++ on float pointers, no ATen, no N-API.
//
// All tensors are NHWC, float32. Sums over a batch are kept per group of images and added in a fixed order in
// double precision, so that a result depends on the shapes only, not on the number of threads.
// `table()` gives the versions for this machine: AVX-512, AVX2 + FMA or portable ones, as its processor allows.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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
  int lanes;        // of the table that computes it: channels lie in blocks of so many

  int blocks() const { return (middle + lanes - 1) / lanes; }
  int inPixels() const { return height * width; }
  int outPixels() const { return outHeight * outWidth; }
  /// Whether the expanded tensor is stored: where the input is wide, making it again takes longer than reading it.
  bool stored() const { return expand && inChannels >= kStoredFrom; }
  static constexpr int kStoredFrom = 24;
  /// Floats of the depthwise output before its norm, in blocks.
  size_t spreadSize() const { return static_cast<size_t>(batch) * blocks() * outPixels() * lanes; }
  /// Floats of the stored expansion before its norm, in blocks.
  size_t expandedSize() const { return stored() ? static_cast<size_t>(batch) * blocks() * inPixels() * lanes : 0; }
  /// Floats that the backward pass works in.
  size_t workSize() const { return spreadSize() + expandedSize(); }
};

struct MBConvWeights {
  const float *w1, *gamma1, *beta1;        // [inChannels, middle]
  const float *wd, *gamma2, *beta2;        // [kernel, kernel, middle]
  const float *se1, *seBias1, *se2, *seBias2;  // [middle, reduced], [reduced, middle]
  const float *w2, *gamma3, *beta3;        // [middle, outChannels]
};

/// Given statistics of the three norms, in the order expand, depthwise, project; the first are null without expand.
struct MBConvStatistics {
  const float *mean1, *variance1, *mean2, *variance2, *mean3, *variance3;
};

/// Batch statistics and what the gradient needs again.
struct MBConvKept {
  float *mean1, *variance1, *mean2, *variance2, *mean3, *variance3;
  float* moments;    // [inChannels + 1, inChannels]: covariance of the input, then its mean (with an expansion that is not stored)
  float* expanded;   // expandedSize(), where it is
  float* spread;     // depthwise output, spreadSize()
  float* projected;  // [batch, outHeight, outWidth, outChannels], before its norm
  float* pooled;     // [batch, middle], with squeeze-excite
};

struct MBConvGradients {
  float* x;  // null: not wanted
  float *w1, *gamma1, *beta1, *wd, *gamma2, *beta2, *se1, *seBias1, *se2, *seBias2, *w2, *gamma3, *beta3;
};

/// A depthwise convolution; stride is 1 or 2.
struct DepthwiseShape {
  int batch, height, width, channels, kernel, stride, padTop, padLeft, outHeight, outWidth, threads;
};

/// One parameter of an optimiser's step, updated in place with its state.
struct Update {
  float* w;
  float *first, *second;  // SGD: the velocity or null; Adam: both moments
  const float* grad;
  size_t n;
  double weightDecay;
  int step;  // of Adam, from 1
};

struct SgdOptions {
  float learningRate, momentum;
  bool nesterov;
};

struct AdamOptions {
  double learningRate, beta1, beta2, epsilon;
  bool decoupled;
};

struct Table {
  const char* isa;
  int lanes;  // floats of a vector

  void (*mbconvForward)(const MBConvShape&, const MBConvWeights&, const float* x, const MBConvKept&, float* y);
  /// `work` has workSize() floats.
  void (*mbconvBackward)(const MBConvShape&, const MBConvWeights&, const float* x, const MBConvKept&, const float* dy,
                         const MBConvGradients&, float* work);

  void (*depthwiseForward)(const DepthwiseShape&, const float* x, const float* filter, float* y);
  void (*depthwiseInputGradient)(const DepthwiseShape&, const float* dy, const float* filter, float* dx);
  void (*depthwiseFilterGradient)(const DepthwiseShape&, const float* x, const float* dy, float* dFilter);

  /// Batch norm and activation of x [rows, channels]: training, with given statistics, gradient (dx may be null).
  void (*normForward)(const float* x, const float* gamma, const float* beta, float epsilon, int activation, size_t rows,
                      int channels, int threads, float* y, float* mean, float* variance);
  void (*normApply)(const float* x, const float* gamma, const float* beta, const float* mean, const float* variance,
                    float epsilon, int activation, size_t rows, int channels, int threads, float* y);
  void (*normBackward)(const float* x, const float* gamma, const float* beta, const float* mean, const float* variance,
                       const float* dy, float epsilon, int activation, size_t rows, int channels, int threads, float* dx,
                       float* dgamma, float* dbeta);

  /// Squeeze-excite of x [batch, pixels, channels]; of the weights and gradients, x and se* are used.
  void (*gateForward)(const float* x, const MBConvWeights&, int activation, int batch, int pixels, int channels, int reduced,
                      int threads, float* y, float* pooled);
  void (*gateBackward)(const float* x, const MBConvWeights&, const float* pooled, const float* dy, int activation, int batch,
                       int pixels, int channels, int reduced, int threads, const MBConvGradients&);

  void (*activate)(const float* x, int activation, size_t n, int threads, float* y);
  void (*activateBackward)(const float* x, const float* dy, int activation, size_t n, int threads, float* dx);

  float (*squaredError)(const float* y, const float* target, size_t n, int threads);
  void (*squaredErrorBackward)(const float* y, const float* target, float factor, size_t n, int threads, float* dy);
  /// Numbers in half precision as floats.
  void (*fromHalves)(const uint16_t* x, size_t n, float* y);
  /// Of y and target [rows, channels]: the mean of |y - target|, and that of (y - target)² of each channel.
  void (*errors)(const float* y, const float* target, size_t rows, int channels, int threads, float* absolute, float* squared);
  /// Mean cross-entropy of softmax(logits) against smoothed labels, and its gradient unless dLogits is null; false if a
  /// label is none of 0..classes-1.
  bool (*softmaxCrossEntropy)(const float* logits, const int* labels, size_t batch, int classes, float smoothing, int threads,
                              float* loss, float* dLogits);

  /// `count` parameters in one go: most are too small to be shared among threads one by one.
  void (*sgd)(const Update*, size_t count, const SgdOptions&, int threads);
  void (*adam)(const Update*, size_t count, const AdamOptions&, int threads);
  void (*runningAverage)(float* running, const float* batch, float momentum, size_t n);

  /// An MBConv with given statistics; y [batch, outHeight, outWidth, outChannels].
  void (*mbconvInference)(const MBConvShape&, const MBConvWeights&, const MBConvStatistics&, const float* x, float* y);
  /// y = activation(norm(x w)): x [rows, inChannels], w [inChannels, channels].
  void (*pointwiseInference)(const float* x, const float* w, const float* gamma, const float* beta, const float* mean,
                             const float* variance, float epsilon, int activation, size_t rows, int inChannels, int channels,
                             int threads, float* y);
};

/// The widest kernels that the processor and the system have, or those that `choose` took.
const Table& table();

/// Takes the kernels named base, avx2 or avx512; an empty name is the widest there are.
/// @throws std::invalid_argument when the name is another, or the machine has them not.
void choose(const std::string& name);

/// The names that `choose` takes here, from the narrowest to the widest.
std::vector<std::string> choices();

}  // namespace hot
