// ctc_consistency_{f64,f32}, ctc_consistency_sum: the consistency loss of two views x, y of the same utterances (Yao et al., "CR-CTC", ICLR 2025) and
// its gradients. With p = softmax(x), q = softmax(y), d(c) = ln p(c) - ln q(c) of a frame, w the utterance's weight:
//
//   loss      = sum over t of D_t,   D_t = 1/2 [KL(q || p) + KL(p || q)] = 1/2 sum over c of (p(c) - q(c)) d(c)
//   gradient  = w/2 (p - q) of x, w/2 (q - p) of y                                          each view drawn to the other, which stands still
//   FULL      = w/2 [p - q + p (d - KL(p || q))] of x, w/2 [q - p + q (-d - KL(q || p))] of y      of the loss as a function of both
//
// A frame with NaN or +Infinity has D = NaN; one where a class is possible in one view alone, or none is in one of them, D = +Infinity. Either
// takes the whole utterance: its status says so, and its gradients are 0. A class that neither view can have adds nothing.
//
// In:  logits of both views, any strides, each of any type, inputLength [N], frameCount [N], weights [N]: CtcProblem has the first view and the place of
//      its gradient, CtcViews the second's. No targets. Frames t >= input length are never read.
// Out: gradients as far as there are places (every frame that there is room for: 0 for t >= input length); losses [N], statuses [N]; workspace:
//      Utterance [N], whose status and weight are for ctc_reduce, then D [N][T] float64.
// Parallel: a frame of both views by a block, which goes over its classes for their maxima, sums, D and the gradients: memory sees the first
//      of these, the others find the rows in L1 or L2. ctc_consistency_sum: a block an utterance, over frames; it also writes the zeros.
// Launch: ctc_consistency_TYPE grid N T, block 32 min(16, ceil(C / 512)), f64 if a view is float64; ctc_consistency_sum grid N, block 256, after it.
//      N T < 2^31. Shared memory: 16 warps * 8 bytes, or 256 parts * 8 bytes, static.
// Deterministic: fixed trees of sums, whose shape follows from C; the same bits with the views exchanged, for everything of a class only changes its
//      sign then.
//
// Float32 arithmetic unless a view is float64; logarithms and d in float64. Where the views all but agree p - q has few digits of its own, but d has:
// for |d| < 1/2 it is p (1 - e^-d), or the same of q, of the series of 1 - e^-d.
// Rejected: rows in registers (the tiers of frames.cu twice over, for what is trained on beside the loss, not without it); a kernel for each pair of types
// (16, where a branch at each load will do).
#include "ctc.cuh"

// A tensor of any strides and element type; null where there is none.
struct ViewTensor {
  void* at;
  const int64_t* start;  // [N], or null: n * utteranceStride
  int64_t utteranceStride, frameStride, classStride;
  int32_t type;
  int32_t unused;

  __device__ int64_t index(int n, int t) const {
    return (start != nullptr ? start[n] : n * utteranceStride) + t * frameStride;
  }
};

// The second view.
struct CtcViews {
  ViewTensor logits, gradient;
};
static_assert(sizeof(CtcViews) == 96, "the host writes this structure byte by byte");

namespace {

__device__ ViewTensor firstLogits(const CtcProblem& p) {
  return {(void*)p.logits, p.logitsStart, p.logitsUtteranceStride, p.logitsFrameStride, p.logitsClassStride, p.logitsType, 0};
}
__device__ ViewTensor firstGradient(const CtcProblem& p) {
  return {p.gradient, p.gradientStart, p.gradientUtteranceStride, p.gradientFrameStride, p.gradientClassStride, p.gradientType, 0};
}

// What an utterance has of frames: none used where its lengths are bad.
struct FramesOf {
  int used, rows;
  bool good;
  double weight;

  __device__ FramesOf(const CtcProblem& p, int n) {
    const int count = p.frameCount != nullptr ? p.frameCount[n] : p.T;
    rows = min(max(count, 0), p.T);
    used = p.inputLength[n];
    good = count == rows && used >= 0 && used <= rows;
    if (!good) used = 0;
    weight = p.weights != nullptr ? p.weights[n] : 1;
  }
};

__device__ double* divergences(const CtcProblem& p) { return (double*)(p.workspace + Workspace::align(int64_t(p.N) * 64)); }

// Frames [from, to) become 0, by all threads of the block. Of both views in one loop, as there are many kinds of stores.
__device__ void clear(const CtcProblem& p, const CtcViews& other, int n, int from, int to) {
#pragma unroll 1
  for (int view = 0; view < 2; view++) {
    const ViewTensor gradient = view == 0 ? firstGradient(p) : other.gradient;
    if (gradient.at == nullptr) continue;
#pragma unroll 1
    for (int t = from; t < to; t++) {
#pragma unroll 1
      for (int64_t c = threadIdx.x; c < p.C; c += blockDim.x) {
        store(gradient.at, gradient.type, gradient.index(n, t) + c * gradient.classStride, 0.0);
      }
    }
  }
}

// Not inlined, as they are wanted in many places.
__device__ __noinline__ double sumOf(double own, double* shared) { return BlockGroup{int(threadIdx.x), shared}.reduce<Sum>(own); }
__device__ __noinline__ double mostOf(double own, double* shared) { return BlockGroup{int(threadIdx.x), shared}.reduce<Max>(own); }

// ---- a frame --------------------------------------------------------------------------------------------------------------------

__device__ inline float numberOf(const void* at, int32_t type, int64_t index, float) {
  switch (type) {
    case FLOAT32: return ((const float*)at)[index];
    case FLOAT16: return widen(((const Half*)at)[index]);
    default: return widen(((const Bfloat*)at)[index]);
  }
}
__device__ inline double numberOf(const void* at, int32_t type, int64_t index, double) { return element(at, type, index); }

template <typename A>
struct ViewRow {
  const ViewTensor tensor;
  const int64_t first;  // index of class 0

  __device__ ViewRow(const ViewTensor& tensor, int n, int t) : tensor(tensor), first(tensor.index(n, t)) {}
  __device__ A operator[](int64_t c) const { return numberOf(tensor.at, tensor.type, first + c * tensor.classStride, A()); }
};

// p - q, d = ln p - ln q.
__device__ inline double differenceOf(double p, double q, double) { return p - q; }
__device__ inline float differenceOf(float p, float q, float d) {
  const float a = fabsf(d);
  if (!(a < 0.5f)) return p - q;
  float series = -1.0f / 40320;  // of (1 - e^-a) / a
  series = fmaf(series, a, 1.0f / 5040);
  series = fmaf(series, a, -1.0f / 720);
  series = fmaf(series, a, 1.0f / 120);
  series = fmaf(series, a, -1.0f / 24);
  series = fmaf(series, a, 1.0f / 6);
  series = fmaf(series, a, -0.5f);
  const float share = fmaf(series * a, a, a);
  return d > 0 ? p * share : -(q * share);
}

// A class of a frame.
template <typename A>
struct ClassOfViews {
  A p, q, d, difference;
  bool one;  // whether one view alone can have it

  __device__ ClassOfViews(A x, A y, double logSumX, double logSumY) {
    const double logP = double(x) - logSumX;
    const double logQ = double(y) - logSumY;
    const bool first = logP >= -IMPOSSIBLE_NATS, second = logQ >= -IMPOSSIBLE_NATS;
    one = first != second;
    d = first && second ? A(logP - logQ) : A(0);
    p = exponential(A(logP));
    q = exponential(A(logQ));
    difference = first && second ? differenceOf(p, q, d) : A(0);
  }
};

// D of a frame, whose gradients it stores, if there are any.
template <typename A>
__device__ double divergence(const CtcProblem& p, bool full, const CtcViews& other, int n, int t, double weight, double* shared) {
  double logSumX = 0, logSumY = 0;
  bool bad = false, empty = false;
#pragma unroll 1
  for (int view = 0; view < 2; view++) {
    const ViewRow<A> row(view == 0 ? firstLogits(p) : other.logits, n, t);
    A most = -CTC_INFINITY;
#pragma unroll 1
    for (int64_t c = threadIdx.x; c < p.C; c += blockDim.x) {
      const A x = row[c];
      bad |= !(x < CTC_INFINITY);  // true for NaN
      most = Max::of(x, most);
    }
    most = A(mostOf(most, shared));
    empty |= most == -CTC_INFINITY;
    A part = 0;
#pragma unroll 1
    for (int64_t c = threadIdx.x; c < p.C; c += blockDim.x) part += exponential(row[c] - most);
    const double logSum = most + ::log(sumOf(part, shared));
    if (view == 0) logSumX = logSum;
    if (view == 1) logSumY = logSum;
  }
  if (__syncthreads_or(bad)) return notANumber();
  if (empty) return CTC_INFINITY;

  // for the sums first, then for the gradients
  double sum = 0, ofX = 0, ofY = 0;  // 2 D, KL(p || q), KL(q || p)
  const ViewRow<A> x(firstLogits(p), n, t), y(other.logits, n, t);
#pragma unroll 1
  for (int pass = 0; pass < 2; pass++) {
    A all = 0, byP = 0, byQ = 0;
    bool one = false;
#pragma unroll 1
    for (int64_t c = threadIdx.x; c < p.C; c += blockDim.x) {
      const ClassOfViews<A> its(x[c], y[c], logSumX, logSumY);
      if (pass == 0) {
        one |= its.one;
        all += its.difference * its.d;
        byP += its.p * its.d;
        byQ += its.q * -its.d;
      } else {
#pragma unroll 1
        for (int view = 0; view < 2; view++) {
          const ViewTensor gradient = view == 0 ? firstGradient(p) : other.gradient;
          const A more = view == 0 ? its.p * (its.d - A(ofX)) : its.q * (-its.d - A(ofY));
          const A value = (view == 0 ? its.difference : -its.difference) + (full ? more : A(0));
          if (gradient.at != nullptr) {
            store(gradient.at, gradient.type, gradient.index(n, t) + c * gradient.classStride, weight / 2 * value);
          }
        }
      }
    }
    if (pass == 1) break;
    if (__syncthreads_or(one)) return CTC_INFINITY;
    sum = sumOf(all, shared);
    if (weight == 0 || (p.gradient == nullptr && other.gradient.at == nullptr)) break;
    ofX = sumOf(byP, shared);
    ofY = sumOf(byQ, shared);
  }
  return sum / 2;
}

template <typename A>
__device__ void compare(const CtcProblem& p, bool full, const CtcViews& other, double* shared) {
  const int n = int(blockIdx.x / unsigned(p.T));
  const int t = int(blockIdx.x % unsigned(p.T));
  const FramesOf frames(p, n);
  if (t >= frames.used) return;
  const double its = divergence<A>(p, full, other, n, t, frames.weight, shared);
  if (threadIdx.x == 0) divergences(p)[int64_t(n) * p.T + t] = its;
}

}  // namespace

#define CTC_CONSISTENCY(TYPE)                                                                                                \
  extern "C" __global__ void __launch_bounds__(512)                                                                         \
      ctc_consistency_##TYPE(const CtcProblem p, const int full, const CtcViews second) {                                    \
    static __shared__ double shared[16];                                                                                     \
    compare<TYPE>(p, full != 0, second, shared);                                                                             \
  }
CTC_CONSISTENCY(f64)
CTC_CONSISTENCY(f32)

extern "C" __global__ void __launch_bounds__(256) ctc_consistency_sum(const CtcProblem p, const int, const CtcViews second) {
  static __shared__ double parts[SUM_PARTS];
  const int n = blockIdx.x;
  const FramesOf frames(p, n);
  const double* its = divergences(p) + int64_t(n) * p.T;
  const double loss = frames.good ? sumInFixedOrder(frames.used, parts, [&](int t) { return its[t]; }) : notANumber();
  const int status = !frames.good ? BAD_LENGTH : loss != loss ? NOT_FINITE : loss < CTC_INFINITY ? OK : INFEASIBLE;
  if (threadIdx.x == 0) {
    Utterance u = {};
    u.status = status;
    u.weight = frames.weight;
    Workspace(p).utterances()[n] = u;
    p.losses[n] = loss;
    p.statuses[n] = status;
  }
  clear(p, second, n, status == OK && frames.weight != 0 ? frames.used : 0, frames.rows);
}
