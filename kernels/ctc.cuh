// What all kernels share: the problem as the host describes it, the workspace, number formats, small helpers.
//
// The host's side of all this (byte offsets, sizes, launches) is README.md, section ABI.
//
// `#pragma unroll 1` stands at loops that are short, or seldom walked: unrolled they would be most of what a driver translates.
#pragma once

#ifdef CTC_EMULATION
#include "cuda_emulation.h"
#else
#include <stdint.h>
#define CTC_INFINITY __int_as_float(0x7f800000)
#endif

// ---- the problem ------------------------------------------------------------------------------------------------------

// N utterances, T the most frames, L the most labels, C classes. Every kernel takes it by value.
struct CtcProblem {
  const void* logits;
  const int64_t* logitsStart;  // [N], or null: n * logitsUtteranceStride
  int64_t logitsUtteranceStride;
  int64_t logitsFrameStride;
  int64_t logitsClassStride;
  void* gradient;  // null: losses only
  const int64_t* gradientStart;
  int64_t gradientUtteranceStride;
  int64_t gradientFrameStride;
  int64_t gradientClassStride;
  const int32_t* targets;      // [targetsSize]
  const int64_t* targetStart;  // [N], or null: n * targetStride
  int64_t targetStride;
  int64_t targetsSize;
  const int32_t* targetLength;  // [N]
  const int32_t* inputLength;   // [N]
  const int32_t* frameCount;    // [N], or null: T
  const double* weights;        // [N], or null: 1
  double* losses;               // [N]
  int32_t* statuses;            // [N]
  double* reduced;              // [1]
  char* workspace;
  int32_t N, T, L, C;
  int32_t blank;
  int32_t K;  // rows of states that a segment keeps
  int16_t gradientType, logitsType;
  int32_t flags;
};
static_assert(sizeof(CtcProblem) == 208, "the host writes this structure byte by byte");

enum Flag {
  LOG_PROBS = 1,
  SOFTMAX_TERM = 2,
  MEAN = 4,
  ZERO_INFINITY = 8,
  POSTERIORS = 16,
  SCORES = 32,           // beside LOG_PROBS: sums that are not 1 are meant
  CHECK_LOG_PROBS = 64,  // beside LOG_PROBS: frames that cannot be that are looked for
  PROBABILITIES = 128,   // beside LOG_PROBS: in place of these are what they are the logarithms of
};
enum Status { OK = 0, INFEASIBLE = 1, NOT_FINITE = 2, BAD_LABEL = 3, BAD_LENGTH = 4, BAD_LOG_PROBS = 5 };
enum ElementCode { FLOAT64 = 0, FLOAT32 = 1, FLOAT16 = 2, BFLOAT16 = 3 };

// Whether rows of states are kept, for something to be made of posteriors.
__device__ inline bool keepsRows(const CtcProblem& p) { return p.gradient != nullptr || (p.flags & POSTERIORS) != 0; }

// Whether the gradient is by probabilities: -posterior / p.
__device__ inline bool isPerProbability(const CtcProblem& p) {
  return (p.flags & (PROBABILITIES | SOFTMAX_TERM)) == PROBABILITIES;
}

__device__ inline double notANumber() { return double(CTC_INFINITY) - double(CTC_INFINITY); }

// A label this many nats under its frame's log-sum-exp counts as impossible.
constexpr double IMPOSSIBLE_NATS = 67108864.0;  // 2^26

constexpr double LN2 = 0.69314718055994530942;
constexpr double LOG2E = 1.44269504088896340736;

// ---- numbers with an exponent of their own ------------------------------------------------------------------------------

// m * 2^e with m in [1, 2), or zero.
struct alignas(8) Emission {
  float m;
  int32_t e;
};

// The exponent of zero: under that of every number that is not zero (see lattice.cu, "Exponents"), and such that the sum of
// two of them is still an int.
constexpr int32_t ZERO_EXPONENT = -(1 << 30);

// 2^e as a float for e <= 127; below 2^-126 exactly 0.
__device__ inline float pow2(int e) { return __int_as_float((max(e, -127) + 127) << 23); }

// The bits of a float that has those, times 2^e, if that is neither too large nor too small. Bits above the 32nd are lost, so that e may also come in parts.
__device__ inline int withExponent(int e, int bits) {
#ifdef CTC_EMULATION
  return int(unsigned(bits) + (unsigned(e) << 23));
#else
  int sum;
  asm("mad.lo.s32 %0, %1, 8388608, %2;" : "=r"(sum) : "r"(e), "r"(bits));
  return sum;
#endif
}

// ---- the workspace --------------------------------------------------------------------------------------------------------

struct alignas(8) State {  // a number of the lattice at rest: 8 bytes, of which type lattice.cu decides
  int32_t low, high;
};

// What prepare finds out of an utterance, and lattice adds.
struct Utterance {
  int32_t status;
  int32_t frames;    // used frames; 0 if a length is bad
  int32_t rows;      // frames that the gradient has room for
  int32_t labels;    // L of this target; 0 if it is bad
  int32_t columns;   // distinct labels among them
  int32_t tooShort;  // frames < labels + repeats
  int32_t wide;      // lattice: 32-bit exponents could overflow
  int32_t numbers;   // lattice: of which type states and rows are, see StateNumbers
  double weight;
  double log2Probability;  // lattice: log2 of the sum over paths, each frame relative to its best column
  State finalLoss;         // small_loss: NOT_THERE, then what ctc_small_loss leaves; for the block of it that adds up all
  State* stored;           // row 0 of its rows of states: to find it takes more than it does to load this
};
static_assert(sizeof(Utterance) == 64, "see README.md, workspace");

// Types of an utterance's states; lattice.cu says which utterances have float64's.
enum StateNumbers { EXTENDED = 0, FLOAT64_NUMBERS = 1, EXTENDED_AND_DONE = 2 };

// A frame as the lattice sees it.
struct Frame {
  double best;    // ln p of the most probable of blank and labels of the target; NaN: the frame is not finite
  int32_t range;  // how far the exponents of its emissions reach below that
  int32_t doubt;  // -best in 256ths of a nat, rounded down, where E is there in float64, too, and best good to float64's digits; else NO_FLOAT64
};
constexpr int32_t NO_FLOAT64 = -1;

// Of E in float64: whether a frame's is relative to its best column, so that many such frames lose nothing; else it is y itself.
constexpr double CERTAIN_FRAME = 1e-3;
__device__ inline bool isCertain(double best) { return best > -CERTAIN_FRAME; }

// Positions of a target by label: each list has L + 2 places.
struct Lists {
  int32_t* column;    // [labels] of a position: which column of E, from 1
  int32_t* order;     // [labels] positions sorted by (label, position)
  int32_t* distinct;  // [-1, columns) the label of column i + 1, the blank's being 0
  int32_t* first;     // [columns + 1] where column i + 1 begins in order
};

// Where each instruction counts: addresses n elements, and n times so many bytes, further on, by one of them each, which leaves the compiler in the
// dark about the space that they are of; loads and stores of what lies there in global memory; global(), which says that an address is of
// that, so that what is a constant further on costs nothing; and kept(), for what is not to be computed again where it is wanted again.
#ifdef CTC_EMULATION
template <typename T>
inline T* after(T* at, int n) { return at + n; }
template <typename T>
inline T* afterBytes(T* at, int n, int bytes) { return (T*)((char*)at + int64_t(n) * bytes); }
template <typename T>
inline T* global(T* at) { return at; }
template <typename T>
inline T kept(T value) { return value; }
inline int load4(const int32_t* at) { return *at; }
inline void store4(float* at, float value) { *at = value; }
template <typename T>
inline T load8(const T* at) { return *at; }
#else
template <typename T>
__device__ inline T* afterBytes(T* at, int n, int bytes) {
  T* to;
  asm("mad.wide.s32 %0, %1, %2, %3;" : "=l"(to) : "r"(n), "r"(bytes), "l"(at));
  return to;
}
template <typename T>
__device__ inline T* after(T* at, int n) {
  T* to;
  asm("mad.wide.s32 %0, %1, %2, %3;" : "=l"(to) : "r"(n), "n"(sizeof(T)), "l"(at));
  return to;
}
template <typename T>
__device__ inline T* global(T* at) {
  __builtin_assume(__isGlobal(at));
  return at;
}
template <typename T>
__device__ inline T* kept(T* at) {
  asm("" : "+l"(at));
  return global(at);
}
__device__ inline int kept(int value) {
  asm("" : "+r"(value));
  return value;
}
__device__ inline double kept(double value) {
  asm("" : "+d"(value));
  return value;
}
__device__ inline int load4(const int32_t* at) {
  int value;
  asm volatile("ld.global.b32 %0, [%1];" : "=r"(value) : "l"(at));
  return value;
}
__device__ inline void store4(float* at, float value) { asm volatile("st.global.f32 [%0], %1;" ::"l"(at), "f"(value) : "memory"); }
template <typename T>
__device__ inline T load8(const T* at) {
  int words[2];
  asm volatile("ld.global.v2.b32 {%0, %1}, [%2];" : "=r"(words[0]), "=r"(words[1]) : "l"(at));
  T value;
  memcpy(&value, words, sizeof value);
  return value;
}
__device__ inline double load8(const double* at) {
  double value;
  asm volatile("ld.global.f64 %0, [%1];" : "=d"(value) : "l"(at));
  return value;
}
#endif

// Words that blocks of a launch hand each other: stored and loaded whole or not at all, and not ordered with anything else.
#ifdef CTC_EMULATION
inline State loadRelaxed(const State* at) { return emulation::bitsOf<State>(emulation::loadRelaxed(at)); }
inline void storeRelaxedIf(bool condition, State* at, State value) {
  if (condition) emulation::storeRelaxed(at, emulation::bitsOf<uint64_t>(value));
}
#else
__device__ inline State loadRelaxed(const State* at) {
  State value;
  asm volatile("{.reg .b64 v; ld.relaxed.gpu.global.b64 v, [%2]; mov.b64 {%0, %1}, v;}"
               : "=r"(value.low), "=r"(value.high)
               : "l"(at)
               : "memory");
  return value;
}
__device__ inline void storeRelaxedIf(bool condition, State* at, State value) {
  asm volatile(
      "{.reg .pred p; .reg .b64 v; setp.ne.s32 p, %0, 0; mov.b64 v, {%2, %3}; @p st.relaxed.gpu.global.b64 [%1], v;}" ::"r"(int(condition)),
      "l"(at), "r"(value.low), "r"(value.high)
      : "memory");
}
#endif

// All bits are set of a word that nobody has stored yet, which no number has.
constexpr State NOT_THERE = {-1, -1};
__device__ inline bool isThere(State word) { return (word.low & word.high) != -1; }

// What is at `at` once it is there; `word` is what was there before.
__device__ inline State await(const State* at, State word) {
  while (!isThere(word)) {
#ifdef CTC_EMULATION
    emulation::awaitChange(at, emulation::bitsOf<uint64_t>(word));
#endif
    word = loadRelaxed(at);
  }
  return word;
}

// Addresses of the regions; README.md has the sizes.
struct Workspace {
  char* at;
  int64_t N, T, L;
  int64_t width;   // columns of E: blank and distinct labels
  int64_t K, Q;    // rows of a segment, segments
  int64_t states;  // places of a row of states, 2 (L + 1)

  __device__ explicit Workspace(const CtcProblem& p)
      : at(p.workspace), N(p.N), T(p.T), L(p.L), width(min(p.L, p.C - 1) + 1) {
    K = keepsRows(p) ? p.K : 1;
    const unsigned half = (unsigned(p.T) + 1) / 2;
    Q = keepsRows(p) ? max((half + unsigned(p.K) - 1) / unsigned(p.K), 1u) : 1;  // a division of 64 bits is long
    states = 2 * (L + 1);
  }

  __device__ static int64_t align(int64_t bytes) { return (bytes + 255) & ~int64_t(255); }

  __device__ Utterance* utterances() const { return (Utterance*)at; }
  __device__ Lists lists(int n) const {
    const int places = int(L) + 2;
    int32_t* base = global(afterBytes((int32_t*)(at + listsAt()), 4 * n, 4 * places));
    return {base, global(after(base, places)), global(after(base, 2 * places)), global(after(base, 3 * places))};
  }
  // How many blocks of ctc_small_loss have ended: where no list of positions goes.
  __device__ unsigned* ended() const { return (unsigned*)(lists(0).column + (L + 1)); }
  __device__ Frame* frames(int n) const { return (Frame*)(at + framesAt()) + n * T; }
  // E of frame 0 of utterance n; frame t is at + t * width.
  __device__ Emission* emissions(int n) const { return (Emission*)(at + emissionsAt()) + n * T * width; }
  // The same place in the table in float64: of frames that have it (Frame.doubt), and of those of an utterance that ctc_small_loss computes again.
  __device__ double* inFloat64(Emission* emissions) const { return (double*)((char*)emissions + emissionBytes()); }
  __device__ double* emissions64(int n) const { return inFloat64(emissions(n)); }
  __device__ State* edges(int n, int side) const { return (State*)(at + edgesAt()) + (int64_t(n) * 2 + side) * T; }
  __device__ State* checkpoint(int n, int side, int i) const {
    return (State*)(at + checkpointsAt()) + ((int64_t(n) * 2 + side) * Q + i) * states;
  }
  // Rows that the given side stored, the one nearest to the meeting frame first.
  __device__ State* stored(int n, int side) const { return row(n, side * K); }
  // Row q of the 2 K rows of a segment: first side 0's.
  __device__ State* row(int n, int64_t q) const { return (State*)(at + storedAt()) + (int64_t(n) * 2 * K + q) * states; }
  // Whose frame that is in segment k of an utterance of so many frames; it may lie outside.
  __device__ int frameOfRow(int q, int k, int frames) const {
    const unsigned half = unsigned(frames) / 2, before = unsigned(k) * unsigned(K);
    return int(q < K ? half - 1 - before - q : half + before + (unsigned(q) - unsigned(K)));
  }

 private:
  __device__ int64_t listsAt() const { return align(N * 64); }
  __device__ int64_t framesAt() const { return listsAt() + align(N * 16 * (L + 2)); }
  __device__ int64_t emissionsAt() const { return framesAt() + align(N * T * 16); }
  __device__ int64_t emissionBytes() const { return align(N * T * width * 8); }
  __device__ int64_t edgesAt() const { return emissionsAt() + 2 * emissionBytes(); }
  __device__ int64_t checkpointsAt() const { return edgesAt() + align(N * 2 * T * 8); }
  __device__ int64_t storedAt() const { return checkpointsAt() + align(N * 2 * Q * states * 8); }
};

// The states of one frame in the row that lattice.cu left: row q of the 2 K rows of a segment. It has a place for each blank, then for each
// label, in the order of the side that stored it: reversed where that is side 1.
template <typename Place>
struct RowOfStates {
  const Place* row;              // its places
  const Place *blanks, *labels;  // of pair 0
  int step;                      // from a pair to the next, in bytes

  __device__ RowOfStates(const Workspace& workspace, const Utterance& u, int q) {
    static_assert(sizeof(Place) == 8, "a place of a row");
    const int pairs = int(workspace.L) + 1;
    const bool isReversed = q >= workspace.K;
    row = afterBytes((const Place*)u.stored, q, 16 * pairs);
    blanks = after(row, isReversed ? u.labels : 0);
    labels = after(after(row, pairs), isReversed ? u.labels - 1 : 0);
    step = isReversed ? -8 : 8;
  }
  // Of pair j.
  __device__ Place blank(int j) const { return load8(afterBytes(blanks, j, step)); }
  __device__ Place label(int j) const { return load8(afterBytes(labels, j, step)); }
  // Each once, in the order of the row.
  __device__ Place anyBlank(int j) const { return load8(after(row, j)); }
};

// Posteriors of one frame, times a factor that its states share. A place has a float and an exponent of 2, the sum over paths one about
// `log2Probability`.
struct PosteriorRow {
  RowOfStates<State> states;
  int least;  // a state's exponent that counts
  int scale;  // what is added to bits of a float to multiply it by 2^(64 - log2Probability)

  __device__ PosteriorRow(const Workspace& workspace, const Utterance& u, int q) : states(workspace, u, q) {
    const int exponent = u.wide ? 0 : int(floor(u.log2Probability));
    least = exponent - 64 + LEAST_EXPONENT;
    scale = int(unsigned(64 - exponent) << 23);
  }
  // Of the blank, and of the label, of pair j, times a factor that all have.
  __device__ float blank(int j) const { return posterior(states.blank(j)); }
  __device__ float label(int j) const { return posterior(states.label(j)); }
  __device__ void addAnyBlank(float& sum, int j) const { add(sum, states.anyBlank(j)); }
  __device__ void addLabel(float& sum, int j) const { add(sum, states.label(j)); }

 private:
  // Times 2^64, by its bits: none is much above p. Mantissas are yet to be normalised, 1 to 2^42 in a product, so that the end of float's range is
  // at another value for another segmentation: below it, and below LEAST, all is 0. A zero's exponent is below all others, and its
  // bits become those of a number below 0.
  __device__ float posterior(State state) const {
    const float scaled = __int_as_float(withExponent(max(state.high, least), state.low) + scale);
    return scaled < LEAST ? 0 : scaled;
  }
  // sum += posterior(state)
  __device__ void add(float& sum, State state) const {
#ifdef CTC_EMULATION
    sum += posterior(state);
#else
    asm("{.reg .pred p; .reg .b32 x; max.s32 x, %2, %3; mad.lo.s32 x, x, 8388608, %1; add.s32 x, x, %4; setp.geu.f32 p, x, 0f20800000; "
        "@p add.rn.f32 %0, %0, x;}"
        : "+f"(sum)
        : "r"(state.low), "r"(state.high), "r"(least), "r"(scale));
#endif
  }
  static constexpr float LEAST = 0x1p-62f;  // 2^-126 of the whole
  static constexpr int LEAST_EXPONENT = -120;
};

// ---- places of logits and gradient ------------------------------------------------------------------------------------------

__device__ inline int64_t logitsIndex(const CtcProblem& p, int n, int t) {
  const int64_t start = p.logitsStart != nullptr ? p.logitsStart[n] : n * p.logitsUtteranceStride;
  return start + t * p.logitsFrameStride;
}

__device__ inline int64_t gradientIndex(const CtcProblem& p, int n, int t) {
  const int64_t start = p.gradientStart != nullptr ? p.gradientStart[n] : n * p.gradientUtteranceStride;
  return start + t * p.gradientFrameStride;
}

// ---- what a warp takes ------------------------------------------------------------------------------------------------------

// Which row is taken by so many neighbouring lanes, in a block of 256 threads.
__device__ inline int64_t rowOfLanes(int lanes) { return blockIdx.x * int64_t(256 / lanes) + threadIdx.x / lanes; }

__device__ inline int64_t rowOfWarp() { return rowOfLanes(32); }

// The row of states of so many lanes: row q of the 2 K that a segment has of utterance n.
struct RowOfSegment {
  unsigned rows;  // 2 K
  int n, q;
  bool exists;

  __device__ RowOfSegment(const CtcProblem& p, const Workspace& workspace, int lanes) : rows(2 * unsigned(workspace.K)) {
    const unsigned number = blockIdx.x * (256 / lanes) + threadIdx.x / lanes;
    n = int(number / rows);
    q = int(number - n * rows);
    exists = n < p.N;
    if (!exists) n = q = 0;
  }
};

// ---- half precision -----------------------------------------------------------------------------------------------------------

struct Half {
  uint16_t bits;
};
struct Bfloat {
  uint16_t bits;
};

// As entry points and files call them.
using f64 = double;
using f32 = float;
using f16 = Half;
using bf16 = Bfloat;

template <typename X>
constexpr int32_t CODE = FLOAT64;
template <>
constexpr int32_t CODE<float> = FLOAT32;
template <>
constexpr int32_t CODE<Half> = FLOAT16;
template <>
constexpr int32_t CODE<Bfloat> = BFLOAT16;

__device__ inline float widen(float x) { return x; }
__device__ inline double widen(double x) { return x; }
__device__ inline float widen(Bfloat x) { return __uint_as_float(uint32_t(x.bits) << 16); }
__device__ inline float widen(Half x) {
#ifdef CTC_EMULATION
  return emulation::halfToFloat(x.bits);
#else
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
#endif
}

__device__ inline Half toHalf(float x) {
#ifdef CTC_EMULATION
  return {emulation::floatToHalf(x)};
#else
  Half y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
#endif
}

// Round to nearest, ties to even; gradients are never NaN.
__device__ inline Bfloat toBfloat(float x) {
  const uint32_t bits = __float_as_uint(x);
  return {uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

__device__ inline void narrow(double x, double* to) { *to = x; }
__device__ inline void narrow(double x, float* to) { *to = float(x); }
__device__ inline void narrow(float x, float* to) { *to = x; }
__device__ inline void narrow(float x, double* to) { *to = x; }
__device__ inline void narrow(float x, Half* to) { *to = toHalf(x); }
__device__ inline void narrow(double x, Half* to) { *to = toHalf(float(x)); }
__device__ inline void narrow(float x, Bfloat* to) { *to = toBfloat(x); }
__device__ inline void narrow(double x, Bfloat* to) { *to = toBfloat(float(x)); }

// Stores one number; which type is the same for all threads of a launch.
__device__ inline void store(void* to, int32_t type, int64_t index, double value) {
  switch (type) {
    case FLOAT64: narrow(value, (double*)to + index); break;
    case FLOAT32: narrow(value, (float*)to + index); break;
    case FLOAT16: narrow(value, (Half*)to + index); break;
    default: narrow(value, (Bfloat*)to + index);
  }
}

__device__ inline void storeGradient(const CtcProblem& p, int64_t index, double value) {
  store(p.gradient, p.gradientType, index, value);
}

// ---- what is computed in, what is moved -------------------------------------------------------------------------------------

// Arithmetic is float32, except for float64 input.
template <typename X>
struct Wide {
  using type = float;
};
template <>
struct Wide<double> {
  using type = double;
};

__device__ inline float exponential(float x) { return expf(x); }
// Not inlined, as it is long and wanted in many places.
__device__ __noinline__ inline double exponential(double x) { return exp(x); }
__device__ __noinline__ inline double logarithmOf1And(double x) { return log1p(x); }

// 16 bytes of elements.
template <typename X>
struct alignas(16) Packet {
  static constexpr int SIZE = 16 / sizeof(X);
  X x[SIZE];
};

template <typename X>
__device__ inline Packet<X> loadPacket(const X* at) {
  Packet<X> packet;
  const uint4 raw = *(const uint4*)at;
  memcpy(&packet, &raw, 16);
  return packet;
}

template <typename X>
__device__ inline void storePacket(X* at, const Packet<X>& packet) {
  uint4 raw;
  memcpy(&raw, &packet, 16);
  *(uint4*)at = raw;
}

// ---- probabilities and their logarithms ----------------------------------------------------------------------------------------

// ln p of p < Infinity, -Infinity of what is not above 0, in error by less than a unit in the last place; the same bits as on the host
// (org.ctc4j.host.Probabilities), which takes the same steps: no function that two machines may have otherwise. p = 2^k (1 + f) with 1 + f in
// [sqrt(1/2), sqrt(2)), and ln(1 + f) = f - f^2/2 + s (f^2/2 + series), s = f / (2 + f), the series that of 2 artanh(s) / s - 2.
// Not inlined, as it is long and wanted in many places.
__device__ __noinline__ inline double logarithm(double p) {
  constexpr int64_t SQRT_HALF = 0x3fe6a09e00000000;
  constexpr double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;  // k times the first is exact
  const bool small = p < 0x1p-1022;
  const int64_t bits = __double_as_longlong(small ? p * 0x1p54 : p);
  const int k = int((bits - SQRT_HALF) >> 52);
  const double f = __longlong_as_double(bits - (int64_t(k) << 52)) - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  double series = z * (2.0 / 21) + 2.0 / 19;
  series = z * series + 2.0 / 17;
  series = z * series + 2.0 / 15;
  series = z * series + 2.0 / 13;
  series = z * series + 2.0 / 11;
  series = z * series + 2.0 / 9;
  series = z * series + 2.0 / 7;
  series = z * series + 2.0 / 5;
  series = z * series + 2.0 / 3;
  const double half = 0.5 * f * f;
  const double e = small ? k - 54 : k;
  const double log = e * LN2_HIGH - ((half - (s * (half + z * series) + e * LN2_LOW)) - f);
  return p > 0 ? log : -double(CTC_INFINITY);
}

// What stands for log-probabilities, as a log-probability.
__device__ inline double logProbability(int32_t flags, double x) { return flags & PROBABILITIES ? logarithm(x) : x; }

// ---- (log-)probabilities that cannot be that -----------------------------------------------------------------------------------

// By how much rounding may take a log-probability above 0, and a probability out of [0, 1]; the host has the same numbers (LogProbCheck,
// ProbabilityCheck).
__device__ inline double logProbRounding(int32_t type) { return type >= FLOAT16 ? 1e-3 : 1e-5; }
template <typename X>
constexpr double PROBABILITY_ROUNDING = sizeof(X) == 2 ? 1e-2 : 1e-5;
constexpr double SUM_TOLERANCE = 0.05;

// Of a frame, the largest number x, > -Infinity, and the sum of exp(x).
__device__ inline bool canBeLogProbs(int32_t type, double most, double sum) {
  return most <= logProbRounding(type) && fabs(sum - 1) <= SUM_TOLERANCE;
}

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

// ---- reductions -----------------------------------------------------------------------------------------------------------------

constexpr unsigned WARP = 0xffffffffu;

struct Sum {
  template <typename V>
  __device__ static V of(V a, V b) { return a + b; }
};
struct Max {
  template <typename V>
  __device__ static V of(V a, V b) { return a > b ? a : b; }
};

// SIZE neighbouring lanes of a warp as a group, a power of 2. All of them get the result, the same bits in each; all groups of a warp call
// together.
template <int SIZE>
struct LaneGroup {
  int lane;

  __device__ static constexpr int size() { return SIZE; }

  template <typename Op, typename V>
  __device__ V reduce(V v) const {
    for (int d = SIZE / 2; d > 0; d >>= 1) v = Op::of(v, __shfl_xor_sync(WARP, v, d));
    return v;
  }
  // How many lanes of the group.
  __device__ int count(bool v) const {
    const unsigned votes = __ballot_sync(WARP, v);
    return __popc(SIZE == 32 ? votes : votes >> (threadIdx.x % 32 & ~(SIZE - 1)) & ((1u << SIZE % 32) - 1));
  }
};

struct WarpGroup : LaneGroup<32> {
  __device__ bool any(bool v) const { return __any_sync(WARP, v); }
};

// All threads of a block, a multiple of 32 and at most 1024. `shared` has a place for each warp.
struct BlockGroup {
  int lane;  // threadIdx.x
  double* shared;

  __device__ int size() const { return blockDim.x; }

  template <typename Op, typename V>
  __device__ V reduce(V v) const {
    v = WarpGroup{lane & 31}.reduce<Op>(v);
    __syncthreads();  // the last use of shared is over
    if ((lane & 31) == 0) ((V*)shared)[lane >> 5] = v;
    __syncthreads();
    V all = ((V*)shared)[0];
#pragma unroll 1
    for (int w = 1; w < (size() >> 5); w++) all = Op::of(all, ((V*)shared)[w]);
    return all;
  }
  __device__ bool any(bool v) const { return __syncthreads_or(v); }
};

// Each product and each sum is rounded for itself. Left alone, a compiler fuses the product of a frame with a sum of the next where it
// sees fit, in one walk and not in another: what a segment stores and what it recomputes would differ, and the bits depend on K and W.
__device__ inline double times(double a, double b) { return __dmul_rn(a, b); }
__device__ inline double plus(double a, double b) { return __dadd_rn(a, b); }

// Sums whose bits do not depend on how many threads the block has: thread v of a block of SUM_PARTS would add the terms
// v, v + SUM_PARTS, ..., then the parts are added up as a tree. Fewer threads take several parts each.
constexpr int SUM_PARTS = 256;

// Sum of term(i), i in [0, count), to all threads of a block of whole warps. `parts` is shared and has SUM_PARTS places.
template <typename F>
__device__ double sumInFixedOrder(int count, double* parts, F term) {
#pragma unroll 1
  for (int v = threadIdx.x; v < SUM_PARTS; v += blockDim.x) {
    double part = 0;
#pragma unroll 1
    for (int i = v; i < count; i += SUM_PARTS) part += term(i);
    parts[v] = part;
  }
  __syncthreads();
  const WarpGroup warp{int(threadIdx.x % 32)};
  double sum = 0;
  for (int v = warp.lane; v < SUM_PARTS; v += 32) sum += parts[v];
  sum = warp.reduce<Sum>(sum);
  __syncthreads();  // parts may be used again
  return sum;
}

// Of an array whose type is known at run time. Not inlined, as it is wanted in many places.
__device__ __noinline__ inline double element(const void* at, int type, int64_t index) {
  switch (type) {
    case FLOAT64: return ((const double*)at)[index];
    case FLOAT32: return widen(((const float*)at)[index]);
    case FLOAT16: return widen(((const Half*)at)[index]);
    default: return widen(((const Bfloat*)at)[index]);
  }
}

// ---- frames of probabilities ----------------------------------------------------------------------------------------------------

// Whether one of a frame is NaN or +Infinity, and whether they can be probabilities. Of nothing but 0 no class is possible.
struct ProbabilityFrame {
  bool bad, fine;
};

// What a lane finds of them.
struct ProbabilitySum {
  double sum, outside;  // how many are out of [0, 1]
  bool bad;

  __device__ ProbabilityFrame together(const WarpGroup& warp) const {
    const double all = warp.reduce<Sum>(sum);
    return {warp.any(bad), warp.reduce<Sum>(outside) == 0 && (all == 0 || fabs(all - 1) <= SUM_TOLERANCE)};
  }
};

// Of every 32nd of `count` classes.
template <typename X>
__device__ ProbabilitySum sumOfProbabilities(const X* at, int64_t stride, int count, int lane) {
  using A = typename Wide<X>::type;
  A sum = 0, outside = 0;
  bool bad = false;
#pragma unroll 4
  for (int c = lane; c < count; c += 32) {
    const A p = widen(at[c * stride]);
    sum += p;
    outside += fabs(p - A(0.5)) <= A(0.5 + PROBABILITY_ROUNDING<X>) ? A(0) : A(1);
    bad |= !(p < CTC_INFINITY);
  }
  return {double(sum), double(outside), bad};
}

// By one warp; `first`: index of class 0.
__device__ inline ProbabilityFrame probabilityFrame(const void* logits, int32_t type, int64_t first, int64_t stride, int count,
                                                    const WarpGroup& warp) {
  ProbabilitySum own;
  switch (type) {
    case FLOAT64: own = sumOfProbabilities((const double*)logits + first, stride, count, warp.lane); break;
    case FLOAT32: own = sumOfProbabilities((const float*)logits + first, stride, count, warp.lane); break;
    case FLOAT16: own = sumOfProbabilities((const Half*)logits + first, stride, count, warp.lane); break;
    default: own = sumOfProbabilities((const Bfloat*)logits + first, stride, count, warp.lane);
  }
  return own.together(warp);
}

// ---- the gradient at blank and labels -----------------------------------------------------------------------------------------

// A frame's numbers for LabelsOfFrame, from E and states of float64. States: blank(j), label(j).
template <typename States>
struct Float64Row {
  using Real = double;
  const States states;
  const double* emissions;
  double best;
  bool softmaxTerm;

  __device__ Float64Row(const CtcProblem& p, const States& states, const double* emissions, double best)
      : states(states), emissions(emissions), best(best), softmaxTerm(p.flags & SOFTMAX_TERM) {}
  __device__ void addBlank(double& sum, int j) const { sum += states.blank(j); }
  __device__ void addLabel(double& sum, int j) const { sum += states.label(j); }
  __device__ double yBest() const { return softmaxTerm ? exponential(best) : 0; }
  __device__ double others() const { return -expm1(best); }
  __device__ double scale(double yBest) const { return isCertain(best) ? yBest : softmaxTerm ? 1 : 0; }
  __device__ double y(int c, double scale) const { return scale * emissions[c]; }
  __device__ bool isBest(int c) const { return emissions[c] == 1; }
};

// Equation (16) for one frame, by a group of lanes; see labels.cu. All groups of a warp call together; one without a frame has
// labels = columns = -1. Row has numbers of a frame:
//   addBlank(Real& sum, int j), addLabel(Real& sum, int j)
//                              posterior of blank j, counted from either end, and of label j, times a factor that all states share
//   double yBest(), others()   probability of the best column, 0 without SOFTMAX_TERM, and 1 less that, which keeps its digits
//   double scale(double yBest), y(int c, double scale)   probability of column c, 0 without SOFTMAX_TERM, by what is the same for all
//   bool isBest(int c)         whether c has the frame's best column
template <typename Row, typename Group>
struct LabelsOfFrame {
  using Real = typename Row::Real;
  // Columns of a lane whose sums are kept; those of others are added up twice.
  static constexpr int KEPT = Group::size() == 8 ? 8 : 128 / (Group::size() * sizeof(Real));
  static constexpr int AHEAD = KEPT < 4 ? 1 : 16 / int(sizeof(Real));  // of these, so many are under way at once
  struct Sums {
    Real kept[KEPT];
    Real blanks, labels;  // of all, in all lanes
  };
  const CtcProblem& p;
  const Utterance& u;
  const Lists lists;
  const Row row;
  int n, t;
  const Group& group;

  // Over all blanks, to all lanes.
  __device__ Real sumOfBlanks() const {
    Real sum = 0;
    int j = group.lane;
#pragma unroll 1
    for (; j + group.size() <= u.labels; j += 2 * group.size()) {
      row.addBlank(sum, j);
      row.addBlank(sum, j + group.size());
    }
    if (j <= u.labels) row.addBlank(sum, j);
    return group.template reduce<Sum>(sum);
  }
  // Over the positions of each of COUNT columns from c on, a group's size apart, by this lane. The blank's, and one that is not there, has none.
  template <int COUNT>
  __device__ void sumOf(int c, Real* sums) const {
    int begin[COUNT], end[COUNT];
    const int32_t* first = global(after(lists.first, c));
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      const int i = k * group.size();
      sums[k] = -0.0;  // -0 + x is x for a compiler, 0 + x not
      begin[k] = end[k] = 0;
      if (!has(c, i)) continue;
      begin[k] = first[i - 1];
      end[k] = first[i];
    }
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      if (has(c, k * group.size())) row.addLabel(sums[k], load4(after(lists.order, begin[k])));
    }
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
#pragma unroll 1
      while (++begin[k] < end[k]) row.addLabel(sums[k], load4(after(lists.order, begin[k])));
    }
  }
  // Whether c + i is a label's column. By i alone it is known of most that they are not the blank's.
  __device__ bool has(int c, int i) const { return (i > 0 || c > 0) && c + i <= u.columns; }
  // Over the positions of column c, by this lane.
  __device__ Real sumOf(int c, Real blanks) const {
    Real sum = blanks;
    if (c > 0) sumOf<1>(c, &sum);
    return sum;
  }
  __device__ Sums sums() const {
    Sums sums;
    sums.blanks = sumOfBlanks();
    Real labels = -0.0;
#pragma unroll
    for (int k = 0; k < KEPT; k++) sums.kept[k] = -0.0;
#pragma unroll
    for (int k = 0; k < KEPT; k += AHEAD) {
      if (k > 0 && group.lane + k * group.size() > u.columns) break;
      sumOf<AHEAD>(group.lane + k * group.size(), sums.kept + k);
    }
#pragma unroll
    for (int k = 0; k < KEPT; k++) labels += sums.kept[k];
    if (group.lane == 0) sums.kept[0] = sums.blanks;
#pragma unroll 1
    for (int c = group.lane + KEPT * group.size(); c <= u.columns; c += group.size()) labels += sumOf(c, sums.blanks);
    sums.labels = group.template reduce<Sum>(labels);
    return sums;
  }

  __device__ void write(int c, double value) const {
    const int64_t label = lists.distinct[c - 1];
    if (isPerProbability(p)) {
      const double y = element(p.logits, p.logitsType, logitsIndex(p, n, t) + label * p.logitsClassStride);
      value /= y > 0 ? y : 1;  // else no path goes through it
    }
    storeGradient(p, gradientIndex(p, n, t) + label * p.gradientClassStride, u.weight * value);
  }
  // columns = -1: nothing.
  __device__ void write(Sums& sums, int columns) const {
    const double whole = double(sums.blanks) + double(sums.labels);
    if (!(whole < double(CTC_INFINITY))) columns = -1;  // see small_loss.cu
    const double share = whole > 0 ? 1 / whole : 0;
    const double yBest = row.yBest();
    const double scale = row.scale(yBest);

    Real otherPosteriors = 0;  // of all columns but the one, if any, that is left to the end
    int certain = -1;
#pragma unroll 1
    for (int c = group.lane; c <= columns; c += group.size()) {
      const Real sum = c < KEPT * group.size() ? sums.kept[0] : sumOf(c, sums.blanks);
#pragma unroll
      for (int k = 0; k + 1 < KEPT; k++) sums.kept[k] = sums.kept[k + 1];
      if (sum * share > 0.5 && yBest > 0.5 && row.isBest(c)) {
        certain = c;
      } else {
        otherPosteriors += sum;
        write(c, row.y(c, scale) - double(sum) * share);
      }
    }
    otherPosteriors = group.template reduce<Sum>(otherPosteriors);
    if (certain >= 0) write(certain, double(otherPosteriors) * share - row.others());
  }

  __device__ void run() const {
    Sums sums = this->sums();
    write(sums, u.columns);
  }
};
