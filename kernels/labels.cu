// ctc_labels: the entries of the gradient that posteriors touch, equation (16) of Graves et al. 2006:
//
//   gradient(t, c) = w (y_t(c) - sum over positions s of l' that hold c of posterior(t, s))
//
// for c the blank and every distinct label of the target (ctc_frames has written w y_t(c) for all others, and for these too: they
// are overwritten from E, so that the difference is rounded once, also into a float16 gradient).
//
// The posteriors of a frame sum to 1. What ctc_lattice left is divided by its own sum over the frame: rounding that all paths
// share, which grows with the number of frames, cancels. Where one column has most of both y and the posterior, their difference
// is taken of the complements: (1 - posterior) is the sum of all other posteriors and 1 - y = -expm1(ln y), both exact when
// small, so that a nearly certain frame's gradient keeps its digits. LabelsOfFrame (ctc.cuh) does this, for small_loss.cu, too. Where states are float64, so is all of it.
//
// Of probabilities it is -posterior / p, or 0 where p is 0: there p is read again.
//
// In:  workspace: Utterance, Lists, Frame, E, stored rows (see PosteriorRow); logits that are probabilities. Out: gradient.
// Utterances found INFEASIBLE, NOT_FINITE or BAD_LOG_PROBS: their gradient, where ctc_frames wrote softmax, becomes 0.
// Parallel: eight lanes a frame of segment k: over states for the sum, then over distinct labels. More lanes would have fewer states each, and
//      the same sums over lanes. A lane keeps the sums of its first four columns between the two times that they are wanted, and loads four blanks at once.
// Launch: grid ceil(N 2 K / 32), block 256; after ctc_lattice of the same k. No shared memory.
// Deterministic: a label's positions are added in ascending order; no atomics.
// Rejected: atomicAdd per state (order shows); a thread per (frame, class) (most classes are not in the target).
#include "ctc.cuh"

namespace {

constexpr int LANES = 8;  // of a row

struct FloatRow {
  using Real = float;
  const PosteriorRow posteriors;
  const Emission* emissions;
  double best, yBest;

  __device__ FloatRow(const CtcProblem& p, const PosteriorRow& posteriors, const Emission* emissions, double best)
      : posteriors(posteriors), emissions(emissions), best(best), yBest(p.flags & SOFTMAX_TERM ? exp(best) : 0) {}
  __device__ Emission emission(int c) const { return load8(after(emissions, c)); }
  __device__ float blank(int j) const { return posteriors.blank(j); }
  __device__ float label(int j) const { return posteriors.label(j); }
  __device__ double others() const { return -expm1(best); }
  // Of scores above 0 the share of the best one may be too small for a number where e^x is not, or e^x of the best too large.
  __device__ double y(int c) const {
    const Emission share = emission(c);
    if (yBest <= 1) return yBest * double(share.m * pow2(share.e));
    return share.m == 0 ? 0 : double(share.m) * exp(best + share.e * LN2);
  }
  __device__ bool isBest(int c) const { return emission(c).m == 1 && emission(c).e == 0; }
};

// Row q of a segment, frame t, of an utterance whose states are of the row's kind of numbers; u.labels = u.columns = -1: there is none.
template <typename Row>
__device__ void labelsOf(const CtcProblem& p, const Workspace& workspace, const Utterance& u, int n, int t, const Row& row) {
  const LaneGroup<LANES> group{int(threadIdx.x % LANES)};
  LabelsOfFrame<Row, LaneGroup<LANES>>{p, u, workspace.lists(n), row, logitsIndex(p, n, t), gradientIndex(p, n, t), group}.run();
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 4) ctc_labels(const CtcProblem p, const int segment) {
  const Workspace workspace(p);
  const RowOfSegment own(p, workspace, LANES);
  const int n = own.n;
  Utterance u = workspace.utterances()[n];
  bool active = own.exists && u.weight != 0;

  if (active && u.status != OK && segment == 0) {
#pragma unroll 1
    for (int64_t t = own.q; t < u.frames; t += own.rows) {
      const int64_t out = gradientIndex(p, n, int(t));
#pragma unroll 1
      for (int64_t c = threadIdx.x % LANES; c < p.C; c += LANES) storeGradient(p, out + c * p.gradientClassStride, 0.0f);
    }
  }

  int64_t t = workspace.frameOfRow(own.q, segment, u.frames);
  active = active && u.status == OK && t >= 0 && t < u.frames;
  if (!__any_sync(WARP, active)) return;
  if (!active) t = 0;
  const bool isFloat64 = active && u.numbers == FLOAT64_NUMBERS;
  if (__any_sync(WARP, isFloat64)) {
    if (!isFloat64) u.labels = u.columns = -1;
    using Row = Float64Row<RowOfStates<double>>;
    const double* emissions = workspace.emissions64(n) + t * workspace.width;
    labelsOf(p, workspace, u, n, int(t), Row(p, {workspace, u, n, own.q}, emissions, isFloat64 ? workspace.frames(n)[t].best : 0));
    active = active && !isFloat64;
    if (!__any_sync(WARP, active)) return;
    u = workspace.utterances()[n];  // rows of a warp may be of two utterances, and of both kinds
  }
  if (!active) u.labels = u.columns = -1;
  const Emission* emissions = workspace.emissions(n) + t * workspace.width;
  const double best = active ? workspace.frames(n)[t].best : 0;
  labelsOf(p, workspace, u, n, int(t), FloatRow(p, PosteriorRow(workspace, u, n, own.q), emissions, best));
}
