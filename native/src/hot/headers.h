// Standard headers, before any target pragma: their templates must stay portable code.
#pragma once
#include <omp.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>

#include "blocks.h"
#include "geometry.h"
#include "hot.h"
