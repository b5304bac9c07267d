// ctc_small_loss: loss and gradient once more, in float64, of utterances whose loss is small though ctc_lattice walked them with float32 mantissas; and
// once more of those that are all but certain, see complement.cuh.
//
// Most utterances with a small loss have few doubts in every frame, and ctc_lattice walks them in float64 from the start. Here are those in which
// a frame or more is not like that (three columns that are as likely, a class that is not the target's): few, and they cost far more than others.
//
// Where the model is sure of the target both are small differences of float32 numbers near 1. ctc_lattice's sum over paths is a
// product whose logarithm is off by some 1e-7 sqrt(T), whatever the loss is. And in a frame that is not certain, though all its
// likely columns belong to paths of the target (a label that may begin in this frame or in the next), y and the posterior are
// each good to 1e-7, while y - posterior vanishes with 1 - p(target): over frames and distributions, KL(posterior || y) sums up
// to at most the loss. There, however, p(target) is near 1, so that what a float64 without an exponent of its own cannot hold
// cannot contribute to it, and few frames need more than they have:
//
//   best(t)   ln y_t(b), b the frame's best column. ctc_frames takes log1p of what all other classes have, 1e-7 of which is no loss
//             where that is below loss / sqrt(T); else, and below FLOAT32_NATS_PER_FRAME, the log-sum-exp over C once more, of classes
//             that have more than the loss a frame in float64, of others in float32, with what rounding took from their distance
//   E(t, u)   y_t(u) in float64; relative to b in certain frames (y_t(b) near 1), so that many of them lose nothing
//   p         the recursion (7) of Graves et al. 2006 from both ends, see lattice.cu, summed at the meeting frame H = T/2:
//             sum over s of reach(H, s) alpha'(H, s)
//   loss      -(sum over certain t of best(t) + ln p)
//   gradient  equation (16) at blank and labels as in labels.cu, from rows of posteriors, segment by segment, as in lattice.cu.
//             At other classes it is w y, a product that has its digits.
//
// In:  logits; losses [N]; workspace: Utterance [N], Lists, Frame [N][T]. Out: losses [N] and gradient of those utterances. E in
//      float64, Frame.best, edges, checkpoints and rows are overwritten: no kernel of the call but ctc_reduce may
//      come after.
// Which utterances: not walked in float64, and |loss| below the larger of NATS_PER_ROOT_FRAME sqrt(T) and NATS_PER_FRAME T. Others return at once. The loss needs
//      the former. The gradient is off by up to 1e-7 sqrt(T) before, its norm is about loss / sqrt(T) or more, so that their ratio
//      goes with T / loss: device_test finds 8e-7 at 0.008 nats a frame.
// Reduced loss, if `reduced` is not null (reduction.cuh): by the block that ends last. It knows by counting, at its end, those that have ended before.
//      That orders nothing, so it waits for each loss in a word that says itself whether it is there (Utterance.finalLoss); all of them are on their way by then,
//      so that nobody waits for a block that has not begun, and no fence is wanted.
// Parallel: one block an utterance. Frames by 16 lanes, but for the sum over C, which takes a warp. Then 32 pairs of states (a blank and the
//      label after it) a warp, both sides at once: within a warp the label is handed to the right by a shuffle, from warp to warp GROUP
//      frames at a time through shared memory, the next warp a group behind, with a barrier a group and none where a side has one warp;
//      more pairs: tiles, as in lattice.cu. The warps that have no pairs serve the frames and the labels alone.
// Launch: grid N, block 64 W, W = 6. Any W in 1 ... 6 gives the same bits; six, with 160 registers a thread, spill none, eight would. Shared
//      memory: 4.1 KB, static.
// Deterministic: each state has one thread; sums are fixed trees, the same for any block size. Which block ends last does not matter.
// Rejected: float64 throughout lattice.cu (1/64 rate on most devices); pairs of floats (as slow, and E would need them too);
// doing it within ctc_lattice (E is needed as it is by the gradient, and logits are read again).
#include "complement.cuh"
#include "ctc.cuh"
#include "reduction.cuh"

namespace {

constexpr int MAX_WARPS = 6;  // of a side
constexpr int GROUP = 8;      // frames that a warp takes before the next one does, and that E and rows are loaded ahead
constexpr double NATS_PER_ROOT_FRAME = 0.25;
constexpr double NATS_PER_FRAME = 0.006;
// float32 rounds the distance of a logit from the largest, by up to 2^-20 where that is 16 or more: so much of the sum of the other
// classes is lost. From so many nats a frame on, frames whose others have less than e^-16 are a ninth of the loss at most, and
// a millionth of it is safe; below they may be all there is.
constexpr double FLOAT32_NATS_PER_FRAME = 1e-6;

__device__ bool isNeeded(const Utterance& u, double loss) {
  const double frames = u.frames;
  return u.status == OK && u.frames > 0 && u.numbers != FLOAT64_NUMBERS && fabs(loss) < max(NATS_PER_ROOT_FRAME * sqrt(frames), NATS_PER_FRAME * frames);
}

// What the other classes of a frame may have for its float32 sum to do.
__device__ double exactEnough(const Utterance& u, double loss) {
  const double frames = u.frames;
  return loss < FLOAT32_NATS_PER_FRAME * frames ? 0 : min(loss / sqrt(frames), CERTAIN_FRAME);
}

// The share of a class, in nats, from which on it counts in float64 where a frame's classes are summed up once more: the loss a frame. Few
// have more, and of those below a ten-millionth may be lost.
__device__ float float64From(const Utterance& u, double loss) {
  return float(log(min(max(loss, 1e-30) / u.frames, CERTAIN_FRAME)));
}

// x - top as a float, and what rounding took from it.
struct Distance {
  float d, rest;

  __device__ Distance(float x, float top) : d(x - top) {
    const float taken = d - x;
    rest = (x - (d - taken)) + (-top - taken);
  }
};

// ln y of the class with the logit `top`, the target's best, by one warp. Another class may be above it, by no more
// than the loss. Each exponential is good to 2e-7 of itself, those above `float64From` are of float64.
template <typename X>
__device__ double bestOf(const X* row, int64_t stride, int count, float top, float float64From) {
  constexpr int AHEAD = 8;  // loads under way
  const WarpGroup warp{int(threadIdx.x % 32)};
  float small = 0;
  double sum = 0;
#pragma unroll 1
  for (int c = warp.lane; c < count; c += AHEAD * 32) {
    float x[AHEAD];
#pragma unroll
    for (int k = 0; k < AHEAD; k++) x[k] = c + k * 32 < count ? widen(row[(c + k * 32) * stride]) : -CTC_INFINITY;
#pragma unroll
    for (int k = 0; k < AHEAD; k++) {
      const Distance distance(x[k], top);
      if (distance.d > float64From) {
        sum += exponential(double(x[k]) - double(top));
      } else {
        const float e = expf(distance.d);
        small += fmaf(e, fminf(distance.rest, 1.0f), e);  // of -Infinity rest is NaN and e 0
      }
    }
    sum += small;
    small = 0;
  }
  return -log(warp.reduce<Sum>(sum));
}

// Lanes that share a frame, of its columns: fewer would spill.
constexpr int LANES = 16;
constexpr int FRAMES_OF_WARP = 32 / LANES;

// best and E of all frames. Where all other classes have no more than `exact`, best is that already, and of float64.
struct ExactFrames {
  const CtcProblem& p;
  const Workspace& workspace;
  const Utterance& u;
  const int n;
  const double exact;
  const float float64From;

  // By a whole warp.
  __device__ double best(int t, float top) const {
    const int64_t at = logitsIndex(p, n, t);
    const int64_t stride = p.logitsClassStride;
    switch (p.logitsType) {
      case FLOAT32: return bestOf((const float*)p.logits + at, stride, p.C, top, float64From);
      case FLOAT16: return bestOf((const Half*)p.logits + at, stride, p.C, top, float64From);
      default: return bestOf((const Bfloat*)p.logits + at, stride, p.C, top, float64From);
    }
  }

  // FRAMES_OF_WARP frames from `first` on, some of which may not be there.
  __device__ void frames(int first) const {
    const LaneGroup<LANES> group{int(threadIdx.x % LANES)};
    const int own = threadIdx.x % 32 / LANES;
    const int t = first + own;
    const int columns = t < u.frames ? u.columns : -1;
    const int64_t at = logitsIndex(p, n, min(t, u.frames - 1));
    const int32_t* distinct = workspace.lists(n).distinct;
    auto logit = [&](int column) {
      const int64_t c = distinct[column - 1];
      return logProbability(p.flags, element(p.logits, p.logitsType, at + c * p.logitsClassStride));
    };

    double top = -double(CTC_INFINITY);  // of the target's columns
#pragma unroll 1
    for (int c = group.lane; c <= columns; c += LANES) top = max(top, logit(c));
    top = group.reduce<Max>(top);

    Frame* frame = workspace.frames(n) + t;
    double best = __shfl_sync(WARP, group.lane == 0 && columns >= 0 ? frame->best : 0, own * LANES);
    const bool isNeeded = p.logitsType != FLOAT64 && best < -exact && !(p.flags & LOG_PROBS);
#pragma unroll 1
    for (int i = 0; i < FRAMES_OF_WARP; i++) {
      if (!__any_sync(WARP, isNeeded && own == i)) continue;
      const double found = this->best(first + i, __shfl_sync(WARP, float(top), i * LANES));
      if (own == i) best = found;
    }
    if (isNeeded && group.lane == 0) frame->best = best;
    double* emissions = workspace.emissions64(n) + t * workspace.width;
    const double scale = isCertain(best) ? 0 : best;
#pragma unroll 1
    for (int c = group.lane; c <= columns; c += LANES) emissions[c] = exponential((logit(c) - top) + scale);
  }

  __device__ void run() const {
    const int count = u.frames;  // read again and again it is a register that ptxas spills
#pragma unroll 1
    for (int t = threadIdx.x / 32 * FRAMES_OF_WARP; t < count; t += blockDim.x / 32 * FRAMES_OF_WARP) frames(t);
  }
};

// ---- the recursion ----------------------------------------------------------------------------------------------------------------------

// As in lattice.cu, but for numbers.
struct SmallLossSide {
  int number;
  int frames, labels;
  int half;
  const double* emissions;  // of tau = 0
  int64_t emissionStep;
  const int32_t* column;
  double* edges;  // [tau - from] the label of the tile's last pair before frame tau

  SmallLossSide() = default;
  __device__ SmallLossSide(const Workspace& workspace, const Utterance& u, int n, int side)
      : number(side), frames(u.frames), labels(u.labels) {
    half = side == 0 ? frames / 2 : frames - frames / 2;
    emissions = workspace.emissions64(n) + (side == 0 ? 0 : (frames - 1) * workspace.width);
    emissionStep = side == 0 ? workspace.width : -workspace.width;
    column = workspace.lists(n).column;
    edges = (double*)workspace.edges(n, side);
  }

  __device__ int64_t blankPlace(int j) const { return 2 * int64_t(number == 0 ? j : labels - j); }
  __device__ int64_t labelPlace(int j) const { return blankPlace(j) + (number == 0 ? 1 : -1); }
  __device__ int columnOf(int j) const { return column[number == 0 ? j : labels - 1 - j]; }
  __device__ bool skips(int j) const { return j > 0 && j < labels && columnOf(j) != columnOf(j - 1); }
};

struct SmallLossShared {
  // [side][warp][parity of the group][frame of it] the label before the warp's first pair, before the frame
  double handed[2][MAX_WARPS + 1][2][GROUP];
  double parts[SUM_PARTS];
  // What all threads need seldom: here, not in registers across the walks.
  alignas(Workspace) char workspaceBytes[sizeof(Workspace)];
  Utterance utterance;
  SmallLossSide sides[2];

  __device__ Workspace& workspace() { return *(Workspace*)workspaceBytes; }
};

enum Mode { ADVANCE, STORE, CONSUME };

struct SmallLossWalk {
  int from, to;         // tau
  int steps;            // of the side that has more of them: barriers agree
  const double* begin;  // state before `from`; null: before the first frame
  double* end;          // state after `to - 1`; null: not wanted
  double* row;          // STORE, CONSUME: the row of tau = from ...
  int64_t rowStep;      // ... and from each to the next
};

// All threads of the block call it together; `warps` of them a side walk, those of side 0 first.
template <Mode MODE>
__device__ void walk(const SmallLossSide& side, const SmallLossWalk& w, int warps, SmallLossShared& shared) {
  const int lane = threadIdx.x % 32;
  const int own = int(threadIdx.x / 32) % warps;
  const bool walks = int(threadIdx.x / 32) < 2 * warps;
  const int count = walks ? w.to - w.from : 0;
  const int pairs = 32 * warps;  // of a tile
  const int steps = (w.steps + GROUP - 1) / GROUP + warps - 1;
  double(*const handed)[GROUP] = shared.handed[side.number][own];
  double(*const toHand)[GROUP] = shared.handed[side.number][own + 1];
  double* const edges = side.edges;
  const int64_t emissionStep = side.emissionStep;

#pragma unroll 1
  for (int tile = 0; tile <= side.labels; tile += pairs) {
    const int j = tile + 32 * own + lane;
    const bool hasBlank = walks && j <= side.labels;
    const bool hasLabel = walks && j < side.labels;
    const int column = hasLabel ? side.columnOf(j) : 0;
    const bool skips = hasLabel && side.skips(j);
    const int64_t atBlank = side.blankPlace(j), atLabel = side.labelPlace(j);
    const bool takes = tile > 0 && own == 0;
    const bool hands = tile + pairs <= side.labels && own == warps - 1;
    double blank = w.begin == nullptr ? (j == 0 ? 1 : 0) : hasBlank ? w.begin[atBlank] : 0;
    double label = w.begin == nullptr || !hasLabel ? 0 : w.begin[atLabel];

    const double* emissions = side.emissions + w.from * emissionStep;  // of the frame to load next
    const double* rowAhead = w.row;                                   // likewise
    double* row = w.row;
    double blankAhead[GROUP], labelAhead[GROUP], otherBlank[GROUP], otherLabel[GROUP];
    auto load = [&](int d) {
      blankAhead[d] = emissions[0];
      labelAhead[d] = hasLabel ? emissions[column] : 0;
      emissions += emissionStep;
      if (MODE == CONSUME) {
        if (hasBlank) otherBlank[d] = rowAhead[atBlank];
        if (hasLabel) otherLabel[d] = rowAhead[atLabel];
        rowAhead += w.rowStep;
      }
    };
#pragma unroll
    for (int d = 0; d < GROUP; d++) {
      if (d < count) load(d);
    }
#pragma unroll 1
    for (int step = 0; step < steps; step++) {
      const int group = step - own;
      const int begin = group * GROUP;
      if (group >= 0 && begin < count) {
        if (own == 0) {
          if (lane < GROUP) handed[group % 2][lane] = takes && begin + lane < count ? edges[begin + lane] : 0;
          __syncwarp();
        }
#pragma unroll
        for (int d = 0; d < GROUP; d++) {
          const int i = begin + d;
          if (i < count) {
            double left = __shfl_up_sync(WARP, label, 1);
            if (lane == 0) left = handed[group % 2][d];
            if (lane == 31) {
              if (hands) edges[i] = label;
              toHand[group % 2][d] = label;
            }
            label = plus(plus(label, blank), skips ? left : 0);
            blank = plus(blank, left);
            if (MODE == STORE) {
              if (hasBlank) row[atBlank] = blank;
              if (hasLabel) row[atLabel] = label;
            }
            blank = times(blank, blankAhead[d]);
            label = times(label, labelAhead[d]);
            if (MODE == CONSUME) {
              if (hasBlank) row[atBlank] = times(blank, otherBlank[d]);
              if (hasLabel) row[atLabel] = times(label, otherLabel[d]);
            }
            if (MODE != ADVANCE) row += w.rowStep;
            if (i + GROUP < count) load(d);
          }
        }
      }
      if (warps > 1) __syncthreads();
    }
    if (w.end != nullptr) {
      if (hasBlank) w.end[atBlank] = blank;
      if (hasLabel) w.end[atLabel] = label;
    }
    __syncthreads();  // edges and what is handed on may be read and written by the next tile or walk, states by other threads
  }
}

// The walks of one utterance, in segments of K frames a side; see lattice.cu.
struct SmallLossWalks {
  const Workspace& workspace;
  const SmallLossSide& side;
  const int n;
  const int K, segments, warps;
  SmallLossShared& shared;

  __device__ int stepsOf(int k) const { return min(K, side.frames - side.frames / 2 - k * K); }
  __device__ int endOf(int k) const { return max(side.half - k * K, 0); }
  __device__ int beginOf(int k) const { return endOf(k + 1); }
  __device__ double* checkpoint(int k) const { return (double*)workspace.checkpoint(n, side.number, k); }
  __device__ const double* stateBefore(int k) const { return k == segments - 1 ? nullptr : checkpoint(k + 1); }

  __device__ void advance(int k) const {
    walk<ADVANCE>(side, {beginOf(k), endOf(k), stepsOf(k), stateBefore(k), checkpoint(k), nullptr, 0}, warps, shared);
  }
  __device__ void store(int k) const {
    const int from = beginOf(k);
    double* row = (double*)workspace.stored(n, side.number) + (side.half - 1 - from - k * K) * workspace.states;
    double* end = k == 0 ? checkpoint(0) : nullptr;
    walk<STORE>(side, {from, endOf(k), stepsOf(k), stateBefore(k), end, row, -workspace.states}, warps, shared);
  }
  __device__ void throughTheOther(int k) const {
    const int from = min(side.half + k * K, side.frames);
    double* row = (double*)workspace.stored(n, 1 - side.number);
    const int to = min(from + K, side.frames);
    walk<CONSUME>(side, {from, to, stepsOf(k), checkpoint(0), checkpoint(0), row, workspace.states}, warps, shared);
  }

  // ln p, the states at the meeting being there.
  __device__ double logTotal() const {
    const double* before = (const double*)workspace.checkpoint(n, 0, 0);
    const double* backward = (const double*)workspace.checkpoint(n, 1, 0);
    return log(sumInFixedOrder(side.labels + 1, shared.parts, [&](int j) {
      const int64_t s = 2 * int64_t(j);
      const double left = j > 0 ? before[s - 1] : 0;
      const double blank = times(plus(before[s], left), backward[s]);
      if (j >= side.labels) return blank;
      return plus(blank, times(plus(plus(before[s + 1], before[s]), shared.sides[0].skips(j) ? left : 0), backward[s + 1]));
    }));
  }
};

// ---- gradient and loss --------------------------------------------------------------------------------------------------------------------

// A class of one frame's logits.
struct Logits {
  const CtcProblem& p;
  const Lists lists;
  int n, t;

  __device__ double of(int column) const {
    const int64_t c = lists.distinct[column - 1];
    return logProbability(p.flags, element(p.logits, p.logitsType, logitsIndex(p, n, t) + c * p.logitsClassStride));
  }
};

// A row of states that a walk of this kernel stored.
struct SmallLossStates {
  const double* at;

  __device__ double blank(int j) const { return at[2 * int64_t(j)]; }
  __device__ double label(int j) const { return at[2 * int64_t(j) + 1]; }
};

struct SmallLossRow : Float64Row<SmallLossStates> {
  const Logits& logits;

  __device__ SmallLossRow(const Logits& logits, const SmallLossStates& states, const double* emissions, double best)
      : Float64Row(logits.p, states, emissions, best), logits(logits) {}
  // Of scores above 0 the share of the best one may be too small for a number where e^x is not, or e^x of the best too large.
  __device__ double y(int c, double scale) const { return scale > 1 ? exponential(logits.of(c)) : Float64Row::y(c, scale); }
};

// The frames of segment k, LANES each.
__device__ void labels(const CtcProblem& p, const SmallLossWalks& course, const Utterance& all, int k) {
  const Workspace& workspace = course.workspace;
  const int n = course.n;
  const LaneGroup<LANES> group{int(threadIdx.x % LANES)};
  const int64_t rows = 2 * workspace.K;
#pragma unroll 1
  for (int64_t first = threadIdx.x / 32 * FRAMES_OF_WARP; first < rows; first += blockDim.x / 32 * FRAMES_OF_WARP) {
    const int64_t q = first + threadIdx.x % 32 / LANES;
    int t = workspace.frameOfRow(int(q), k, all.frames);
    const bool isThere = q < rows && t >= 0 && t < all.frames;
    if (!__any_sync(WARP, isThere)) continue;
    Utterance u = all;
    if (!isThere) {
      t = 0;
      u.labels = u.columns = -1;
    }
    const double* emissions = workspace.emissions64(n) + t * workspace.width;
    const Logits logits = {p, workspace.lists(n), n, t};
    const SmallLossRow row(logits, {(const double*)workspace.row(n, isThere ? q : 0)}, emissions, workspace.frames(n)[t].best);
    LabelsOfFrame<SmallLossRow, LaneGroup<LANES>>{p, u, logits.lists, row, n, t, group}.run();
  }
}

// The loss, once the states at the meeting are there; false if there is none.
__device__ bool writeLoss(const CtcProblem& p, const Utterance& u, const SmallLossWalks& course) {
  const Frame* frames = course.workspace.frames(course.n);
  const double best =
      sumInFixedOrder(u.frames, course.shared.parts, [&](int t) { return isCertain(frames[t].best) ? frames[t].best : 0; });
  double loss = 0.0 - (best + course.logTotal());
  if (!(fabs(loss) < double(CTC_INFINITY))) return false;  // of log-probabilities that are none, float64 cannot hold the sums
  if (!(p.flags & LOG_PROBS)) loss = max(loss, 0.0);  // p(target) above 1 is rounding
  if (threadIdx.x == 0) p.losses[course.n] = loss;
  return true;
}

// Of an utterance that needs it.
__device__ void smallLoss(const CtcProblem& p, const Workspace& workspace, const Utterance& u, double first, SmallLossShared& shared) {
  const int n = blockIdx.x;
  ExactFrames{p, workspace, u, n, exactEnough(u, first), float64From(u, first)}.run();
  if (threadIdx.x < 2) shared.sides[threadIdx.x] = SmallLossSide(workspace, u, n, threadIdx.x);
  __syncthreads();

  const bool gradient = p.gradient != nullptr && u.weight != 0;
  const int longer = u.frames - u.frames / 2;
  const int K = gradient ? min(workspace.K, int64_t(longer)) : longer;
  const int warps = min(int(blockDim.x / 64), u.labels / 32 + 1);
  const SmallLossWalks course = {workspace, shared.sides[int(threadIdx.x / 32) < warps ? 0 : 1], n, K, (longer - 1) / K + 1, warps, shared};
  for (int k = course.segments - 1; k >= gradient; k--) course.advance(k);
  // each walk in one place: they are most of the kernel
  for (int k = 0; k < course.segments; k++) {
    if (gradient) course.store(k);
    if (k == 0 && !writeLoss(p, u, course)) return;
    if (!gradient) return;
    course.throughTheOther(k);
    labels(p, course, u, k);
    __syncthreads();  // rows are stored anew
  }
}

// ---- the reduced loss --------------------------------------------------------------------------------------------------------------------

// Of one block, whose own loss is there. Not inlined: few blocks come here, and registers are full.
__device__ __noinline__ void reduceLosses(LossReduction reduction, double* shared) {
  reduction.run({int(threadIdx.x), shared}, [&](int n) {
    const State* at = &reduction.utterances[n].finalLoss;
    const State loss = await(at, loadRelaxed(at));
    return __longlong_as_double((long long)(uint32_t(loss.low)) | (long long)loss.high << 32);
  });
}

// Hands over this block's loss; whether all others have. By all threads.
__device__ bool endsLast(const CtcProblem& p, const Workspace& workspace) {
  __syncthreads();  // the loss is there, and all have read their copy of Utterance
  bool last = false;
  if (threadIdx.x == 0) {
    const double loss = p.losses[blockIdx.x];
    const long long bits = loss == loss ? __double_as_longlong(loss) : 0x7ff8000000000000;  // a NaN that is not NOT_THERE
    storeRelaxedIf(true, &workspace.utterances()[blockIdx.x].finalLoss, {int(bits), int(bits >> 32)});
    last = atomicInc(workspace.ended(), gridDim.x - 1) == gridDim.x - 1;
  }
  return __syncthreads_or(last);
}
}  // namespace

extern "C" __global__ void __launch_bounds__(384, 1) ctc_small_loss(const CtcProblem p) {
  static __shared__ SmallLossShared shared;
  const Workspace workspace(p);
  const double first = p.losses[blockIdx.x];
  if (isNeeded(workspace.utterances()[blockIdx.x], first)) {
    if (threadIdx.x == 0) {
      shared.utterance = workspace.utterances()[blockIdx.x];
      shared.workspace() = workspace;
    }
    __syncthreads();  // before one thread writes the loss that all have read
    smallLoss(p, shared.workspace(), shared.utterance, first, shared);
    __syncthreads();  // it is there
  }
  complement::run(p, shared.parts);
  if (p.reduced != nullptr && endsLast(p, workspace)) reduceLosses(LossReduction(p), shared.parts);
}
