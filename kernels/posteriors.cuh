// Where posteriors go, as the host describes it: what ctc_posteriors and ctc_wildcards_gradient write.
#pragma once
#include "ctc.cuh"

// A tensor of any strides and element type.
struct Place {
  void* to;              // null: not asked for
  const int64_t* start;  // [N], or null: n * utteranceStride
  int64_t utteranceStride, frameStride, columnStride;
  int32_t type;
  int32_t unused;

  __device__ int64_t index(int n, int64_t t) const {
    return (start != nullptr ? start[n] : n * utteranceStride) + t * frameStride;
  }
};

struct CtcPosteriors {
  Place ofClasses, ofStates;
};
static_assert(sizeof(CtcPosteriors) == 96, "the host writes this structure byte by byte");
