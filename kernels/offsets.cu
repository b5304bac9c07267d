// ctc_offsets, ctc_offset_labels: what changes where numbers o(c) are added to the log-probabilities of the classes (blank penalty, label
// priors). The lattice then takes w_t(c) = y_t(c) exp(o(c)) in place of y_t(c), and the gradient is w (y_t(c) - posterior) as ever:
//
//   E(t, u) = w_t(label of column u) / w_t(b')    b' the column with the largest w
//   best(t) = ln w_t(b') = ln y_t(b) + ln(E_before(t, b')) + o(b')
//
// ctc_offsets makes this of what ctc_frames left, before ctc_lattice. ctc_offset_labels stands in place of ctc_labels: y_t(c) = w_t(c)
// exp(-o(c)). Losses may be below 0, so ctc_small_loss is not launched.
//
// In:  workspace: Utterance, Lists, Frame, E, stored rows; offsets, (C) float64. Out: Frame and E; gradient.
// Parallel: one warp a frame. Launch: ctc_offsets grid ceil(N T / 8), ctc_offset_labels as ctc_labels; block 256. No shared memory.
// Deterministic: nothing is shared between frames; of equally large columns b' is the first.
// Rejected: offsets in ctc_frames (an addition and a rounding more for every column of those who want none, in each of its kernels).
#include "ctc.cuh"

namespace {

// exp(d), d in [-2^27, 0].
__device__ inline Emission split(double d) {
  const double y = d * LOG2E;
  const double whole = rint(y);
  const float m = float(exp((y - whole) * LN2));
  const bool below = m < 1;
  return {below ? m * 2 : m, int32_t(whole) - below};
}

// What is added to the columns of an utterance.
struct ColumnOffsets {
  const double* ofClasses;
  const int32_t* distinct;
  int blank;

  __device__ double operator[](int column) const { return ofClasses[column == 0 ? blank : distinct[column - 1]]; }
};

struct OffsetRow {
  using Real = float;
  const PosteriorRow posteriors;
  const Emission* emissions;
  const ColumnOffsets offsets;
  double best;      // ln w(b')
  double logYBest;  // ln y(b')
  bool softmaxTerm;
  double yBest;

  __device__ OffsetRow(const CtcProblem& p, const PosteriorRow& posteriors, const Emission* emissions, const ColumnOffsets& offsets,
                       double best, int bestColumn)
      : posteriors(posteriors),
        emissions(emissions),
        offsets(offsets),
        best(best),
        logYBest(best - offsets[bestColumn]),
        softmaxTerm(p.flags & SOFTMAX_TERM),
        yBest(softmaxTerm ? exp(logYBest) : 0) {}
  __device__ float blank(int j) const { return posteriors.blank(j); }
  __device__ float label(int j) const { return posteriors.label(j); }
  __device__ double others() const { return -expm1(logYBest); }
  __device__ double y(int c) const {
    const Emission share = emissions[c];
    return softmaxTerm && share.m > 0 ? double(share.m) * exp(best + share.e * LN2 - offsets[c]) : 0;
  }
  __device__ bool isBest(int c) const { return emissions[c].m == 1 && emissions[c].e == 0; }
};

// The first column, of those that a lane has found one of, to all lanes.
__device__ inline int firstOf(int column, const WarpGroup& warp) { return -warp.reduce<Max>(-column); }

}  // namespace

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
  const ColumnOffsets added = {offsets, workspace.lists(n).distinct, p.blank};
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
  }
}

extern "C" __global__ void __launch_bounds__(256, 4)
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
  const ColumnOffsets added = {offsets, lists.distinct, p.blank};
  const OffsetRow row(p, PosteriorRow(workspace, u, n, own.q), emissions, added, workspace.frames(n)[t].best, firstOf(column, warp));
  LabelsOfFrame<OffsetRow, WarpGroup>{p, u, lists, row, logitsIndex(p, n, int(t)), gradientIndex(p, n, int(t)), warp}.run();
}
