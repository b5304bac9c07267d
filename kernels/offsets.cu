// ctc_target_offsets, ctc_class_offsets, ctc_offsets, ctc_offset_labels: what changes where numbers o(c) are added to the log-probabilities of the classes (blank
// penalty, label priors). The lattice then takes w_t(c) = y_t(c) exp(o(c)) in place of y_t(c), and the gradient is w (y_t(c) - posterior) as ever:
//
//   E(t, u) = w_t(label of column u) / w_t(b')    b' the column with the largest w
//   best(t) = ln w_t(b') = ln y_t(b) + ln(E_before(t, b')) + o(b')
//
// ctc_target_offsets brings the offsets to the device: of each target the blank's and those of its labels, position by position, so that
// none of it grows with C, and whoever renames the classes (a projection) finds them by position all the same. They come as a parameter, so
// many classes a launch: a driver copies that at once, so a call needs no memory of the host's that would have to outlive it, or a graph that it
// was captured in. Parts that are 0 throughout are left out, with zeros put there before.
// ctc_class_offsets brings those of all classes in the same way, for wildcards alone: there every class of a frame counts.
// ctc_offsets makes E and best of what ctc_frames left, before ctc_lattice. ctc_offset_labels stands in place of ctc_labels: y_t(c) = w_t(c)
// exp(-o(c)). Losses may be below 0, so ctc_small_loss is not launched.
//
// In:  ctc_target_offsets: targets, their lengths, o; what is bad of them is passed over. The others: workspace: Utterance, Lists, Frame, E, stored
//      rows; offsets of targets, [N][L + 1] float64. Out: these; Frame and E; gradient.
// Parallel: ctc_target_offsets a block an utterance, ctc_class_offsets one block, else one warp a frame.
// Launch: ctc_target_offsets grid N, ctc_class_offsets grid 1, block 128, for each part of the classes; ctc_offsets grid ceil(N T / 8), ctc_offset_labels as
//      ctc_posteriors, block 256. No shared memory.
// Deterministic: nothing is shared between frames; of equally large columns b' is the first.
// Rejected: offsets in ctc_frames (an addition and a rounding more for every column of those who want none, in each of its kernels); a table of
// the classes on the device where there are no wildcards (C may be 250,000; a copy from memory of the host's, see above).
#include "ctc.cuh"

// What ctc_target_offsets takes: o of classes [first, first + count). Names and meaning as in CtcProblem.
struct CtcTargetOffsets {
  static constexpr int MOST = 480;  // a launch has 4096 bytes for its parameters
  const int32_t* targets;
  const int64_t* targetStart;
  int64_t targetStride;
  int64_t targetsSize;
  const int32_t* targetLength;
  double* to;  // [N][L + 1]: of the blank, of each label; or [C]
  int32_t L;
  int32_t blank;
  int32_t first, count;
  double offsets[MOST];
};
static_assert(sizeof(CtcTargetOffsets) == 3904, "the host writes this structure byte by byte");

namespace {

// exp(d), d in [-2^27, 0].
__device__ inline Emission split(double d) {
  const double y = d * LOG2E;
  const double whole = rint(y);
  const float m = float(exponential((y - whole) * LN2));
  const bool below = m < 1;
  return {below ? m * 2 : m, int32_t(whole) - below};
}

// What is added to the columns of an utterance: a label's is that of its first position.
struct ColumnOffsets {
  const double* ofTarget;
  const Lists lists;

  __device__ ColumnOffsets(const CtcProblem& p, const double* offsets, const Lists& lists, int n)
      : ofTarget(offsets + n * (int64_t(p.L) + 1)), lists(lists) {}
  __device__ double operator[](int column) const {
    return ofTarget[column == 0 ? 0 : 1 + lists.order[lists.first[column - 1]]];
  }
};

struct OffsetRow {
  using Real = float;
  const PosteriorRow posteriors;
  const Emission* emissions;
  const ColumnOffsets offsets;
  double best;      // ln w(b')
  double logYBest;  // ln y(b')
  bool softmaxTerm;

  __device__ OffsetRow(const CtcProblem& p, const PosteriorRow& posteriors, const Emission* emissions, const ColumnOffsets& offsets,
                       double best, int bestColumn)
      : posteriors(posteriors),
        emissions(emissions),
        offsets(offsets),
        best(best),
        logYBest(best - offsets[bestColumn]),
        softmaxTerm(p.flags & SOFTMAX_TERM) {}
  __device__ void addBlank(float& sum, int j) const { posteriors.addAnyBlank(sum, j); }
  __device__ void addLabel(float& sum, int j) const { posteriors.addLabel(sum, j); }
  __device__ double yBest() const { return softmaxTerm ? exponential(logYBest) : 0; }
  __device__ double others() const { return -expm1(logYBest); }
  __device__ double scale(double yBest) const { return yBest; }
  __device__ double y(int c, double) const {
    const Emission share = emissions[c];
    return softmaxTerm && share.m > 0 ? double(share.m) * exponential(best + share.e * LN2 - offsets[c]) : 0;
  }
  __device__ bool isBest(int c) const { return emissions[c].m == 1 && emissions[c].e == 0; }
};

// The first column, of those that a lane has found one of, to all lanes.
__device__ inline int firstOf(int column, const WarpGroup& warp) { return -warp.reduce<Max>(-column); }

}  // namespace

extern "C" __global__ void __launch_bounds__(128) ctc_target_offsets(const CtcTargetOffsets q) {
  const int n = blockIdx.x;
  const int length = q.targetLength[n];
  const int64_t start = q.targetStart != nullptr ? q.targetStart[n] : n * q.targetStride;
  if (length < 0 || length > q.L || start < 0 || start > q.targetsSize - length) return;
  double* to = q.to + n * (int64_t(q.L) + 1);
#pragma unroll 1
  for (int i = threadIdx.x; i <= length; i += blockDim.x) {
    const unsigned c = unsigned(i == 0 ? q.blank : q.targets[start + i - 1]) - unsigned(q.first);
    if (c < unsigned(q.count)) to[i] = q.offsets[c];
  }
}

extern "C" __global__ void __launch_bounds__(128) ctc_class_offsets(const CtcTargetOffsets q) {
#pragma unroll 1
  for (int i = threadIdx.x; i < q.count; i += blockDim.x) q.to[q.first + i] = q.offsets[i];
}

extern "C" __global__ void __launch_bounds__(256) ctc_offsets(const CtcProblem p, const int, const double* offsets) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  const int n = int(number / p.T);
  const int t = int(number % p.T);
  const WarpGroup warp{int(threadIdx.x % 32)};
  const Workspace workspace(p);
  const Utterance& u = workspace.utterances()[n];
  if (t >= u.frames) return;
  Frame* frame = workspace.frames(n) + t;
  Emission* emissions = workspace.emissions(n) + t * workspace.width;
  const ColumnOffsets added(p, offsets, workspace.lists(n), n);
  auto weighted = [&](int c) {
    const Emission e = emissions[c];
    return e.m > 0 ? ::log(double(e.m)) + e.e * LN2 + added[c] : -double(CTC_INFINITY);
  };

  double top = -double(CTC_INFINITY);
#pragma unroll 1
  for (int c = warp.lane; c <= u.columns; c += 32) top = max(top, weighted(c));
  top = warp.reduce<Max>(top);
  if (top == -double(CTC_INFINITY)) return;  // nothing is possible, or the frame is not finite

  int range = 0;
#pragma unroll 1
  for (int c = warp.lane; c <= u.columns; c += 32) {
    const double log = weighted(c);
    if (log == -double(CTC_INFINITY)) continue;
    const Emission e = split(log - top);
    emissions[c] = e;
    range = max(range, -e.e);
  }
  range = warp.reduce<Max>(range);
  if (warp.lane == 0) {
    frame->best += top;
    frame->range = range;
    frame->doubt = NO_FLOAT64;  // E is as ctc_frames left it there
  }
}

extern "C" __global__ void __launch_bounds__(256, 3)
    ctc_offset_labels(const CtcProblem p, const int segment, const double* offsets) {
  const Workspace workspace(p);
  const RowOfSegment own(p, workspace, 32);
  if (!own.exists) return;
  const int n = own.n;
  const WarpGroup warp{int(threadIdx.x % 32)};
  const Utterance u = workspace.utterances()[n];
  if (u.weight == 0) return;

  if (u.status != OK) {
    if (segment > 0) return;
#pragma unroll 1
    for (int64_t t = own.q; t < u.frames; t += own.rows) {
      const int64_t out = gradientIndex(p, n, int(t));
#pragma unroll 1
      for (int64_t c = warp.lane; c < p.C; c += 32) storeGradient(p, out + c * p.gradientClassStride, 0.0f);
    }
    return;
  }

  const int64_t t = workspace.frameOfRow(own.q, segment, u.frames);
  if (t < 0 || t >= u.frames) return;
  const Lists lists = workspace.lists(n);
  const Emission* emissions = workspace.emissions(n) + t * workspace.width;
  int column = INT32_MAX;
#pragma unroll 1
  for (int c = warp.lane; c <= u.columns; c += 32) {
    if (emissions[c].m == 1 && emissions[c].e == 0) column = min(column, c);
  }
  const ColumnOffsets added(p, offsets, lists, n);
  const OffsetRow row(p, PosteriorRow(workspace, u, own.q), emissions, added, workspace.frames(n)[t].best, firstOf(column, warp));
  LabelsOfFrame<OffsetRow, WarpGroup>{p, u, lists, row, n, int(t), warp}.run();
}
