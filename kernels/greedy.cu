// ctc_greedy_*: greedy (best path) decoding. Of every frame the most probable class, of equal ones that of the least index; then repeats
// merged and blanks removed: the map B of Graves et al. 2006, section 3.1. The same labels as on the host (org.ctc4j.decoding.Greedy):
// numbers are compared as they are, and nothing is rounded but the log-probabilities that are told.
//
// ctc_greedy_frames: the class of each frame and ln p of it.
// In:  logits (any strides, any type), inputLength [N], frameCount [N].
// Out: FrameNorm [N][T]. Frames t >= input length are never read.
// Parallel: one warp a frame; each row is read once, 16 bytes at a time where it lies so and is long. Without an output that needs them
//      logits are not normalised: no exponential.
// Launch: grid ceil(N T / 8), block 256. No shared memory. Deterministic: fixed trees.
//
// ctc_greedy_path: what the path collapses to.
// In:  FrameNorm [N][T], lengths.
// Out: labels, lengths, first and end frames, states and log-probabilities: every place that an utterance has room for, -1 (0 of
//      log-probabilities) where there is nothing.
// Parallel: one warp an utterance, 32 frames at a time; which label a frame is on is a count of bits. The lane of a label's first frame
//      adds up its frames in order, as the host does.
// Launch: grid N, block 32. No shared memory.
// Rejected: a kernel for each type (four times the PTX); a pass for the maximum and one for the sum (a row is longer than L1).
#include "ctc.cuh"
#include "decoding.cuh"

namespace {

struct GreedyProblem {
  FramesProblem frames;
  int32_t* labels;              // label i of utterance n at labelStart(n) + i
  const int64_t* labelStart;    // [N], or null: n * T
  int32_t* lengths;             // [N]
  int32_t* labelStatuses;       // [N]
  int32_t* firstFrames;         // as labels, or null, like the next two
  int32_t* endFrames;
  double* labelLogProbabilities;
  int32_t* states;              // frame t of utterance n at pathStart(n) + t; or null, like the next
  double* logProbabilities;
  const int64_t* pathStart;     // [N], or null: n * T
  double* scores;               // [N], or null, like the next
  int32_t* pathStatuses;        // [N]
};
static_assert(sizeof(GreedyProblem) == 184, "the host writes this structure byte by byte");

// By a warp.
__device__ __forceinline__ FrameNorm normOf(const FramesProblem& p, int64_t start, const WarpGroup& warp) {
  const bool isProbability = p.flags & PROBABILITIES;
  const bool isNormalised = p.flags & LOG_PROBS;
  const bool checks = p.flags & CHECK_LOG_PROBS;
  const bool is16Bit = p.logitsType == FLOAT16 || p.logitsType == BFLOAT16;
  const bool adds = !isProbability && (isNormalised ? checks : (p.flags & NORMALISE) != 0);
  const double reach = 0.5 + (is16Bit ? PROBABILITY_ROUNDING<Half> : PROBABILITY_ROUNDING<float>);
  double max = negativeInfinity();
  double sum = 0;  // of probabilities; of logits, of exp(x - max) without the greatest
  int best = p.C;
  int bad = 0, outside = 0;
  forEachClass(p, start, warp.lane, [&](int c, double x) {
    bad |= x < CTC_INFINITY ? 0 : 1;  // 1 for NaN
    outside |= fabs(x - 0.5) <= reach ? 0 : 1;
    if (isProbability) sum += x;
    if (adds && x > negativeInfinity()) {
      const double less = exponential(isNormalised ? x : -fabs(x - max));  // of logits the smaller of both, relative to the larger
      sum = x > max && !isNormalised ? (sum + 1) * less : sum + less;
    }
    if (x > max) {
      max = x;
      best = c;
    }
  });
  double all = max;
  int first = best;
#pragma unroll 1
  for (int d = 16; d > 0; d >>= 1) {
    const double other = __shfl_xor_sync(WARP, all, d);
    const int otherFirst = __shfl_xor_sync(WARP, first, d);
    first = other > all ? otherFirst : other == all ? min(first, otherFirst) : first;
    all = other > all ? other : all;
  }
  const bool isPossible = all > negativeInfinity();
  if (adds && !isNormalised) sum = max > negativeInfinity() ? (sum + (best == first ? 0 : 1)) * exponential(max - all) : 0;
#pragma unroll 1
  for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(WARP, sum, d);

  const double most = logProbRounding(p.logitsType);
  const bool isOne = fabs(sum - 1) <= SUM_TOLERANCE;
  const bool isFine = isProbability ? !warp.any(outside) && (isOne || sum == 0) : !isPossible || (all <= most && isOne);
  const double relative = !isNormalised && isPossible ? all : 0;
  return {relative,
          adds && !isNormalised ? logOnePlus(sum) : 0,
          scoreOf(all, relative, p.flags),
          warp.any(bad)       ? FRAME_NOT_FINITE
          : checks && !isFine ? FRAME_REFUSED
          : isPossible        ? first
                              : 0,
          0};
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) ctc_greedy_frames(const FramesProblem p) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  const int n = int(unsigned(number) / unsigned(p.T));
  const int t = int(unsigned(number) % unsigned(p.T));
  if (!p.isGood(n) || t >= p.inputLength[n]) return;
  const WarpGroup warp{int(threadIdx.x % 32)};
  const FrameNorm norm = normOf(p, p.start(n, t), warp);
  if (warp.lane == 0) p.norms[number] = norm;
}

extern "C" __global__ void __launch_bounds__(32) ctc_greedy_path(const GreedyProblem p) {
  const int n = blockIdx.x;
  const WarpGroup warp{int(threadIdx.x)};
  const FrameNorm* path = p.frames.norms + int64_t(n) * p.frames.T;
  const int blank = p.frames.blank;
  const int64_t labelsAt = p.labelStart != nullptr ? p.labelStart[n] : int64_t(n) * p.frames.T;
  const int64_t pathAt = p.pathStart != nullptr ? p.pathStart[n] : int64_t(n) * p.frames.T;
  const int rows = min(p.frames.rowsOf(n), p.frames.T);
  int status = statusOf(p.frames, n, warp);
  int frames = status == OK ? p.frames.inputLength[n] : 0;
  double sum = 0;
#pragma unroll 1
  for (int t = warp.lane; t < frames; t += 32) sum += path[t].logProbability();
#pragma unroll 1
  for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(WARP, sum, d);
  if (sum == negativeInfinity()) {
    status = INFEASIBLE;
    frames = 0;
  }

  int count = 0, before = blank;
#pragma unroll 1
  for (int start = 0; start < rows; start += 32) {
    const int t = start + warp.lane;
    const int best = t < frames ? path[t].best : blank;
    int last = __shfl_up_sync(WARP, best, 1);
    if (warp.lane == 0) last = before;
    const bool isNew = best != blank && best != last;
    const unsigned entered = __ballot_sync(WARP, isNew);
    const int labels = count + __popc(entered & ((2u << warp.lane) - 1));  // up to this frame
    if (t < rows) {
      // the label that is entered here, with all of its frames; else, from the last place backwards, that there is nothing
      const int64_t at = labelsAt + (isNew ? labels - 1 : rows - 1 - (t - labels));
      double sumOfLabel = 0;
      int end = t;
#pragma unroll 1
      for (; isNew && end < frames && path[end].best == best; end++) sumOfLabel += path[end].logProbability();
      p.labels[at] = isNew ? best : -1;
      if (p.firstFrames != nullptr) p.firstFrames[at] = isNew ? t : -1;
      if (p.endFrames != nullptr) p.endFrames[at] = isNew ? end : -1;
      if (p.labelLogProbabilities != nullptr) p.labelLogProbabilities[at] = sumOfLabel;
    }
    if (t < rows && p.states != nullptr) {
      p.states[pathAt + t] = t >= frames ? -1 : 2 * labels - (best != blank);
      p.logProbabilities[pathAt + t] = t >= frames ? 0 : path[t].logProbability();
    }
    before = __shfl_sync(WARP, best, 31);
    count += __popc(entered);
  }
  if (warp.lane > 0) return;
  p.lengths[n] = count;
  p.labelStatuses[n] = status;
  if (p.scores == nullptr) return;
  p.pathStatuses[n] = status;
  p.scores[n] = status == OK || status == INFEASIBLE ? sum : notANumber();
}
