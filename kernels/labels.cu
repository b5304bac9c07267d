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
// small, so that a nearly certain frame's gradient keeps its digits. LabelsOfFrame (ctc.cuh) does this, for small_loss.cu, too. Where states are float64, so
// is all of it. Where they are not, y and posteriors are good to float32's digits, and so the difference is made in float32, which is exact where
// it cancels; but not for a gradient of float64, nor of scores above 0, whose y float32 may not hold.
//
// Of probabilities it is -posterior / p, or 0 where p is 0: there p is read again.
//
// In:  workspace: Utterance, Lists, Frame, E, stored rows (see PosteriorRow); logits that are probabilities. Out: gradient.
// Utterances found INFEASIBLE, NOT_FINITE or BAD_LOG_PROBS: their gradient, where ctc_frames wrote softmax, becomes 0.
// Parallel: eight lanes a frame of segment k: over states for the sum, then over distinct labels. More lanes would have fewer states each, and
//      the same sums over lanes. A lane keeps the sums of its first eight columns between the two times that they are wanted, and has the loads of
//      four (of float64: two) under way at once: for their registers a multiprocessor has three blocks and not four.
// Launch: grid ceil(N 2 K / 32), block 256; after ctc_lattice of the same k. No shared memory.
// Deterministic: a label's positions are added in ascending order; no atomics.
// Rejected: atomicAdd per state (order shows); a thread per (frame, class) (most classes are not in the target); four lanes a frame (fewer instructions, but
// too few warps to hide what loads take).
#include "ctc.cuh"

namespace {

constexpr int LANES = 8;  // of a row

struct FloatRow {
  using Real = float;
  const PosteriorRow posteriors;
  const Emission* emissions;
  double best;
  bool softmaxTerm;

  __device__ FloatRow(const CtcProblem& p, const PosteriorRow& posteriors, const Emission* emissions, double best)
      : posteriors(posteriors), emissions(emissions), best(best), softmaxTerm(p.flags & SOFTMAX_TERM) {}
  __device__ Emission emission(int c) const { return load8(after(emissions, c)); }
  __device__ void addBlank(float& sum, int j) const { posteriors.addAnyBlank(sum, j); }
  __device__ void addLabel(float& sum, int j) const { posteriors.addLabel(sum, j); }
  __device__ double yBest() const { return softmaxTerm ? exp(best) : 0; }
  __device__ double others() const { return -expm1(best); }
  // Of scores above 0 the share of the best one may be too small for a number where e^x is not, or e^x of the best too large.
  __device__ double scale(double yBest) const { return yBest; }
  __device__ double y(int c, double yBest) const {
    const Emission share = emission(c);
    if (yBest <= 1) return yBest * double(share.m * pow2(share.e));
    return share.m == 0 ? 0 : double(share.m) * exp(best + share.e * LN2);
  }
  __device__ bool isBest(int c) const { return emission(c).m == 1 && emission(c).e == 0; }

  // For QuickLabels, of best <= 0.
  using Share = Emission;
  __device__ float quickYBest() const {
    if (!softmaxTerm) return 0;
    const double y = best * LOG2E;
    const double whole = rint(y);
    return exp2Fraction(float(y - whole)) * pow2(int(whole));
  }
  __device__ double quickOthers() const { return others(); }
  __device__ float quickY(Emission share, float yBest) const { return share.m * pow2(share.e) * yBest; }
  __device__ bool hasMost(int c) const { return best > -LN2 && isBest(c); }
};

struct DoubleRow : Float64Row<RowOfStates<double>> {
  using Float64Row::Float64Row;
  __device__ void addBlank(double& sum, int j) const { sum += states.anyBlank(j); }

  // For QuickLabels, of best <= 0. The best column's y is 1 less others where E is relative to it, else E has it.
  using Share = double;
  __device__ double quickYBest() const { return !softmaxTerm ? 0 : isCertain(best) ? 1 - quickOthers() : 1; }
  __device__ double quickOthers() const { return -best * fma(fma(best, 1.0 / 6, 0.5), best, 1.0); }
  __device__ double quickY(double share, double yBest) const { return share * yBest; }
  __device__ bool hasMost(int c) const { return isCertain(best) && isBest(c); }
};

// Whether a launch's gradients have fewer bits than a float64, are not by probabilities, and those of a frame are not too far apart.
__device__ bool isQuick(const CtcProblem& p) {
  const int64_t stride = p.gradientClassStride;
  return (p.gradientType != FLOAT64) & !isPerProbability(p) & (stride < (1 << 29)) & (stride > -(1 << 29));
}

// What LabelsOfFrame::write does, in the numbers of the row and with fewer instructions for a column, where isQuick and best <= 0. The column that has most of
// both y and the posterior is written like the others, and then anew.
template <typename Row>
struct QuickLabels {
  using Labels = LabelsOfFrame<Row, LaneGroup<LANES>>;
  using Real = typename Row::Real;
  using Share = typename Row::Share;

  const Labels& labels;
  const Row& row;
  int lane;
  int stride;      // of a class, in bytes
  char* gradient;  // of class 0
  int32_t type;
  Real weight;

  __device__ explicit QuickLabels(const Labels& labels)
      : labels(labels), row(labels.row), lane(labels.group.lane), type(labels.p.gradientType), weight(Real(labels.u.weight)) {
    const int bytes = type == FLOAT32 ? 4 : 2;
    stride = kept(int(labels.p.gradientClassStride) * bytes);
    gradient = (char*)labels.p.gradient + gradientIndex(labels.p, labels.n, labels.t) * bytes;
  }

  __device__ void store(int label, Real value) const {
    char* at = afterBytes(gradient, label, stride);
    if (type == FLOAT32) {
      store4((float*)at, float(weight * value));
    } else if (type == FLOAT16) {
      narrow(weight * value, (Half*)at);
    } else {
      narrow(weight * value, (Bfloat*)at);
    }
  }

  // columns = -1: nothing.
  __device__ void run(const typename Labels::Sums& sums, int columns) const {
    constexpr int AHEAD = Labels::AHEAD;
    const Real whole = sums.blanks + sums.labels;
    if (!(whole < Real(CTC_INFINITY))) columns = -1;  // see small_loss.cu
    const Real minusShare = whole > 0 ? -1 / whole : 0;
    const Real yBest = row.quickYBest();
    const int32_t* distinct = global(after(labels.lists.distinct, lane));
    const Share* emissions = global(after((const Share*)row.emissions, lane));
#pragma unroll
    for (int first = 0; first < Labels::KEPT; first += AHEAD) {
      if (first > 0 && lane + first * LANES > columns) break;
      int label[AHEAD];
      Share ofColumn[AHEAD];
#pragma unroll
      for (int k = 0; k < AHEAD; k++) {
        const int i = (first + k) * LANES;
        if (lane + i > columns) continue;
        label[k] = distinct[i - 1];
        ofColumn[k] = emissions[i];
      }
#pragma unroll
      for (int k = 0; k < AHEAD; k++) {
        if (lane + (first + k) * LANES > columns) continue;
        store(label[k], fma(sums.kept[first + k], minusShare, row.quickY(ofColumn[k], yBest)));
      }
    }
#pragma unroll 1
    for (int c = lane + Labels::KEPT * LANES; c <= columns; c += LANES) {
      store(labels.lists.distinct[c - 1], fma(labels.sumOf(c, sums.blanks), minusShare, row.quickY(load8(row.emissions + c), yBest)));
    }
    if (__any_sync(WARP, yBest > 0.5f)) writeCertain(sums, columns, minusShare);
  }

  __device__ void writeCertain(const typename Labels::Sums& sums, int columns, Real minusShare) const {
    const Real half = (sums.blanks + sums.labels) / 2;
    Real otherPosteriors = 0;
    int certain = -1;
#pragma unroll
    for (int k = 0; k < Labels::KEPT; k++) {
      if (sums.kept[k] > half) {
        certain = lane + k * LANES;
      } else {
        otherPosteriors += sums.kept[k];
      }
    }
#pragma unroll 1
    for (int c = lane + Labels::KEPT * LANES; c <= columns; c += LANES) {
      const Real sum = labels.sumOf(c, sums.blanks);
      if (sum > half) {
        certain = c;
      } else {
        otherPosteriors += sum;
      }
    }
    otherPosteriors = labels.group.template reduce<Sum>(otherPosteriors);
    if (certain < 0 || certain > columns || !row.hasMost(certain)) return;
    store(labels.lists.distinct[certain - 1], Real(-double(otherPosteriors) * minusShare - row.quickOthers()));
  }
};

// Row q of a segment, frame t, of an utterance whose states are of the row's kind of numbers; u.labels = u.columns = -1: there is none.
template <typename Row>
__device__ void labelsOf(const CtcProblem& p, const Workspace& workspace, const Utterance& u, int n, int t, const Row& row) {
  const LaneGroup<LANES> group{int(threadIdx.x % LANES)};
  using Labels = LabelsOfFrame<Row, LaneGroup<LANES>>;
  const Labels labels = {p, u, workspace.lists(n), row, n, t, group};
  typename Labels::Sums sums = labels.sums();
  const bool quick = isQuick(p) & (row.best <= 0) & (fabs(float(u.weight)) < CTC_INFINITY);
  if (__any_sync(WARP, quick)) QuickLabels<Row>(labels).run(sums, quick ? u.columns : -1);
  if (!__all_sync(WARP, quick)) labels.write(sums, quick ? -1 : u.columns);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 3) ctc_labels(const CtcProblem p, const int segment) {
  if (p.gradient == nullptr) return;  // never: so a compiler knows that rows are kept
  const Workspace workspace(p);
  const RowOfSegment own(p, workspace, LANES);
  const int n = own.n;
  Utterance u = workspace.utterances()[n];
  bool active = own.exists && u.weight != 0;

  if (active && u.status != OK && segment == 0) {
#pragma unroll 1
    for (unsigned t = own.q; t < unsigned(u.frames); t += own.rows) {
      const int64_t out = gradientIndex(p, n, int(t));
#pragma unroll 1
      for (int64_t c = threadIdx.x % LANES; c < p.C; c += LANES) storeGradient(p, out + c * p.gradientClassStride, 0.0f);
    }
  }

  int t = workspace.frameOfRow(own.q, segment, u.frames);
  active = active && u.status == OK && unsigned(t) < unsigned(u.frames);
  if (!__any_sync(WARP, active)) return;
  if (!active) t = 0;
  const int64_t frame = int64_t(n) * p.T + t;
  const double best = active ? workspace.frames(0)[frame].best : 0;
  Emission* const emissions = kept(workspace.emissions(0) + frame * workspace.width);
  const bool isFloat64 = active && u.numbers == FLOAT64_NUMBERS;
  if (__any_sync(WARP, isFloat64)) {
    if (!isFloat64) u.labels = u.columns = -1;
    labelsOf(p, workspace, u, n, t, DoubleRow(p, {workspace, u, own.q}, workspace.inFloat64(emissions), isFloat64 ? best : 0));
    active = active && !isFloat64;
    if (!__any_sync(WARP, active)) return;
    u = workspace.utterances()[n];  // rows of a warp may be of two utterances, and of both kinds
  }
  if (!active) u.labels = u.columns = -1;
  labelsOf(p, workspace, u, n, t, FloatRow(p, PosteriorRow(workspace, u, own.q), emissions, best));
}
