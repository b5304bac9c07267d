// ctc_reduce: the reduced loss, see reduction.cuh, where no ctc_small_loss is there to do it: of calls with offsets, of consistency, and of
// no utterances.
//
// In:  losses [N]; workspace: Utterance [N]. Out: reduced [1].
// Launch: grid 1, block 256. Shared memory: 8 warps * 8 bytes, static.
// Deterministic: no atomics, and see reduction.cuh.
#include "ctc.cuh"
#include "reduction.cuh"

extern "C" __global__ void __launch_bounds__(256) ctc_reduce(const CtcProblem p) {
  static __shared__ double shared[8];
  LossReduction(p).run({int(threadIdx.x), shared}, [&](int n) { return p.losses[n]; });
}
