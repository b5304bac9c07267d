// ctc_align_wildcard_*: forced alignment to targets that do not tell all: an element may stand for any frames or for any labels, and labels may
// be left out (docs/wildcards.md; Cai and others, ICLR 2022; Pratap and others, NeurIPS 2022; Gao and others, ASRU 2023).
// The best sequence of states of 2 L + 1, element i being state 2 i + 1, the blank after it 2 i + 2, that before all 0:
//
//   best(t, blank after i) = max(best(t-1, element i), best(t-1, itself)) + score(t, blank)
//   best(t, element i)     = max(best(t-1, itself), [i is LABELS] best(t-1, blank after i), arriving(t, i)) + score(t, element i)
//   arriving(t, i)         = max over what is before i of best(t-1, s) - cost of the elements between, but not from a label to its like
//   score(t, FRAMES)       = ln sum_c e^score(t, c) - frame penalty,  score(t, LABELS) the same without the blank, less the label penalty
//
// Ties go to the greatest state. score(t, c) of classes is that of align.cu, with offsets.
//
// The same path as on the host (WildcardViterbi, WildcardScores), to the last tie: the same float64 additions and comparisons in the same order.
// Costs are added up element by element, once, and best + (cost up to here) is compared, so that a maximum over any run of elements has no
// rounding of its own. ln sum e^x is made of sums, products and quotients (decayed, logarithm), which round alike everywhere, in a fixed
// order: class c is added to part c mod 32, and the parts as a tree. Only log-probabilities that are reported agree up to rounding.
//
// ctc_align_wildcard_frames: what a frame on a wildcard scores.
// In:  logits, inputLength, frameCount, Norm [N][T] of ctc_align_frames, offsets of ctc_class_offsets.  Out: Sums [N][T].
// Parallel: one warp a frame, a class a lane; a row is read twice.
// Launch: grid ceil(N T / 8), block 256.
//
// ctc_align_wildcard_path: the recursion and the path, of utterances that have wildcards or may leave labels out. What ctc_align_path_* has
// said of the others stays, and so does what it has said of bad lengths and labels.
// In:  logits, targets, lengths, Norm, Sums.  Out: as ctc_align_path_*.
// Parallel: one block an utterance, an element and the blank after it a thread, as many elements at a time as the block has threads.
//      arriving is a running maximum over elements (Sources): a scan within each warp, one over the warps' totals, one barrier for
//      each such number of elements and frame. Rows lie in global memory, where each thread finds its own.
// Moves: 4 bytes an element and frame, the state that the best came from, and of the blank after it one bit.
// Segments: as in align.cu; a path goes back by at most one state, from the blank after LABELS, so of a segment that ends in state s elements
//      up to s / 2 are walked again.
// Launch: grid N, block 32 W, W = min(8, ceil(L / 32)), at least 1; any W in 1 ... 8 gives the same bits. Deterministic.
// Rejected: a state or two a lane as in align.cu, strip by strip (elements may be reached from any before them, and so wait for all of them);
//      a maximum for each label (of all but one label's the best two are enough); exp and log of the machine, or ties that it decides.
#include "align.cuh"
#include "ctc.cuh"

// The second parameter of ctc_align_wildcard_*.
struct AlignWildcards {
  char* workspace;        // of these kernels
  const double* offsets;  // [C] added to the scores of classes, or null
  double framePenalty, labelPenalty;
  double skipCost;  // +Infinity: nothing is left out
  int32_t K;        // frames of a segment
  int32_t unused;
};
static_assert(sizeof(AlignWildcards) == 48, "the host writes this structure byte by byte");

namespace {

constexpr int FRAMES_WILDCARD = -2, LABELS_WILDCARD = -3;  // in targets
constexpr int NO_LABEL = -1;
constexpr int MOST_WARPS = 8;

__device__ inline double negativeInfinity() { return -double(CTC_INFINITY); }

// ---- the workspace --------------------------------------------------------------------------------------------------------

// What FRAMES and LABELS score in a frame.
struct alignas(16) Sums {
  double frames, labels;
};

// The best score of all partial paths that are in an element, and in the blank after it.
struct alignas(16) Best {
  double element, blank;
};

struct WildcardWorkspace {
  char* at;
  int64_t N, T, places, K, Q;

  __device__ WildcardWorkspace(const AlignProblem& p, const AlignWildcards& wildcards)
      : at(wildcards.workspace), N(p.N), T(p.T), places(p.L + 1), K(wildcards.K) {
    Q = max((unsigned(p.T) + unsigned(K) - 1) / unsigned(K), 1u);  // a division of 64 bits is long
  }

  __device__ static int64_t align(int64_t bytes) { return (bytes + 255) & ~int64_t(255); }

  __device__ Sums* sums(int n) const { return (Sums*)at + n * T; }
  // What it costs to pass over all elements before i, since one that cannot be passed over; [L + 1].
  __device__ double* passed(int n) const { return (double*)(at + align(N * T * 16)) + n * places; }
  // The row before segment q, in place i + 1 element i, in place 0 the blank before all; that of place 0, which need not be kept, is at work.
  __device__ Best* kept(int n, int q) const { return (Best*)(at + keptAt()) + (n * Q + q) * places; }
  // Of frame 0 of a segment; a frame has L of them.
  __device__ uint32_t* moves(int n) const { return (uint32_t*)(at + keptAt() + align(N * Q * places * 16)) + n * K * (places - 1); }

 private:
  __device__ int64_t keptAt() const { return align(N * T * 16) + align(N * places * 8); }
};

// ---- scores -----------------------------------------------------------------------------------------------------------------

// e^x, x <= 0, and 0 below -700; the same bits as on the host (org.ctc4j.host.Probabilities), which takes the same steps: x = k ln 2 + r with
// |r| <= ln 2 / 2, and the series of e^r.
__device__ __noinline__ double decayed(double x) {
  constexpr double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;  // k times the first is exact
  const bool any = x >= -700;
  const double some = any ? x : 0;
  const double k = floor(some * LOG2E + 0.5);
  const double r = (some - k * LN2_HIGH) - k * LN2_LOW;
  double series = r * (1.0 / 6227020800) + 1.0 / 479001600;
  series = r * series + 1.0 / 39916800;
  series = r * series + 1.0 / 3628800;
  series = r * series + 1.0 / 362880;
  series = r * series + 1.0 / 40320;
  series = r * series + 1.0 / 5040;
  series = r * series + 1.0 / 720;
  series = r * series + 1.0 / 120;
  series = r * series + 1.0 / 24;
  series = r * series + 1.0 / 6;
  series = r * series + 0.5;
  series = r * series + 1;
  series = r * series + 1;
  return any ? series * __longlong_as_double((int64_t(k) + 1023) << 52) : 0;
}

// ln(1 + x), x >= 0.
__device__ inline double logOnePlus(double x) {
  const double sum = 1 + x;
  return logarithm(sum) + (x - (sum - 1)) / sum;  // what the sum has lost
}

// ln(e^a + e^b).
__device__ inline double logAdd(double a, double b) {
  const double most = a > b ? a : b, least = a > b ? b : a;
  return least > negativeInfinity() ? most + logOnePlus(decayed(least - most)) : most;
}

// Scores of the classes of a frame that is finite.
struct ClassScores {
  const void* logits;
  int64_t first, stride;  // index of class 0, and from a class to the next
  const double* offsets;  // of classes, or null
  double max;             // what they are relative to
  int32_t type, flags, classes;

  __device__ ClassScores(const AlignProblem& p, int n, int t, double max, const double* offsets)
      : logits(p.logits),
        first(logitsIndex(p, n) + t * p.logitsFrameStride),
        stride(p.logitsClassStride),
        offsets(offsets),
        max(max),
        type(p.logitsType),
        flags(p.flags),
        classes(p.C) {}

  __device__ double operator()(int c) const {
    const double score = logProbability(flags, element(logits, type, first + c * stride)) - max;
    return (score < -IMPOSSIBLE_NATS ? negativeInfinity() : score) + (offsets != nullptr ? offsets[c] : 0);
  }
};

// ln sum e^score over all classes, or over all but one, in the order that the host has.
__device__ __noinline__ double logSum(ClassScores scores, int without, WarpGroup warp) {
  const int classes = scores.classes;
  double own = negativeInfinity();
  int at = 0;
#pragma unroll 1
  for (int c = warp.lane; c < classes; c += 32) {
    const double x = c == without ? negativeInfinity() : scores(c);
    if (x > own) {
      own = x;
      at = c;
    }
  }
  const double most = warp.reduce<Max>(own);
  if (most == negativeInfinity()) return most;
  const int best = -warp.reduce<Max>(own == most ? -at : -classes);  // of equal ones the first
  double others = 0;  // their digits are those of -ln of the best one's share
#pragma unroll 1
  for (int c = warp.lane; c < classes; c += 32) {
    if (c != without && c != best) others += decayed(scores(c) - most);
  }
  return most + logOnePlus(warp.reduce<Sum>(others));
}

// ---- ctc_align_wildcard_frames --------------------------------------------------------------------------------------------------

__device__ void addUpFrame(const AlignProblem& p, const AlignWildcards& wildcards) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  const int n = int(number / p.T);
  const int t = int(number % p.T);
  if (!framesAreGood(p, n) || t >= p.inputLength[n]) return;
  const double max = ((const Norm*)p.workspace)[number].max;
  if (!(max < double(CTC_INFINITY))) return;

  const WarpGroup warp{int(threadIdx.x % 32)};
  const ClassScores scores(p, n, t, max, wildcards.offsets);
  const double labels = logSum(scores, p.blank, warp);
  const double frames = logAdd(labels, scores(p.blank));
  if (warp.lane == 0) {
    WildcardWorkspace(p, wildcards).sums(n)[t] = {frames - wildcards.framePenalty, labels - wildcards.labelPenalty};
  }
}

// ---- what elements are reached from ------------------------------------------------------------------------------------------------

// The best of a run of states, less what it costs to come to where the run is counted from, and the best of all but its label's: a label does
// not follow its like without a blank. Of equally good ones the greatest state.
struct Sources {
  double best, second;
  int32_t state, secondState;
  int32_t label;     // of the best; NO_LABEL: nothing is kept from it, and second is not wanted
  int32_t isBarred;  // nothing passes over the run

  __device__ static Sources none() { return {negativeInfinity(), negativeInfinity(), 0, 0, NO_LABEL, 0}; }

  // Of this run and the one after it. Number by number: a choice between structures would put them into memory.
  __device__ Sources then(const Sources& after) const {
    const bool isAfter = after.best >= best;
    const Sources first = chosen(isAfter, after, *this);
    const Sources other = chosen(isAfter, *this, after);
    const bool isAlike = other.label == first.label;
    const double most = isAlike ? other.second : other.best;
    const int mostState = isAlike ? other.secondState : other.state;
    const bool isOther = most > first.second || (most == first.second && mostState > first.secondState);
    const Sources both = {first.best,  isOther ? most : first.second, first.state, isOther ? mostState : first.secondState,
                          first.label, isBarred};
    return chosen(after.isBarred, after, both);
  }
  __device__ double scoreFor(int of) const { return isKept(of) ? second : best; }
  __device__ int stateFor(int of) const { return isKept(of) ? secondState : state; }
  // That of the lane so many to the left.
  __device__ Sources shifted(int lanes) const {
    return {__shfl_up_sync(WARP, best, lanes),        __shfl_up_sync(WARP, second, lanes), __shfl_up_sync(WARP, state, lanes),
            __shfl_up_sync(WARP, secondState, lanes), __shfl_up_sync(WARP, label, lanes),  __shfl_up_sync(WARP, isBarred, lanes)};
  }

 private:
  __device__ static Sources chosen(bool is, const Sources& a, const Sources& b) {
    return {is ? a.best : b.best,   is ? a.second : b.second, is ? a.state : b.state, is ? a.secondState : b.secondState,
            is ? a.label : b.label, is ? a.isBarred : b.isBarred};
  }
  __device__ bool isKept(int of) const { return of >= 0 && of == label; }
};

// ---- ctc_align_wildcard_path --------------------------------------------------------------------------------------------------------

struct WildcardShared {
  Sources totals[2][MOST_WARPS];  // of warps, in turn
  double reductions[MOST_WARPS];
  int state;
};

struct WildcardPath {  // an utterance
  const AlignProblem& p;
  const AlignWildcards& wildcards;
  const WildcardWorkspace workspace;
  const int n;
  const int32_t* target;
  const int labels;
  WildcardShared& shared;
  double start = 0;  // best score in the blank before all
  int turn = 0;

  __device__ const Norm& normOf(int t) const { return ((const Norm*)p.workspace)[n * int64_t(p.T) + t]; }
  __device__ ClassScores scoresOf(int t, const double* offsets) const {
    return {p, n, t, normOf(t).max, offsets};
  }
  __device__ double costOf(int label) const { return label == FRAMES_WILDCARD ? 0 : wildcards.skipCost; }

  // What each element is passed over at; by one thread, as each sum is the next one's beginning.
  __device__ void addUpCosts() const {
    double* passed = workspace.passed(n);
    double sum = 0;
    passed[0] = 0;
#pragma unroll 1
    for (int i = 0; i < labels; i++) {
      const double cost = costOf(target[i]);
      sum = cost < double(CTC_INFINITY) ? sum + cost : 0;
      passed[i + 1] = sum;
    }
  }

  // Passes over `count` elements of a row, which calls use(i, best, sources before element i); all threads together. Returns what can be
  // reached from behind the last.
  template <typename F>
  __device__ Sources pass(const Best* row, int count, F use) {
    const double* passed = workspace.passed(n);
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    Sources sum = Sources::none();
    sum.best = start;
    for (int base = 0; base < count; base += blockDim.x, turn ^= 1) {
      const int i = base + threadIdx.x;
      Best best = {negativeInfinity(), negativeInfinity()};
      Sources own = Sources::none();
      if (i < count) {
        best = row[i + 1];
        const double element = best.element + passed[i + 1], blank = best.blank + passed[i + 1];
        const bool isBarred = !(costOf(target[i]) < double(CTC_INFINITY));
        own = blank >= element ? Sources{blank, element, 2 * i + 2, 2 * i + 1, NO_LABEL, isBarred}
                               : Sources{element, blank, 2 * i + 1, 2 * i + 2, max(target[i], NO_LABEL), isBarred};
      }
      for (int d = 1; d < 32; d *= 2) {
        const Sources left = own.shifted(d);
        if (lane >= d) own = left.then(own);
      }
      const Sources left = own.shifted(1);
      if (lane == 31) shared.totals[turn][warp] = own;
      __syncthreads();  // totals of the turn before have been read by all
      Sources before = sum;
#pragma unroll 1
      for (int w = 0; w < warps; w++) {
        if (w == warp) before = sum;
        sum = sum.then(shared.totals[turn][w]);
      }
      if (lane > 0) before = before.then(left);
      if (i < count) use(i, best, before);
    }
    return sum;
  }

  // The row after frame t from that before it; `moves` of that frame, or null.
  __device__ void step(int t, Best* row, int count, uint32_t* moves) {
    const double* passed = workspace.passed(n);
    const ClassScores scores = scoresOf(t, wildcards.offsets);
    const double ofBlank = scores(p.blank);
    const Sums sums = workspace.sums(n)[t];
    pass(row, count, [&](int i, const Best& best, const Sources& before) {
      const int label = target[i];
      const double score = label == FRAMES_WILDCARD ? sums.frames : label == LABELS_WILDCARD ? sums.labels : scores(label);
      const bool isRun = label == LABELS_WILDCARD && best.blank >= best.element;
      const double stays = isRun ? best.blank : best.element;
      const double arrives = before.scoreFor(label) - passed[i];
      const bool isFromElement = best.element > best.blank;
      row[i + 1] = {(arrives > stays ? arrives : stays) + score, (isFromElement ? best.element : best.blank) + ofBlank};
      if (moves != nullptr) {
        const int source = arrives > stays ? before.stateFor(label) : 2 * i + 1 + isRun;
        moves[i] = unsigned(source) << 1 | unsigned(isFromElement);
      }
    });
    start += ofBlank;
  }

  __device__ void begin(Best* row, int q) {
    const Best* kept = workspace.kept(n, q);
    start = q == 0 ? 0 : kept[0].blank;
#pragma unroll 1
    for (int i = threadIdx.x; i < labels; i += blockDim.x) {
      row[i + 1] = q == 0 ? Best{negativeInfinity(), negativeInfinity()} : kept[i + 1];
    }
  }
  __device__ void keep(const Best* row, int q) const {
    Best* kept = workspace.kept(n, q);
    if (threadIdx.x == 0) kept[0].blank = start;
#pragma unroll 1
    for (int i = threadIdx.x; i < labels; i += blockDim.x) kept[i + 1] = row[i + 1];
  }

  // The path over frames [from, to), backwards from the state of the last of them; by one thread. Returns the state before them.
  __device__ int traceBack(int from, int to, int state) const {
    int32_t* states = p.states + pathIndex(p, n);
#pragma unroll 1
    for (int t = to - 1; t >= from; t--) {
      states[t] = state;
      if (state == 0) continue;
      const uint32_t move = workspace.moves(n)[(t - from) * (workspace.places - 1) + (state - 1) / 2];
      state = state % 2 == 1 ? int(move >> 1) : state - int(move & 1);
    }
    return state;
  }

  // Walks all frames and writes the states; false: there is no path.
  __device__ bool find(int frames) {
    Best* row = workspace.kept(n, 0);
    const int K = int(workspace.K);
    const int lastSegment = max(frames - 1, 0) / K;
    int state = 0;
    // up to the last segment without moves, and from it back with them
    for (int64_t i = 0; i <= 2 * int64_t(lastSegment); i++) {
      const bool isBack = i >= lastSegment;
      const int q = int(isBack ? 2 * int64_t(lastSegment) - i : i);
      const int from = q * K;
      const int to = q == lastSegment ? frames : from + K;
      const int count = q == lastSegment || !isBack ? labels : min(labels, state / 2 + 1);
      if (i == 0 || i > lastSegment) begin(row, q);
#pragma unroll 1
      for (int t = from; t < to; t++) {
        step(t, row, count, isBack ? workspace.moves(n) + (t - from) * (workspace.places - 1) : nullptr);
      }
      if (!isBack) {
        keep(row, q + 1);
        continue;
      }
      if (q == lastSegment) {
        const Sources end = pass(row, labels, [](int, const Best&, const Sources&) {});
        if (end.best == negativeInfinity()) return false;
        state = end.state;
      }
      __syncthreads();  // all moves are there
      if (threadIdx.x == 0) shared.state = traceBack(from, to, state);
      __syncthreads();
      state = shared.state;
    }
    return true;
  }

  // ln p of each frame in its state, by a warp each: without offsets and penalties.
  __device__ void writeLogProbabilities(int frames) const {
    const WarpGroup warp{int(threadIdx.x % 32)};
    const int64_t out = pathIndex(p, n);
#pragma unroll 1
    for (int t = threadIdx.x / 32; t < frames; t += blockDim.x / 32) {
      const int state = p.states[out + t];
      const int label = state % 2 == 0 ? p.blank : target[state / 2];
      const ClassScores scores = scoresOf(t, nullptr);
      const double score = label >= 0 ? scores(label) : logSum(scores, label == LABELS_WILDCARD ? p.blank : -1, warp);
      const bool isSure = label == FRAMES_WILDCARD && !(p.flags & LOG_PROBS);  // logits have a sum of 1
      if (warp.lane == 0) p.logProbabilities[out + t] = isSure ? 0 : score - normOf(t).logSum;
    }
  }
};

__device__ void alignToWildcards(const AlignProblem& p, const AlignWildcards& wildcards, WildcardShared& shared) {
  const int n = blockIdx.x;
  const BlockGroup block{int(threadIdx.x), shared.reductions};
  const int length = p.targetLength[n];
  const int64_t start = p.targetStart != nullptr ? p.targetStart[n] : n * p.targetStride;
  if (!framesAreGood(p, n) || length < 0 || length > p.L || start < 0 || start > p.targetsSize - length) return;
  const int32_t* target = p.targets + start;
  bool isWild = length > 0 && wildcards.skipCost < double(CTC_INFINITY);
  bool bad = false;
#pragma unroll 1
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    const int label = target[i];
    const bool is = label == FRAMES_WILDCARD || label == LABELS_WILDCARD;
    isWild |= is;
    bad |= !is && (label < 0 || label >= p.C || label == p.blank);
  }
  if (block.any(bad) || !block.any(isWild)) return;

  WildcardPath path{p, wildcards, WildcardWorkspace(p, wildcards), n, target, length, shared};
  int frames = p.inputLength[n];
  bool refused = false;
#pragma unroll 1
  for (int t = threadIdx.x; t < frames; t += blockDim.x) {
    const double max = path.normOf(t).max;
    bad |= max != max;
    refused |= max == double(CTC_INFINITY);
  }
  if (threadIdx.x == 0) path.addUpCosts();
  int status = block.any(bad) ? NOT_FINITE : OK;
  if (block.any(refused) && status == OK) status = BAD_LOG_PROBS;
  if (status == OK && !path.find(frames)) status = INFEASIBLE;
  if (status != OK) frames = 0;
  path.writeLogProbabilities(frames);
  __syncthreads();
  finishPath(p, n, frames, status, block);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    ctc_align_wildcard_frames(const AlignProblem problem, const AlignWildcards wildcards) {
  addUpFrame(problem, wildcards);
}

extern "C" __global__ void __launch_bounds__(256, 1)
    ctc_align_wildcard_path(const AlignProblem problem, const AlignWildcards wildcards) {
  static __shared__ WildcardShared shared;
  alignToWildcards(problem, wildcards, shared);
}
