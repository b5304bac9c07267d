// ctc_align_*: forced alignment. Of all frame-level paths that collapse to the target the most probable one (Viterbi): equations
// (5) to (7) of Graves et al. 2006 with the sum replaced by the greatest term, over the states of l',
//
//   best(t, s) = max(best(t-1, s), best(t-1, s-1), [s a label that differs from s-2's] best(t-1, s-2)) + score(t, l'(s))
//   before the first frame best = 0 in state 0, -Infinity in all others
//   score(t, c) = x(t, c) - m(t),   m(t) = max_k x(t, k) for logits, 0 for log-probabilities; of probabilities x is ln p
//
// m(t) takes the place of the log-sum-exp: it moves all paths alike, and it is exact. A score under -2^26 is -Infinity. Offsets (offsets.cu)
// are added to scores, and so not to the log-probabilities that are reported.
// Ties go to the first of the terms as they stand above: the greatest state.
//
// The same bits as on the host (org.ctc4j.alignment): both take the same float64 subtractions, additions and comparisons in the
// same order, and no exp, log or product, which two machines may round differently; the logarithm of probabilities is made of these, too. Only the log-probabilities that are
// reported, ln p = (x - m) - ln sum exp(x - m), agree up to rounding.
//
// ctc_align_frames: m(t) and ln sum exp(x - m) of each frame, of logits of any type.
// In:  logits (any strides), inputLength [N], frameCount [N].
// Out: workspace: Norm [N][T]; a frame with NaN or +Infinity has m = NaN, and with flag CHECK_LOG_PROBS one that cannot be
//      log-probabilities +Infinity. Frames t >= input length are never read.
// Parallel: one warp a frame; each row is read once, a class a lane: the exponentials take longer than the memory.
// Launch: grid ceil(N T / 8), block 256. No shared memory. Deterministic: fixed trees, the same wherever a row lies.
//
// ctc_align_path_TYPE: the recursion and the path. f16 is for bfloat16, too.
// In:  logits, targets, lengths; Norm [N][T].
// Out: states, logProbabilities [pathStart(n) + t], scores [N], statuses [N]. Frames without a path (t >= input length, or all
//      where the status is not OK) have state -1 and log-probability 0.
// Parallel: one block an utterance. A warp takes a strip of 64 neighbouring pairs (a blank and the label after it), two a
//      lane, over CHUNK frames. What it does not know of the pairs to its left spoils one pair more with every frame, so the
//      first CHUNK pairs of a strip are those that the strip before computes too, and are thrown away: between chunks
//      there is one barrier, within a chunk none. Rows lie in shared memory up to 512 pairs, else in the workspace.
// Moves: two bits a state (by how many states the best path moved there), one byte a lane and frame.
// Segments: where moves of all T frames are too many, the state before every K-th frame is kept, and segments of K frames
//      are walked again from the last to the first, with moves. A path that ends a segment in pair j began it at or after
//      pair j - K: only those are walked again. Chain: T steps with one segment, else 2 T - K.
// The way back is walked by one thread, 32 frames at a time: the warp fetches all moves that they could need before.
// Launch: grid N, block 32 W, W = min(8, strips), strips = 1 for L + 1 <= 64 pairs, else 1 + ceil((L + 1 - 64) / 48). Any
//      W in 1 ... 8 gives right results. Shared memory: two rows of 512 pairs, 16 KB, and 0.8 KB for the way back, static.
// Deterministic: each state has one writer; the bits depend on neither W nor K.
// Latency: logits and Norm are loaded into registers 8 frames ahead, as a group, and a group has no test of bounds and no branch (see
//      ctc_lattice_p*, Latency). Places are counted in bytes: of another unit each address would take a shift more. Cycles a frame as ptxas
//      schedules them for sm_90, one warp: f64 193, f32 205, f16 208, for loads of 270 and of 350 cycles; of probabilities and with offsets
//      some more, frame by frame.
// Memory: N (16 T + (Q + 2) 16 (L + 1) + K min(K + 2, L + 1) / 2) bytes and a little, Q = T / K; see README.md. Scores are not
//      stored but made of the logits each time: a table of T x distinct labels could be larger than all the rest.
// Rejected: a table E as ctc_lattice has it (float mantissas would decide ties otherwise than the host); warps in a pipeline
//      skewed in time (the edge between tiles of states is one more table of T numbers, and few strips keep few warps busy);
//      both ends at once (the best path through the middle is known by its score only, and its ties are not);
//      float32 scores (ties and near-ties come out otherwise); one path for all types (two predicated loads into one register wait for each
//      other: 294 cycles a frame); cp.async (it copies 4 bytes or more: not an element of 16 bits).
#include "align.cuh"
#include "ctc.cuh"

namespace {

constexpr int PAIRS = 2;              // of a lane
constexpr int STRIP = 32 * PAIRS;     // pairs of a warp
constexpr int CHUNK = 16;             // frames between two barriers
constexpr int FRESH = STRIP - CHUNK;  // pairs that a strip adds to the one before
constexpr int SHARED_PAIRS = 512;
constexpr int MAX_THREADS = 256;
constexpr int WINDOW = 32;            // frames that the way back takes at once
constexpr int WORDS = 5;              // of 8 pairs each: 32 neighbouring pairs lie in no more

__device__ inline double negativeInfinity() { return -double(CTC_INFINITY); }

__device__ inline int stripsOf(int pairs) { return pairs <= STRIP ? 1 : 1 + (pairs - STRIP + FRESH - 1) / FRESH; }

// ---- the workspace --------------------------------------------------------------------------------------------------------

// The best score of all partial paths that are in a blank, and in the label after it.
struct alignas(16) Best {
  double blank, label;
};

struct AlignWorkspace {
  char* at;
  int64_t N, T, pairs, K, Q;
  int64_t moveBytes;  // of a frame

  __device__ explicit AlignWorkspace(const AlignProblem& p) : at(p.workspace), N(p.N), T(p.T), pairs(p.L + 1), K(p.K) {
    Q = max((unsigned(p.T) + unsigned(p.K) - 1) / unsigned(p.K), 1u);  // a division of 64 bits is long
    moveBytes = bytesOfMoves(int(min(K + 2, pairs)));
  }

  __device__ static int64_t align(int64_t bytes) { return (bytes + 255) & ~int64_t(255); }
  // A byte has two pairs; every strip writes all of its.
  __device__ static int bytesOfMoves(int pairs) { return (stripsOf(pairs) * FRESH + CHUNK) / PAIRS; }

  __device__ Norm* norms(int n) const { return (Norm*)at + n * T; }
  // The row before segment q; place 0, where nothing need be kept, has the row after the last frame.
  __device__ Best* kept(int n, int q) const { return (Best*)(at + keptAt()) + (n * Q + q) * pairs; }
  __device__ Best* rows(int n) const { return (Best*)(at + rowsAt()) + n * 2 * pairs; }
  __device__ uint8_t* moves(int n) const { return (uint8_t*)(at + movesAt()) + n * K * moveBytes; }

 private:
  __device__ int64_t keptAt() const { return align(N * T * 16); }
  __device__ int64_t rowsAt() const { return keptAt() + align(N * Q * pairs * 16); }
  __device__ int64_t movesAt() const { return rowsAt() + (pairs <= SHARED_PAIRS ? 0 : align(N * 2 * pairs * 16)); }
};

// ---- ctc_align_frames ----------------------------------------------------------------------------------------------------------

// The largest of what was added, and sum exp(x - max) over the others: their digits are those of -ln p of the largest. NaN counts
// as nothing.
struct LogSum {
  double max = negativeInfinity(), others = 0;

  __device__ void add(double x) {
    if (!(x > negativeInfinity())) return;
    const double less = exponential(-fabs(x - max));  // the smaller of both, relative to the larger
    others = x > max ? (others + 1) * less : others + less;
    max = x > max ? x : max;
  }
  __device__ Norm together(const WarpGroup& warp) const {
    const double all = warp.reduce<Max>(max);
    if (all == negativeInfinity()) return {0, 0};  // nothing is possible in this frame
    const double last = warp.reduce<Max>(max == all ? double(warp.lane) : -1.0);  // the lane whose largest is left out
    const double own = double(warp.lane) == last ? 0 : 1;
    const double share = max == negativeInfinity() ? 0 : (others + own) * exponential(max - all);
    return {all, log1p(warp.reduce<Sum>(share))};
  }
};

// What a lane finds of the logits, or log-probabilities, of a frame.
struct OwnLogits {
  LogSum sum;
  bool bad = false;  // one is NaN or +Infinity
};

template <typename X>
__device__ OwnLogits addUp(const X* at, int64_t stride, int count, int lane) {
  OwnLogits own;
#pragma unroll 1
  for (int c = lane; c < count; c += 32) {
    const double x = widen(at[c * stride]);
    own.bad |= !(x < CTC_INFINITY);  // true for NaN
    own.sum.add(x);
  }
  return own;
}

// By one warp; `first`: index of class 0.
__device__ Norm normOf(const AlignProblem& p, int64_t first, const WarpGroup& warp) {
  const int64_t stride = p.logitsClassStride;
  const bool checks = p.flags & CHECK_LOG_PROBS;
  if (p.flags & PROBABILITIES) {
    const ProbabilityFrame frame = probabilityFrame(p.logits, p.logitsType, first, stride, p.C, warp);
    return {frame.bad ? notANumber() : checks && !frame.fine ? double(CTC_INFINITY) : 0, 0};
  }
  OwnLogits own;
  switch (p.logitsType) {
    case FLOAT64: own = addUp((const double*)p.logits + first, stride, p.C, warp.lane); break;
    case FLOAT32: own = addUp((const float*)p.logits + first, stride, p.C, warp.lane); break;
    case FLOAT16: own = addUp((const Half*)p.logits + first, stride, p.C, warp.lane); break;
    default: own = addUp((const Bfloat*)p.logits + first, stride, p.C, warp.lane);
  }
  Norm norm = own.sum.together(warp);
  if (p.flags & LOG_PROBS) {
    const bool refused = checks && !canBeLogProbs(p.logitsType, norm.max, exponential(norm.max + norm.logSum));
    norm = {refused ? double(CTC_INFINITY) : 0, 0};
  }
  if (warp.any(own.bad)) norm.max = notANumber();
  return norm;
}

__device__ void alignFrame(const AlignProblem& p) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  const int n = int(number / p.T);
  const int t = int(number % p.T);
  if (!framesAreGood(p, n) || t >= p.inputLength[n]) return;

  const WarpGroup warp{int(threadIdx.x % 32)};
  const Norm norm = normOf(p, logitsIndex(p, n) + t * p.logitsFrameStride, warp);
  if (warp.lane == 0) AlignWorkspace(p).norms(n)[t] = norm;
}

// ---- ctc_align_path ------------------------------------------------------------------------------------------------------------

struct AlignShared {
  Best rows[2][SHARED_PAIRS];
  uint32_t window[WINDOW][WORDS];  // moves of 32 frames, the last one first
  int32_t path[WINDOW];            // their states
  double reductions[MAX_THREADS / 32];
  int lastState;                   // of the path; -1: there is none
  int traced;                      // its state before the frames that have been traced back
};

// How logits are read. Bits: as a number is loaded, long before it is wanted.
template <typename X>
struct LogitsOf {
  using Bits = X;

  __device__ explicit LogitsOf(int32_t) {}
  __device__ X value(X bits) const { return bits; }
};

// float16 or bfloat16, known at run time.
struct ShortLogits {
  using Bits = uint16_t;
  const bool areHalf;

  __device__ explicit ShortLogits(int32_t type) : areHalf(type == FLOAT16) {}
  __device__ float value(uint16_t bits) const {
    const float half = widen(Half{bits}), bfloat = widen(Bfloat{bits});
    return areHalf ? half : bfloat;
  }
};

template <typename Logits>
struct AlignUtterance {  // an utterance
  const Logits kind;
  const char* logits;  // of its first frame
  int64_t frameStride, classStride;  // in bytes
  const Norm* norms;
  const int32_t* target;
  int labels;
  int blank;
  int32_t flags;
  const double* offsets;  // of the blank, of each label; or null

  __device__ typename Logits::Bits bitsAt(const char* at) const { return *(const typename Logits::Bits*)at; }
  __device__ int classOf(int state) const { return state % 2 == 0 ? blank : target[state / 2]; }
  __device__ double logProbability(int t, int state) const {
    const double x = kind.value(bitsAt(logits + t * frameStride + classOf(state) * classStride));
    return (flags & PROBABILITIES ? logarithm(x) : x) - norms[t].max - norms[t].logSum;
  }
};

// A row of pairs from `first` on.
template <typename B>
struct PairRow {
  B* at;
  int first;

  __device__ B& operator[](int pair) const { return at[pair - first]; }
};

// Frames [from, to) of pairs [low, high].
struct AlignWalk {
  int from, to, low, high;
  const Best* begin;  // by pair: before `from`; null: before the first frame
  Best* end;          // by pair: after `to - 1`
  uint8_t* moves;     // [t - from][bytesOfMoves(high - low + 1)], or null
};

// The two pairs that a lane has in a strip. Past the last label stands the blank's column: no path goes on from there.
struct AlignLane {
  int pair;                // the first
  bool skips[PAIRS];       // the label may be reached from the label before
  int64_t column[PAIRS];   // of the label, in bytes from class 0

  template <typename Logits>
  __device__ AlignLane(const AlignUtterance<Logits>& utterance, const AlignWalk& walk, int strip, int index)
      : pair(walk.low + strip * FRESH + index * PAIRS) {
#pragma unroll
    for (int k = 0; k < PAIRS; k++) {
      const int j = pair + k;
      const bool has = j < utterance.labels && j <= walk.high;
      const int label = has ? utterance.target[j] : utterance.blank;
      column[k] = label * utterance.classStride;
      skips[k] = has && j > 0 && label != utterance.target[j - 1];
    }
  }
};

struct AlignScores {
  double blank, label[PAIRS];

  __device__ AlignScores plus(const AlignScores& added) const {
    AlignScores sum = {blank + added.blank, {}};
#pragma unroll
    for (int k = 0; k < PAIRS; k++) sum.label[k] = label[k] + added.label[k];
    return sum;
  }
};

// What is added to the scores of the pairs that a lane has; 0 where nothing is.
template <typename Logits>
__device__ AlignScores offsetsOf(const AlignUtterance<Logits>& utterance, const AlignLane& lane) {
  AlignScores offsets = {};
  if (utterance.offsets == nullptr) return offsets;
  offsets.blank = utterance.offsets[0];
#pragma unroll
  for (int k = 0; k < PAIRS; k++) {
    const int j = lane.pair + k;
    if (j < utterance.labels) offsets.label[k] = utterance.offsets[j + 1];
  }
  return offsets;
}

// What is known of a frame before it is walked.
template <typename Logits>
struct AlignInput {
  typename Logits::Bits blank, label[PAIRS];
  double max;

  __device__ double score(double x) const {
    const double score = x - max;
    return score < -IMPOSSIBLE_NATS ? negativeInfinity() : score;
  }
  __device__ AlignScores scores(const Logits& kind) const {
    AlignScores scores = {score(kind.value(blank)), {}};
#pragma unroll
    for (int k = 0; k < PAIRS; k++) scores.label[k] = score(kind.value(label[k]));
    return scores;
  }
  __device__ AlignScores scoresOfProbabilities(const Logits& kind) const {
    AlignScores scores = {logarithm(kind.value(blank)), {}};
#pragma unroll
    for (int k = 0; k < PAIRS; k++) scores.label[k] = logarithm(kind.value(label[k]));
    return scores;
  }
};

// The inputs of a lane, loaded a group of frames ahead. By groups, since all loads of a loop are one counter to the machine: a wait for the
// oldest waits for the youngest.
template <typename Logits>
struct AlignInputs {
  static constexpr int GROUP = 8;
  static_assert(CHUNK % GROUP == 0, "a chunk has whole groups");
  const AlignUtterance<Logits>& utterance;
  const int to;  // of the walk
  AlignInput<Logits> now[GROUP], next[GROUP];

  // Frames from `start` on for one lane or the other: a choice between their numbers, for one between addresses would put both into
  // memory. For frames beyond the end stands the last one: without a branch.
  __device__ void load(const AlignLane& lane, const AlignLane& other, bool first, int start) {
    int64_t column[PAIRS];
#pragma unroll
    for (int k = 0; k < PAIRS; k++) column[k] = first ? lane.column[k] : other.column[k];
    int t = min(start, to - 1);
    const char* row = utterance.logits + t * utterance.frameStride;
    const Norm* norm = utterance.norms + t;
    const int64_t blank = utterance.blank * utterance.classStride;
#pragma unroll
    for (int i = 0; i < GROUP; i++) {
      next[i].max = norm->max;
      next[i].blank = utterance.bitsAt(row + blank);
#pragma unroll
      for (int k = 0; k < PAIRS; k++) next[i].label[k] = utterance.bitsAt(row + column[k]);
      const bool hasNext = start + i + 1 < to;
      row += hasNext ? utterance.frameStride : 0;
      norm += hasNext;
    }
  }
  __device__ void turn() {
#pragma unroll
    for (int i = 0; i < GROUP; i++) now[i] = next[i];
  }
  // The next frame of the group becomes now[0].
  __device__ void shift() {
#pragma unroll
    for (int i = 0; i + 1 < GROUP; i++) now[i] = now[i + 1];
  }
};

// One frame of two pairs; `left` is the label before them. Returns the moves.
__device__ unsigned step(Best (&best)[PAIRS], double left, const AlignLane& lane, const AlignScores& scores) {
  unsigned moves = 0;
#pragma unroll
  for (int k = 0; k < PAIRS; k++) {
    const Best old = best[k];
    const bool fromLeft = left > old.blank;
    best[k].blank = (fromLeft ? left : old.blank) + scores.blank;
    double most = old.label;
    unsigned move = 0;
    if (old.blank > most) {
      most = old.blank;
      move = 1;
    }
    if (lane.skips[k] && left > most) {
      most = left;
      move = 2;
    }
    best[k].label = most + scores.label[k];
    moves |= (unsigned(fromLeft) | move << 2) << 4 * k;
    left = old.label;
  }
  return moves;
}

// All threads of the block call it together.
template <typename Logits>
__device__ void walkFrames(const AlignUtterance<Logits>& utterance, const AlignWalk& walk, Best* buffer, int bufferPairs) {
  constexpr int GROUP = AlignInputs<Logits>::GROUP;
  const int index = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int warps = blockDim.x / 32;
  const int strips = stripsOf(walk.high - walk.low + 1);
  const int moveBytes = AlignWorkspace::bytesOfMoves(walk.high - walk.low + 1);
  const bool areProbabilities = utterance.flags & PROBABILITIES;

  AlignLane lane(utterance, walk, warp, index);
  AlignInputs<Logits> inputs{utterance, walk.to};
  if (warp < strips && walk.from < walk.to) inputs.load(lane, lane, true, walk.from);
  int turn = 0;
  for (int start = walk.from; start < walk.to; start += CHUNK, turn ^= 1) {
    const PairRow<const Best> before = start == walk.from ? PairRow<const Best>{walk.begin, 0}
                                                       : PairRow<const Best>{buffer + (turn ^ 1) * bufferPairs, walk.low};
    const PairRow<Best> after =
        start + CHUNK >= walk.to ? PairRow<Best>{walk.end, 0} : PairRow<Best>{buffer + turn * bufferPairs, walk.low};
    for (int strip = warp; strip < strips; strip += warps) {
      const bool lastStrip = strip + warps >= strips;
      const int nextStart = lastStrip ? start + CHUNK : start;
      const AlignLane next(utterance, walk, lastStrip ? warp : strip + warps, index);
      Best best[PAIRS];
#pragma unroll
      for (int k = 0; k < PAIRS; k++) {
        const int pair = lane.pair + k;
        best[k] = {pair == 0 && before.at == nullptr ? 0 : negativeInfinity(), negativeInfinity()};
        if (before.at != nullptr && pair <= walk.high) best[k] = before[pair];
      }
      const bool fresh = strip == 0 || index * PAIRS >= CHUNK;
      const bool writes = fresh && walk.moves != nullptr;
      uint8_t* moves = walk.moves + int64_t(start - walk.from) * moveBytes + strip * (FRESH / PAIRS) + index;
      auto frame = [&](const AlignScores& scores) {
        double left = __shfl_up_sync(WARP, best[PAIRS - 1].label, 1);
        if (index == 0) left = negativeInfinity();
        const unsigned moved = step(best, left, lane, scores);
        if (writes) *moves = uint8_t(moved);
        moves += moveBytes;
      };
      const int frames = min(CHUNK, walk.to - start);
      // the group after the one at `group`: of this strip and chunk, or of the next
      auto advance = [&](int group) {
        const bool own = group + GROUP < frames;
        inputs.turn();
        inputs.load(lane, next, own, own ? start + group + GROUP : nextStart);
      };
      int group = 0;
      if (!areProbabilities && utterance.offsets == nullptr) {
#pragma unroll 1
        for (; group + GROUP <= frames; group += GROUP) {
          advance(group);
#pragma unroll
          for (int i = 0; i < GROUP; i++) frame(inputs.now[i].scores(utterance.kind));
        }
      }
      // what is left, or of probabilities and with offsets all, frame by frame: logarithms are long, and few want offsets
      const AlignScores offsets = offsetsOf(utterance, lane);
#pragma unroll 1
      for (; group < frames; group += GROUP) {
        advance(group);
#pragma unroll 1
        for (int i = group; i < min(group + GROUP, frames); i++, inputs.shift()) {
          const AlignInput<Logits>& input = inputs.now[0];
          frame((areProbabilities ? input.scoresOfProbabilities(utterance.kind) : input.scores(utterance.kind)).plus(offsets));
        }
      }
#pragma unroll
      for (int k = 0; k < PAIRS; k++) {
        if (fresh && lane.pair + k <= walk.high) after[lane.pair + k] = best[k];
      }
      lane = next;
    }
    __syncthreads();
  }
}

// The path over the frames of a walk with moves, backwards from the state of the last of them; by one warp.
template <typename Logits>
__device__ void traceBack(const AlignProblem& p, const AlignUtterance<Logits>& utterance, const AlignWalk& walk, int state, int64_t out,
                          AlignShared& shared) {
  const int index = threadIdx.x % 32;
  const int words = AlignWorkspace::bytesOfMoves(walk.high - walk.low + 1) / 4;
  const uint32_t* moves = (const uint32_t*)walk.moves;
  for (int last = walk.to - 1; last >= walk.from; last -= WINDOW) {
    const int count = min(WINDOW, last - walk.from + 1);
    const int pair = state / 2 - walk.low;
    const int firstWord = max(pair - (WINDOW - 1), 0) / 8;
    if (index < count) {
      const uint32_t* row = moves + int64_t(last - index - walk.from) * words;
#pragma unroll
      for (int w = 0; w < WORDS; w++) {
        if (firstWord + w <= pair / 8) shared.window[index][w] = row[firstWord + w];
      }
    }
    __syncwarp();  // the window is there, and what of the path before it was wanted has been read
    if (index == 0) {
#pragma unroll 1
      for (int k = 0; k < count; k++) {
        shared.path[k] = state;
        const int at = state / 2 - walk.low;
        state -= shared.window[k][at / 8 - firstWord] >> (4 * (at % 8) + 2 * (state % 2)) & 3;
      }
    }
    __syncwarp();
    state = __shfl_sync(WARP, state, 0);
    if (index < count) {
      const int t = last - index;
      p.states[out + t] = shared.path[index];
      p.logProbabilities[out + t] = utterance.logProbability(t, shared.path[index]);
    }
  }
  if (index == 0) shared.traced = state;
}

// Where the best path ends, of a row after the last frame; -1: nowhere.
__device__ int lastState(const Best* end, int labels) {
  const double inBlank = end[labels].blank;
  const double inLabel = labels > 0 ? end[labels - 1].label : negativeInfinity();
  if (inBlank == negativeInfinity() && inLabel == negativeInfinity()) return -1;
  return 2 * labels - (inLabel > inBlank);
}

// Walks all frames and writes the path; false: there is none. frames > 0.
template <typename Logits>
__device__ bool findPath(const AlignProblem& p, int n, const AlignUtterance<Logits>& utterance, int frames, int64_t out, AlignShared& shared) {
  const AlignWorkspace workspace(p);
  const bool small = workspace.pairs <= SHARED_PAIRS;
  Best* const buffer = small ? shared.rows[0] : workspace.rows(n);
  const int bufferPairs = small ? SHARED_PAIRS : int(workspace.pairs);
  const int lastSegment = (frames - 1) / p.K;
  auto kept = [&](int q) { return q == 0 ? nullptr : workspace.kept(n, q); };

  int state = 0;
  // up to the last segment without moves, and from it back with them, in one loop: the walk is most of the kernel
  for (int64_t i = 0; i <= 2 * int64_t(lastSegment); i++) {
    const bool isBack = i >= lastSegment;
    const int q = int(isBack ? 2 * int64_t(lastSegment) - i : i);
    const int from = q * p.K;
    const int to = q == lastSegment ? frames : from + p.K;
    AlignWalk walk = {from, to, 0, utterance.labels, kept(q), workspace.kept(n, isBack ? 0 : q + 1), nullptr};
    if (isBack) {
      // a path ends in the last blank or the last label
      const int lowestEnd = q == lastSegment ? max(utterance.labels - 1, 0) : state / 2;
      if (q < lastSegment) walk.high = state / 2;
      walk.low = max(lowestEnd - (to - from), 0);
      walk.moves = workspace.moves(n);
    }
    walkFrames(utterance, walk, buffer, bufferPairs);
    if (!isBack) continue;
    if (q == lastSegment) {
      if (threadIdx.x == 0) shared.lastState = lastState(walk.end, utterance.labels);
      __syncthreads();
      state = shared.lastState;
      if (state < 0) return false;
    }
    if (threadIdx.x < 32) traceBack(p, utterance, walk, state, out, shared);
    __syncthreads();
    state = shared.traced;
  }
  return true;
}

// What prevents a path from being looked for: a bad length or label, a frame that is not finite or not of log-probabilities, too
// few frames.
template <typename Logits>
__device__ int inspect(const AlignProblem& p, int n, int64_t start, const AlignUtterance<Logits>& utterance, const BlockGroup& block) {
  const int length = p.targetLength[n];
  if (!framesAreGood(p, n) || length < 0 || length > p.L || start < 0 || start > p.targetsSize - length) return BAD_LENGTH;
  bool bad = false;
  int repeats = 0;
#pragma unroll 1
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    const int label = utterance.target[i];
    bad |= label < 0 || label >= p.C || label == p.blank;
    repeats += i > 0 && label == utterance.target[i - 1];
  }
  if (block.any(bad)) return BAD_LABEL;
  const int frames = p.inputLength[n];
  bool refused = false;
#pragma unroll 1
  for (int t = threadIdx.x; t < frames; t += blockDim.x) {
    const double max = utterance.norms[t].max;
    bad |= max != max;
    refused |= max == double(CTC_INFINITY);
  }
  if (block.any(bad)) return NOT_FINITE;
  if (block.any(refused)) return BAD_LOG_PROBS;
  return frames < length + block.reduce<Sum>(repeats) ? INFEASIBLE : OK;
}

template <typename Logits>
__device__ void alignUtterance(const AlignProblem& p, AlignShared& shared) {
  const int n = blockIdx.x;
  const BlockGroup block{int(threadIdx.x), shared.reductions};
  const int64_t start = p.targetStart != nullptr ? p.targetStart[n] : n * p.targetStride;
  const Norm* norms = AlignWorkspace(p).norms(n);
  constexpr int64_t SIZE = sizeof(typename Logits::Bits);
  const AlignUtterance<Logits> utterance = {Logits(p.logitsType),
                                            (const char*)p.logits + logitsIndex(p, n) * SIZE,
                                            p.logitsFrameStride * SIZE,
                                            p.logitsClassStride * SIZE,
                                            norms,
                                            p.targets + start,
                                            p.targetLength[n],
                                            p.blank,
                                            p.flags,
                                            p.offsets != nullptr ? p.offsets + n * (int64_t(p.L) + 1) : nullptr};
  const int64_t out = pathIndex(p, n);

  int status = inspect(p, n, start, utterance, block);
  int frames = status == OK ? p.inputLength[n] : 0;
  if (frames > 0 && !findPath(p, n, utterance, frames, out, shared)) {
    status = INFEASIBLE;
    frames = 0;
  }
  finishPath(p, n, frames, status, block);
}

}  // namespace

#define CTC_ALIGN_frames \
  extern "C" __global__ void __launch_bounds__(256) ctc_align_frames(const AlignProblem problem) { alignFrame(problem); }
#define CTC_ALIGN_PATH(TYPE, LOGITS)                                                                       \
  extern "C" __global__ void __launch_bounds__(256, 1) ctc_align_path_##TYPE(const AlignProblem problem) { \
    static __shared__ AlignShared shared;                                                                  \
    alignUtterance<LOGITS>(problem, shared);                                                               \
  }
#define CTC_ALIGN_f64 CTC_ALIGN_PATH(f64, LogitsOf<f64>)
#define CTC_ALIGN_f32 CTC_ALIGN_PATH(f32, LogitsOf<f32>)
#define CTC_ALIGN_f16 CTC_ALIGN_PATH(f16, ShortLogits)
#define CTC_ALIGN_OF(FILE) CTC_ALIGN_FILE(FILE)
#define CTC_ALIGN_FILE(FILE) CTC_ALIGN_##FILE

// scripts/build-ptx makes a file for each: a driver then translates only what is used.
#ifdef CTC_ONLY
CTC_ALIGN_OF(CTC_ONLY)
#else
CTC_ALIGN_frames
CTC_ALIGN_f64
CTC_ALIGN_f32
CTC_ALIGN_f16
#endif
