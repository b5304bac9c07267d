// ctc_reduce: the reduced loss, sum over n of weight(n) * losses(n); an utterance of weight 0 is left out, even if its loss is
// infinite or NaN. With zero weights the caller masks utterances, so theirs must not spoil the sum.
//
// The sum has the same bits for every order of the utterances: scaled by a power of 2 so that none exceeds 1, each term is cut
// into SLICES multiples of ever finer units, so coarse that N of them add up without rounding; what is left of a term is below
// 2^-100 of the largest for N up to 100,000 (2^-58 for N = 2^31) and dropped.
//
// In:  losses [N]; workspace: Utterance [N]. Out: reduced [1].
// Launch: grid 1, block 256. Shared memory: 8 warps * 8 bytes, static.
// Deterministic: no atomics, and see above.
// Rejected: sorting; a fixed order of additions (the bits would depend on the order of the batch).
#include "ctc.cuh"

namespace {

constexpr int SLICES = 3;

__device__ double powerOfTwo(int e) { return __longlong_as_double((long long)(e + 1023) << 52); }

// weight(n) losses(n), or 0.
__device__ double termOf(const CtcProblem& p, const Utterance* utterances, int n) {
  double weight = utterances[n].weight;
  if (utterances[n].status >= BAD_LABEL) weight = p.weights != nullptr ? p.weights[n] : 1;  // prepare left it at 0
  return weight == 0 ? 0 : weight * p.losses[n];
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) ctc_reduce(const CtcProblem p) {
  static __shared__ double shared[8];
  const BlockGroup block{int(threadIdx.x), shared};
  const Utterance* utterances = Workspace(p).utterances();
  double notFinite = 0;
  double most = 0;
  for (int n = threadIdx.x; n < p.N; n += 256) {
    const double term = termOf(p, utterances, n);
    if (fabs(term) < double(CTC_INFINITY)) {
      most = max(most, fabs(term));
    } else {
      notFinite += term;
    }
  }
  notFinite = block.reduce<Sum>(notFinite);
  most = block.reduce<Max>(most);

  // most <= 2^(exponent + 1), as far as powers of two go
  const int exponent = min(max(int(__double_as_longlong(most) >> 52) - 1022, -900), 1022);
  const double scale = powerOfTwo(-exponent);
  // N < 2^(34 - clz - 2), so N slices, each at most 2^52 units of 2^-(52 - bits), add up exactly
  const int bits = 34 - __clz(p.N);
  double sums[SLICES] = {};
  for (int n = threadIdx.x; n < p.N; n += 256) {
    const double term = termOf(p, utterances, n);
    if (!(fabs(term) < double(CTC_INFINITY))) continue;
    double rest = term * scale;
#pragma unroll
    for (int i = 0; i < SLICES; i++) {
      const double shift = 1.5 * powerOfTwo(bits - i * (52 - bits));  // makes the sum below a multiple of its last bit
      const double slice = (rest + shift) - shift;
      sums[i] += slice;
      rest -= slice;
    }
  }
#pragma unroll
  for (int i = 0; i < SLICES; i++) sums[i] = block.reduce<Sum>(sums[i]);
  if (threadIdx.x == 0) *p.reduced = notFinite + ((sums[2] + sums[1]) + sums[0]) * powerOfTwo(exponent);
}
