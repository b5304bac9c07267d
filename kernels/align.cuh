// What the kernels of align.cu and align_wildcards.cu share: the problem, what is known of frames, and the end of a path.
#pragma once
#include "ctc.cuh"

// N utterances, T the most frames, L the most labels, C classes. Names and meaning as in CtcProblem.
struct AlignProblem {
  const void* logits;
  const int64_t* logitsStart;
  int64_t logitsUtteranceStride;
  int64_t logitsFrameStride;
  int64_t logitsClassStride;
  const int32_t* targets;
  const int64_t* targetStart;
  int64_t targetStride;
  int64_t targetsSize;
  const int32_t* targetLength;
  const int32_t* inputLength;
  const int32_t* frameCount;
  int32_t* states;
  double* logProbabilities;
  const int64_t* pathStart;  // [N], or null: n * T
  double* scores;            // [N] log-probability of the path
  int32_t* statuses;
  char* workspace;
  int32_t N, T, L, C;
  int32_t blank;
  int32_t K;  // frames of a segment
  int32_t flags;
  int32_t logitsType;
  const double* offsets;  // [N][L + 1] what is added to the scores of the blank and of each label, see offsets.cu; or null
};
static_assert(sizeof(AlignProblem) == 184, "the host writes this structure byte by byte");

struct alignas(16) Norm {
  double max;     // m(t); NaN: the frame is not finite; +Infinity: it cannot be log-probabilities
  double logSum;  // ln sum exp(x - m); 0 for log-probabilities
};

__device__ inline int rowsOf(const AlignProblem& p, int n) { return p.frameCount != nullptr ? p.frameCount[n] : p.T; }

__device__ inline bool framesAreGood(const AlignProblem& p, int n) {
  const int rows = rowsOf(p, n);
  const int frames = p.inputLength[n];
  return rows >= 0 && rows <= p.T && frames >= 0 && frames <= rows;
}

// The element at frame 0, class 0.
__device__ inline int64_t logitsIndex(const AlignProblem& p, int n) {
  return p.logitsStart != nullptr ? p.logitsStart[n] : n * p.logitsUtteranceStride;
}

// Where the path of utterance n begins, in states and logProbabilities.
__device__ inline int64_t pathIndex(const AlignProblem& p, int n) {
  return p.pathStart != nullptr ? p.pathStart[n] : int64_t(n) * p.T;
}

// Score and status of utterance n, whose path has so many frames, 0 where there is none; what else there is room for is cleared. By a block.
__device__ inline void finishPath(const AlignProblem& p, int n, int frames, int status, const BlockGroup& block) {
  const int64_t out = pathIndex(p, n);
  double sum = 0;
#pragma unroll 1
  for (int t = threadIdx.x; t < frames; t += blockDim.x) sum += p.logProbabilities[out + t];
  sum = block.reduce<Sum>(sum);
  const int rows = min(rowsOf(p, n), p.T);
#pragma unroll 1
  for (int t = frames + threadIdx.x; t < rows; t += blockDim.x) {
    p.states[out + t] = -1;
    p.logProbabilities[out + t] = 0;
  }
  if (threadIdx.x == 0) {
    p.statuses[n] = status;
    p.scores[n] = status == OK           ? sum
                  : status == INFEASIBLE ? -double(CTC_INFINITY)
                                         : notANumber();
  }
}
