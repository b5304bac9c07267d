// ctc_reduce: the reduced loss, sum over n of weight(n) * losses(n); an utterance of weight 0 is left out, even if its loss is
// infinite or NaN. With zero weights the caller masks utterances, so theirs must not spoil the sum.
//
// In:  losses [N]; workspace: Utterance [N]. Out: reduced [1].
// Launch: grid 1, block 256. Shared memory: 8 warps * 8 bytes, static.
// Deterministic: thread i adds utterances i, i + 256, ... in that order, then a fixed tree.
#include "ctc.cuh"

extern "C" __global__ void __launch_bounds__(256) ctc_reduce(const CtcProblem p) {
  static __shared__ double shared[8];
  const Utterance* utterances = Workspace(p).utterances();
  double sum = 0;
  for (int n = threadIdx.x; n < p.N; n += 256) {
    double weight = utterances[n].weight;
    if (utterances[n].status >= BAD_LABEL) weight = p.weights != nullptr ? p.weights[n] : 1;  // prepare left it at 0
    if (weight != 0) sum += weight * p.losses[n];
  }
  sum = BlockGroup{int(threadIdx.x), shared}.reduce<Sum>(sum);
  if (threadIdx.x == 0) *p.reduced = sum;
}
