// ctc_frames_*: one pass over the logits. Per (utterance, frame) the log-sum-exp over C; with it
//
//   gradient(t, c) = w y_t(c),   y_t(c) = exp(x(t, c) - logsumexp_k x(t, k))                        first term of equation (16)
//
// (Graves et al. 2006; ctc_labels then overwrites the entries of the target's labels and of the blank), and the probabilities
// that the lattice needs, relative to the frame's best column b among blank and labels:
//
//   E(t, u) = y_t(label of column u) / y_t(b)    as mantissa in [1, 2) and exponent of base 2
//   best(t) = ln y_t(b)                          float64
//
// so that a certain frame is exactly 1, and the large part of a loss is summed in float64.
//
// In:  logits (any strides; element type by name); workspace: Utterance [N], Lists.
// Out: gradient (every frame that it has room for: 0 for t >= input length), Frame [N][T], E [N][T][width].
//      Frames t >= input length are never read. NaN or +Infinity in a frame makes best(t) NaN, and with
//      flag CHECK_LOG_PROBS one that cannot be log-probabilities +Infinity, which ctc_lattice sees.
// Parallel: a row of C numbers by a warp (c32, c256, c1024: 8 rows a block) or by a block of 512 threads (c8192, any).
//      Up to C = 8192 the row stays in registers between its two uses: device memory sees one read and one write. Above, `any`
//      reads it twice, the second time from L2 as long as the rows in flight (about 260 of them on an H100) fit there.
//      Loads and stores are 16 bytes wide where class stride is 1 and the row aligned. Which classes a lane adds up follows
//      from C alone, so that a row has the same bits wherever it lies.
// Launch: warp kernels grid ceil(N T / 8), block 256; block kernels grid N T, block 512. N T < 2^31.
// Shared memory: 16 warps * 8 bytes, static, block kernels only.
// Deterministic: fixed trees of sums; nothing is shared between rows.
//
// The sum of exponentials leaves out the largest element (it is exactly 1): ln(1 + others) keeps its digits when the frame is
// nearly certain, where 1 + others in float32 would lose them.
// Rejected: one kernel for the softmax and one for E (the gather of E finds the row in L1 here); float32 differences for the
// exponents of E (x - b of logits of size 1000 is only good to 1e-4).
#include "ctc.cuh"

namespace {

constexpr int BLOCK = 512;  // of kernels whose rows are each a block's

// ---- rows of numbers ---------------------------------------------------------------------------------------------------------

template <typename X>
struct InputRow {
  using A = typename Wide<X>::type;
  const X* at;
  int64_t stride;
  int C;

  static constexpr int SIZE = Packet<X>::SIZE;

  __device__ A operator[](int c) const { return widen(at[c * stride]); }
  // Whether a lane takes SIZE classes in a row at a time. C alone decides: the order of additions must not depend on where
  // the row lies.
  __device__ bool inPackets() const { return C % SIZE == 0; }
  // Whether those are one load of 16 bytes.
  __device__ bool aligned() const { return stride == 1 && (uintptr_t)at % 16 == 0; }
  // Classes c ... c + SIZE - 1.
  __device__ void load(int c, bool aligned, A* to) const {
    if (aligned) {
      const Packet<X> packet = loadPacket(at + c);
#pragma unroll
      for (int k = 0; k < SIZE; k++) to[k] = widen(packet.x[k]);
    } else {
#pragma unroll
      for (int k = 0; k < SIZE; k++) to[k] = (*this)[c + k];
    }
  }
};

// A row of the gradient, of numbers of type G.
template <typename G>
struct OutputRow {
  static constexpr int SIZE = Packet<G>::SIZE;
  G* at;
  int64_t stride;

  // Whether it takes 16 bytes at a time, at multiples of SIZE classes.
  __device__ bool packets() const { return stride == 1 && (uintptr_t)at % 16 == 0; }
  template <typename A>
  __device__ void set(int c, A value) const {
    narrow(value, &at[c * stride]);
  }
  // values[0 .. COUNT) at classes c, c + 1, ...
  template <int COUNT, typename A>
  __device__ void setAll(int c, const A* values, bool packets) const {
    if (COUNT % SIZE == 0 && packets) {
#pragma unroll
      for (int k = 0; k < COUNT; k += SIZE) {
        Packet<G> packet;
#pragma unroll
        for (int i = 0; i < SIZE; i++) narrow(values[min(k + i, COUNT - 1)], &packet.x[i]);
        storePacket(at + c + k, packet);
      }
    } else {
      G* to = at + c * stride;
#pragma unroll
      for (int k = 0; k < COUNT; k++, to += stride) narrow(values[k], to);
    }
  }
};

// The whole row, of numbers of any type, one after the other. Few ask for a gradient of another type than their logits': it need not be
// quick, nor be there once more for each type.
template <typename Group, typename F>
__device__ void storeRow(const CtcProblem& p, int n, int t, const Group& group, F value) {
  int64_t at = gradientIndex(p, n, t) + group.lane * p.gradientClassStride;
#pragma unroll 1
  for (int c = group.lane; c < p.C; c += group.size(), at += group.size() * p.gradientClassStride) {
    storeGradient(p, at, value(c));
  }
}

// ---- the sum of a row ------------------------------------------------------------------------------------------------------------

// sum of exp(x) = exp(max) (ties + others): how often the maximum occurs, and all others. NaN counts as nothing; `bad` tells.
template <typename A>
struct RowSum {
  A max, ties, others;

  __device__ A shift() const { return max == -CTC_INFINITY ? A(0) : max; }  // -Infinity - -Infinity is not wanted

  // Moves the sum to a larger maximum, which is not counted yet.
  __device__ void raise(A larger) {
    others = max == -CTC_INFINITY ? A(0) : (ties + others) * exponential(max - larger);
    ties = 0;
    max = larger;
  }
  template <typename Group>
  __device__ RowSum together(const Group& group) const {
    RowSum all;
    all.max = group.template reduce<Max>(max);
    const A factor = max == -CTC_INFINITY ? A(0) : exponential(max - all.max);
    all.ties = group.template reduce<Sum>(max == all.max ? ties : A(0));
    all.others = group.template reduce<Sum>(max == all.max ? others : (ties + others) * factor);
    return all;
  }
  __device__ double log() const { return ties == 1 ? ::log1p(double(others)) : ::log(double(ties) + double(others)); }
};

// ---- what becomes of a row -----------------------------------------------------------------------------------------------------------

// y = exp(x - shift) * scale is the first term of the gradient; ln y_t(c) = (x - shift) - logSum. Of what is said to be
// log-probabilities and cannot be, logSum is +Infinity, and so nothing possible: a register more would cost occupancy.
template <typename X>
struct Normaliser {
  using A = typename Wide<X>::type;
  A shift;
  double logSum;
  A scale;

  __device__ Normaliser(const CtcProblem& p, const RowSum<A>& sum, double weight) {
    const bool none = sum.max == -CTC_INFINITY;  // nothing is possible
    if (p.flags & LOG_PROBS) {
      shift = 0;
      const bool refused = (p.flags & CHECK_LOG_PROBS) && !none &&
                           !canBeLogProbs<X>(sum.max, exponential(sum.max) * (sum.ties + sum.others));
      logSum = refused ? double(CTC_INFINITY) : 0;
      scale = p.flags & SOFTMAX_TERM ? A(weight) : A(0);
    } else {
      shift = sum.shift();
      logSum = sum.log();
      scale = none ? A(0) : A(weight / (double(sum.ties) + double(sum.others)));
    }
  }
  // A product with 0 that stays 0 for infinite x.
  __device__ A term(A x) const { return scale == 0 ? A(0) : exponential(x - shift) * scale; }
  __device__ double logProbability(A x) const { return (double(x) - double(shift)) - logSum; }
  __device__ bool possible(A x) const { return x > -CTC_INFINITY && logProbability(x) >= -IMPOSSIBLE_NATS; }
};

// 2^f for f in [-1/2, 1/2] within 0.6 ulp: the sum of its series up to f^7.
__device__ inline float exp2Fraction(float f) {
  float y = 1.52527338e-5f;
  y = fmaf(y, f, 1.54035304e-4f);
  y = fmaf(y, f, 1.33335581e-3f);
  y = fmaf(y, f, 9.61812911e-3f);
  y = fmaf(y, f, 5.55041087e-2f);
  y = fmaf(y, f, 2.40226507e-1f);
  y = fmaf(y, f, 6.93147181e-1f);
  return fmaf(y, f, 1.0f);
}

// exp(d), d in [-2^27, 0].
__device__ inline Emission split(double d) {
  const double y = d * LOG2E;
  const double whole = rint(y);
  const float m = exp2Fraction(float(y - whole));
  const bool below = m < 1;
  return {below ? m * 2 : m, int32_t(whole) - below};
}

// E of one frame, and its record.
template <typename X, typename Group>
__device__ void writeEmissions(const CtcProblem& p, const Workspace& workspace, const Utterance& u, int n, int t,
                             const InputRow<X>& row, const Normaliser<X>& y, bool bad, const Group& group) {
  using A = typename Wide<X>::type;
  const int32_t* distinct = workspace.lists(n).distinct;
  auto logit = [&](int column) { return row[column == 0 ? p.blank : distinct[column - 1]]; };

  A best = -CTC_INFINITY;
#pragma unroll 1
  for (int c = group.lane; c <= u.columns; c += group.size()) {
    const A x = logit(c);
    best = x > best ? x : best;
  }
  best = group.template reduce<Max>(best);

  Emission* emissions = workspace.emissions(n) + t * workspace.width;
  int range = 0;
#pragma unroll 1
  for (int c = group.lane; c <= u.columns; c += group.size()) {
    const A x = logit(c);
    Emission emission = {0, ZERO_EXPONENT};
    if (!bad && y.possible(x)) {
      emission = split(double(x) - double(best));
      range = max(range, -emission.e);
    }
    emissions[c] = emission;
  }
  range = group.template reduce<Max>(range);
  if (group.lane == 0) {
    const double refused = p.flags & LOG_PROBS ? y.logSum : 0;  // +Infinity or 0
    const double logBest = bad                ? notANumber()
                           : y.possible(best) ? y.logProbability(best)
                                              : refused;
    workspace.frames(n)[t] = {logBest, range, 0};
  }
}

// ---- a row in registers, and a row in passes ------------------------------------------------------------------------------------------

// Up to ITEMS * group.size() classes: each lane has SIZE in a row and the next SIZE a group further on, or each one a group further on.
template <typename X, int ITEMS>
struct RegisterRow {
  using Element = X;
  using A = typename Wide<X>::type;
  static constexpr int SIZE = Packet<X>::SIZE;
  A x[ITEMS];

  template <typename Group>
  __device__ RegisterRow(const InputRow<X>& row, const Group& group) {
    if (ITEMS % SIZE == 0 && row.inPackets()) {
      const bool aligned = row.aligned();
#pragma unroll
      for (int i = 0; i + SIZE - 1 < ITEMS; i += SIZE) {
        const int c = (i / SIZE * group.size() + group.lane) * SIZE;
        if (c < row.C) {
          row.load(c, aligned, x + i);
        } else {
#pragma unroll
          for (int k = 0; k < SIZE; k++) x[i + k] = -CTC_INFINITY;
        }
      }
    } else {
      const X* at = row.at + group.lane * row.stride;
      const int64_t step = group.size() * row.stride;
#pragma unroll
      for (int i = 0; i < ITEMS; i++, at += step) {
        x[i] = group.lane + i * group.size() < row.C ? widen(*at) : A(-CTC_INFINITY);
      }
    }
  }

  __device__ bool bad() const {
    bool bad = false;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) bad |= !(x[i] < CTC_INFINITY);  // true for NaN
    return bad;
  }

  template <typename Group>
  __device__ RowSum<A> sum(const Group& group) const {
    A most = x[0];
#pragma unroll
    for (int i = 1; i < ITEMS; i++) most = Max::of(most, x[i]);
    RowSum<A> all = {group.template reduce<Max>(most), 0, 0};
    const A shift = all.shift();
    A part[4] = {};  // short sums, then their sum: less rounding, and four chains instead of one
    int ties = 0;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
      const bool tie = x[i] == all.max;
      ties += tie;
      part[i % 4] += tie ? A(0) : exponential(x[i] - shift);
    }
    all.ties = A(group.template reduce<Sum>(all.max == -CTC_INFINITY ? 0 : ties));  // all lanes, also when they hold NaN
    all.others = group.template reduce<Sum>((part[0] + part[1]) + (part[2] + part[3]));
    return all;
  }

  __device__ void toTerms(const Normaliser<X>& y) {
#pragma unroll
    for (int i = 0; i < ITEMS; i++) x[i] = y.term(x[i]);
  }

  template <typename Out, typename Group>
  __device__ void write(const InputRow<X>& row, const Normaliser<X>&, const Out& out, const Group& group) const {
    const bool inPackets = ITEMS % SIZE == 0 && row.inPackets();
    int c = inPackets ? group.lane * SIZE : group.lane;
    if (inPackets && out.packets()) {
#pragma unroll
      for (int i = 0; i + SIZE - 1 < ITEMS; i += SIZE, c += SIZE * group.size()) {
        if (c < row.C) out.template setAll<SIZE>(c, x + i, true);
      }
    } else {
      auto* at = out.at + c * out.stride;
#pragma unroll
      for (int i = 0; i < ITEMS; i++) {
        if (c < row.C) narrow(x[i], at);
        // SIZE in a row and on to the next SIZE, or all as far apart
        const int step = !inPackets ? group.size() : i % SIZE < SIZE - 1 ? 1 : SIZE * (group.size() - 1) + 1;
        c += step;
        at += step * out.stride;
      }
    }
  }
};

// Any number of classes: read once for the sum, and once more for the gradient.
template <typename X>
struct PassedRow {
  using Element = X;
  using A = typename Wide<X>::type;
  static constexpr int SIZE = Packet<X>::SIZE;
  RowSum<A> own = {-CTC_INFINITY, 0, 0};
  bool isBad = false;

  template <typename Group>
  __device__ PassedRow(const InputRow<X>& row, const Group& group) {
    if (row.inPackets()) {
      const bool aligned = row.aligned();
      for (int c = group.lane * SIZE; c < row.C; c += group.size() * SIZE) {
        A x[SIZE];
        row.load(c, aligned, x);
        addAll(x);
      }
    } else {
      for (int c = group.lane; c < row.C; c += group.size()) {
        const A x[1] = {row[c]};
        addAll(x);
      }
    }
  }

  // The maximum is looked at once for all of them.
  template <int COUNT>
  __device__ void addAll(const A (&x)[COUNT]) {
    A most = x[0];
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      isBad |= !(x[k] < CTC_INFINITY);
      most = Max::of(x[k], most);
    }
    if (most > own.max) own.raise(most);
    const A shift = own.shift();
    A others = 0;
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      const bool tie = x[k] == own.max && x[k] > -CTC_INFINITY;
      own.ties += tie ? 1 : 0;
      others += tie ? A(0) : exponential(x[k] - shift);
    }
    own.others += others;
  }

  __device__ bool bad() const { return isBad; }

  template <typename Group>
  __device__ RowSum<A> sum(const Group& group) const {
    return own.together(group);
  }

  __device__ void toTerms(const Normaliser<X>&) {}

  template <typename Out, typename Group>
  __device__ void write(const InputRow<X>& row, const Normaliser<X>& y, const Out& out, const Group& group) const {
    if (row.inPackets()) {
      const bool packets = out.packets();
      const bool aligned = row.aligned();
      for (int c = group.lane * SIZE; c < row.C; c += group.size() * SIZE) {
        A x[SIZE];
        row.load(c, aligned, x);
#pragma unroll
        for (int k = 0; k < SIZE; k++) x[k] = y.term(x[k]);
        out.template setAll<SIZE>(c, x, packets);
      }
    } else {
      for (int c = group.lane; c < row.C; c += group.size()) out.set(c, y.term(row[c]));
    }
  }
};

// Many float64 numbers a thread would be too many registers, and few use them: those rows are read twice.
template <typename X, int ITEMS>
struct LongRowOf {
  using type = RegisterRow<X, ITEMS>;
};
template <int ITEMS>
struct LongRowOf<double, ITEMS> {
  using type = PassedRow<double>;
};
template <typename X, int ITEMS>
using LongRow = typename LongRowOf<X, ITEMS>::type;

// ---- the kernels ---------------------------------------------------------------------------------------------------------------------------

template <typename Row, typename Group>
__device__ void frame(const CtcProblem& p, unsigned number, const Group& group) {
  const int n = number / unsigned(p.T);
  const int t = number % unsigned(p.T);
  const Workspace workspace(p);
  const Utterance u = workspace.utterances()[n];
  if (t >= u.rows) return;

  const bool wanted = p.gradient != nullptr;
  bool zero = t >= u.frames || u.weight == 0;
  if (t < u.frames) {
    using X = typename Row::Element;
    const InputRow<X> row = {(const X*)p.logits + logitsIndex(p, n, t), p.logitsClassStride, p.C};
    Row values(row, group);
    const bool bad = group.any(values.bad());
    const Normaliser<X> y(p, values.sum(group), u.weight);
    zero |= bad;
    if (wanted && !zero) {
      if (p.gradientType == CODE<X>) {
        values.toTerms(y);
        values.write(row, y, OutputRow<X>{(X*)p.gradient + gradientIndex(p, n, t), p.gradientClassStride}, group);
      } else {
        storeRow(p, n, t, group, [&](int c) { return y.term(row[c]); });
      }
    }
    writeEmissions(p, workspace, u, n, t, row, y, bad, group);  // last: the row's registers are free
  }
  if (wanted && zero) {
    storeRow(p, n, t, group, [](int) { return 0.0; });
  }
}

template <typename Row>
__device__ void frameOfWarp(const CtcProblem& p) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  frame<Row>(p, unsigned(number), WarpGroup{int(threadIdx.x % 32)});
}

template <typename Row>
__device__ void frameOfBlock(const CtcProblem& p, double* shared) {
  frame<Row>(p, blockIdx.x, BlockGroup{int(threadIdx.x), shared});
}

}  // namespace

#define CTC_FRAMES(TYPE)                                                                                  \
  extern "C" __global__ void __launch_bounds__(256) ctc_frames_##TYPE##_c32(const CtcProblem p) {         \
    frameOfWarp<RegisterRow<TYPE, 1>>(p);                                                                 \
  }                                                                                                       \
  extern "C" __global__ void __launch_bounds__(256) ctc_frames_##TYPE##_c256(const CtcProblem p) {        \
    frameOfWarp<RegisterRow<TYPE, 8>>(p);                                                                 \
  }                                                                                                       \
  extern "C" __global__ void __launch_bounds__(256, 3) ctc_frames_##TYPE##_c1024(const CtcProblem p) {       \
    frameOfWarp<LongRow<TYPE, 32>>(p);                                                                    \
  }                                                                                                       \
  extern "C" __global__ void __launch_bounds__(512) ctc_frames_##TYPE##_c8192(const CtcProblem p) {       \
    static __shared__ double shared[BLOCK / 32];                                                          \
    frameOfBlock<LongRow<TYPE, 16>>(p, shared);                                                           \
  }                                                                                                       \
  extern "C" __global__ void __launch_bounds__(512) ctc_frames_##TYPE##_any(const CtcProblem p) {         \
    static __shared__ double shared[BLOCK / 32];                                                          \
    frameOfBlock<PassedRow<TYPE>>(p, shared);                                                             \
  }
#define CTC_FRAMES_OF(TYPE) CTC_FRAMES(TYPE)

// scripts/build-ptx makes a file for each type: a driver then translates only what is used.
#ifdef CTC_ONLY
CTC_FRAMES_OF(CTC_ONLY)
#else
CTC_FRAMES(f64)
CTC_FRAMES(f32)
CTC_FRAMES(f16)
CTC_FRAMES(bf16)
#endif
