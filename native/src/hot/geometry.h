// Where a depthwise convolution's taps fall, forward and backward; built once a call.
#pragma once
#include <cstddef>
#include <vector>

namespace hot {

/// One convolution of k x k taps on padded tiles of `lanes` channels; offsets are in floats.
struct Geometry {
  /// One of the stride² classes of input pixels: those that the same taps reach.
  struct Class {
    int row, column;           // first input pixel of the class
    int rows, columns;         // how many, `stride` apart
    int tapRows, tapColumns;   // a rectangle of taps, contiguous in the gradient
    int top, left;             // where it begins in the gradient, for the class's first pixel
    int offset;                // the same from the start of the gradient's tile
    std::vector<int> taps;     // index of each in the kernel, in the tile's order
  };

  Geometry(int height, int width, int outHeight, int outWidth, int kernel, int stride, int padTop, int padLeft, int lanes);

  int height, width, outHeight, outWidth, kernel, stride, padTop, padLeft, lanes;
  /// Padded input tile.
  int tileHeight, tileWidth;
  /// Padded tile of the output's gradient; the output's first pixel lies at (gradientTop, gradientLeft).
  int gradientHeight, gradientWidth, gradientTop, gradientLeft;
  std::vector<Class> classes;

  int rowStride() const { return lanes * tileWidth; }
  int gradientRowStride() const { return lanes * gradientWidth; }
  size_t tileSize() const { return lanes * static_cast<size_t>(tileHeight) * tileWidth; }
  size_t gradientSize() const { return lanes * static_cast<size_t>(gradientHeight) * gradientWidth; }
};

}  // namespace hot
