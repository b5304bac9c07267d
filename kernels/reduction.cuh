// The reduced loss, sum over n of weight(n) * loss(n); an utterance of weight 0 is left out, even if its loss is infinite or NaN. With
// zero weights the caller masks utterances, so theirs must not spoil the sum. By one block of small_loss.cu, or that of reduce.cu.
//
// The sum has the same bits for every order of the utterances, and for any number of threads: scaled by a power of 2 so that none exceeds
// 1, each term is cut into SLICES multiples of ever finer units, so coarse that N of them add up without rounding; what is left of a term is
// below 2^-100 of the largest for N up to 100,000 (2^-58 for N = 2^31) and dropped.
//
// Rejected: sorting; a fixed order of additions (the bits would depend on the order of the batch).
#pragma once

#include "ctc.cuh"

namespace {

struct LossReduction {
  static constexpr int SLICES = 3;

  const Utterance* utterances;
  const double* weights;  // as in CtcProblem
  int count;
  double* reduced;

  __device__ explicit LossReduction(const CtcProblem& p)
      : utterances(Workspace(p).utterances()), weights(p.weights), count(p.N), reduced(p.reduced) {}

  // By all threads of a block; lossOf(n) is asked for twice, by the same thread.
  template <typename F>
  __device__ void run(const BlockGroup& block, F lossOf) const {
    double notFinite = 0;
    double most = 0;
#pragma unroll 1
    for (int n = threadIdx.x; n < count; n += blockDim.x) {
      const double term = termOf(n, lossOf(n));
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
    // count < 2^(34 - clz - 2), so that many slices, each at most 2^52 units of 2^-(52 - bits), add up exactly
    const int bits = 34 - __clz(count);
    double sums[SLICES] = {};
#pragma unroll 1
    for (int n = threadIdx.x; n < count; n += blockDim.x) {
      const double term = termOf(n, lossOf(n));
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
    if (threadIdx.x == 0) *reduced = notFinite + ((sums[2] + sums[1]) + sums[0]) * powerOfTwo(exponent);
  }

 private:
  __device__ static double powerOfTwo(int e) { return __longlong_as_double((long long)(e + 1023) << 52); }

  // weight(n) loss, or 0.
  __device__ double termOf(int n, double loss) const {
    double weight = utterances[n].weight;
    if (utterances[n].status >= BAD_LABEL) weight = weights != nullptr ? weights[n] : 1;  // prepare left it at 0
    return weight == 0 ? 0 : weight * loss;
  }
};

}  // namespace
