// A whole MBConv in training mode, forward and backward (see native/src/hot/README.md for the plan of passes).
#include "../tiles.h"
#include "../taps.h"
#include "groups.h"
#include "packing.h"
#include "statistics.h"
#include "covariance.h"
#include "packed.h"
#include "expand.h"
#include "spread.h"
#include "project.h"
#include "unproject.h"
#include "unspread_tile.h"
#include "unspread_thin.h"
#include "unspread_stored.h"

namespace mbconv {

inline void forward(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept, float* y) {
  const Geometry geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft, kLanes);
  const Groups groups(s);
  Packed packed(s, w);
  if (s.stored()) expandStored(s, w, groups, packed, x, kept);
  else if (s.expand) expansionStatistics(s, w, x, kept);
  if (s.expand) packed.foldExpansion(s, w, kept);
  spread(s, geometry, groups, packed, x, kept);
  packed.foldDepthwise(s, w, kept);
  project(s, w, groups, packed, kept);
  finish(s, w, x, kept, y);
}

inline void backward(const MBConvShape& s, const MBConvWeights& w, const float* x, const MBConvKept& kept, const float* dy,
                     const MBConvGradients& gradients, float* work) {
  const Geometry geometry(s.height, s.width, s.outHeight, s.outWidth, s.kernel, s.stride, s.padTop, s.padLeft, kLanes);
  const Groups groups(s);
  Packed packed(s, w);
  if (s.expand) packed.foldExpansion(s, w, kept);
  packed.foldDepthwise(s, w, kept);
  NormGradient norm3(wholeLanes(s.outChannels)), norm2(packed.wide), norm1(packed.wide);
  solveLastNorm(s, w, kept, dy, gradients, norm3);
  unproject(s, w, groups, packed, kept, dy, norm3, gradients, work, norm2);
  if (s.stored()) {
    float* dM = work + s.spreadSize();
    unspreadStored(s, w, geometry, groups, packed, kept, work, norm2, gradients, dM, norm1);
    unexpandStored(s, w, groups, packed, x, kept, dy, dM, norm1, gradients);
    return;
  }
  ThinSums total(s, packed.wide, chunksOf(groups.count, ThinSums::sizeOf(s, packed.wide)));
  unspreadThin(s, w, geometry, groups, packed, x, kept, dy, work, norm2, gradients, total);
  if (s.expand) correctThin(s, w, x, kept, dy, gradients, total);
}

}  // namespace mbconv
