// ctc_lattice_p*, ctc_lattice_split_*: the recursions over the states of each utterance, from both ends at once.
//
// The states are those of l': the target with a blank before, between and after its labels. With E(t, s) the probability of
// state s's class at frame t (relative to the frame's best column, see frames.cu), equations (5) to (7) of Graves et al. 2006:
//
//   reach(t, s) = alpha(t-1, s) + alpha(t-1, s-1) + [s a label that differs from s-2's] alpha(t-1, s-2)
//   alpha(t, s) = reach(t, s) E(t, s)
//
// Beta (equations (9) to (11)) is the same recursion on the reversed utterance: target and time reversed, blanks stay at even
// places. Its reach'(t, s) is the probability of all suffixes without frame t's own class, so that
//
//   p(l | x) = sum_s alpha(t, s) reach'(t, s)       for any t                                            equation (8)
//   posterior(t, s) = alpha(t, s) reach'(t, s) / p  = alpha'(t, s) reach(t, s) / p                  terms of (14)
//
// So there is one recursion, walked by two sides: side 0 forward, side 1 on the reversed utterance. A side counts time by tau:
// tau = t for side 0, tau = T-1-t for side 1. Each stores reach over its first half (side 0: H = T/2 frames, side 1: T - H), they
// meet, the loss comes from frame H; then each walks on through the other's half and multiplies its alpha with the reach
// that the other stored there, in place: the entry becomes the (unnormalised) posterior, a float and an exponent. Whoever reads it scales
// it (PosteriorRow in ctc.cuh): that is work for all of the device, where this is a chain.
// The chain of dependent steps is T long, not 2 T, and one row of S states a frame is stored, not two.
//
// Segments. Where memory for T/2 rows a side is short, only K rows are kept: frames at distance k K ... (k+1) K - 1 from the
// meeting form segment k. On the way to the meeting (launch 0) the state before each segment is saved; launch k replays segment
// k of its own half from there, storing reach, and then walks the other side's segment k. The chain becomes 1.5 T.
//
// Exponents. A state is m 2^e with float m and int e: no rescaling, no range to underflow. m is renormalised to [1, 2) only every
// CHUNK frames: in between it grows at most sixfold a frame (three terms, times a mantissa below 2), and what alignment shifts
// out is below 2^-100 of the sum. exponents stay above -(sum over frames of Frame.range), which is checked against 2^29
// beforehand; the zero's exponent, -2^30 and a little, is then below all others, so a zero never decides an alignment, and no sum
// of two exponents overflows. Utterances beyond (labels of probability e^-10,000 in each of 50,000 frames, say) take the same
// walk with float64 logarithms (struct Logarithm), slowly.
//
// Few doubts. The mantissas of floats give the sum over paths to some 1e-7 sqrt(T), whatever the loss is. Of a small loss, and of a gradient that is
// y - posterior in frames where both are far from 0 and 1, that leaves no digits. Frames in which the model has few doubts have E in float64, too
// (Frame.doubt, see frames.cu). An utterance of such frames alone, in which best is above -MOST_DOUBT on the average, has plain float64s for states
// (Float64), a walk that takes no longer. Its E is y itself but in certain frames, so alpha is never above 1; nor is what p cannot hold of any weight, as
// long as p is above 2^-MOST_BITS. Where it is not (a model that is sure of another target) the utterance is walked again, with exponents; where several blocks
// share it, by the one of the meeting, by tiles. The sums that decide are of whole numbers: all blocks of an utterance decide alike.
//
// In:  workspace: Utterance [N], Lists, Frame [N][T], E [N][T][width], and in float64.
// Out: losses [N], statuses [N]; workspace: Utterance.status, numbers, log2Probability; stored rows with posteriors of segment k.
//      The places stored(n, side)[row]: row = distance from the meeting - k K; in it a place for each blank, then for each label,
//      as the side counts them: neighbouring lanes store to neighbouring places, and those of a lane are constants apart for both sides.
// Parallel: one block an utterance: W warps a side. A lane holds P pairs (a blank and the label after it): of the lane to the left
//      only the last label is needed, one shuffled number a frame. Warps form a pipeline skewed in time: each hands the label of
//      its last lane to its right neighbour through a ring in shared memory, CHUNK frames at a time; no block barrier a frame.
//      More than 32 P W pairs: the block walks all frames for a tile of them, keeps the last label's history, takes the next. Not in p1,
//      where that costs registers and a fifth of the cycles: its launch has 32 W pairs or fewer.
// Launch: grid N, block 64 W, W in 1 ... 4; P by the entry point. Shared memory: 2 sides * 5 * 32 * 8 bytes of rings,
//      counters, reductions, the utterance: 4.9 KB, static.
//
// Several blocks an utterance, where a few long ones would leave most of the device idle. A block of ctc_lattice_split_store or _consume
// walks 32 W pairs of one side, a pair a lane: W = 4, and each warp has a scheduler of the multiprocessor to itself. The blocks of a side
// are a pipeline as its warps are: what a block's last lane has for a frame is the edge that its right neighbour needs for that frame. There
// is a place in global memory for every edge of a launch, so a block never waits to write one, and has nothing to wait for but its
// left neighbour. Where the sides need each other, all of both (at the meeting, and behind it), a launch ends: store; meet, one block an
// utterance, for the loss; consume.
//      Order. An edge is one word of 8 bytes, stored and loaded relaxed and whole, and says itself whether it is there: the host has put
//      NOT_THERE into all of them before the first launch of a call. Nothing else of a block is read by others in the same launch: no fence,
//      which would wait for rows on their way to memory. A segment that is walked again has the same edges again, bit for bit; where its numbers are
//      others by then (see Few doubts), the edges have been taken away.
//      No deadlock. What a block walks follows from a number that it draws when it begins, and its left neighbour is what an earlier number
//      stands for. So whoever is waited for has begun; the block of the least number that has not ended waits for nobody, and ends. No
//      block need be on the device together with another: any grid will do beside any other work, and without a cooperative launch.
//      Bits. The numbers are those of one block: a state has one thread in either, and the sums of the meeting have their own order.
// Launch: grid 2 N B, block 32 W, of store and consume, for any B with 32 W B > L; meet: grid N, block 256.
// Deterministic: each state has one thread; sums over states and frames are fixed trees, the same for any W and P: an utterance
//      gets the same bits in any company.
// Latency: the chain from frame to frame is a shuffle and nine instructions, and nothing else shall be waited for. E and the rows of the
//      other side are loaded into registers a group of frames ahead. A machine's loads share a counter, and a wait is for all of them:
//      where each frame loads for a later one, each frame waits for the load of the frame before, however far ahead that was. So a group is
//      loaded at once, after the one before has arrived. In a group there is no test of bounds, no branch and no look at a
//      neighbour: frames that fill no chunk have a loop of their own, what comes from the left is read beforehand, and accesses that not
//      all lanes make are predicated. Cycles a frame as ptxas schedules them for sm_90, one warp, loads of 270 (350) cycles: p1 101 on the way to
//      the meeting and 127 behind it, for either; p2 188 (202) and 243 (256); p4 325 (356) and 476 (496).
//      Of several blocks: 121 and 138. Of float64 states: p1 101 and 121; two pairs a lane 203 (229) and 268 (295), in p4 231 (258) and 240 (267); of several blocks
//      122 and 133.
// A chunk of 8 frames in p1 begins with cycles that are none of the chain: copies from next to now, the counters of the neighbours, which one
//      load reads, and the loads.
// Rejected: what ctc_labels does, by further blocks of this launch as rows become final (with this kernel's registers a multiprocessor has 6 to 8 warps
//      for it, and a row takes them a few thousand cycles of waits: what is hidden of it comes back behind the last row, and the launch that is saved as
//      waits); a counter told by a lane to each neighbour (p4 spills);
//      loads spread behind the first frames of a group, or halves of a chunk in place of a copy (ptxas moves them down the chain, where its
//      counters make frames wait for them); more warps in a block, in place of several blocks (a warp issues 57 to 76 instructions a frame of some 140 cycles, so more than two on a
//      scheduler wait for each other; and 255 registers leave room for 8); clusters of blocks with a ring in distributed shared memory (sm_90 alone,
//      and 16 blocks at most; an edge that is a chunk late costs once, at the beginning); a ring of edges in global memory (the writer
//      would wait for the reader, so both have to be on the device at once); counters of edges with release and acquire (a fence for the
//      device every 8 frames). One renormalised exponent a frame (states of one frame differ by more than float's range); logarithms (three
//      transcendental functions a state and no digits left at T = 10,000); a block barrier a frame; separate blocks for the two
//      sides (they would meet in a second launch); float64 throughout (1/64 rate on most devices, and no range); float64 with exponents (as many
//      instructions as float32 with these, of which most are slower); walks of float64 in functions of their own (the others gain no register by it); cp.async into shared memory (a second file for
//      sm_80; each frame has 40 cycles more of copies, waits and reads, and 48 KB hold three frames of p2 and not two of p4; it
//      would leave a third of the registers).
#include "ctc.cuh"

namespace {

constexpr int MAX_WARPS = 4;    // a side
constexpr int RING_CHUNKS = 4;  // that a warp may be ahead of its right neighbour
constexpr int RING = 32;        // frames of these: as many as lanes
constexpr double WIDEST = 536870912.0;  // 2^29, see Exponents
constexpr double MOST_DOUBT = 64;  // a frame, in 256ths of a nat, see Few doubts
constexpr double MOST_BITS = 512;  // likewise

// ---- numbers ----------------------------------------------------------------------------------------------------------------------

// Of two numbers: mantissa 2^exponent, mantissa in [1, 2); or 0 2^-infinity.
struct Product {
  double mantissa, exponent;
};

// A float64 at rest.
__device__ inline State stateOf(double x) {
  const long long bits = __double_as_longlong(x);
  return {int(bits), int(bits >> 32)};
}
__device__ inline double doubleOf(State s) {
  return __longlong_as_double((long long)(uint32_t(s.low)) | (long long)s.high << 32);
}

// m 2^e, m >= 1; or m = 0 with e near ZERO_EXPONENT.
struct Extended {
  using Reference = int;
  static constexpr bool IS_RARE = false;
  float m;
  int e;

  __device__ static Extended zero() { return {0, ZERO_EXPONENT}; }
  __device__ static Extended one() { return {1, 0}; }
  __device__ static Extended sum(Extended a, Extended b) {
    const int e = max(a.e, b.e);
    return {fmaf(a.m, pow2(a.e - e), b.m * pow2(b.e - e)), e};
  }
  __device__ static Extended sum(Extended a, Extended b, Extended c) {
    const int e = max(max(a.e, b.e), c.e);
    return {fmaf(a.m, pow2(a.e - e), fmaf(b.m, pow2(b.e - e), c.m * pow2(c.e - e))), e};
  }
  __device__ Extended times(Emission y) const { return {m * y.m, max(e + y.e, ZERO_EXPONENT)}; }
  // Without a test for zero: of its bits none is left, and its exponent is the least.
  __device__ Extended normalised() const {
    const int bits = __float_as_int(m);
    return {__int_as_float((bits & 0x007fffff) | min(bits, 0x3f800000)), max(e + (bits >> 23) - 127, ZERO_EXPONENT)};
  }
  // The mantissa too: beside two zeros a number of exponent ZERO_EXPONENT would count.
  __device__ Extended onlyIf(bool condition) const { return condition ? *this : zero(); }
  __device__ Extended fromLeft() const { return {__shfl_up_sync(WARP, m, 1), __shfl_up_sync(WARP, e, 1)}; }
  __device__ State packed() const { return {__float_as_int(m), e}; }
  __device__ static Extended of(State s) { return {__int_as_float(s.low), s.high}; }

  // Whether states of this type hold paths of such a log2 p.
  __device__ static bool holds(double log2Probability) { return log2Probability > -double(CTC_INFINITY); }
  __device__ static Product product(Extended a, Extended b) {
    const double m = double(a.m) * double(b.m);
    const long long bits = __double_as_longlong(m);
    const int shift = int(bits >> 52) - 1023;
    if (m == 0) return {0, -double(CTC_INFINITY)};
    return {__longlong_as_double(bits - ((long long)shift << 52)), double(a.e) + double(b.e) + shift};
  }
  // a b, to be scaled by whoever reads it: see PosteriorRow.
  __device__ static State share(Extended a, Extended b, int) {
    return {__float_as_int(a.m * b.m), max(a.e + b.e, ZERO_EXPONENT)};
  }
};

// A float64: of utterances in which the model has few doubts. E is float64, too.
struct Float64 {
  using Reference = int;
  static constexpr bool IS_RARE = false;
  double x;

  __device__ static Float64 zero() { return {0}; }
  __device__ static Float64 one() { return {1}; }
  __device__ static Float64 sum(Float64 a, Float64 b) { return {plus(a.x, b.x)}; }
  __device__ static Float64 sum(Float64 a, Float64 b, Float64 c) { return {plus(plus(a.x, b.x), c.x)}; }
  __device__ Float64 times(Emission y) const { return {::times(x, of({__float_as_int(y.m), y.e}).x)}; }
  __device__ Float64 normalised() const { return *this; }
  __device__ Float64 onlyIf(bool condition) const { return condition ? *this : zero(); }
  __device__ Float64 fromLeft() const { return {__shfl_up_sync(WARP, x, 1)}; }
  __device__ State packed() const { return stateOf(x); }
  __device__ static Float64 of(State s) { return {doubleOf(s)}; }

  __device__ static bool holds(double log2Probability) { return log2Probability >= -MOST_BITS; }
  __device__ static Product product(Float64 a, Float64 b) { return {::times(a.x, b.x), 0}; }
  __device__ static State share(Float64 a, Float64 b, int) { return Float64{::times(a.x, b.x)}.packed(); }
};

// ln of the number, float64: any exponent, rounding of 1e-16 times the logarithm.
struct Logarithm {
  using Reference = double;
  static constexpr bool IS_RARE = true;
  double l;

  __device__ static Logarithm zero() { return {-double(CTC_INFINITY)}; }
  __device__ static Logarithm one() { return {0}; }
  __device__ static Logarithm sum(Logarithm a, Logarithm b) { return sum(a, b, zero()); }
  // Not inlined: this walk is rare, and its code shall stay small.
  __device__ __noinline__ static Logarithm sum(Logarithm a, Logarithm b, Logarithm c) {
    const double most = max(max(a.l, b.l), c.l);
    if (most == zero().l) return zero();
    return {most + log(exp(a.l - most) + exp(b.l - most) + exp(c.l - most))};
  }
  __device__ Logarithm times(Emission y) const { return {l + of(y)}; }
  __device__ __noinline__ static double of(Emission y) {
    return y.m == 0 ? zero().l : y.e * LN2 + log(double(y.m));
  }
  __device__ Logarithm normalised() const { return *this; }
  __device__ Logarithm onlyIf(bool condition) const { return condition ? *this : zero(); }
  __device__ Logarithm fromLeft() const { return {__shfl_up_sync(WARP, l, 1)}; }
  __device__ State packed() const { return stateOf(l); }
  __device__ static Logarithm of(State s) { return {doubleOf(s)}; }

  __device__ static bool holds(double log2Probability) { return log2Probability > -double(CTC_INFINITY); }
  __device__ __noinline__ static Product product(Logarithm a, Logarithm b) {
    const double log2 = (a.l + b.l) * LOG2E;
    const double exponent = floor(log2);
    return {log2 == zero().l ? 0 : exp2(log2 - exponent), exponent};
  }
  // a b 2^-reference.
  __device__ __noinline__ static State share(Logarithm a, Logarithm b, double reference) {
    return {__float_as_int(float(exp(a.l + b.l - reference * LN2))), 0};
  }
};

// Equations (6) and (7) for a pair, before its frame's emissions: `left` is the label before the blank, `skipped` the same where the
// label may be reached from it, else zero.
template <typename Number>
struct Pair {
  Number blank, label;

  __device__ Pair reach(Number left, Number skipped) const {
    return {Number::sum(blank, left), Number::sum(label, blank, skipped)};
  }
};

// ---- warps in a pipeline --------------------------------------------------------------------------------------------------------------

// The release and acquire pattern of the PTX memory model: what the warp did before `publish`, ordered before it by __syncwarp, is
// seen by a warp whose `waitFor` has seen the value.
__device__ inline void publish(int* counter, int value) {
#ifdef CTC_EMULATION
  emulation::release(counter, value);
#else
  const unsigned at = (unsigned)__cvta_generic_to_shared(counter);
  asm volatile("st.release.cta.shared.s32 [%0], %1;" ::"r"(at), "r"(value) : "memory");
#endif
}

// Chunks that the neighbours of a warp have finished, since the kernel began: side by side, for one load to read both.
struct alignas(8) Neighbours {
  int left, right;
};

__device__ inline void waitFor(Neighbours* neighbours, int left, int right) {
#ifdef CTC_EMULATION
  emulation::acquire(&neighbours->left, left);
  emulation::acquire(&neighbours->right, right);
#else
  const unsigned at = (unsigned)__cvta_generic_to_shared(neighbours);
  int leftDone, rightDone;
  do {
    asm volatile("ld.acquire.cta.shared.v2.s32 {%0, %1}, [%2];" : "=r"(leftDone), "=r"(rightDone) : "r"(at) : "memory");
  } while (leftDone < left || rightDone < right);
#endif
}

// ---- one side of one utterance ------------------------------------------------------------------------------------------------------------

// What one of several blocks of an utterance walks: 32 pairs a warp of one side.
struct LatticePart {
  int n, side, block, blocks;

  __device__ int firstPair() const { return block * int(blockDim.x); }
};

// What blocks share, behind all that Workspace has: how many have begun, and [N][2][blocks - 1][T] edges.
struct LatticeBlocks {
  unsigned* begun;
  State* edges;

  __device__ explicit LatticeBlocks(const Workspace& workspace) {
    const int64_t bytes = Workspace::align((char*)workspace.row(int(workspace.N), 0) - workspace.at);
    begun = (unsigned*)(workspace.at + bytes);
    edges = (State*)(workspace.at + bytes + 256);
  }
};

struct LatticeSide {
  int number;  // 0 or 1
  int frames;  // T of this utterance
  int labels;
  int half;   // frames of this side's half
  int plane;  // of a row of states: where its labels begin
  const Emission* emissions;  // of tau = 0
  int emissionStep;         // from tau to tau + 1
  const int32_t* column;  // of E, by position in the target
  // [tau] the label to the left of the walk's pairs, before frame tau, and its last one.
  State *edgesIn, *edgesOut;
  int firstPair;

  LatticeSide() = default;
  // All pairs, a tile after the other.
  __device__ LatticeSide(const Workspace& workspace, const Utterance& u, int n, int side)
      : number(side), frames(u.frames), labels(u.labels), plane(int(workspace.L) + 1), firstPair(0) {
    half = side == 0 ? frames / 2 : frames - frames / 2;
    emissions = (u.numbers == FLOAT64_NUMBERS ? (const Emission*)workspace.emissions64(n) : workspace.emissions(n)) +
                (side == 0 ? 0 : (frames - 1) * workspace.width);
    emissionStep = int(side == 0 ? workspace.width : -workspace.width);
    column = workspace.lists(n).column;
    edgesIn = edgesOut = workspace.edges(n, side);
  }
  // Those of one of several blocks.
  __device__ LatticeSide(const Workspace& workspace, const Utterance& u, const LatticePart& part)
      : LatticeSide(workspace, u, part.n, part.side) {
    firstPair = part.firstPair();
    edgesOut = LatticeBlocks(workspace).edges + ((int64_t(part.n) * 2 + part.side) * (part.blocks - 1) + part.block) * workspace.T;
    edgesIn = edgesOut - workspace.T;
  }

  // The column of pair j's label; pair `labels` has none.
  __device__ int columnOf(int j) const { return column[number == 0 ? j : labels - 1 - j]; }
  __device__ bool hasBlank(int j) const { return j <= labels; }
  __device__ bool hasLabel(int j) const { return j < labels; }
  __device__ bool skips(int j) const { return j > 0 && hasLabel(j) && columnOf(j) != columnOf(j - 1); }

  // Of a row that this side stored.
  template <typename Number>
  __device__ Pair<Number> load(const State* row, int j) const {
    return {hasBlank(j) ? Number::of(row[j]) : Number::zero(), hasLabel(j) ? Number::of(row[plane + j]) : Number::zero()};
  }
  // Of a row that the other side stored.
  template <typename Number>
  __device__ Pair<Number> loadOthers(const State* row, int j) const {
    return {hasBlank(j) ? Number::of(row[labels - j]) : Number::zero(),
            hasLabel(j) ? Number::of(row[plane + labels - 1 - j]) : Number::zero()};
  }
  template <typename Number>
  __device__ void store(State* row, int j, const Pair<Number>& pair) const {
    if (hasBlank(j)) row[j] = pair.blank.packed();
    if (hasLabel(j)) row[plane + j] = pair.label.packed();
  }
};

struct LatticeShared {
  State ring[2][MAX_WARPS + 1][RING];  // [side][w]: what flows into warp w from its left
  Neighbours neighbours[2][MAX_WARPS + 2];  // [side][w + 1]: of warp w, INT_MAX where there is none; the outer places are written to only
  double reductions[2 * MAX_WARPS];
  double parts[SUM_PARTS];
  // What all threads need seldom: here, not in registers across the walks.
  Utterance utterance;
  LatticeSide sides[2];
  double sumOfBest;  // sum over frames of Frame.best
};

// Of what a block walks: all pairs at once, a tile of them after the other, or the tile of one of several blocks.
enum Tiling { ONE_TILE, TILES, SPLIT };

enum Mode { ADVANCE, STORE, CONSUME, ANY };  // ANY: the walk tells

// Where a walk goes and what it leaves.
template <typename Number>
struct LatticeWalk {
  int from, to;             // tau
  const State* begin;       // state before `from`; null: before the first frame
  State* end;               // state after `to - 1`; null: not wanted
  State* row;               // STORE, CONSUME: the row of tau = from ...
  int rowStep;              // ... and from each to the next
  typename Number::Reference reference;  // CONSUME: floor(log2 p)
  Mode mode = ANY;
};

// What is known of a frame before it is walked. Zero in the states that a lane does not have.
template <typename Number, int P, Mode MODE>
struct LatticeInput {
  Emission blank, label[P];
  State otherBlank[MODE >= CONSUME ? P : 1], otherLabel[MODE >= CONSUME ? P : 1];

  __device__ LatticeInput() {
#pragma unroll
    for (State& other : otherBlank) other = Number::zero().packed();
#pragma unroll
    for (State& other : otherLabel) other = Number::zero().packed();
  }
};

// Accesses to global memory of the walks, where each instruction counts, and where a branch would keep instructions of one frame out of
// those of the next.
#ifdef CTC_EMULATION
inline void loadIf(bool condition, const State* at, State& to) {
  if (condition) to = *at;
}
inline void storeIf(bool condition, State* at, State value) {
  if (condition) *at = value;
}
#else
__device__ inline void loadIf(bool condition, const State* at, State& to) {
  asm volatile("{.reg .pred p; setp.ne.s32 p, %2, 0; @p ld.global.v2.b32 {%0, %1}, [%3];}"
               : "+r"(to.low), "+r"(to.high)
               : "r"(int(condition)), "l"(at));
}
__device__ inline void storeIf(bool condition, State* at, State value) {
  asm volatile("{.reg .pred p; setp.ne.s32 p, %0, 0; @p st.global.v2.b32 [%1], {%2, %3};}" ::"r"(int(condition)), "l"(at),
               "r"(value.low), "r"(value.high)
               : "memory");
}
#endif

// Two places in a row of states: of a lane's first blank and of its first label.
struct LatticePlaces {
  State *blank, *label;

  // In bytes: by as many numbers a compiler makes more instructions of it.
  __device__ void move(int states) {
    blank = (State*)((char*)blank + states * int64_t(sizeof(State)));
    label = (State*)((char*)label + states * int64_t(sizeof(State)));
  }
};

// The pairs of one lane in one tile. Past the last label stands the blank's column: no path goes on from there.
template <typename Number, int P>
struct LatticeLane {
  int blanks, labels;  // how many of the P pairs have a blank and a label; both may be negative
  int column[P];       // of E
  unsigned skips;      // bit k: pair k's label may be reached from the label before
  bool isFirst;        // of its warp
  Pair<Number> state[P];

  __device__ LatticeLane(const LatticeSide& side, int pair, const State* begin) : isFirst(threadIdx.x % 32 == 0) {
    blanks = side.labels + 1 - pair;
    labels = side.labels - pair;
    skips = 0;
#pragma unroll
    for (int k = 0; k < P; k++) {
      column[k] = k < labels ? side.columnOf(pair + k) : 0;
      skips |= unsigned(side.skips(pair + k)) << k;
      state[k] = begin != nullptr ? side.load<Number>(begin, pair + k)
                                  : Pair<Number>{pair + k == 0 ? Number::one() : Number::zero(), Number::zero()};
    }
  }

  // One frame. The label before the first pair is that of the lane to the left, or of the warp's.
  template <Mode MODE>
  __device__ void step(Number ofLane, Number ofWarp, const LatticeInput<Number, P, MODE>& input, Mode mode, LatticePlaces to,
                       typename Number::Reference reference) {
    Number left = isFirst ? ofWarp : ofLane;
    // not a choice of a choice: that would be one instruction more in the chain from frame to frame
    Number skipped = (skips & 1) && !isFirst ? ofLane : ofWarp.onlyIf((skips & 1) && isFirst);
#pragma unroll
    for (int k = 0; k < P; k++) {
      if (k > 0) skipped = left.onlyIf(skips >> k & 1);
      const Pair<Number> reach = state[k].reach(left, skipped);
      left = state[k].label;
      state[k] = {reach.blank.times(input.blank), reach.label.times(input.label[k])};
      if (mode == STORE) {
        storeIf(k < blanks, to.blank + k, reach.blank.packed());
        storeIf(k < labels, to.label + k, reach.label.packed());
      } else if (mode == CONSUME) {
        storeIf(k < blanks, to.blank - k, Number::share(state[k].blank, Number::of(input.otherBlank[k]), reference));
        storeIf(k < labels, to.label - k, Number::share(state[k].label, Number::of(input.otherLabel[k]), reference));
      }
    }
  }

  __device__ void normalise() {
#pragma unroll
    for (int k = 0; k < P; k++) state[k] = {state[k].blank.normalised(), state[k].label.normalised()};
  }
};

// What inputs a lane has, and from where they are loaded next.
template <typename Number, int P, Mode MODE>
struct LatticeSource {
  const LatticeLane<Number, P>& lane;
  Mode mode;
  int to;  // of the walk
  const Emission* emissions;
  int emissionStep;
  LatticePlaces others;
  int rowStep;

  // To the next frame.
  __device__ void move() {
    emissions = after(emissions, emissionStep);
    if (mode == CONSUME) others.move(rowStep);
  }
  __device__ void moveBack(int frames) {
    emissions -= int64_t(frames) * emissionStep;
    if (mode != CONSUME) return;
    others.blank -= int64_t(frames) * rowStep;
    others.label -= int64_t(frames) * rowStep;
  }
};

// The inputs of a lane: a group of frames is loaded while the one before is walked. By groups, since all loads of a loop are one counter
// to the machine: a wait for the oldest waits for the youngest.
template <typename Number, int P, Mode MODE>
class LatticeInputs {
  using Input = LatticeInput<Number, P, MODE>;

 public:
  // Some 400 cycles, as 255 registers allow; and chunks, at whose ends a warp looks at its neighbours, of one or two.
  static constexpr int GROUP = Number::IS_RARE ? 1 : P == 1 ? 8 : P == 2 ? 3 : 2;
  static constexpr int CHUNK = Number::IS_RARE || P == 1 ? GROUP : 2 * GROUP;

  __device__ LatticeInputs(const LatticeSource<Number, P, MODE>& source, int from) : source(source), loaded(from), ahead(from) {
#pragma unroll
    for (int i = 0; i < GROUP; i++) {
      if (from + i < source.to) load(next[i]);
    }
    if (LOOKS_AHEAD) goOn(ahead);
  }

  // Steps over the group that has been loaded, and loads the next. There are as many frames.
  template <typename F>
  __device__ void group(F step) {
    turn();
#pragma unroll
    for (int i = 0; i < EARLY; i++) load(next[i]);
#pragma unroll
    for (int i = 0; i < GROUP; i++) {
      step(i, now[i]);
      if (EARLY + i < GROUP) load(next[EARLY + i]);
    }
    if (LOOKS_AHEAD) goOn(ahead);
  }

  // Steps over the frames from tau on, fewer than a chunk.
  template <typename F>
  __device__ void rest(const int tau, F step) {
    int frame = tau;
    while (frame < source.to) {
      const int first = loaded;  // frame of now[0]; some may have been walked
      turn();
#pragma unroll
      for (int i = 0; i < GROUP; i++) {
        if (first + GROUP < source.to) load(next[i]);
      }
      if (LOOKS_AHEAD) goOn(ahead);
#pragma unroll 1
      for (int i = first; i < first + GROUP; i++) {
        if (i == frame && frame < source.to) {
          step(frame - tau, now[0]);
          frame++;
        }
#pragma unroll
        for (int k = 0; k + 1 < GROUP; k++) now[k] = now[k + 1];
      }
    }
  }

 private:
  // Where a group will be loaded from is found out at the end of the one before, not on the way to its loads. P = 2 and 4 have no registers for it.
  static constexpr bool LOOKS_AHEAD = P == 1;
  static constexpr int EARLY = P == 4 ? 1 : GROUP;  // loaded at once; the others where frames that are done leave registers

  __device__ void load(Input& input) {
    const LatticeLane<Number, P>& lane = source.lane;
    input.blank = load8(source.emissions);
#pragma unroll
    for (int k = 0; k < P; k++) {
      input.label[k] = load8(after(source.emissions, lane.column[k]));
      if (source.mode == CONSUME) {
        loadIf(k < lane.blanks, source.others.blank - k, input.otherBlank[k]);
        loadIf(k < lane.labels, source.others.label - k, input.otherLabel[k]);
      }
    }
    source.move();
  }
  __device__ void turn() {
#pragma unroll
    for (int i = 0; i < GROUP; i++) now[i] = next[i];
    if (LOOKS_AHEAD) {
      loaded = ahead;
    } else {
      goOn(loaded);
    }
  }
  // To the group after that of `frame`. One that would go beyond the end begins earlier, with frames that have been loaded before.
  __device__ void goOn(int& frame) {
    const int beyond = max(frame + 2 * GROUP - source.to, 0);
    frame += GROUP - beyond;
    source.moveBack(beyond);
  }

  LatticeSource<Number, P, MODE> source;
  int loaded;  // frame of next[0]
  int ahead;   // LOOKS_AHEAD: that is loaded next
  Input now[GROUP], next[GROUP];
};

// Walks one side over frames [from, to). All threads of the block call it together, each for its side.
// `chunks` counts the chunks that this side's warps have done, for LatticeShared.neighbours.
template <typename Number, int P, Mode MODE, Tiling TILING>
__device__ void walk(const LatticeSide& side, const LatticeWalk<Number>& w, LatticeShared& shared, int* chunks) {
  using Input = LatticeInput<Number, P, MODE>;
  constexpr int CHUNK = LatticeInputs<Number, P, MODE>::CHUNK;
  constexpr int GROUP = LatticeInputs<Number, P, MODE>::GROUP;
  static_assert(RING == 32 && CHUNK * RING_CHUNKS <= RING, "a place for each lane, and room for all chunks");
  const Mode mode = MODE == ANY ? w.mode : MODE;
  const int warps = blockDim.x / (TILING == SPLIT ? 32 : 64);
  const int warp = threadIdx.x / 32 % warps;
  const int index = threadIdx.x % 32;  // of the lane
  const int tile = 32 * P * warps;
  State* const inRing = shared.ring[side.number][warp];
  State* const outRing = shared.ring[side.number][warp + 1];
  Neighbours* const neighbours = &shared.neighbours[side.number][warp + 1];

  for (int first = TILING == SPLIT ? side.firstPair : 0; first <= side.labels; first += tile) {
    const bool fromTile = TILING != ONE_TILE && warp == 0 && first > 0;  // the left neighbour is the tile before, or another block
    const bool toTile = TILING != ONE_TILE && warp == warps - 1 && first + tile <= side.labels;
    const int pair = first + (warp * 32 + index) * P;
    LatticeLane<Number, P> lane(side, pair, w.begin);

    LatticePlaces to = {w.row + pair, w.row + side.plane + pair};
    if (mode == CONSUME) to = {w.row + side.labels - pair, w.row + side.plane + side.labels - 1 - pair};

    LatticeInputs<Number, P, MODE> inputs({lane, mode, w.to, side.emissions + int64_t(w.from) * side.emissionStep, side.emissionStep, to, w.rowStep},
                                   w.from);
    const bool keepsEdge = toTile && index == 31;
    auto step = [&](const Input& frame, State ofWarp, State* out, State* edge) {
      const Number last = lane.state[P - 1].label;
      const Number ofLane = last.fromLeft();
      if (index == 31) *out = last.packed();
      if (TILING == SPLIT) storeRelaxedIf(keepsEdge, edge, last.packed());
      if (TILING == TILES) storeIf(keepsEdge, edge, last.packed());
      lane.step(ofLane, Number::of(ofWarp), frame, mode, to, w.reference);
      if (mode != ADVANCE) to.move(w.rowStep);
    };

    // A lane loads the edge of one frame of the chunk after next; where there is none, what nobody writes, to have no branch.
    const bool takesEdge = fromTile && index < CHUNK && w.from < w.to;
    const int origin = TILING == SPLIT ? 0 : w.from;  // of edges
    const int lastEdge = takesEdge ? w.to - origin - 1 : 0;
    const State* const edges = takesEdge ? (TILING == SPLIT ? side.edgesIn : side.edgesOut) : (const State*)side.emissions;
    auto edgeOf = [&](int tau) { return after(edges, min(tau - origin + index, lastEdge)); };
    State edge;
    auto loadEdges = [&](int tau) { if (TILING != ONE_TILE) edge = TILING == SPLIT ? loadRelaxed(edgeOf(tau)) : load8(edgeOf(tau)); };
    // Of frames from tau on, of which some may lie behind the walk.
    auto placeEdges = [&](int tau, int slot) {
      if (!takesEdge || (TILING == SPLIT && tau + index > lastEdge)) return;
      if (TILING == SPLIT) edge = await(edgeOf(tau), edge);
      inRing[slot + index] = edge;
    };
    auto slotOf = [&](int chunk) { return int(unsigned(chunk) % RING_CHUNKS * CHUNK); };
    auto begin = [&](int tau) {
      loadEdges(tau + CHUNK);
      waitFor(neighbours, *chunks + 1, *chunks + 1 - RING_CHUNKS);
      return slotOf(*chunks);
    };
    auto end = [&](int tau) {
      lane.normalise();
      ++*chunks;
      placeEdges(tau + CHUNK, slotOf(*chunks));
      __syncwarp();  // all have read the ring, lane 31 has written the next one, and what comes from the tile before is there
      if (index == 31) {
        publish(&neighbours[1].left, *chunks);
        publish(&neighbours[-1].right, *chunks);
      }
    };

    if (warp == 0 && first == 0) inRing[index] = Number::zero().packed();
    loadEdges(w.from);
    placeEdges(w.from, slotOf(*chunks));
    __syncwarp();
    int tau = w.from;
#pragma unroll 1
    for (; tau + CHUNK <= w.to; tau += CHUNK) {
      const int slot = begin(tau);
      State* const edgesOut = side.edgesOut + (tau - origin);
#pragma unroll
      for (int g = 0; g < CHUNK; g += GROUP) {
        State ofWarp[GROUP];  // read at once: not in the chain from frame to frame
#pragma unroll
        for (int i = 0; i < GROUP; i++) ofWarp[i] = inRing[slot + g + i];
        inputs.group([&](int i, const Input& input) { step(input, ofWarp[i], &outRing[slot + g + i], edgesOut + (g + i)); });
      }
      end(tau);
    }
    if (tau < w.to) {
      const int slot = begin(tau);
      inputs.rest(tau, [&](int i, const Input& input) { step(input, inRing[slot + i], &outRing[slot + i], &side.edgesOut[tau - origin + i]); });
      end(tau);
    }

    if (w.end != nullptr) {
#pragma unroll
      for (int k = 0; k < P; k++) side.store(w.end, pair + k, lane.state[k]);
    }
    if (TILING != TILES) return;
    if (tile <= side.labels) __syncthreads();  // edges are complete, and read before the next tile writes them
  }
}

// Where a walk is rare all modes share one walk: three would be a third of the kernel. Values in and out: what is passed by
// address would lie in local memory, for the other walks too. Returns `chunks`.
template <typename Number, int P, Tiling TILING>
__device__ __noinline__ int walkOfAnyMode(LatticeSide side, LatticeWalk<Number> w, LatticeShared* shared, int chunks) {
  walk<Number, P, ANY, TILING>(side, w, *shared, &chunks);
  return chunks;
}

// ---- the meeting ------------------------------------------------------------------------------------------------------------------------------

// 2^e of a whole e <= 0; 0 where that is below all normal numbers.
__device__ inline double powerOfTwo(double e) {
  return e < -1022 ? 0 : __longlong_as_double((long long)(e + 1023) << 52);
}

// log2 p = log2 sum_s alpha(H, s) reach'(H, s): one step of side 0 from its state before frame H, with the row that side 1 stored last.
template <typename Number>
__device__ double meet(const LatticeSide& side, const State* before, const State* other, LatticeShared& shared) {
  const Emission* emissions = side.emissions + int64_t(side.half) * side.emissionStep;
  // f of both products of pair j
  auto products = [&](int j, auto f) {
    const Pair<Number> state = side.load<Number>(before, j);
    const Number left = j > 0 ? Number::of(before[side.plane + j - 1]) : Number::zero();
    const Pair<Number> reach = state.reach(left, left.onlyIf(side.skips(j)));
    const Pair<Number> theirs = side.loadOthers<Number>(other, j);
    f(Number::product(reach.blank.times(emissions[0]), theirs.blank));
    if (side.hasLabel(j)) f(Number::product(reach.label.times(emissions[side.columnOf(j)]), theirs.label));
  };
  double most = -double(CTC_INFINITY);
#pragma unroll 1
  for (int j = threadIdx.x; j <= side.labels; j += blockDim.x) {
    products(j, [&](Product ab) { most = ab.mantissa == 0 ? most : max(most, ab.exponent); });
  }
  const double top = BlockGroup{int(threadIdx.x), shared.reductions}.reduce<Max>(most);
  if (top == -double(CTC_INFINITY)) return top;
  return top + log2(sumInFixedOrder(side.labels + 1, shared.parts, [&](int j) {
           double sum = 0;
           products(j, [&](Product ab) { sum += ab.mantissa * powerOfTwo(ab.exponent - top); });
           return sum;
         }));
}

// Sets log2Probability from the states at the meeting.
template <typename Number>
__device__ void setProbability(const CtcProblem& p, int n, LatticeShared& shared) {
  const Workspace workspace(p);
  const double log2 = meet<Number>(shared.sides[0], workspace.checkpoint(n, 0, 0), workspace.stored(n, 1), shared);
  if (threadIdx.x == 0) shared.utterance.log2Probability = log2;
}

// ---- the kernel -------------------------------------------------------------------------------------------------------------------------------------

// The walks of one launch. Both sides take the same number of walks, some of them over no frames: barriers agree.
template <typename Number, int P, Tiling TILING>
struct LatticeWalks {
  const CtcProblem& p;
  const LatticeSide& side;
  const int n;
  LatticeShared& shared;
  int chunks = 0;

  __device__ LatticeWalks(const CtcProblem& p, int n, int side, LatticeShared& shared)
      : p(p), side(shared.sides[side]), n(n), shared(shared) {}

  // For the gradient alone an utterance of weight 0 needs no posteriors.
  __device__ bool posteriors() const {
    return (p.gradient != nullptr && shared.utterance.weight != 0) || (p.flags & POSTERIORS) != 0;
  }
  __device__ int K() const { return int(Workspace(p).K); }

  // Segments until the far end of the longer half; for the loss alone: the K rows nearest to the meeting, and all before.
  __device__ int segments() const {
    const int longer = side.frames - side.frames / 2;
    const int all = (longer - 1) / K() + 1;
    return posteriors() ? all : min(all, 2);
  }
  // tau where this side's segment k begins; it ends where k - 1 begins, and 0 ends at the meeting.
  __device__ int beginOf(int k) const { return k == segments() - 1 ? 0 : endOf(k + 1); }
  __device__ int endOf(int k) const { return int(max(side.half - int64_t(k) * K(), int64_t(0))); }
  // The state before segment k - 1 (k = 0: at the meeting, and later where throughTheOther has come to).
  __device__ State* checkpoint(int k) const { return Workspace(p).checkpoint(n, side.number, posteriors() ? k : 0); }
  __device__ const State* stateBefore(int k) const { return k == segments() - 1 ? nullptr : checkpoint(k + 1); }

  template <Mode MODE>
  __device__ void go(LatticeWalk<Number> w) {
    w.mode = MODE;
    if constexpr (Number::IS_RARE || (P == 1 && TILING == TILES)) {
      chunks = walkOfAnyMode<Number, P, TILING>(side, w, &shared, chunks);
    } else {
      walk<Number, P, MODE, TILING>(side, w, shared, &chunks);
    }
  }

  __device__ void advance(int k) { go<ADVANCE>({beginOf(k), endOf(k), stateBefore(k), checkpoint(k), nullptr, 0, 0}); }

  __device__ void store(int k) {
    const Workspace workspace(p);
    const int from = beginOf(k);
    const int64_t distance = side.half - 1 - from - int64_t(k) * K();
    State* row = workspace.stored(n, side.number) + distance * workspace.states;
    State* end = k == 0 ? checkpoint(0) : nullptr;
    go<STORE>({from, endOf(k), stateBefore(k), end, row, -int(workspace.states), 0});
  }

  // Whether this utterance has such a segment: others may be longer, and where only its loss is wanted there is one.
  __device__ bool has(int segment) const { return segment < segments() && (segment == 0 || posteriors()); }

  __device__ void toTheMeeting(int segment) {
    if (segment == 0) {
      for (int k = segments() - 1; k > 0; k--) advance(k);
    }
    store(segment);
  }

  __device__ void throughTheOther(int k) {
    const Workspace workspace(p);
    const int from = int(min(side.half + int64_t(k) * K(), int64_t(side.frames)));
    const int to = min(from + K(), side.frames);
    State* row = workspace.stored(n, 1 - side.number);
    const auto reference = typename Number::Reference(floor(shared.utterance.log2Probability));
    go<CONSUME>({from, to, checkpoint(0), checkpoint(0), row, int(workspace.states), reference});
  }
};

// One launch for one utterance that has frames, all of them finite. Sets utterance.log2Probability in segment 0, and goes no further if
// numbers of this type cannot hold it.
template <typename Number, int P, Tiling TILING>
__device__ void run(const CtcProblem& p, int n, int segment, LatticeShared& shared) {
  LatticeWalks<Number, P, TILING> course(p, n, threadIdx.x / (blockDim.x / 2), shared);
  if (!course.has(segment)) return;
  course.toTheMeeting(segment);
  __syncthreads();
  if (segment == 0) {
    setProbability<Number>(p, n, shared);
    __syncthreads();  // and the states at the meeting have been read
  }
  if (course.posteriors() && Number::holds(shared.utterance.log2Probability)) course.throughTheOther(segment);
}

// Whether exponents could overflow, and whether states are of float64: sums of whole numbers, which are the same in any order. Frames that are not finite are
// left to sumBest: E is 0 there, so that until then they only walk in vain.
__device__ void lookAtFrames(const CtcProblem& p, int n, LatticeShared& shared) {
  const Frame* frames = Workspace(p).frames(n);
  const int count = shared.utterance.frames;
  double range = 0, doubt = 0;
#pragma unroll 4
  for (int t = threadIdx.x; t < count; t += blockDim.x) {
    const Frame frame = frames[t];
    range += frame.range;
    doubt += frame.doubt == NO_FLOAT64 ? 0x1p48 : frame.doubt;
  }
  const BlockGroup block{int(threadIdx.x), shared.reductions};
  range = block.reduce<Sum>(range);
  doubt = block.reduce<Sum>(doubt);
  if (threadIdx.x == 0) {
    shared.utterance.wide = range > WIDEST;
    shared.utterance.numbers = doubt <= MOST_DOUBT * count ? FLOAT64_NUMBERS : EXTENDED;
  }
  __syncthreads();
}

// The part of the loss that E leaves out, and what it says of the utterance. What thread 0 writes is for others behind the barrier of setSides, which follows and
// wants none of it.
__device__ void sumBest(const CtcProblem& p, int n, LatticeShared& shared) {
  const Frame* frames = Workspace(p).frames(n);
  const int count = shared.utterance.frames;
  const bool isRelative = shared.utterance.numbers != FLOAT64_NUMBERS;  // E of all frames, not of the certain ones alone
  const double best = sumInFixedOrder(count, shared.parts, [&](int t) {
    const double best = frames[t].best;
    return isRelative || isCertain(best) ? best : 0;
  });
  if (threadIdx.x == 0) {
    shared.sumOfBest = best;
    const bool refused = (p.flags & CHECK_LOG_PROBS) && best == double(CTC_INFINITY);
    shared.utterance.status = best != best ? NOT_FINITE : refused ? BAD_LOG_PROBS : OK;
    shared.utterance.log2Probability = count == 0 && !shared.utterance.tooShort ? 0 : -double(CTC_INFINITY);
  }
}

// By one thread, after segment 0.
__device__ void finish(const CtcProblem& p, int n, LatticeShared& shared) {
  Utterance u = shared.utterance;  // a copy: others may yet read theirs
  double loss = 0.0 - (shared.sumOfBest + u.log2Probability * LN2);  // not -(...): a loss of 0 shall not be -0
  if (u.status != OK) {
    loss = notANumber();
  } else if (u.log2Probability == -double(CTC_INFINITY)) {
    u.status = INFEASIBLE;
    loss = p.flags & ZERO_INFINITY ? 0 : double(CTC_INFINITY);
  }
  Workspace(p).utterances()[n] = u;
  p.losses[n] = loss;
  p.statuses[n] = u.status;
}

// Nobody has finished a chunk.
__device__ void setNeighbours(int warps, LatticeShared& shared) {
  if (threadIdx.x >= 2 * (MAX_WARPS + 2)) return;
  const int side = threadIdx.x >= MAX_WARPS + 2;
  const int warp = int(threadIdx.x) - side * (MAX_WARPS + 2) - 1;
  shared.neighbours[side][warp + 1] = {warp > 0 ? 0 : INT32_MAX, warp + 1 < warps ? 0 : INT32_MAX};
}

// Whether lengths and labels are good.
__device__ bool begin(const CtcProblem& p, int n, int warps, LatticeShared& shared) {
  setNeighbours(warps, shared);
  if (threadIdx.x == 0) shared.utterance = Workspace(p).utterances()[n];
  __syncthreads();
  return shared.utterance.status == OK;
}

__device__ void setSides(const CtcProblem& p, int n, LatticeShared& shared) {
  if (threadIdx.x < 2) shared.sides[threadIdx.x] = LatticeSide(Workspace(p), shared.utterance, n, threadIdx.x);
  __syncthreads();
}

// Whether there is anything to walk.
__device__ bool hasPaths(const Utterance& u) { return u.frames > 0 && !u.tooShort && u.status == OK; }

// After a walk in float64 that does not hold the utterance.
__device__ void takeExtended(const CtcProblem& p, int n, LatticeShared& shared) {
  setNeighbours(blockDim.x / 64, shared);
  if (threadIdx.x == 0) shared.utterance.numbers = EXTENDED;
  __syncthreads();
  sumBest(p, n, shared);
  setSides(p, n, shared);
}

// One launch in numbers that have an exponent of their own.
template <int P, Tiling TILING>
__device__ void runExtended(const CtcProblem& p, int n, int segment, LatticeShared& shared) {
  if (shared.utterance.wide) {
    run<Logarithm, 1, TILING>(p, n, segment, shared);
  } else {
    run<Extended, P, TILING>(p, n, segment, shared);
  }
}

template <int P>
__device__ void lattice(const CtcProblem& p, int segment, LatticeShared& shared) {
  const int n = blockIdx.x;
  if (!begin(p, n, blockDim.x / 64, shared)) return;
  constexpr Tiling TILING = P == 1 ? ONE_TILE : TILES;
  if (segment == 0) {
    lookAtFrames(p, n, shared);
    sumBest(p, n, shared);
  }
  setSides(p, n, shared);
  if (hasPaths(shared.utterance)) {
    if (shared.utterance.numbers == FLOAT64_NUMBERS) {
      run<Float64, P == 4 ? 2 : P, TILING>(p, n, segment, shared);  // four pairs would spill
      if (!Float64::holds(shared.utterance.log2Probability)) takeExtended(p, n, shared);
    }
    if (shared.utterance.numbers != FLOAT64_NUMBERS) runExtended<P, TILING>(p, n, segment, shared);
  }
  if (segment == 0 && threadIdx.x == 0) finish(p, n, shared);
}

// ---- several blocks an utterance -------------------------------------------------------------------------------------------------------------------

// What this block walks. By a number that blocks draw when they begin: those that it waits for have drawn before.
__device__ LatticePart drawPart(const CtcProblem& p, unsigned* drawn) {
  if (threadIdx.x == 0) *drawn = (atomicInc(LatticeBlocks(Workspace(p)).begun, gridDim.x - 1) + 1) % gridDim.x;
  __syncthreads();
  const int blocks = int(gridDim.x) / (2 * p.N);
  const int block = int(*drawn / 2);
  return {block / blocks, int(*drawn % 2), block % blocks, blocks};
}

// What a block left for its right neighbour is gone: what they walk next has other numbers.
__device__ void clearEdges(const CtcProblem& p, const LatticePart& part) {
  if (part.block + 1 == part.blocks) return;
  const Workspace workspace(p);
  State* const edges = LatticeSide(workspace, workspace.utterances()[part.n], part).edgesOut;
#pragma unroll 1
  for (int64_t tau = threadIdx.x; tau < workspace.T; tau += blockDim.x) edges[tau] = NOT_THERE;
}

// A block's walks, f, of numbers that hold the utterance.
template <typename F>
__device__ void walkPart(const CtcProblem& p, const LatticePart& part, LatticeShared& shared, F f) {
  if (!hasPaths(shared.utterance) || part.firstPair() > shared.utterance.labels) return;
  if (threadIdx.x == 0) shared.sides[part.side] = LatticeSide(Workspace(p), shared.utterance, part);
  __syncthreads();
  if (shared.utterance.numbers == FLOAT64_NUMBERS) {
    f(LatticeWalks<Float64, 1, SPLIT>(p, part.n, part.side, shared));
  } else if (shared.utterance.wide) {
    f(LatticeWalks<Logarithm, 1, SPLIT>(p, part.n, part.side, shared));
  } else {
    f(LatticeWalks<Extended, 1, SPLIT>(p, part.n, part.side, shared));
  }
}

__device__ void storePart(const CtcProblem& p, int segment, unsigned* drawn, LatticeShared& shared) {
  const LatticePart part = drawPart(p, drawn);
  if (!begin(p, part.n, blockDim.x / 32, shared)) return;
  if (segment == 0) lookAtFrames(p, part.n, shared);
  walkPart(p, part, shared, [&](auto course) {
    if (course.has(segment)) course.toTheMeeting(segment);
  });
}

__device__ void meetParts(const CtcProblem& p, LatticeShared& shared) {
  const int n = blockIdx.x;
  if (!begin(p, n, blockDim.x / 64, shared)) return;
  lookAtFrames(p, n, shared);
  sumBest(p, n, shared);
  setSides(p, n, shared);
  if (hasPaths(shared.utterance)) {
    if (shared.utterance.numbers == FLOAT64_NUMBERS) {
      setProbability<Float64>(p, n, shared);
      __syncthreads();
      if (!Float64::holds(shared.utterance.log2Probability)) {
        takeExtended(p, n, shared);
        runExtended<1, TILES>(p, n, 0, shared);
        if (threadIdx.x == 0) shared.utterance.numbers = EXTENDED_AND_DONE;
      }
    } else if (shared.utterance.wide) {
      setProbability<Logarithm>(p, n, shared);
    } else {
      setProbability<Extended>(p, n, shared);
    }
  }
  if (threadIdx.x == 0) finish(p, n, shared);
}

__device__ void consumePart(const CtcProblem& p, int segment, unsigned* drawn, LatticeShared& shared) {
  const LatticePart part = drawPart(p, drawn);
  if (!begin(p, part.n, blockDim.x / 32, shared)) return;
  if (segment == 0 && shared.utterance.numbers == EXTENDED_AND_DONE) return clearEdges(p, part);
  walkPart(p, part, shared, [&](auto course) {
    if (course.has(segment) && course.posteriors()) course.throughTheOther(segment);
  });
}

enum PairsOfLane { p1 = 1, p2 = 2, p4 = 4 };

}  // namespace

#define CTC_LATTICE(P)                                                                                                \
  extern "C" __global__ void __launch_bounds__(256, 1) ctc_lattice_##P(const CtcProblem problem, const int segment) { \
    static __shared__ LatticeShared shared;                                                                                  \
    lattice<P>(problem, segment, shared);                                                                             \
  }
#define CTC_LATTICE_OF(FILE) CTC_LATTICE_FILE(FILE)
#define CTC_LATTICE_FILE(FILE) CTC_LATTICE_##FILE
#define CTC_LATTICE_p1 CTC_LATTICE(p1)
#define CTC_LATTICE_p2 CTC_LATTICE(p2)
#define CTC_LATTICE_p4 CTC_LATTICE(p4)
#define CTC_LATTICE_split                                                                                                        \
  extern "C" __global__ void __launch_bounds__(128, 2) ctc_lattice_split_store(const CtcProblem problem, const int segment) {   \
    static __shared__ LatticeShared shared;                                                                                      \
    static __shared__ unsigned drawn;                                                                                            \
    storePart(problem, segment, &drawn, shared);                                                                                 \
  }                                                                                                                              \
  extern "C" __global__ void __launch_bounds__(256, 1) ctc_lattice_split_meet(const CtcProblem problem, const int) {            \
    static __shared__ LatticeShared shared;                                                                                      \
    meetParts(problem, shared);                                                                                                  \
  }                                                                                                                              \
  extern "C" __global__ void __launch_bounds__(128, 2) ctc_lattice_split_consume(const CtcProblem problem, const int segment) { \
    static __shared__ LatticeShared shared;                                                                                      \
    static __shared__ unsigned drawn;                                                                                            \
    consumePart(problem, segment, &drawn, shared);                                                                               \
  }

// scripts/build-ptx makes a file for each: a driver then translates only what is used.
#ifdef CTC_ONLY
CTC_LATTICE_OF(CTC_ONLY)
#else
CTC_LATTICE_p1
CTC_LATTICE_p2
CTC_LATTICE_p4
CTC_LATTICE_split
#endif
