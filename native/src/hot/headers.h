// Standard headers, before any target pragma: their templates must stay portable code.
#pragma once
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>

#include "geometry.h"
#include "hot.h"
