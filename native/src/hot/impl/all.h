// Every family, in the namespace that the including file opens; HOT_LANES is its width.
#include "simd.h"
// (simd.h first: the others use its types)
#include "memory.h"
#include "past.h"
#include "gate.h"
#include "mbconv/mbconv.h"

#include "depthwise.h"
#include "elementwise.h"
#include "norm.h"

#include "cross_entropy.h"
#include "inference.h"
#include "updates.h"

extern const Table kTable;
const Table kTable = {
    kIsa,
    kLanes,
    mbconv::forward,
    mbconv::backward,
    depthwise::forward,
    depthwise::inputGradient,
    depthwise::filterGradient,
    norm::forward,
    norm::affine,
    norm::backward,
    gate::forward,
    gate::backward,
    elementwise::activate,
    elementwise::activateBackward,
    elementwise::squaredError,
    elementwise::squaredErrorBackward,
    elementwise::fromHalves,
    norm::errors,
    cross_entropy::forward,
    updates::sgd,
    updates::adam,
    updates::runningAverage,
    inference::mbconvForward,
    inference::pointwise,
};
