// What the kernels that decode share: how they find the most probable class of a frame, and what all of its classes have in common.
#pragma once
#include "ctc.cuh"

__device__ inline double negativeInfinity() { return -double(CTC_INFINITY); }

// What is found of a frame.
struct alignas(16) FrameNorm {
  double max;       // what scores are relative to: the greatest of logits, 0 of everything else
  double logSum;    // score - ln p of any class
  double greatest;  // the score of the most probable class
  int32_t best;     // that class, of equal ones the least; or one of the two below
  int32_t unused;

  __device__ double logProbability() const { return greatest - logSum; }
};
constexpr int FRAME_NOT_FINITE = -1, FRAME_REFUSED = -2;  // NaN or +Infinity; not what it is said to be

// Frames of N utterances, T the most, C classes. Names and meaning as in CtcProblem.
struct FramesProblem {
  const void* logits;
  const int64_t* logitsStart;
  int64_t logitsUtteranceStride;
  int64_t logitsFrameStride;
  int64_t logitsClassStride;
  const int32_t* inputLength;
  const int32_t* frameCount;
  FrameNorm* norms;  // [N][T]
  int32_t N, T, C;
  int32_t blank;
  int32_t flags;
  int32_t logitsType;

  __device__ int rowsOf(int n) const { return frameCount != nullptr ? frameCount[n] : T; }
  __device__ bool isGood(int n) const {
    const int rows = rowsOf(n);
    const int frames = inputLength[n];
    return rows >= 0 && rows <= T && frames >= 0 && frames <= rows;
  }
  __device__ int64_t start(int n, int t) const {
    return (logitsStart != nullptr ? logitsStart[n] : n * logitsUtteranceStride) + t * logitsFrameStride;
  }
};
enum FramesFlag { NORMALISE = 256 };  // beside those of CtcProblem: logSum of logits is wanted
static_assert(sizeof(FramesProblem) == 88, "the host writes this structure byte by byte");

// What prevents an utterance from being decoded, to all lanes of a warp.
__device__ inline int statusOf(const FramesProblem& p, int n, const WarpGroup& warp) {
  if (!p.isGood(n)) return BAD_LENGTH;
  const FrameNorm* norms = p.norms + int64_t(n) * p.T;
  const int frames = p.inputLength[n];
  bool bad = false, refused = false;
#pragma unroll 1
  for (int t = warp.lane; t < frames; t += 32) {
    bad |= norms[t].best == FRAME_NOT_FINITE;
    refused |= norms[t].best == FRAME_REFUSED;
  }
  return warp.any(bad) ? NOT_FINITE : warp.any(refused) ? BAD_LOG_PROBS : OK;
}

// A number's type as it is known when the kernel runs: a choice that all threads of a launch make alike costs less than a kernel for
// each type is long.
__device__ __forceinline__ double numberOf(uint64_t bits, int type) {
  switch (type) {
    case FLOAT64: return __longlong_as_double((long long)bits);
    case FLOAT32: return __uint_as_float(uint32_t(bits));
    case FLOAT16: return widen(Half{uint16_t(bits)});
    default: return widen(Bfloat{uint16_t(bits)});
  }
}

// Gives each lane of a warp its classes of a row with their numbers, both ascending; 16 bytes at a time where that keeps all lanes busy.
template <typename F>
__device__ __forceinline__ void forEachClass(const FramesProblem& p, int64_t start, int lane, F add) {
  const int bytes = p.logitsType == FLOAT64 ? 8 : p.logitsType == FLOAT32 ? 4 : 2;
  const char* row = (const char*)p.logits + start * bytes;
  const bool packed = p.logitsClassStride == 1 && p.C % (16 / bytes) == 0 && p.C >= 32 * (16 / bytes) && (uintptr_t)row % 16 == 0;
  const int size = packed ? 16 / bytes : 1;
  const int type = packed ? p.logitsType : FLOAT64;
  const int half = packed ? size / 2 : 1;
#pragma unroll 1
  for (int first = lane * size; first < p.C; first += 32 * size) {
    uint64_t words[2];
    if (packed) {
      const uint4 raw = *(const uint4*)(row + int64_t(first) * bytes);
      words[0] = raw.x | uint64_t(raw.y) << 32;
      words[1] = raw.z | uint64_t(raw.w) << 32;
    } else {
      words[0] = words[1] = __double_as_longlong(element(p.logits, p.logitsType, start + first * p.logitsClassStride));
    }
#pragma unroll 1
    for (int k = 0; k < size; k++) {
      const uint64_t word = k < half ? words[0] : words[1];
      add(first + k, numberOf(word >> (k % half * 8 * bytes), type));
    }
  }
}

// ln(1 + x), x >= 0. A call: log1p is long.
__device__ __forceinline__ double logOnePlus(double x) {
  const double sum = 1 + x;
  return logarithm(sum) + (x - (sum - 1)) / sum;  // what the sum has lost
}

// The score of a number: as on the host (LogProbs.score), without any rounding but that of a subtraction.
__device__ __forceinline__ double scoreOf(double x, double max, int32_t flags) {
  if (flags & PROBABILITIES) return logarithm(x);
  const double score = x - max;
  return score < -IMPOSSIBLE_NATS ? negativeInfinity() : score;
}
