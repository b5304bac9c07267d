// The second part of ctc_small_loss: loss and gradient once more of utterances that are all but certain, by q = 1 - p(target), the probability of all
// paths that do not collapse to the target.
//
// Beside 1 a float64 p keeps 16 digits, so -ln p below 1e-9 is rounding, and so is y - posterior. The states read a path as an
// automaton that is deterministic: in each state s a column k leads to one state, delta(s, k), or out of the target for good. Hence
//
//   f_T(s)  = 0 in the last label and the last blank, else 1                     f: not collapsing to the target, given s before t
//   f_t(s)  = sum of y_t(k) over k that lead out of s  +  sum over other k of y_t(k) f_{t+1}(delta(s, k));     q = f_0(first blank)
//   loss    = -sum over t of ln S_t - log1p(-q)          S: the sum of a frame of log-probabilities; of logits 1
//   f_t^k   = d_t + sum of alpha_t(s) over s that k leads out of + sum over other s of alpha_t(s) f_{t+1}(delta(s, k))
//   y_t(k) - posterior(t, k) = y_t(k) (f_t^k - q) / (1 - q)                      equation (16) of Graves et al. 2006
//
// with alpha_t(s) the probability of s before frame t and d_t that of having left. All are sums of positive terms but these:
//
//   sum over k that lead out    = all but blank, own label, next label. Nothing is taken from a sum that still holds more than what is
//             left: without(i) = all without the i largest, i <= 3
//   sum over s that k leads out of = all alpha less those that k keeps; where it keeps more than half (three columns at most), term by term
//   f^k - q   of the largest k: sum over j of y(j) (f^k - f^j), q being the mean of f. It may be less than the rounding of q.
//
// Probabilities are shares of their frame's sum. Log-probabilities whose S is 1 but for rounding count by shares alone: loss would be
// noise, and below 0 as often as not. Where q is not small after all (log-probabilities that are none) everything stays as it was.
// What underflows is less than the smallest q.
//
// In:  logits; losses [N]; workspace: Utterance [N], Lists. Out: losses [N] and all classes of the gradient of those utterances. Frame, E,
//      edges, checkpoints and rows are overwritten, as by the first part: no kernel of the call but ctc_reduce may come after.
// Which utterances: loss below NATS + T perFrame, which is the logits' type's. Others return at once; 16-bit log-probabilities, whose rounding is large, once
//      the sums of their frames are known.
// Parallel: one block an utterance. Frames by warps: probabilities of the target's columns and their three largest. Then frame by frame,
//      a thread a state: f from the last to the first. For a gradient then alpha from the first to the last, columns by warps, with f of
//      2 K frames at a time: the first ones are there, the others are found again, each from the row that was kept before it.
// Any W in 1 ... 6 and any K give the same bits.
// Deterministic: fixed trees of sums, products never fused.
// Rejected: a kernel of its own (a launch more in every call, for what hardly ever happens; registers it has no more than the first
// part); q from both ends (the meeting is a difference again); alpha less a prefix sum for the states that k leads out of (cancels); speed, beyond the early return.
#pragma once
#include "ctc.cuh"

namespace {
namespace complement {

// Below so many nats, and so many a frame, the loss of ctc_small_loss may be off by a millionth: its sum over frames and the logarithm of
// its sum over paths, near 1, are each good to some 2^-53 of 1, and so is every one of the ten operations that a frame takes.
constexpr double NATS = 1e-8;
constexpr double NATS_PER_FRAME = 1e-9;
constexpr double ROUNDING_NATS = 0.01;   // by how much rounding may take ln S of a frame from 0
constexpr double FLOAT64_NATS = 4e-16;   // ... and how far that of float64 does
constexpr double NEARLY_CERTAIN = 0.4;   // q above: its digits are not needed
constexpr double NOT_CERTAIN = 0.6;      // nats; q is above that

constexpr int NONE = -1;
constexpr int NO_COLUMN = -2;  // of the largest, where there are fewer than three
constexpr int BLANK = 0;  // columns: the blank, the target's columns from 1, all other classes as one

__device__ bool isNeeded(const CtcProblem& p, const Utterance& u, double loss) {
  const bool exact = !(p.flags & LOG_PROBS) || p.logitsType == FLOAT64;
  const double perFrame = exact ? NATS_PER_FRAME : p.logitsType == FLOAT32 ? 1e-6 : 2 * ROUNDING_NATS;
  return u.status == OK && u.frames > 0 && loss < NATS + perFrame * u.frames;
}

// f(i), i in [0, count), by the lanes of a warp. Unrolled, these loops would be most of the kernel.
template <typename F>
__device__ inline void forLanes(const WarpGroup& warp, int count, F f) {
#pragma unroll 1
  for (int i = warp.lane; i < count; i += 32) f(i);
}

// ---- a frame ----------------------------------------------------------------------------------------------------------------------------

// A number of the logits, by its index.
__device__ inline double logitAt(const CtcProblem& p, int64_t index) {
  return logProbability(p.flags, element(p.logits, p.logitsType, index));
}

// The classes of a frame, by one warp.
struct ClassRow {
  const CtcProblem& p;
  const int64_t at;
  double most, sum;  // the sum of exp(x - most)
  double logSum;

  __device__ ClassRow(const CtcProblem& p, int n, int t, const WarpGroup& warp) : p(p), at(logitsIndex(p, n, t)) {
    most = -double(CTC_INFINITY);
    int best = 0;
    forLanes(warp, p.C, [&](int c) {
      const double x = logit(c);
      best = x > most ? c : best;
      most = x > most ? x : most;
    });
    const double own = most;
    most = warp.reduce<Max>(own);
    best = -warp.reduce<Max>(own == most ? -best : -p.C);
    double others = 0;
    forLanes(warp, p.C, [&](int c) { others += c == best ? 0 : exponential(logit(c) - most); });
    others = warp.reduce<Sum>(others);
    sum = 1 + others;
    logSum = most + logarithmOf1And(others);
  }

  __device__ double logit(int64_t c) const { return logitAt(p, at + c * p.logitsClassStride); }
  __device__ double y(int64_t c) const { return exponential(logit(c) - most) / sum; }
};

// f(c) for this lane's classes that the target does not have.
template <typename F>
__device__ void forOthers(const CtcProblem& p, const Utterance& u, const Lists& lists, const WarpGroup& warp, F f) {
  int i = 0;  // distinct labels ascend, and so do classes
  forLanes(warp, p.C, [&](int c) {
    while (i < u.columns && lists.distinct[i] < c) i++;
    if (c != p.blank && !(i < u.columns && lists.distinct[i] == c)) f(c);
  });
}

// What is kept of each frame, where Frame and edges were.
struct Kept {
  double others;
  int32_t first, second;
};
static_assert(sizeof(Kept) == sizeof(Frame), "it takes its place");

struct KeptFrame {
  double* y;  // [columns + 1]
  Kept* kept;
  double* remainder;    // without the three largest; before that ln S
  int32_t* third;  // of the three largest

  __device__ KeptFrame(const Workspace& workspace, int n, int64_t t)
      : y((double*)(workspace.emissions(n) + t * workspace.width)),
        kept((Kept*)workspace.frames(n) + t),
        remainder((double*)workspace.edges(n, 0) + t),
        third((int32_t*)(workspace.edges(n, 1) + t)) {}
};

// Probabilities of the columns, and ln S, of one frame by one warp.
__device__ void findColumns(const CtcProblem& p, const Workspace& workspace, const Utterance& u, int n, int t,
                            const WarpGroup& warp) {
  const Lists lists = workspace.lists(n);
  const KeptFrame at(workspace, n, t);
  const ClassRow row(p, n, t, warp);
  forLanes(warp, u.columns + 1, [&](int k) { at.y[k] = row.y(k == BLANK ? p.blank : lists.distinct[k - 1]); });
  double others = 0;
  forOthers(p, u, lists, warp, [&](int c) { others += row.y(c); });
  others = warp.reduce<Sum>(others);
  if (warp.lane == 0) {
    at.kept->others = others;
    *at.remainder = row.logSum;
  }
}

// The three largest columns of one frame, and the sum of the others, by one warp.
__device__ void findLargest(const Workspace& workspace, const Utterance& u, int n, int t, const WarpGroup& warp) {
  const KeptFrame at(workspace, n, t);
  const double others = at.kept->others;
  const int columns = u.columns + 2;
  auto y = [&](int k) { return k == columns - 1 ? others : at.y[k]; };
  int first = NO_COLUMN, second = NO_COLUMN, third = NO_COLUMN;
  for (int i = 0; i < 3; i++) {
    double most = -1;
    int best = columns;
    forLanes(warp, columns, [&](int k) {
      if (k != first && k != second && y(k) > most) {
        most = y(k);
        best = k;
      }
    });
    const double all = warp.reduce<Max>(most);
    best = -warp.reduce<Max>(most == all ? -best : -columns);
    third = best < columns ? best : NO_COLUMN;
    if (i == 0) first = third;
    if (i == 1) second = third;
  }
  double remainder = 0;
  forLanes(warp, columns, [&](int k) { remainder += k == first || k == second || k == third ? 0 : y(k); });
  remainder = warp.reduce<Sum>(remainder);
  __syncwarp();  // all lanes have read `others`
  if (warp.lane == 0) {
    *at.kept = {others, first, second};
    *at.third = third;
    *at.remainder = remainder;
  }
}

// The columns of a frame, once these are there.
struct Columns {
  const double* probabilities;
  double others;
  int othersAt;
  int first, second, third;                                   // the largest
  double all, withoutFirst, withoutSecond, withoutThird;  // each without those before, too

  __device__ Columns(const Workspace& workspace, const Utterance& u, int n, int64_t t) : othersAt(u.columns + 1) {
    const KeptFrame at(workspace, n, t);
    probabilities = at.y;
    others = at.kept->others;
    first = at.kept->first;
    second = at.kept->second;
    third = *at.third;
    withoutThird = *at.remainder;
    withoutSecond = withoutThird + (third == NO_COLUMN ? 0 : y(third));
    withoutFirst = withoutSecond + y(second);
    all = withoutFirst + y(first);
  }

  __device__ double y(int k) const { return k == othersAt ? others : probabilities[k]; }

  // The sum of all but three, which differ or are NONE.
  __device__ double without(int a, int b, int c) const {
    const bool isFirst = first == a || first == b || first == c;
    const bool areTwo = isFirst && (second == a || second == b || second == c);
    const bool areThree = areTwo && (third == a || third == b || third == c);
    const double sum = areThree ? withoutThird : areTwo ? withoutSecond : isFirst ? withoutFirst : all;
    auto within = [&](int k) {
      const bool isOut = k == NONE || (isFirst && k == first) || (areTwo && k == second) || (areThree && k == third);
      return isOut ? 0 : y(k);
    };
    return sum - within(a) - within(b) - within(c);
  }
};

// ---- states -----------------------------------------------------------------------------------------------------------------------------

// State s is blank s / 2 if even, label s / 2 if odd.
struct Target {
  const int32_t* column;  // the column of a position
  int labels;

  __device__ int states() const { return 2 * labels + 1; }
  __device__ bool skips(int j) const { return j > 0 && column[j] != column[j - 1]; }
  __device__ int own(int s) const { return s % 2 == 1 ? column[s / 2] : BLANK; }
  // The label that may follow state s without a blank between; `labels` if there is none.
  __device__ int next(int s) const {
    const int j = (s + 1) / 2;
    return s % 2 == 1 && j < labels && !skips(j) ? labels : j;
  }
  __device__ double atEnd(int s) const { return s < states() - 2 ? 1 : 0; }

  // The sum of the columns that lead out of s.
  __device__ double leaving(const Columns& columns, int s) const {
    const int j = next(s);
    return columns.without(BLANK, s % 2 == 1 ? own(s) : NONE, j < labels ? column[j] : NONE);
  }
  // f of s before a frame, from that after it.
  __device__ double before(const Columns& columns, const double* after, int s) const {
    double sum = plus(leaving(columns, s), times(columns.y(BLANK), after[s + s % 2]));
    if (s % 2 == 1) sum = plus(sum, times(columns.y(own(s)), after[s]));
    const int j = next(s);
    if (j < labels) sum = plus(sum, times(columns.y(column[j]), after[2 * j + 1]));
    return sum;
  }
  // alpha of s after a frame, from that before it.
  __device__ double step(const Columns& columns, const double* alpha, int s) const {
    double sum = plus(alpha[s], s >= 1 ? alpha[s - 1] : 0);
    if (s % 2 == 1 && skips(s / 2)) sum = plus(sum, alpha[s - 2]);
    return times(columns.y(own(s)), sum);
  }
};

// The states before a frame, and f after it.
struct Meeting {
  const Target& target;
  const Lists& lists;
  const double* alpha;
  const double* after;
  double left;  // d
  double all;   // the sum of alpha
  const WarpGroup& warp;

  // f(s) of all states, added up by the warp.
  template <typename F>
  __device__ double overStates(F f) const {
    double sum = 0;
    forLanes(warp, target.states(), [&](int s) { sum = plus(sum, f(s)); });
    return warp.reduce<Sum>(sum);
  }
  __device__ void sum() {
    all = overStates([&](int s) { return alpha[s]; });
  }

  __device__ bool leadsOut(int k, int s) const {
    const int j = target.next(s);
    return !(s % 2 == 1 && target.own(s) == k) && !(j < target.labels && target.column[j] == k);
  }

  // f^k, to all lanes.
  __device__ double failing(int k) const {
    if (k == BLANK) return plus(left, overStates([&](int s) { return times(alpha[s], after[s + s % 2]); }));
    double stays = 0;  // the probability of states that k does not lead out of
    double fails = 0;
    const int32_t* positions = lists.order + lists.first[k - 1];
    forLanes(warp, lists.first[k] - lists.first[k - 1], [&](int i) {
      const int j = positions[i];
      const int s = 2 * j + 1;
      double from = plus(alpha[s], alpha[s - 1]);
      if (target.skips(j)) from = plus(from, alpha[s - 2]);
      stays = plus(stays, from);
      fails = plus(fails, times(from, after[s]));
    });
    stays = warp.reduce<Sum>(stays);
    fails = warp.reduce<Sum>(fails);
    const double leaves =
        2 * stays <= all ? all - stays : overStates([&](int s) { return leadsOut(k, s) ? alpha[s] : 0; });
    return plus(left, plus(leaves, fails));
  }
};

// ---- loss and gradient --------------------------------------------------------------------------------------------------------------------

struct NearlyCertainUtterance {
  const CtcProblem& p;
  const Workspace& workspace;
  const Utterance& u;
  const int n;
  const Target target;
  const int64_t rows;  // f of so many frames at a time
  const bool gradient;
  const double first;  // the loss that is there
  double* const parts;  // SUM_PARTS places, shared
  const WarpGroup warp;

  // Over all threads of the block, or all its warps.
  template <typename F>
  __device__ void forStates(F f) const {
#pragma unroll 1
    for (int s = threadIdx.x; s < target.states(); s += blockDim.x) f(s);
  }
  template <typename F>
  __device__ void forFrames(F f) const {
#pragma unroll 1
    for (int t = threadIdx.x / 32; t < u.frames; t += blockDim.x / 32) f(t);
  }

  __device__ Columns columnsOf(int t) const { return Columns(workspace, u, n, t); }
  // f before frame t > 0, and so after frame t - 1.
  __device__ double* row(int64_t t) const { return (double*)workspace.row(n, (t - 1) % rows); }
  // Rows that are not among these; there are 2 Q.
  __device__ double* spareRow(int64_t i) const { return (double*)workspace.checkpoint(n, 0, 0) + i * workspace.states; }
  __device__ double* alpha(int t) const { return spareRow(t % 2); }
  // f before the first frame of segment i; i < Q. Loss only, the last two: there is no alpha.
  __device__ double* checkpoint(int i) const { return spareRow(gradient ? 1 + i : i % 2); }

  // f after each frame of segment i, and, if `keeps`, before its first.
  __device__ void segment(int i, bool keeps) const {
    const int begin = int(i * rows);
    const int end = int(min(begin + rows, int64_t(u.frames)));
    const double* known = end < u.frames ? checkpoint(i + 1) : nullptr;
    forStates([&](int s) { row(end)[s] = known != nullptr ? known[s] : target.atEnd(s); });
    __syncthreads();  // the columns are there, too
    for (int t = end - 1; t >= begin + !keeps; t--) {
      const Columns columns = columnsOf(t);
      const double* after = row(t + 1);
      double* before = t == begin ? checkpoint(i) : row(t);
      forStates([&](int s) { before[s] = target.before(columns, after, s); });
      __syncthreads();
    }
  }

  // w y at the classes that the target does not have: f is 1 there. `byShares`: y is the share of S, else e^x.
  __device__ void writeOthers(int t, bool byShares) const {
    const ClassRow values(p, n, t, warp);
    const int64_t out = gradientIndex(p, n, t);
    forOthers(p, u, workspace.lists(n), warp, [&](int c) {
      storeGradient(p, out + c * p.gradientClassStride, u.weight * (byShares ? values.y(c) : exponential(values.logit(c))));
    });
  }

  __device__ void write(int t, int k, double value) const {
    const int64_t c = k == BLANK ? p.blank : workspace.lists(n).distinct[k - 1];
    storeGradient(p, gradientIndex(p, n, t) + c * p.gradientClassStride, u.weight * value);
  }

  // The gradient at the target's columns in frame t, and alpha after it; returns d after it.
  __device__ double frame(int t, double left, double q, bool byShares) const {
    const Columns columns = columnsOf(t);
    const double* now = alpha(t);
    double* then = alpha(t + 1);
    forStates([&](int s) { then[s] = target.step(columns, now, s); });
    const double leaves = sumInFixedOrder(target.states(), parts,
                                          [&](int s) { return times(now[s], target.leaving(columns, s)); });

    const Lists lists = workspace.lists(n);
    Meeting meeting = {target, lists, now, row(t + 1), left, 0, warp};
    meeting.sum();
    const double more = byShares ? 0 : expm1(ClassRow(p, n, t, warp).logSum);
    // e^x - y of column k: of scores that are far above 0 neither product nor S is a number
    auto excess = [&](int k, double share) {
      if (more <= 1) return share * more;
      const int64_t c = k == BLANK ? p.blank : lists.distinct[k - 1];
      return exponential(logitAt(p, logitsIndex(p, n, t) + c * p.logitsClassStride)) - share;
    };
    const int largest = columns.first == columns.othersAt ? NONE : columns.first;
    double ofLargest = 0;
    double* y = KeptFrame(workspace, n, t).y;
    const int warps = blockDim.x / 32;
    for (int i = int(threadIdx.x) / 32 - warps; i <= u.columns; i += warps) {
      const int k = i < 0 ? largest : i;  // every warp finds the largest's f first
      if (k == NONE || i == largest) continue;
      const double failing = meeting.failing(k);
      if (i < 0) {
        ofLargest = failing;
      } else if (warp.lane == 0) {
        write(t, k, y[k] * ((failing - q) / (1 - q)) + excess(k, y[k]));
        y[k] = times(y[k], ofLargest - failing);  // as a probability it has been used
      }
    }
    __syncthreads();
    if (largest != NONE) {
      const double toOthers = plus(sumInFixedOrder(u.columns + 1, parts, [&](int k) { return k == largest ? 0 : y[k]; }),
                                   times(columns.others, ofLargest - 1));
      if (threadIdx.x == 0) write(t, largest, y[largest] * (toOthers / (1 - q)) + excess(largest, y[largest]));
    }
    return plus(left, leaves);
  }

  // Over the frames, before the three largest take the place of ln S.
  template <typename F>
  __device__ double sumOfFrames(F f) const {
    const double* logSum = KeptFrame(workspace, n, 0).remainder;
    return sumInFixedOrder(u.frames, parts, [&](int t) { return f(logSum[t]); });
  }

  __device__ void run() const {
    forFrames([&](int t) { findColumns(p, workspace, u, n, t, warp); });
    __syncthreads();  // and all have read the loss that one thread will write
    double logSums = 0, rounding = 0;
    bool rounded = true;
    if (p.flags & LOG_PROBS) {
      logSums = sumOfFrames([](double x) { return x; });
      rounding = sumOfFrames([](double x) { return fabs(x); });
      rounded = sumOfFrames([](double x) { return fabs(x) < ROUNDING_NATS ? 0.0 : 1.0; }) == 0;
      if (!(first + logSums < NOT_CERTAIN)) return;  // the usual case of 16-bit log-probabilities
    }
    forFrames([&](int t) { findLargest(workspace, u, n, t, warp); });
    for (int i = int((u.frames - 1) / rows); i >= 0; i--) segment(i, true);
    const double q = checkpoint(0)[0];
    if (!(q < NEARLY_CERTAIN)) return;
    const double ofPaths = 0.0 - logarithmOf1And(-q);  // never -0
    const double nats = ofPaths - logSums;
    const bool byShares = !(p.flags & SCORES) && (rounding < FLOAT64_NATS * u.frames || (rounded && nats < 2 * rounding));
    if (threadIdx.x == 0) p.losses[n] = byShares ? ofPaths : nats;
    if (!gradient) return;

    forFrames([&](int t) { writeOthers(t, byShares); });
    forStates([&](int s) { alpha(0)[s] = s == 0 ? 1 : 0; });
    __syncthreads();
    double left = 0;
    for (int t = 0; t < u.frames; t++) {
      if (t > 0 && t % rows == 0) segment(int(t / rows), false);
      left = frame(t, left, q, byShares);
    }
  }
};

// Once ctc_small_loss has done its own. `parts` is shared and has SUM_PARTS places.
__device__ void run(const CtcProblem& p, double* parts) {
  const int n = blockIdx.x;
  const Workspace workspace(p);
  const Utterance u = workspace.utterances()[n];
  const double first = p.losses[n];
  if (!isNeeded(p, u, first)) return;
  const bool gradient = p.gradient != nullptr && u.weight != 0 && (p.flags & SOFTMAX_TERM) != 0;
  const Target target = {workspace.lists(n).column, u.labels};
  NearlyCertainUtterance{p, workspace, u, n, target, 2 * workspace.K, gradient, first, parts, {int(threadIdx.x % 32)}}.run();
}

}  // namespace complement
}  // namespace
