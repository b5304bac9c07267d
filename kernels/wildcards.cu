// ctc_wildcards_*: loss, gradient and posteriors of utterances whose targets have wildcards, or labels that may be left out.
//
// docs/wildcards.md has the lattice. With elements i = 0 ... L - 1 of the target, blank i before element i and blank L after the last,
// g(k) what it weighs to pass over element k (1 for FRAMES, else exp(-skipCost)), and w_t(s) what frame t weighs in a state:
//
//   G(a, b)         = product over k = a ... b - 1 of g(k)
//   reach(blank i)  = alpha(blank i) + alpha(element i - 1)
//   reach(element i) = alpha(element i) + sum over j <= i of alpha(blank j) G(j, i) + sum over j < i of alpha(element j) G(j + 1, i)
//                     + [i is LABELS] alpha(blank i + 1);     a label leaves out those j whose label equals its own
//   alpha_t(s)      = reach(s) w_t(s),   before the first frame alpha = [s = blank 0]
//   total           = sum over j of alpha_T(blank j) G(j, L) + sum over j of alpha_T(element j) G(j + 1, L)
//
// and the same the other way for beta, where the elements after i stand in for those before it. gamma = alpha beta / sum over s of these.
//
// Sums over what may be passed over are sums over ranges of leaves, leaf k + 1 holding element k and the blank after it, leaf 0 the blank before
// all: V(a ... b) = sum over k of leaf(k) G(k, b), put together as V(left) G(right) + V(right). A tree of such sums is built for every
// frame, and gives every range by 2 log2(L) of its nodes. Where equal labels are left out: with p the label's last like before k,
//
//   D(k) = G(p, k) D(p) + the blank after p and the leaves between p and k
//
// which is such a sum again, over the likes of k: a second tree, over elements sorted by label. Only additions: nothing cancels.
//
// Numbers of the lattice have a float64 mantissa and an int64 exponent: sums and products are good to 1e-16 for any T, where logarithms would be
// good to 1e-16 of their size, and take an exponential and a logarithm for each sum. What weighs less than exp(-2^30) beside the
// likeliest class of its frame counts as 0, as does a skipCost above 2^30.
//
//   ctc_wildcards_prepare    which utterances have wildcards; of these, labels are checked, and likes found. The others keep their target lengths
//                            in the list that the plain kernels get, where these have 0: they run in between as if there were no
//                            wildcards, so that who has none gets the same bits, and find out whether frames are finite and log-probabilities
//                            can be that.
//   ctc_wildcards_frames     of each frame the log-sum-exp, and what it weighs in blank, FRAMES and LABELS
//   ctc_wildcards_lattice    alpha, total, loss and status; alpha beta of the K frames of a segment, the last K first
//   ctc_wildcards_gradient   posteriors and gradient of a segment's frames
//
// In:  ctc_wildcards_prepare: targets and lengths. The others: logits, Utterance as the plain kernels left it. Out: losses, statuses, Utterance (status
//      and weight, which ctc_reduce takes), gradient and posteriors of utterances with wildcards.
// Parallel: prepare and lattice a block an utterance, its threads over elements; frames and gradient a warp a frame, its lanes over classes.
// Launch: prepare grid N, block 256; frames grid ceil(N T / 8), block 256; for each segment lattice grid N, block 32 min(8, ceil((L + 1) / 32)),
//      and gradient grid ceil(N K / 8), block 256. Shared memory: 32 KB, static, of lattice (trees of up to 512 leaves; larger ones lie in the
//      workspace).
// Deterministic: trees follow from the utterance's own L alone, sums over states and classes are fixed trees of lanes; no atomics. Any K and any block
//      give the same bits.
// Rejected: prefix sums, less those of equal labels (a difference cancels where a label has nearly all of the sum); logarithms (see
// above); both sides at once, as lattice.cu (two blocks, and a meeting; utterances with wildcards are few); a table of emissions (one
// exponential a state and frame is little beside the trees).
#include "ctc.cuh"
#include "posteriors.cuh"

// What there is beside CtcProblem, whose target lengths are those that ctc_wildcards_prepare writes.
struct CtcWildcards {
  char* workspace;
  const int32_t* targetLength;  // [N] of all targets as they are
  const double* offsets;        // [C] added to log-probabilities, or null
  double framePenalty, labelPenalty, skipCost;
  int32_t K, Q;  // rows that a segment keeps, segments; 0 and 1 for losses only
};
static_assert(sizeof(CtcWildcards) == 56, "the host writes this structure byte by byte");

namespace {

constexpr int FRAMES = -2, LABELS = -3;  // org.ctc4j.Wildcards
constexpr double LEAST_NATS = 1073741824.0;  // 2^30

__device__ inline double logZero() { return -double(CTC_INFINITY); }

// ---- numbers ------------------------------------------------------------------------------------------------------------

// m 2^e, m in [1, 2); or 0, with e = 0.
struct alignas(16) Wide64 {
  double m;
  int64_t e;
};

// Field by field: what is initialised at once would be copied from constants in global memory.
__device__ inline Wide64 number(double m, int64_t e) {
  Wide64 x;
  x.m = m;
  x.e = e;
  return x;
}
__device__ inline Wide64 zero() { return number(0, 0); }
__device__ inline Wide64 one() { return number(1, 0); }

// m in [1, 4)
__device__ inline Wide64 normal(double m, int64_t e) {
  const bool above = m >= 2;
  return number(above ? m * 0.5 : m, e + above);
}

__device__ inline Wide64 operator*(const Wide64& a, const Wide64& b) {
  return a.m == 0 || b.m == 0 ? zero() : normal(__dmul_rn(a.m, b.m), a.e + b.e);
}

// 2^-d, d in [0, 1022]
__device__ inline double inversePowerOfTwo(int64_t d) { return __longlong_as_double((1023 - d) << 52); }

__device__ inline Wide64 operator+(const Wide64& a, const Wide64& b) {
  const bool first = b.m == 0 || (a.m != 0 && a.e >= b.e);
  const Wide64 more = first ? a : b;
  const Wide64 less = first ? b : a;
  const int64_t d = more.e - less.e;
  return less.m == 0 || d > 64 ? more : normal(__dadd_rn(more.m, __dmul_rn(less.m, inversePowerOfTwo(d))), more.e);
}

__device__ __forceinline__ Wide64 fromLog(double log) {
  constexpr double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;
  if (!(fabs(log) <= LEAST_NATS)) return zero();  // also what is not finite
  const double whole = rint(log * LOG2E);
  const double m = exponential((log - whole * LN2_HIGH) - whole * LN2_LOW);
  const bool below = m < 1;
  return number(below ? m * 2 : m, int64_t(whole) - below);
}

__device__ inline double logOf(const Wide64& x) { return x.m == 0 ? logZero() : ::log(x.m) + double(x.e) * LN2; }

// ln(exp(a) + exp(b))
__device__ inline double logSum(double a, double b) {
  const double most = max(a, b);
  return most == logZero() ? logZero() : most + log1p(exponential(min(a, b) - most));
}

// ---- the workspace --------------------------------------------------------------------------------------------------------

struct WildUtterance {
  int32_t isWild;  // else all else is 0
  int32_t status;  // OK or BAD_LABEL
  int32_t frames, labels;
  int32_t leaves;  // of the trees: a power of 2 above labels
  int32_t chains;  // whether something may be passed over on the way from a label to its like
  double weight;
  double padding[4];
};
static_assert(sizeof(WildUtterance) == 64, "see README.md, workspace");

// What a frame weighs; logarithms are relative to that of 1 in class scores.
struct WildFrame {
  double reference;  // what is taken from a number or its logarithm: the largest
  double shift;      // a logarithm of the lattice and this is one of probability
  double anyFrames, anyLabels;
  Wide64 ofBlank, ofFrames, ofLabels;  // in the lattice: offsets added, penalties taken off
};
static_assert(sizeof(WildFrame) == 80, "see README.md, workspace");

// The elements in one order or the other, k of them from 0 on.
struct Order {
  int32_t* before;  // k of the label's last like, or -1
  int32_t* rank;    // among all elements sorted by label and k
  int32_t* first;   // rank of the first with this label
};

struct Regions {
  char* at;
  int64_t N, T, L, K, Q;
  int64_t states;  // places of a row of states
  int64_t leaves;  // of the largest trees

  __device__ Regions(const CtcProblem& p, const CtcWildcards& w)
      : at(w.workspace), N(p.N), T(p.T), L(p.L), K(w.K), Q(w.Q), states(2 * L + 1), leaves(leavesOf(p.L)) {}

  __device__ static int leavesOf(int labels) {
    int leaves = 1;
    while (leaves <= labels) leaves *= 2;
    return leaves;
  }
  __device__ static int64_t align(int64_t bytes) { return Workspace::align(bytes); }

  __device__ WildUtterance* utterances() const { return (WildUtterance*)at; }
  __device__ int32_t* plainLengths() const { return (int32_t*)(at + lengthsAt()); }
  __device__ Order order(int n, bool reversed) const {
    int32_t* base = listsOf(n) + (reversed ? 3 * L : 0);
    return {base, base + L, base + 2 * L};
  }
  __device__ int32_t* sorted(int n) const { return listsOf(n) + 6 * L; }  // positions by label
  __device__ int32_t* likes(int n) const { return listsOf(n) + 7 * L; }   // how many have the label of a position, it included
  // What it weighs to pass over what tree nodes stand for: over elements, and from a label to its like.
  __device__ Wide64* factors(int n, bool reversed, bool ofLikes) const {
    return (Wide64*)(at + factorsAt()) + ((n * int64_t(2) + reversed) * 2 + ofLikes) * 2 * leaves;
  }
  __device__ Wide64* tree(int n, bool ofLikes) const { return (Wide64*)(at + treesAt()) + (n * int64_t(2) + ofLikes) * 2 * leaves; }
  __device__ WildFrame* frames(int n) const { return (WildFrame*)(at + framesAt()) + n * T; }
  __device__ Wide64* scratch(int n, int i) const { return (Wide64*)(at + scratchAt()) + (n * int64_t(3) + i) * states; }
  // alpha before segment k, which is 1 or more
  __device__ Wide64* checkpoint(int n, int64_t k) const { return (Wide64*)(at + checkpointsAt()) + (n * Q + k) * states; }
  // Row r of a segment: that of frame frames - 1 - (k K + r).
  __device__ Wide64* row(int n, int64_t r) const { return (Wide64*)(at + rowsAt()) + (n * K + r) * states; }

 private:
  __device__ int32_t* listsOf(int n) const { return (int32_t*)(at + listsAt()) + n * (8 * L); }
  __device__ int64_t lengthsAt() const { return align(N * 64); }
  __device__ int64_t listsAt() const { return lengthsAt() + align(N * 4); }
  __device__ int64_t factorsAt() const { return listsAt() + align(N * 8 * L * 4); }
  __device__ int64_t treesAt() const { return factorsAt() + align(N * 8 * leaves * 16); }
  __device__ int64_t framesAt() const { return treesAt() + align(N * 4 * leaves * 16); }
  __device__ int64_t scratchAt() const { return framesAt() + align(N * T * 80); }
  __device__ int64_t checkpointsAt() const { return scratchAt() + align(N * 3 * states * 16); }
  __device__ int64_t rowsAt() const { return checkpointsAt() + align(N * Q * states * 16); }
};

// ---- trees ------------------------------------------------------------------------------------------------------------

// op(node) for all inner nodes, children first; by a block. Begins with a barrier, and wants one after it.
template <typename F>
__device__ void upwards(int leaves, F op) {
  int width = leaves / 2;
#pragma unroll 1
  for (; width > 32; width /= 2) {
    __syncthreads();
#pragma unroll 1
    for (int i = threadIdx.x; i < width; i += blockDim.x) op(width + i);
  }
  __syncthreads();
  if (threadIdx.x < 32) {
#pragma unroll 1
    for (; width >= 1; width /= 2) {
      if (int(threadIdx.x) < width) op(width + threadIdx.x);
      __syncwarp();
    }
  }
}

__device__ void multiplyUpwards(Wide64* factors, int leaves) {
  upwards(leaves, [&](int node) { factors[node] = factors[2 * node] * factors[2 * node + 1]; });
}

// Node i holds nodes 2i and 2i + 1, leaf k is node leaves + k.
struct SumTree {
  const Wide64* factors;
  Wide64* sums;
  int leaves;

  __device__ void build() const {
    upwards(leaves, [&](int node) { sums[node] = sums[2 * node] * factors[2 * node + 1] + sums[2 * node + 1]; });
    __syncthreads();
  }
  // What `initial` before leaf `from` and the leaves from there to `to` come to there.
  __device__ Wide64 through(int from, int to, Wide64 initial) const {
    int left = from + leaves;
    int right = to + leaves + 1;
    Wide64 sum = zero(), factor = one();  // of what is taken from the right
#pragma unroll 1
    for (; left < right; left >>= 1, right >>= 1) {
      if (left & 1) {
        initial = initial * factors[left] + sums[left];
        left++;
      }
      if (right & 1) {
        right--;
        sum = sums[right] * factor + sum;
        factor = factor * factors[right];
      }
    }
    return initial * factor + sum;
  }
};

__device__ inline Wide64 product(const Wide64* factors, int leaves, int from, int to) {
  Wide64 all = one();
#pragma unroll 1
  for (int left = from + leaves, right = to + leaves + 1; left < right; left >>= 1, right >>= 1) {
    if (left & 1) all = all * factors[left++];
    if (right & 1) all = all * factors[--right];
  }
  return all;
}

// ---- an utterance's elements in one order ----------------------------------------------------------------------------------

struct Walk {
  const int32_t* target;
  Order order;
  SumTree leaves, likes;
  int labels;
  bool reversed, chains;

  __device__ Walk(const Regions& regions, const WildUtterance& u, const int32_t* target, int n, bool reversed, Wide64* shared)
      : target(target), order(regions.order(n, reversed)), labels(u.labels), reversed(reversed), chains(u.chains) {
    leaves = {regions.factors(n, reversed, false), shared != nullptr ? shared : regions.tree(n, false), u.leaves};
    likes = {regions.factors(n, reversed, true), shared != nullptr ? shared + 2 * u.leaves : regions.tree(n, true), u.leaves};
  }
  // Position in the target.
  __device__ int position(int k) const { return reversed ? labels - 1 - k : k; }
  __device__ int label(int k) const { return target[position(k)]; }

  // Sets all leaves, of which there are labels + 1, and adds them up; by a block, with barriers before inner nodes are written and at the end.
  template <typename F>
  __device__ void add(F leaf) const {
#pragma unroll 1
    for (int k = threadIdx.x; k < leaves.leaves; k += blockDim.x) leaves.sums[leaves.leaves + k] = k <= labels ? leaf(k) : zero();
    leaves.build();
  }
  // The same, and what `allowed` asks for.
  // afterLike(k): what there is of element k that its likes need not leave out
  template <typename F, typename G>
  __device__ void add(F leaf, G afterLike) const {
    add(leaf);
    if (!chains) return;
#pragma unroll 1
    for (int k = threadIdx.x; k < likes.leaves; k += blockDim.x) {
      likes.sums[likes.leaves + (k < labels ? order.rank[k] : k)] = k < labels ? sinceLike(k, afterLike) : zero();
    }
    likes.build();
  }
  // Of all leaves up to k.
  __device__ Wide64 all(int k) const { return leaves.through(0, k, zero()); }
  // The same, where k is a label without its likes.
  template <typename G>
  __device__ Wide64 allowed(int k, G afterLike) const {
    if (label(k) < 0) return all(k);
    return chains ? likes.through(order.first[k], order.rank[k], zero()) : sinceLike(k, afterLike);
  }

 private:
  template <typename G>
  __device__ Wide64 sinceLike(int k, G afterLike) const {
    const int before = order.before[k];
    return before < 0 ? all(k) : leaves.through(before + 2, k, afterLike(before));
  }
};

// ---- the lattice ------------------------------------------------------------------------------------------------------------

// Score of a class without offset, relative to the frame's reference: `x` as it is given.
__device__ inline double scoreOf(const CtcProblem& p, double x, double reference) {
  const double score = logProbability(p.flags, x);
  const double relative = score - reference;
  return (p.flags & LOG_PROBS ? score : relative) < -IMPOSSIBLE_NATS ? logZero() : relative;
}

struct Lattice {
  const CtcProblem& p;
  const CtcWildcards& w;
  const Regions& regions;
  const WildUtterance& u;
  const int32_t* target;
  int n;

  __device__ double classScore(int t, const WildFrame& frame, int c) const {
    const double x = element(p.logits, p.logitsType, logitsIndex(p, n, t) + c * p.logitsClassStride);
    return scoreOf(p, x, frame.reference) + (w.offsets != nullptr ? w.offsets[c] : 0);
  }
  // Of the element at a position.
  __device__ Wide64 weight(int t, const WildFrame& frame, int i) const {
    const int label = target[i];
    return label == FRAMES ? frame.ofFrames : label == LABELS ? frame.ofLabels : fromLog(classScore(t, frame, label));
  }

  __device__ void begin(Wide64* alpha) const {
#pragma unroll 1
    for (int s = threadIdx.x; s <= 2 * u.labels; s += blockDim.x) alpha[s] = s == 0 ? one() : zero();
    __syncthreads();
  }
  __device__ void copy(const Wide64* from, Wide64* to) const {
#pragma unroll 1
    for (int s = threadIdx.x; s <= 2 * u.labels; s += blockDim.x) to[s] = from[s];
  }

  __device__ static Wide64 leafOfAlpha(const Wide64* from, int k) { return k == 0 ? from[0] : from[2 * k - 1] + from[2 * k]; }

  // alpha of frame t from that of the frame before.
  __device__ void alpha(const Walk& walk, int t, const Wide64* from, Wide64* to) const {
    const WildFrame& frame = regions.frames(n)[t];
    auto afterLike = [&](int k) { return from[2 * k + 2]; };
    walk.add([&](int k) { return leafOfAlpha(from, k); }, afterLike);
#pragma unroll 1
    for (int k = threadIdx.x; k < u.labels; k += blockDim.x) {
      const Wide64 own = from[2 * k + 1], blank = from[2 * k + 2];
      Wide64 reach = own + walk.allowed(k, afterLike);
      if (target[k] == LABELS) reach = reach + blank;
      to[2 * k + 1] = reach * weight(t, frame, k);
      to[2 * k + 2] = (blank + own) * frame.ofBlank;
    }
    if (threadIdx.x == 0) to[0] = from[0] * frame.ofBlank;
    __syncthreads();
  }

  // Of all paths, from the last alpha.
  __device__ Wide64 total(const Walk& walk, const Wide64* alpha) const {
    walk.add([&](int k) { return leafOfAlpha(alpha, k); });
    return walk.leaves.sums[1];
  }

  // beta of the last frame, without what it weighs: here and below walk is reversed.
  __device__ void end(const Walk& walk, Wide64* beta) const {
    walk.add([&](int k) { return k == 0 ? one() : zero(); });
#pragma unroll 1
    for (int k = threadIdx.x; k <= u.labels; k += blockDim.x) {
      const int i = u.labels - k;
      const Wide64 toEnd = walk.all(k);
      beta[2 * i] = toEnd;
      if (i > 0) beta[2 * i - 1] = toEnd;
    }
    __syncthreads();
  }

  // beta of frame t from that of frame t + 1, in place. `next`: a row to work in
  __device__ void beta(const Walk& walk, int t, Wide64* next, Wide64* beta) const {
    const WildFrame& frame = regions.frames(n)[t + 1];
#pragma unroll 1
    for (int i = threadIdx.x; i <= u.labels; i += blockDim.x) {
      next[2 * i] = beta[2 * i] * frame.ofBlank;
      if (i < u.labels) next[2 * i + 1] = beta[2 * i + 1] * weight(t + 1, frame, i);
    }
    __syncthreads();
    auto afterLike = [&](int) { return zero(); };
    walk.add([&](int k) { return k == 0 ? zero() : next[2 * (u.labels - k) + 1]; }, afterLike);
#pragma unroll 1
    for (int k = threadIdx.x; k <= u.labels; k += blockDim.x) {
      const int i = u.labels - k;
      Wide64 ofBlank = next[2 * i] + walk.all(k);
      if (i > 0 && target[i - 1] == LABELS) ofBlank = ofBlank + next[2 * i - 1];
      beta[2 * i] = ofBlank;
      if (i > 0) beta[2 * i - 1] = next[2 * i - 1] + next[2 * i] + walk.allowed(k, afterLike);
    }
    __syncthreads();
  }
};

constexpr int MOST_SHARED = 512;  // leaves

__device__ inline int64_t targetAt(const CtcProblem& p, int n) {
  return p.targetStart != nullptr ? p.targetStart[n] : n * p.targetStride;
}

__device__ double weightOf(const CtcProblem& p, int n, int labels) {
  if (p.flags & MEAN) return 1.0 / (double(p.N) * max(labels, 1));
  return p.weights != nullptr ? p.weights[n] : 1.0;
}

}  // namespace

// ---- what the host launches ---------------------------------------------------------------------------------------------------

extern "C" __global__ void __launch_bounds__(256)
    ctc_wildcards_prepare(const CtcProblem p, const int, const CtcPosteriors, const CtcWildcards w) {
  const int n = blockIdx.x;
  const Regions regions(p, w);
  const int rows = p.frameCount != nullptr ? p.frameCount[n] : p.T;
  const int length = w.targetLength[n];
  const int frames = p.inputLength[n];
  const int64_t start = targetAt(p, n);
  const bool isGood = length >= 0 && length <= p.L && start >= 0 && start <= p.targetsSize - length &&  //
                      rows >= 0 && rows <= p.T && frames >= 0 && frames <= rows;
  const int32_t* target = p.targets + start;
  const Wide64 skip = fromLog(-w.skipCost);
  auto passing = [&](int i) { return target[i] == FRAMES ? one() : skip; };

  bool wild = skip.m != 0 && isGood && length > 0;
  bool bad = false;
#pragma unroll 1
  for (int i = threadIdx.x; isGood && i < length; i += blockDim.x) {
    const int label = target[i];
    const bool isWildcard = label == FRAMES || label == LABELS;
    wild |= isWildcard;
    bad |= !isWildcard && (label < 0 || label >= p.C || label == p.blank);
  }
  wild = __syncthreads_or(wild);
  bad = __syncthreads_or(bad);
  WildUtterance u = {};
  if (wild) {
    u.isWild = 1;
    u.status = bad ? BAD_LABEL : OK;
    u.frames = frames;
    u.labels = bad ? 0 : length;
    u.leaves = Regions::leavesOf(u.labels);
    u.chains = skip.m != 0;
    u.weight = weightOf(p, n, length);
  }
  if (threadIdx.x == 0) {
    regions.utterances()[n] = u;
    regions.plainLengths()[n] = wild ? 0 : length;
  }
  if (!wild) return;

#pragma unroll 1
  for (int i = threadIdx.x; i < u.labels; i += blockDim.x) {
    const int label = target[i];
    int less = 0, earlier = 0, later = 0, before = -1, after = u.labels;
#pragma unroll 1
    for (int j = 0; j < u.labels; j++) {
      const int other = target[j];
      less += other < label;
      if (other != label || j == i) continue;
      if (j < i) {
        earlier++;
        before = j;
      } else {
        later++;
        after = min(after, j);
      }
    }
    const bool isLabel = label >= 0;
    const Order forward = regions.order(n, false), backward = regions.order(n, true);
    const int k = u.labels - 1 - i;
    forward.before[i] = isLabel ? before : -1;
    forward.rank[i] = less + earlier;
    forward.first[i] = less;
    backward.before[k] = isLabel ? u.labels - 1 - after : -1;
    backward.rank[k] = less + later;
    backward.first[k] = less;
    regions.sorted(n)[less + earlier] = i;
    regions.likes(n)[i] = earlier + 1 + later;
  }
#pragma unroll 1
  for (int direction = 0; direction < 2; direction++) {
    const bool reversed = direction == 1;
    const Order order = regions.order(n, reversed);
    Wide64* leaves = regions.factors(n, reversed, false);
    Wide64* likes = regions.factors(n, reversed, true);
#pragma unroll 1
    for (int k = threadIdx.x; k < u.leaves; k += blockDim.x) {
      const bool isElement = k > 0 && k <= u.labels;
      leaves[u.leaves + k] = isElement ? passing(reversed ? u.labels - k : k - 1) : one();
    }
    multiplyUpwards(leaves, u.leaves);
    if (!u.chains) continue;
    __syncthreads();
#pragma unroll 1
    for (int k = threadIdx.x; k < u.leaves; k += blockDim.x) {
      const int before = k < u.labels ? order.before[k] : -1;
      likes[u.leaves + (k < u.labels ? order.rank[k] : k)] = before < 0 ? zero() : product(leaves, u.leaves, before + 1, k);
    }
    multiplyUpwards(likes, u.leaves);
  }
}

extern "C" __global__ void __launch_bounds__(256)
    ctc_wildcards_frames(const CtcProblem p, const int, const CtcPosteriors, const CtcWildcards w) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  const int n = int(number / p.T);
  const int t = int(number % p.T);
  const Regions regions(p, w);
  const WildUtterance& u = regions.utterances()[n];
  if (!u.isWild || t >= u.frames) return;
  const WarpGroup warp{int(threadIdx.x % 32)};
  const int64_t at = logitsIndex(p, n, t);
  auto given = [&](int64_t c) { return element(p.logits, p.logitsType, at + c * p.logitsClassStride); };
  auto offset = [&](int c) { return w.offsets != nullptr ? w.offsets[c] : 0; };

  double most = logZero();  // also of NaN, which the plain kernels have found
#pragma unroll 1
  for (int c = warp.lane; c < p.C; c += 32) most = max(most, logProbability(p.flags, given(c)));
  WildFrame frame = {};
  most = warp.reduce<Max>(most);
  frame.reference = most > logZero() && most < double(CTC_INFINITY) ? most : 0;

  int best = INT32_MAX;  // the first of the likeliest classes: others are what keeps the digits of its -ln p
  double most2 = logZero();
#pragma unroll 1
  for (int c = warp.lane; c < p.C; c += 32) {
    const double score = scoreOf(p, given(c), frame.reference);
    if (score == 0) best = min(best, c);
    if (c != p.blank) most2 = max(most2, score + offset(c));
  }
  best = -warp.reduce<Max>(-best);
  most2 = warp.reduce<Max>(most2);

  double others = 0, labels = 0;
#pragma unroll 1
  for (int c = warp.lane; c < p.C; c += 32) {
    const double score = scoreOf(p, given(c), frame.reference);
    if (c != best) others += exponential(score);
    if (c != p.blank && most2 > logZero()) labels += exponential(score + offset(c) - most2);
  }
  others = warp.reduce<Sum>(others);
  labels = warp.reduce<Sum>(labels);
  if (warp.lane != 0) return;
  const double blank = scoreOf(p, given(p.blank), frame.reference) + offset(p.blank);
  frame.shift = p.flags & LOG_PROBS ? frame.reference : -log1p(others);
  frame.anyLabels = labels > 0 ? most2 + ::log(labels) : logZero();
  const bool isWhole = !(p.flags & LOG_PROBS) && w.offsets == nullptr && best < p.C;
  frame.anyFrames = isWhole ? -frame.shift : logSum(frame.anyLabels, blank);
  frame.ofBlank = fromLog(blank);
  frame.ofFrames = fromLog(frame.anyFrames - w.framePenalty);
  frame.ofLabels = fromLog(frame.anyLabels - w.labelPenalty);
  regions.frames(n)[t] = frame;
}

extern "C" __global__ void __launch_bounds__(256, 1)
    ctc_wildcards_lattice(const CtcProblem p, const int segment, const CtcPosteriors, const CtcWildcards w) {
  static __shared__ Wide64 trees[4 * MOST_SHARED];
  const int n = blockIdx.x;
  const Regions regions(p, w);
  const WildUtterance u = regions.utterances()[n];
  if (!u.isWild) return;
  Utterance& plain = Workspace(p).utterances()[n];
  const int found = plain.status;
  __syncthreads();  // all have read it
  const bool isComputed = u.status == OK && (found == OK || (found == INFEASIBLE && segment == 0));
  if (segment == 0 && u.status != OK && threadIdx.x == 0) {
    plain.status = p.statuses[n] = u.status;
    p.losses[n] = notANumber();
  }
  if (!isComputed) {
    if (segment == 0 && threadIdx.x == 0) plain.weight = u.weight;
    return;
  }

  const int32_t* target = p.targets + targetAt(p, n);
  const Lattice lattice{p, w, regions, u, target, n};
  Wide64* shared = u.leaves <= MOST_SHARED ? trees : nullptr;
  const Walk forward(regions, u, target, n, false, shared);
  const int last = u.frames - 1 - segment * w.K;  // frame of the segment
  const int from = w.K == 0 ? u.frames : max(0, last + 1 - w.K);
  Wide64* row = regions.scratch(n, 0);
  Wide64* other = regions.scratch(n, 1);

  if (segment == 0) {
    lattice.begin(row);
#pragma unroll 1
    for (int t = 0; t < from; t++) {
      const int k = w.K == 0 ? 0 : (u.frames - t + w.K - 1) / w.K - 1;  // that begins here, or has begun before
      if (k > 0 && (t == 0 || (u.frames - t) % w.K == 0)) lattice.copy(row, regions.checkpoint(n, k));
      lattice.alpha(forward, t, row, other);
      Wide64* before = row;
      row = other;
      other = before;
    }
  } else {
    if (last < 0) return;
    row = regions.checkpoint(n, segment);
  }
#pragma unroll 1
  for (int t = from; t <= last; t++) {
    Wide64* to = regions.row(n, last - t);
    lattice.alpha(forward, t, row, to);
    row = to;
  }

  if (segment == 0) {
    const Wide64 total = lattice.total(forward, row);
    if (threadIdx.x == 0) {
      double shift = 0;
#pragma unroll 1
      for (int t = 0; t < u.frames; t++) shift += regions.frames(n)[t].shift;
      const bool isFeasible = total.m > 0;
      const double infeasible = p.flags & ZERO_INFINITY ? 0 : double(CTC_INFINITY);
      p.losses[n] = isFeasible ? 0.0 - (logOf(total) + shift) : infeasible;  // not -(...): a loss of 0 shall not be -0
      plain.status = p.statuses[n] = isFeasible ? OK : INFEASIBLE;
      plain.weight = u.weight;
    }
    if (total.m == 0) return;  // the root, which all have read, is written behind a barrier
  }
  if (w.K == 0) return;

  Wide64* beta = regions.scratch(n, 2);
  Wide64* next = regions.scratch(n, 0);
  const Walk backward(regions, u, target, n, true, shared);
  if (segment == 0 && last >= 0) lattice.end(backward, beta);
#pragma unroll 1
  for (int t = last; t >= from; t--) {
    if (t < u.frames - 1) lattice.beta(backward, t, next, beta);
    Wide64* alpha = regions.row(n, last - t);
#pragma unroll 1
    for (int s = threadIdx.x; s <= 2 * u.labels; s += blockDim.x) alpha[s] = alpha[s] * beta[s];
  }
}

namespace {

// The places of one frame, by a warp.
struct FrameOutput {
  const CtcProblem& p;
  const CtcPosteriors& out;
  const WarpGroup& warp;
  int n, t;

  __device__ void clear(const Place& place, int64_t columns) const {
    if (place.to == nullptr) return;
    const int64_t at = place.index(n, t);
#pragma unroll 1
    for (int64_t c = warp.lane; c < columns; c += 32) store(place.to, place.type, at + c * place.columnStride, 0.0);
  }
  __device__ void clearAll() const {
    clear(out.ofClasses, p.C);
    clear(out.ofStates, 2 * int64_t(p.L) + 1);
    if (p.gradient == nullptr) return;
    const int64_t at = gradientIndex(p, n, t);
#pragma unroll 1
    for (int64_t c = warp.lane; c < p.C; c += 32) storeGradient(p, at + c * p.gradientClassStride, 0.0);
  }
};

// Posteriors of one frame, by a warp.
struct FramePosteriors {
  const Wide64* row;
  int64_t most;  // exponent
  double share;  // 1 / their sum

  __device__ FramePosteriors(const Wide64* row, int states, const WarpGroup& warp) : row(row), most(INT64_MIN), share(0) {
#pragma unroll 1
    for (int s = warp.lane; s < states; s += 32) {
      const Wide64 x = row[s];
      if (x.m != 0) most = max(most, x.e);
    }
    most = warp.reduce<Max>(most);
    double sum = 0;
#pragma unroll 1
    for (int s = warp.lane; s < states; s += 32) sum += relative(s);
    sum = warp.reduce<Sum>(sum);
    share = sum > 0 ? 1 / sum : 0;
  }
  __device__ double operator()(int s) const { return relative(s) * share; }

 private:
  __device__ double relative(int s) const {
    const Wide64 x = row[s];
    return x.m == 0 || most - x.e > 1000 ? 0 : x.m * inversePowerOfTwo(most - x.e);
  }
};

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    ctc_wildcards_gradient(const CtcProblem p, const int segment, const CtcPosteriors out, const CtcWildcards w) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * w.K) return;
  const int n = int(number / w.K);
  const int r = int(number % w.K);
  const Regions regions(p, w);
  const WildUtterance u = regions.utterances()[n];
  if (!u.isWild) return;
  const WarpGroup warp{int(threadIdx.x % 32)};
  if (Workspace(p).utterances()[n].status != OK) {
#pragma unroll 1
    for (int t = r; segment == 0 && t < u.frames; t += w.K) FrameOutput{p, out, warp, n, t}.clearAll();
    return;
  }
  const int t = u.frames - 1 - (segment * w.K + r);
  if (t < 0) return;

  const int32_t* target = p.targets + targetAt(p, n);
  const WildFrame frame = regions.frames(n)[t];
  const int states = 2 * u.labels + 1;
  const FramePosteriors gamma(regions.row(n, r), states, warp);
  double blanks = 0, anyFrames = 0, anyLabels = 0;
#pragma unroll 1
  for (int i = warp.lane; i <= u.labels; i += 32) {
    blanks += gamma(2 * i);
    const int label = i < u.labels ? target[i] : 0;
    if (label == FRAMES) anyFrames += gamma(2 * i + 1);
    if (label == LABELS) anyLabels += gamma(2 * i + 1);
  }
  blanks = warp.reduce<Sum>(blanks);
  anyFrames = warp.reduce<Sum>(anyFrames);
  anyLabels = warp.reduce<Sum>(anyLabels);

  if (out.ofStates.to != nullptr) {
    const int64_t at = out.ofStates.index(n, t);
#pragma unroll 1
    for (int s = warp.lane; s < states; s += 32) {
      store(out.ofStates.to, out.ofStates.type, at + s * out.ofStates.columnStride, gamma(s));
    }
  }

  const bool hasClasses = out.ofClasses.to != nullptr;
  const bool hasGradient = p.gradient != nullptr && u.weight != 0;
  const int64_t logitsAt = logitsIndex(p, n, t);
  const int64_t classesAt = hasClasses ? out.ofClasses.index(n, t) : 0;
  const int64_t gradientAt = hasGradient ? gradientIndex(p, n, t) : 0;
  // own: posterior of the states that hold class c
  auto write = [&](int64_t c, double own) {
    const double x = element(p.logits, p.logitsType, logitsAt + c * p.logitsClassStride);
    const double score = scoreOf(p, x, frame.reference);
    const double weighted = score + (w.offsets != nullptr ? w.offsets[c] : 0);
    double posterior = anyFrames > 0 ? anyFrames * exponential(weighted - frame.anyFrames) : 0;
    if (anyLabels > 0 && c != p.blank) posterior += anyLabels * exponential(weighted - frame.anyLabels);
    posterior += own;
    if (hasClasses) store(out.ofClasses.to, out.ofClasses.type, classesAt + c * out.ofClasses.columnStride, posterior);
    if (!hasGradient) return;
    double derivative;
    if (isPerProbability(p)) {
      derivative = x > 0 ? 0 - posterior / x : 0;
    } else {
      derivative = (p.flags & SOFTMAX_TERM ? exponential(score + frame.shift) : 0) - posterior;
    }
    storeGradient(p, gradientAt + c * p.gradientClassStride, u.weight * derivative);
  };
#pragma unroll 1
  for (int64_t c = warp.lane; c < p.C; c += 32) write(c, c == p.blank ? blanks : 0);
  __syncwarp();  // what follows overwrites some of it
  const int32_t* sorted = regions.sorted(n);
#pragma unroll 1
  for (int rank = warp.lane; rank < u.labels; rank += 32) {
    const int i = sorted[rank];
    const bool isFirst = rank == 0 || target[sorted[rank - 1]] != target[i];
    if (target[i] < 0 || !isFirst) continue;
    double own = 0;
    const int count = regions.likes(n)[i];
#pragma unroll 1
    for (int k = 0; k < count; k++) own += gamma(2 * sorted[rank + k] + 1);
    write(target[i], own);
  }
}
