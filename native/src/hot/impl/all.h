// Every family, in the namespace that the including file opens.
#include "simd.h"
#include "tiles.h"
// (simd.h first: the others use its types)
#include "mbconv.h"
#include "mbconv_backward.h"

extern const Table kTable;
const Table kTable = {
    kIsa,
    mbconv::forward,
    mbconv::backward,
};
