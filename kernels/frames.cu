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
// Where the model has few doubts (isClear) E is there once more, in float64, for a lattice of float64 states: relative to b in certain frames, y
// itself in others. Then best(t) has float64's digits, too: where float32 has lost what counts of the sum (hasLostDigits) all classes are added up again.
// Of float32 logits E's mantissa is float32's there, too: what counts is that E and this sum have the same number for a class (isShort).
// Which frames these are follows from the frame alone. On a device whose float64 is slow they cost several times as much as others.
//
// In:  logits (any strides; element type by name); workspace: Utterance [N], Lists.
// Out: gradient (every frame that it has room for: 0 for t >= input length), Frame [N][T], E [N][T][width], and in float64 where Frame.doubt says so.
//      Frames t >= input length are never read. NaN or +Infinity in a frame makes best(t) NaN, and with
//      flag CHECK_LOG_PROBS one that cannot be log-probabilities +Infinity, which ctc_lattice sees.
// ctc_frames_probabilities does the same of probabilities, of any number of classes and any type: gradient w p, or 0, and E from their
// logarithms.
// Parallel: a row of C numbers by 4 lanes (c32), 8 (c64), 16 (c128), a warp (c256, c1024) or a block (c16384, any) of as many threads as there
//      are 512s of classes, so that none goes without work. Rows that share a warp share what it does once a row, which is most of the
//      instructions of few classes. Up to C = 16,384 the row stays in registers between its two uses, and there as
//      the exponentials that both uses want: device memory sees one read and one write. `any` keeps it in shared memory instead, as
//      far as there is room, and there exponentials in its place, of 16-bit numbers not. Block kernels: each warp has a maximum and a sum of its own; one warp puts these together, takes the
//      logarithm and writes E while the others write the gradient: two barriers a row.
//      Loads and stores are 16 bytes wide where class stride is 1, the row aligned and C a multiple of what they take.
//      Which classes a lane adds up, and in what order, follows from C alone, so that a row has the same bits wherever it lies.
// Launch: block 256, grid ceil(N T / rows), 64, 32, 16 or 8 rows a block (probabilities: 8); block kernels grid N T, block 32 min(32, ceil(C / 512)). N T < 2^31.
//      `any` takes the size of the dynamic shared memory as a second parameter.
// Shared memory: 32 warps * 16 bytes and 32 more, or twice as much for float64, static, block kernels only; `any` also dynamic.
// Deterministic: fixed trees of sums; nothing is shared between rows.
//
// The sum of exponentials leaves out the largest element (it is exactly 1): ln(1 + others) keeps its digits when the frame is
// nearly certain, where 1 + others in float32 would lose them.
// Bound by memory, so long as there are few instructions a class, some 12: no branch (a branch for the maximum, or for -Infinity, doubles
// them; one for a whole row tells whether the largest must be left out from the start), one exponential a class instead of one for the sum and one for the gradient, and in place of expf, which has 8, the 5 of
// exp(x) = 2^y (1 + (x - y ln 2)), y = x / ln 2 rounded: without the correction what is far below the maximum would be off by 1e-6.
// Rejected: one kernel for the softmax and one for E (the gather of E finds the row in L1 here); float32 differences for the
// exponents of E (x - b of logits of size 1000 is only good to 1e-4); a maximum of the block before the exponentials (a barrier more, and
// nothing to compute before it); 12 terms of float64 for each E of float32 logits (twice the instructions, for digits that those do not have); E in float64 of all frames (1/64 rate on most devices), or by the lattice where it wants it (one block then does what is work for
// all of the device); more classes a thread than 16 (fewer warps to wait for memory); asynchronous copies (what they save,
// registers for loads under way, is not short here); probabilities in the other kernels (instructions and registers of those that take
// logits; they are what decoders and aligners read more than what is trained on, so a row is read again and need not be quick).
#include "ctc.cuh"

#ifndef CTC_EMULATION
extern __shared__ char dynamicShared[];  // 16-byte aligned by the last of the static ones
#endif

namespace {

// ---- exponentials and logarithms -----------------------------------------------------------------------------------------------

__device__ inline float larger(float a, float b) { return fmaxf(a, b); }  // NaN only if both are
__device__ inline double larger(double a, double b) { return fmax(a, b); }

struct Largest {
  template <typename V>
  __device__ static V of(V a, V b) { return larger(a, b); }
};

__device__ inline float powerOf2(float x) {
#ifdef CTC_EMULATION
  return exp2f(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

// exp(x), x <= 0, without a branch: within 3 units in the last place above -17 and 6 below, and as many more as ex2.approx is off
// (2 at most). 0 below 2^-126, 1 at 0, NaN of NaN.
__device__ inline float decayed(float x) {
  const float y = x * float(LOG2E);
  const float rest = fminf(fmaf(y, -float(LN2), x), 1.0f);  // that rounding took from y, some 1e-6 at most; of -Infinity 1
  const float power = powerOf2(y);
  return fmaf(power, rest, power);
}
__device__ inline double decayed(double x) { return exponential(x); }

// Good to 1e-10, x in the range of float32.
__device__ inline double reciprocal(double x) {
#ifdef CTC_EMULATION
  return 1 / x;
#else
  double y;
  asm("rcp.approx.ftz.f64 %0, %1;" : "=d"(y) : "d"(x));
  return fma(fma(-x, y, 1.0), y, y);
#endif
}

// ---- rows of numbers -----------------------------------------------------------------------------------------------------------

template <typename X>
__device__ void widenPacket(const X* at, typename Wide<X>::type* to) {
  const Packet<X> packet = loadPacket(at);
#pragma unroll
  for (int k = 0; k < Packet<X>::SIZE; k++) to[k] = widen(packet.x[k]);
}

template <typename X>
__device__ void narrowPacket(const typename Wide<X>::type* from, X* at) {
  Packet<X> packet;
#pragma unroll
  for (int k = 0; k < Packet<X>::SIZE; k++) narrow(from[k], &packet.x[k]);
  storePacket(at, packet);
}

template <typename X>
struct InputRow {
  using A = typename Wide<X>::type;
  const X* at;
  int64_t stride;
  int C;

  static constexpr int SIZE = Packet<X>::SIZE;

  __device__ A operator[](int c) const { return widen(at[c * stride]); }
  // Whether class 0 and every SIZE-th from there on begin 16 bytes.
  __device__ bool aligned() const { return stride == 1 && (uintptr_t)at % 16 == 0; }
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
};

// The whole row, of numbers of any type, one after the other. Few ask for a gradient of another type than their logits', or of
// probabilities: it need not be quick, nor be there once more for each type.
template <typename Group, typename F>
__device__ void storeRow(const CtcProblem& p, int n, int t, const Group& group, F value) {
  int64_t at = gradientIndex(p, n, t) + group.lane * p.gradientClassStride;
#pragma unroll 1
  for (int c = group.lane; c < p.C; c += group.size(), at += group.size() * p.gradientClassStride) {
    storeGradient(p, at, value(c));
  }
}

// ---- the sum of a row ------------------------------------------------------------------------------------------------------------

// sum of exp(x) = exp(max) (ties + others). `ties` occurrences of the maximum, one at least if it is among these x, are not with the
// others; further ones may be. others is NaN where an x is.
template <typename A>
struct RowSum {
  A max, ties, others;

  __device__ bool none() const { return max == -CTC_INFINITY; }  // nothing is possible
  __device__ A shift() const { return none() ? A(0) : max; }     // -Infinity - -Infinity is not wanted
  __device__ bool bad() const { return !(max < CTC_INFINITY && others >= 0); }

  // Of the lanes' sums one.
  __device__ RowSum together(const WarpGroup& warp) const {
    RowSum all;
    all.max = warp.reduce<Largest>(max);
    const bool isMax = max == all.max;
    const A factor = decayed(max - all.shift());
    all.ties = warp.reduce<Sum>(isMax ? ties : A(0));
    all.others = warp.reduce<Sum>(isMax ? others : (ties + others) * factor);
    return all;
  }
};

// What a lane adds up: exp(x - max).
template <typename A>
struct PartialSum {
  static constexpr int PARTS = 4;  // short sums, then their sum: less rounding, and four chains instead of one
  A parts[PARTS] = {A(-0.0), A(-0.0), A(-0.0), A(-0.0)};  // -0 + x is x for a compiler, 0 + x not

  __device__ void add(A e, int i) { parts[i % PARTS] += e; }
  __device__ A sum() const { return (parts[0] + parts[1]) + (parts[2] + parts[3]); }
};

// The lanes' sum of exp(x - max), of which this lane has `own`; others() leaves out those that are 1. Below 1 there are none, and from 2 on
// the rest is as good if one is taken off again; only between they must be left out from the start. Of few classes that is less than to ask.
template <typename A, int LANES, typename F>
__device__ RowSum<A> sumOfPowers(A max, A own, const LaneGroup<LANES>& lanes, F others) {
  if constexpr (LANES < 32) {
    const A rest = others();
    const A ones = rint(own - rest);  // all but one go to the others, so that a vote counts them
    const A ties = A(lanes.count(ones > 0));
    return {max, ties, lanes.template reduce<Sum>(ones > 0 ? rest + (ones - 1) : rest)};
  } else {
    const A whole = lanes.template reduce<Sum>(own);
    if (whole < 1) return {max, 0, whole};
    if (whole >= 2) return {max, 1, whole - 1};
    const A rest = others();  // of NaN, too
    const A ones = rint(own - rest);
    return {max, lanes.template reduce<Sum>(ones), lanes.template reduce<Sum>(rest)};
  }
}

// 1 / (ties + others)
__device__ inline double inverseOf(const RowSum<double>& sum) { return 1 / (sum.ties + sum.others); }
__device__ inline double inverseOf(const RowSum<float>& sum) { return reciprocal(double(sum.ties) + double(sum.others)); }

// ln(ties + others), without ties == 1 as good as others.
__device__ inline double logOf(const RowSum<double>& sum) { return ::log1p(sum.others + (sum.ties - 1)); }
// Relatively good to 1e-9, which others, a float32, is not. 1 + x = 2^k (1 + f) with f in [-1/4, 1/2), and
// ln(1 + f) = 2 artanh(z), z = f / (2 + f).
__device__ inline double logOf(const RowSum<float>& sum) {
  const double x = double(sum.others) + double(sum.ties - 1);
  constexpr int THREE_QUARTERS = 0x3fe80000;  // the upper word of 0.75
  const int k = (int(__double_as_longlong(1 + x) >> 32) - THREE_QUARTERS) >> 20;
  const double scale = __longlong_as_double(int64_t(1023 - k) << 52);  // 2^-k
  const double f = fma(x, scale, scale - 1);                           // x itself if k = 0
  const double z = f * reciprocal(2 + f);
  const double w = z * z;
  double series = 1.0 / 11;
  series = fma(series, w, 1.0 / 9);
  series = fma(series, w, 1.0 / 7);
  series = fma(series, w, 1.0 / 5);
  series = fma(series, w, 1.0 / 3);
  return fma(double(k), LN2, 2 * fma(z * w, series, z));
}

// ---- what becomes of a row -----------------------------------------------------------------------------------------------------------

// The gradient's first terms, w y.
template <typename X>
struct Terms {
  using A = typename Wide<X>::type;
  A max, factor;  // exp(x - max) factor
  A shift, scale;  // the same: exp(x - shift) scale
  int64_t zero;  // the whole gradient is; 64 bits leave no gap, which a copy would read

  Terms() = default;
  __device__ Terms(const CtcProblem& p, const RowSum<A>& sum, double weight) {
    max = sum.shift();
    zero = weight == 0 || sum.bad();
    if (p.flags & LOG_PROBS) {
      shift = 0;
      scale = p.flags & SOFTMAX_TERM ? A(weight) : A(0);
      factor = scale == 0 ? A(0) : scale * exponential(sum.max);
    } else {
      shift = max;
      scale = factor = sum.none() ? A(0) : A(weight * inverseOf(sum));
    }
  }
  // Not where log-probabilities are far above 0: 0 times Infinity.
  __device__ bool hasFactor() const { return fabs(factor) < CTC_INFINITY; }
  // A product with 0 that stays 0 for infinite x.
  __device__ A of(A x) const { return scale == 0 ? A(0) : exponential(x - shift) * scale; }
};

// ln y_t(c) = (x - shift) - logSum. Of what is said to be (log-)probabilities and cannot be, logSum is +Infinity, and so nothing possible.
template <typename A>
struct LogProbabilities {
  bool bad;  // the frame is not finite
  A shift;
  double logSum;
  double others;  // of logits: what all classes but one of the largest have, relative to that

  __device__ double of(A x) const { return (double(x) - double(shift)) - logSum; }
  __device__ bool possible(A x) const { return x > -CTC_INFINITY && of(x) >= -IMPOSSIBLE_NATS; }
};

template <typename X, typename A>
__device__ LogProbabilities<A> logProbabilities(const CtcProblem& p, const RowSum<A>& sum) {
  if (!(p.flags & LOG_PROBS)) return {sum.bad(), sum.shift(), logOf(sum), double(sum.others) + double(sum.ties - 1)};
  const bool refused = (p.flags & CHECK_LOG_PROBS) && !sum.none() &&
                       !canBeLogProbs(CODE<X>, sum.max, exponential(sum.max) * (sum.ties + sum.others));
  return {sum.bad(), 0, refused ? double(CTC_INFINITY) : 0, double(CTC_INFINITY)};
}

constexpr Emission ZERO_EMISSION = {0, ZERO_EXPONENT};

// exp(d), d in [-2^27, 0], with m in [sqrt(1/2), sqrt(2)].
__device__ inline Emission splitAbout1(double d) {
  const double y = d * LOG2E;
  const double whole = rint(y);
  return {exp2Fraction(float(y - whole)), int32_t(whole)};
}

__device__ inline Emission split(double d) {
  const Emission about1 = splitAbout1(d);
  const bool below = about1.m < 1;
  return {below ? about1.m * 2 : about1.m, about1.e - below};
}

// ---- E in float64 --------------------------------------------------------------------------------------------------------------------

// Of which frames E is written in float64, too: by ln y of the best column, ...
constexpr float LEAST_CLEAR = -0.9163f;  // ln 0.4
// ... and of these, which count as such, by the sum of E: where the best column has most of y; and where it has less, but is among others of the
// target, as at the end of a label. Of a model that has learned nothing these are few, unless the target has all classes. Not where
// log-probabilities have a sum above 1.
constexpr float CLEAR = -0.2877f;  // ln 0.75
constexpr float NOT_TARGET = 0.02f;
constexpr float SUM_ROUNDING = 1e-3f;
__device__ inline bool isClear(float logBest, float sum) {
  const float notTarget = powerOf2(-logBest * float(LOG2E)) - sum;  // relative to the best column
  return notTarget >= -SUM_ROUNDING && (logBest >= CLEAR || notTarget <= NOT_TARGET);
}

// Whether float32 has lost what counts of the sum of all classes but the best one. The loss is what others than the target's have of it, so that a
// ten-millionth of it is too much if these have little; and all of it is off by a millionth where classes are e^-16 or less of the best one, the
// distances of their logits being rounded.
constexpr double FEW_OTHERS = 1e-6;
__device__ inline bool hasLostDigits(double others, double sum) { return 2 * (others - (sum - 1)) < others || others < FEW_OTHERS; }

// exp(x), x <= 0, within 1e-15 of itself; 0 below LEAST64. No branch, and no call: who wants it wants many.
constexpr double LEAST64 = -690;
__device__ inline double decayed64(double x) {
  constexpr double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;
  constexpr double TO_WHOLE = 0x1.8p52;  // a sum with it has the nearest whole number in its lowest bits
  const double moved = fma(x, LOG2E, TO_WHOLE);
  const double whole = moved - TO_WHOLE;
  const double f = fma(whole, -LN2_LOW, fma(whole, -LN2_HIGH, x));
  double y = 1.0 / 479001600;
  y = fma(y, f, 1.0 / 39916800);
  y = fma(y, f, 1.0 / 3628800);
  y = fma(y, f, 1.0 / 362880);
  y = fma(y, f, 1.0 / 40320);
  y = fma(y, f, 1.0 / 5040);
  y = fma(y, f, 1.0 / 720);
  y = fma(y, f, 1.0 / 120);
  y = fma(y, f, 1.0 / 24);
  y = fma(y, f, 1.0 / 6);
  y = fma(y, f, 0.5);
  y = fma(y, f, 1.0);
  y = fma(y, f, 1.0);
  const double power = __longlong_as_double(__double_as_longlong(y) + (__double_as_longlong(moved) << 52));
  return x < LEAST64 ? 0 : power;
}

// m * 2^e; 0 below 2^-1000.
__device__ inline double valueOf(Emission x) {
  const double value = __longlong_as_double(__double_as_longlong(double(x.m)) + (int64_t(x.e) << 52));
  return x.e < -1000 ? 0 : value;
}

// Whether E's mantissa has float32's digits in float64, too. Where it is of float32 logits, and the sum of all classes has the same numbers: what a class is
// off by is then as if its logit was another by 5e-8, which changes a loss by no more than that share of it. Log-probabilities have no sum that does so.
template <typename A>
__device__ bool isShort(const CtcProblem& p) { return sizeof(A) < sizeof(double) && !(p.flags & LOG_PROBS); }

// exp(d), d <= 0, of logits, as E has it.
template <typename A>
__device__ double shareOf(double d) {
  if constexpr (sizeof(A) == sizeof(double)) {
    return decayed64(d);
  } else {
    return valueOf(splitAbout1(max(d, LEAST64 - 10)));
  }
}

// x in (2^-1022, 1].
__device__ inline Emission split64(double x) {
  const int64_t bits = __double_as_longlong(x);
  const int e = int(bits >> 52) - 1023;
  const float m = float(__longlong_as_double(bits - (int64_t(e) << 52)));
  const bool isTwo = m == 2;
  return {isTwo ? 1 : m, e + isTwo};
}

// ln(1 + x), x >= 0.
__device__ inline double logarithmOf1AndFew(double x) {
  if (x > 1e-4) return logarithmOf1And(x);
  return x * fma(x, fma(x, fma(x, -0.25, 1.0 / 3), -0.5), 1.0);
}

// What all classes but the best one have, relative to it, by a group of lanes.
template <typename A, typename F, typename Lanes>
__device__ double sumOfOthers(int classes, F ofClass, A best, const Lanes& lanes) {
  int ties = 0;
  double others = 0;
#pragma unroll 1
  for (int c = lanes.lane; c < classes; c += lanes.size()) {
    const A x = ofClass(c);
    const double e = shareOf<A>(double(x) - double(best));
    ties += x == best;
    others += x == best ? 0 : e;
  }
  return lanes.template reduce<Sum>(others) + (lanes.template reduce<Sum>(ties) - 1);
}

// E of one frame, and its record, by a group of lanes; columns = -1: there is no frame. `ofClass` gives logits or log-probabilities.
template <typename A, typename F, typename Lanes>
__device__ void writeEmissions(const CtcProblem& p, const Workspace& workspace, int columns, int n, int t, F ofClass,
                               const LogProbabilities<A>& y, const Lanes& lanes) {
  const int32_t* distinct = workspace.lists(n).distinct;
  auto logit = [&](int column) { return ofClass(distinct[column - 1]); };

  A x = lanes.lane <= columns ? logit(lanes.lane) : A(-CTC_INFINITY);
  A best = x;
#pragma unroll 1
  for (int c = lanes.lane + lanes.size(); c <= columns; c += lanes.size()) best = larger(best, logit(c));
  best = lanes.template reduce<Largest>(best);

  const bool possible = !y.bad && y.possible(best);
  const double refused = p.flags & LOG_PROBS ? y.logSum : 0;  // +Infinity or 0
  double logBest = y.bad ? notANumber() : possible ? y.of(best) : refused;

  Emission* emissions = workspace.emissions(n) + t * workspace.width;
  int range = 0;
  auto write = [&](auto emissionOf) {
#pragma unroll 1
    for (int c = lanes.lane; c <= columns;) {
      const Emission emission = emissionOf(c, !y.bad && y.possible(x), double(x) - double(best));
      range = max(range, emission.m == 0 ? 0 : -emission.e);
      emissions[c] = emission;
      c += lanes.size();
      if (c <= columns) x = logit(c);
    }
    range = lanes.template reduce<Max>(range);
  };

  const bool inFloat64 = columns >= 0 && possible && logBest >= LEAST_CLEAR;
  int doubt = NO_FLOAT64;
  if (!__any_sync(WARP, inFloat64)) {
    write([](int, bool possible, double d) { return possible ? split(d) : ZERO_EMISSION; });
  } else {
    double* const emissions64 = workspace.inFloat64(emissions);
    double sum = 0;  // of E
    auto keep = [&](int c, double e) {
      if (inFloat64) emissions64[c] = e;
      sum += e;
    };
    if (isShort<A>(p)) {
      write([&](int c, bool possible, double d) {
        const Emission emission = possible ? split(d) : ZERO_EMISSION;
        keep(c, kept(valueOf(emission)));
        return emission;
      });
    } else {
      write([&](int c, bool possible, double d) {
        const double e = inFloat64 && possible ? decayed64(d) : 0;
        keep(c, e);
        return e > 0 ? split64(e) : possible ? split(d) : ZERO_EMISSION;
      });
    }
    sum = lanes.template reduce<Sum>(sum);

    const bool clear = inFloat64 && !(p.flags & SCORES) && isClear(float(logBest), float(sum));
    if constexpr (sizeof(A) < sizeof(double)) {
      const bool again = clear && best == y.shift && hasLostDigits(y.others, sum);
      if (__any_sync(WARP, again)) {
        const double others = sumOfOthers(again ? p.C : 0, ofClass, best, lanes);
        if (again) logBest = -logarithmOf1AndFew(others);
      }
    }
    if (clear) doubt = int(max(-logBest, 0.0) * 256);
    if (clear && !isCertain(logBest)) {
      const double yBest = exponential(logBest);
#pragma unroll 1
      for (int c = lanes.lane; c <= columns; c += lanes.size()) emissions64[c] *= yBest;
    }
  }
  if (lanes.lane == 0 && columns >= 0) workspace.frames(n)[t] = {logBest, range, doubt};
}

// ---- who shares a row --------------------------------------------------------------------------------------------------------------

constexpr int MOST_WARPS = 32;  // of a block

template <typename X>
struct BlockShared {
  using A = typename Wide<X>::type;
  A largest[MOST_WARPS];
  RowSum<A> sums[MOST_WARPS];
  Terms<X> terms;
};

// The threads of a block, a multiple of 32.
template <typename X>
struct RowBlock {
  using A = typename Wide<X>::type;
  int lane;  // threadIdx.x
  BlockShared<X>& shared;

  __device__ int size() const { return blockDim.x; }
  __device__ WarpGroup lanes() const { return {lane & 31}; }
  __device__ bool isFirstWarp() const { return lane < 32; }
  static constexpr bool IS_ALONE = true;
  __device__ bool anyOfWarp(bool v) const { return v; }

  // To all threads, once in a kernel. A barrier.
  __device__ A largest(A x) const {
    x = lanes().template reduce<Largest>(x);
    if ((lane & 31) == 0) shared.largest[lane >> 5] = x;
    __syncthreads();
    return lanes().template reduce<Largest>((lane & 31) < size() >> 5 ? shared.largest[lane & 31] : A(-CTC_INFINITY));
  }
  // `sum` is each warp's, then the first warp's is the row's. The terms are for all threads.
  __device__ Terms<X> terms(const CtcProblem& p, RowSum<A>& sum, double weight) const {
    if ((lane & 31) == 0) shared.sums[lane >> 5] = sum;
    __syncthreads();
    if (isFirstWarp()) {
      sum = lane < size() >> 5 ? shared.sums[lane] : RowSum<A>{A(-CTC_INFINITY), 0, 0};
      sum = sum.together(lanes());
      const Terms<X> terms(p, sum, weight);
      if (lane == 0) shared.terms = terms;
    }
    __syncthreads();
    return shared.terms;
  }
};

template <typename X, int LANES>
struct RowLanes : LaneGroup<LANES> {
  using A = typename Wide<X>::type;

  __device__ const LaneGroup<LANES>& lanes() const { return *this; }
  __device__ bool isFirstWarp() const { return true; }
  static constexpr bool IS_ALONE = LANES == 32;  // in its warp
  // Whether that is so for any row of the warp.
  __device__ bool anyOfWarp(bool v) const { return IS_ALONE ? v : __any_sync(WARP, v); }
  __device__ Terms<X> terms(const CtcProblem& p, RowSum<A>& sum, double weight) const { return {p, sum, weight}; }
};

// ---- a row in registers, and a row in shared memory ------------------------------------------------------------------------------------

// Up to ITEMS * group.size() classes: each lane has SIZE in a row and the next SIZE a group further on, or each one a group further on.
template <typename X, int ITEMS>
struct RegisterRow {
  using Element = X;
  using A = typename Wide<X>::type;
  static constexpr int SIZE = Packet<X>::SIZE;
  A x[ITEMS];  // then exp(x - max), with the lanes' maximum

  template <typename Group>
  __device__ RegisterRow(const InputRow<X>& row, const Group& group) {
    if (areInPackets(row) && row.aligned()) {
      const int step = SIZE * group.size();
      int c = SIZE * group.lane;
      const X* at = row.at + c;
#pragma unroll
      for (int i = 0; i + SIZE - 1 < ITEMS; i += SIZE, c += step, at += step) {
#pragma unroll
        for (int k = 0; k < SIZE; k++) x[i + k] = -CTC_INFINITY;
        if (c < row.C) widenPacket(at, x + i);
      }
    } else {
      eachByItself(row, group, row.at, row.stride, [&](int i, bool exists, const X* at) {
        x[i] = exists ? widen(*at) : A(-CTC_INFINITY);
      });
    }
  }

  // C alone decides: the order of additions must not depend on where the row lies.
  __device__ static bool areInPackets(const InputRow<X>& row) { return ITEMS % SIZE == 0 && row.C % SIZE == 0; }

  // act(item, whether there is such a class, its place in an array)
  template <typename Group, typename Y, typename F>
  __device__ static void eachByItself(const InputRow<X>& row, const Group& group, Y* array, int64_t stride, F act) {
    const bool inPackets = areInPackets(row);
    int c = inPackets ? group.lane * SIZE : group.lane;
    Y* at = array + c * stride;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
      act(i, c < row.C, at);
      // SIZE in a row and on to the next SIZE, or all as far apart
      const int step = !inPackets ? group.size() : i % SIZE < SIZE - 1 ? 1 : SIZE * (group.size() - 1) + 1;
      c += step;
      at += step * stride;
    }
  }

  // Of the lanes' numbers, which become exp(x - max).
  template <typename Lanes>
  __device__ RowSum<A> sum(const Lanes& lanes) {
    A most = x[0];
#pragma unroll
    for (int i = 1; i < ITEMS; i++) most = larger(most, x[i]);
    const A max = lanes.template reduce<Largest>(most);
    const A shift = RowSum<A>{max}.shift();
    PartialSum<A> own;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
      x[i] = decayed(x[i] - shift);
      own.add(x[i], i);
    }
    return sumOfPowers(max, own.sum(), lanes, [&] {
      PartialSum<A> others;
#pragma unroll
      for (int i = 0; i < ITEMS; i++) others.add(x[i] == 1 ? A(0) : x[i], i);
      return others.sum();
    });
  }

  // Times a factor.
  template <typename Group>
  __device__ void write(const InputRow<X>& row, A factor, const OutputRow<X>& out, const Group& group) {
#pragma unroll
    for (int i = 0; i < ITEMS; i++) x[i] *= factor;
    if (areInPackets(row) && out.packets()) {
      const int step = SIZE * group.size();
      int c = SIZE * group.lane;
      X* at = out.at + c;
#pragma unroll
      for (int i = 0; i + SIZE - 1 < ITEMS; i += SIZE, c += step, at += step) {
        if (c < row.C) narrowPacket(x + i, at);
      }
    } else {
      eachByItself(row, group, out.at, out.stride, [&](int i, bool exists, X* at) {
        if (exists) narrow(x[i], at);
      });
    }
  }
};

// Any number of classes, by a block: the first `kept` of them in dynamic shared memory once they are read, the others read again. Once they
// are summed up, exp(x - max) stands there, unless numbers are of 16 bits, which would take twice the room.
template <typename X>
struct SharedRow {
  using Element = X;
  using A = typename Wide<X>::type;
  static constexpr int SIZE = Packet<X>::SIZE;
  static constexpr int AHEAD = 4;  // loads under way
  static constexpr bool KEEPS_POWERS = sizeof(X) == sizeof(A);
  const InputRow<X> row;
  X* const near;  // in shared memory
  const int kept;
  A max;

  // `room`: for how many numbers there is shared memory, a multiple of SIZE.
  __device__ SharedRow(const InputRow<X>& row, int room, const RowBlock<X>& block)
      : row(row), near((X*)dynamicShared), kept(min(row.C, room)) {
    A most = -CTC_INFINITY;
    if (areInPackets() && row.aligned()) {
      const int last = row.C / SIZE - 1;
      const int keptPackets = kept / SIZE;
#pragma unroll 1
      for (int i = block.lane; i <= last; i += AHEAD * block.size()) {
        Packet<X> loaded[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; k++) loaded[k] = loadPacket(after(row.at, min(i + k * block.size(), last) * SIZE));
#pragma unroll
        for (int k = 0; k < AHEAD; k++) {
#pragma unroll
          for (int s = 0; s < SIZE; s++) most = larger(most, widen(loaded[k].x[s]));
          const int at = i + k * block.size();
          if (at < keptPackets) storePacket(near + at * SIZE, loaded[k]);
        }
      }
    } else {
#pragma unroll 1
      for (int c = block.lane; c < row.C; c += AHEAD * block.size()) {
        X loaded[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; k++) loaded[k] = row.at[min(c + k * block.size(), row.C - 1) * row.stride];
#pragma unroll
        for (int k = 0; k < AHEAD; k++) {
          most = larger(most, widen(loaded[k]));
          const int at = c + k * block.size();
          if (at < kept) near[at] = loaded[k];
        }
      }
    }
    max = block.largest(most);
  }

  // C alone decides, as in RegisterRow.
  __device__ bool areInPackets() const { return row.C % SIZE == 0; }

  __device__ RowSum<A> sum(const WarpGroup& warp) {
    const A own = sumOf<true>([](A e) { return e; });
    return sumOfPowers(max, own, warp, [&] { return sumOf<false>([](A e) { return e == 1 ? A(0) : e; }); });
  }

  // Of term(exp(x - max)), by this thread, always of the same classes; what it has of them in shared memory becomes powers, or is that already.
  template <bool FIRST, typename F>
  __device__ A sumOf(F term) {
    constexpr bool READY = KEEPS_POWERS && !FIRST;
    const A shift = this->shift();
    PartialSum<A> part;
    if (areInPackets()) {
      const int step = SIZE * blockDim.x;
      int c = SIZE * threadIdx.x;
#pragma unroll 1
      for (; c < kept; c += step) {
        A x[SIZE];
        widenPacket(near + c, x);
#pragma unroll
        for (int k = 0; k < SIZE; k++) {
          if (!READY) x[k] = decayed(x[k] - shift);
          part.add(term(x[k]), k);
        }
        if constexpr (KEEPS_POWERS && FIRST) narrowPacket(x, near + c);
      }
#pragma unroll 1
      for (; c < row.C; c += step) {
        A x[SIZE];
        loadFar(c, x);
#pragma unroll
        for (int k = 0; k < SIZE; k++) part.add(term(decayed(x[k] - shift)), k);
      }
    } else {
#pragma unroll 1
      for (int c = threadIdx.x; c < row.C; c += PartialSum<A>::PARTS * blockDim.x) {
#pragma unroll
        for (int i = 0; i < PartialSum<A>::PARTS; i++) {
          const int at = c + i * blockDim.x;
          const A e = at >= row.C ? A(0) : READY && at < kept ? widen(near[at]) : decayed((at < kept ? widen(near[at]) : row[at]) - shift);
          part.add(term(e), i);
          if constexpr (KEEPS_POWERS && FIRST) {
            if (at < kept) near[at] = e;
          }
        }
      }
    }
    return part.sum();
  }

  __device__ void write(const InputRow<X>&, A factor, const OutputRow<X>& out, const RowBlock<X>& block) const {
    const A shift = this->shift();
    auto term = [&](A x) { return decayed(x - shift) * factor; };
    auto nearTerm = [&](A x) { return KEEPS_POWERS ? x * factor : term(x); };
    if (areInPackets() && out.packets()) {
      const int step = SIZE * block.size();
      int c = SIZE * block.lane;
#pragma unroll 1
      for (; c < kept; c += step) {
        A x[SIZE];
        widenPacket(near + c, x);
#pragma unroll
        for (int k = 0; k < SIZE; k++) x[k] = nearTerm(x[k]);
        narrowPacket(x, after(out.at, c));
      }
#pragma unroll 1
      for (; c < row.C; c += step) {
        A x[SIZE];
        loadFar(c, x);
#pragma unroll
        for (int k = 0; k < SIZE; k++) x[k] = term(x[k]);
        narrowPacket(x, after(out.at, c));
      }
    } else {
#pragma unroll 1
      for (int c = block.lane; c < row.C; c += block.size()) out.set(c, c < kept ? nearTerm(widen(near[c])) : term(row[c]));
    }
  }

 private:
  __device__ A shift() const { return RowSum<A>{max, 0, 0}.shift(); }
  // SIZE classes that are not kept.
  __device__ void loadFar(int c, A* x) const {
    if (row.aligned()) {
      widenPacket(row.at + c, x);
    } else {
#pragma unroll
      for (int k = 0; k < SIZE; k++) x[k] = row[c + k];
    }
  }
};

// ---- the kernels ---------------------------------------------------------------------------------------------------------------------------

// A row by a group, if it exists. `values` makes a row of numbers of an InputRow. All groups of a warp call together; one that has
// nothing to read takes part with no classes.
template <typename X, typename Group, typename Make>
__device__ void frame(const CtcProblem& p, int64_t number, const Group& group, Make values) {
  const bool exists = number < int64_t(p.N) * p.T;
  if (Group::IS_ALONE && !exists) return;
  const int n = exists ? unsigned(number) / unsigned(p.T) : 0;
  const int t = exists ? unsigned(number) % unsigned(p.T) : 0;
  const Workspace workspace(p);
  const Utterance& u = workspace.utterances()[n];
  if (Group::IS_ALONE && t >= u.rows) return;
  const bool wanted = (Group::IS_ALONE || (exists && t < u.rows)) && p.gradient != nullptr;
  const bool isUsed = exists && t < u.frames;

  bool zero = true;
  if (group.anyOfWarp(isUsed)) {
    using A = typename Wide<X>::type;
    const bool used = Group::IS_ALONE || isUsed;
    const InputRow<X> row = {(const X*)p.logits + logitsIndex(p, n, t), p.logitsClassStride, used ? p.C : 0};
    auto numbers = values(row);
    RowSum<A> sum = numbers.sum(group.lanes());
    const A max = sum.max;  // the warp's
    const Terms<X> terms = group.terms(p, sum, u.weight);
    zero = terms.zero || !used;
    if (wanted && !zero) {
      if (p.gradientType == CODE<X> && terms.hasFactor()) {
        const OutputRow<X> out = {(X*)p.gradient + gradientIndex(p, n, t), p.gradientClassStride};
        numbers.write(row, group.size() <= 32 ? terms.factor : terms.factor * decayed(max - terms.max), out, group);
      } else {
        storeRow(p, n, t, group, [&](int c) { return terms.of(row[c]); });
      }
    }
    if (group.isFirstWarp()) {  // last: the row's registers are free
      auto logit = [&](int c) { return row[c]; };
      writeEmissions(p, workspace, used ? u.columns : -1, n, t, logit, logProbabilities<X>(p, sum), group.lanes());
    }
  }
  if (wanted && zero) storeRow(p, n, t, group, [](int) { return 0.0; });
}

template <typename X, int LANES, int ITEMS>
__device__ void frameOfLanes(const CtcProblem& p) {
  const RowLanes<X, LANES> lanes{int(threadIdx.x % LANES)};
  frame<X>(p, rowOfLanes(LANES), lanes, [&](const InputRow<X>& row) { return RegisterRow<X, ITEMS>(row, lanes); });
}

__device__ void frameOfProbabilities(const CtcProblem& p) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(p.N) * p.T) return;
  const int n = unsigned(number) / unsigned(p.T);
  const int t = unsigned(number) % unsigned(p.T);
  const WarpGroup warp{int(threadIdx.x % 32)};
  const Workspace workspace(p);
  const Utterance& u = workspace.utterances()[n];
  if (t >= u.rows) return;

  bool zero = true;
  const int64_t first = logitsIndex(p, n, t);
  auto probability = [&](int c) { return element(p.logits, p.logitsType, first + c * p.logitsClassStride); };
  if (t < u.frames) {
    const ProbabilityFrame frame = probabilityFrame(p.logits, p.logitsType, first, p.logitsClassStride, p.C, warp);
    const bool refused = (p.flags & CHECK_LOG_PROBS) && !frame.fine;
    zero = frame.bad || u.weight == 0 || !(p.flags & SOFTMAX_TERM);
    const LogProbabilities<double> y = {frame.bad, 0, refused ? double(CTC_INFINITY) : 0, double(CTC_INFINITY)};
    writeEmissions(p, workspace, u.columns, n, t, [&](int c) { return logarithm(probability(c)); }, y, warp);
  }
  if (p.gradient == nullptr) return;
  storeRow(p, n, t, warp, [&](int c) { return zero ? 0.0 : u.weight * max(probability(c), 0.0); });
}

}  // namespace

#define CTC_FRAMES_LANES(TYPE, TIER, LANES, ITEMS, BLOCKS)                                                            \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) ctc_frames_##TYPE##_##TIER(const CtcProblem p) {          \
    frameOfLanes<TYPE, LANES, ITEMS>(p);                                                                              \
  }
#define CTC_FRAMES_BLOCK(TYPE)                                                                                        \
  extern "C" __global__ void __launch_bounds__(1024) ctc_frames_##TYPE##_c16384(const CtcProblem p) {                 \
    static __shared__ BlockShared<TYPE> shared;                                                                       \
    const RowBlock<TYPE> block{int(threadIdx.x), shared};                                                             \
    frame<TYPE>(p, blockIdx.x, block, [&](const InputRow<TYPE>& row) { return RegisterRow<TYPE, 16>(row, block); });  \
  }
#define CTC_FRAMES_ANY(TYPE)                                                                                          \
  extern "C" __global__ void __launch_bounds__(1024) ctc_frames_##TYPE##_any(const CtcProblem p, int room) {          \
    static __shared__ BlockShared<TYPE> shared;                                                                       \
    const RowBlock<TYPE> block{int(threadIdx.x), shared};                                                             \
    frame<TYPE>(p, blockIdx.x, block, [&](const InputRow<TYPE>& row) { return SharedRow<TYPE>(row, room, block); });  \
  }
#define CTC_FRAMES_probabilities                                                                                      \
  extern "C" __global__ void __launch_bounds__(256) ctc_frames_probabilities(const CtcProblem p) { frameOfProbabilities(p); }
// Three blocks a multiprocessor would leave 80 registers, of which 16-bit rows of c1024 would spill some.
#define CTC_FRAMES(TYPE)                \
  CTC_FRAMES_LANES(TYPE, c32, 4, 8, 1)  \
  CTC_FRAMES_LANES(TYPE, c64, 8, 8, 1)  \
  CTC_FRAMES_LANES(TYPE, c128, 16, 8, 1) \
  CTC_FRAMES_LANES(TYPE, c256, 32, 8, 1) \
  CTC_FRAMES_LANES(TYPE, c1024, 32, 32, sizeof(TYPE) == 2 ? 2 : 3) \
  CTC_FRAMES_BLOCK(TYPE)                \
  CTC_FRAMES_ANY(TYPE)
// Many float64 numbers a thread would be too many registers, and few use them.
#define CTC_FRAMES_FEW(TYPE)             \
  CTC_FRAMES_LANES(TYPE, c32, 4, 8, 1)   \
  CTC_FRAMES_LANES(TYPE, c256, 32, 8, 1) \
  CTC_FRAMES_ANY(TYPE)

// scripts/build-ptx makes a file for each type, and one for probabilities: a driver then translates only what is used.
#ifdef CTC_ONLY
#define CTC_FRAMES_f64 CTC_FRAMES_FEW(f64)
#define CTC_FRAMES_f32 CTC_FRAMES(f32)
#define CTC_FRAMES_f16 CTC_FRAMES(f16)
#define CTC_FRAMES_bf16 CTC_FRAMES(bf16)
#define CTC_PASTE(A, B) A##B
#define CTC_FRAMES_OF(FILE) CTC_PASTE(CTC_FRAMES_, FILE)
CTC_FRAMES_OF(CTC_ONLY)
#else
CTC_FRAMES_FEW(f64)
CTC_FRAMES(f32)
CTC_FRAMES(f16)
CTC_FRAMES(bf16)
CTC_FRAMES_probabilities
#endif
