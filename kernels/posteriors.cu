// ctc_posteriors: posteriors as an output, the terms of equation (14) of Graves et al. 2006, for those who ask:
//
//   of states    posterior(t, s)                                      (T, N, 2 L + 1), s as in l'
//   of classes   sum over positions s of l' that hold c of posterior(t, s)   (T, N, C)
//
// What ctc_lattice left is divided by its own sum over the frame, so each used frame sums to 1; see labels.cu. Every element is
// written: 0 in unused frames, in states that a shorter target lacks, and for utterances whose status is not OK. Weights take no part.
//
// In:  workspace: Utterance, Lists, stored rows (see PosteriorRow). Out: one or both of the tensors.
// Parallel: one warp a frame of segment k: lanes over states, then over classes and distinct labels.
// Launch: grid ceil(N 2 K / 8), block 256; after ctc_lattice of the same k, rows as in ctc_labels. Launch 0 writes the zeros of
//      frames without posteriors. No shared memory.
// Deterministic: fixed trees over states, a label's positions in ascending order; no atomics.
// Rejected: writing them in ctc_lattice, where each state's posterior is at hand: not normalised, and its registers are full.
#include "ctc.cuh"
#include "posteriors.cuh"

namespace {

// Less counts as 0.
constexpr float LEAST = 0x1p-16f;  // 2^-80 of the whole, times PosteriorRow's factor

__device__ inline float cut(float posterior) { return posterior < LEAST ? 0 : posterior; }

// Columns [from, count) of a frame become 0.
__device__ void clear(const Place& place, int64_t at, int64_t from, int64_t count, int lane) {
#pragma unroll 1
  for (int64_t c = from + lane; c < count; c += 32) store(place.to, place.type, at + c * place.columnStride, 0.0f);
}

// As PosteriorRow, of states that are float64: relative to a power of 2 about p.
struct Float64PosteriorRow {
  const RowOfStates<double> states;
  const double scale;

  __device__ Float64PosteriorRow(const Workspace& workspace, const Utterance& u, int q)
      : states(workspace, u, q), scale(__longlong_as_double((1023 + 64 - (long long)floor(u.log2Probability)) << 52)) {}
  __device__ float blank(int j) const { return float(states.blank(j) * scale); }
  __device__ float label(int j) const { return float(states.label(j) * scale); }
};

// Those of frame t.
template <typename Row>
__device__ void posteriorsOf(const CtcProblem& p, const CtcPosteriors& out, const Utterance& u, int n, int64_t t, const Row& row) {
  const WarpGroup warp{int(threadIdx.x % 32)};
  const int64_t states = 2 * int64_t(p.L) + 1;
  double blanks = 0;
  double labels = 0;
#pragma unroll 1
  for (int j = warp.lane; j <= u.labels; j += 32) {
    blanks += cut(row.blank(j));
    if (j < u.labels) labels += cut(row.label(j));
  }
  blanks = warp.reduce<Sum>(blanks);
  const double whole = blanks + warp.reduce<Sum>(labels);
  const double share = whole > 0 ? 1 / whole : 0;

  if (out.ofStates.to != nullptr) {
    const Place& place = out.ofStates;
    const int64_t at = place.index(n, t);
    const int64_t count = 2 * int64_t(u.labels) + 1;
#pragma unroll 1
    for (int64_t s = warp.lane; s < count; s += 32) {
      store(place.to, place.type, at + s * place.columnStride, cut(s % 2 == 0 ? row.blank(int(s / 2)) : row.label(int(s / 2))) * share);
    }
    clear(place, at, count, states, warp.lane);
  }
  if (out.ofClasses.to != nullptr) {
    const Place& place = out.ofClasses;
    const Lists lists = Workspace(p).lists(n);
    const int64_t at = place.index(n, t);
    clear(place, at, 0, p.C, warp.lane);
    __syncwarp();  // what follows overwrites some of it
    if (warp.lane == 0) store(place.to, place.type, at + p.blank * place.columnStride, blanks * share);
#pragma unroll 1
    for (int c = warp.lane; c < u.columns; c += 32) {
      double sum = 0;
#pragma unroll 1
      for (int i = lists.first[c]; i < lists.first[c + 1]; i++) sum += cut(row.label(lists.order[i]));
      store(place.to, place.type, at + lists.distinct[c] * place.columnStride, sum * share);
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256, 4)
    ctc_posteriors(const CtcProblem p, const int segment, const CtcPosteriors out) {
  const Workspace workspace(p);
  const RowOfSegment own(p, workspace, 32);
  if (!own.exists) return;
  const int n = own.n;
  const int lane = threadIdx.x % 32;
  const Utterance u = workspace.utterances()[n];

  if (segment == 0) {
#pragma unroll 1
    for (int64_t t = own.q; t < u.rows; t += own.rows) {
      if (u.status == OK && t < u.frames) continue;
      if (out.ofClasses.to != nullptr) clear(out.ofClasses, out.ofClasses.index(n, t), 0, p.C, lane);
      if (out.ofStates.to != nullptr) clear(out.ofStates, out.ofStates.index(n, t), 0, 2 * int64_t(p.L) + 1, lane);
    }
  }
  if (u.status != OK) return;

  const int64_t t = workspace.frameOfRow(own.q, segment, u.frames);
  if (t < 0 || t >= u.frames) return;
  if (u.numbers == FLOAT64_NUMBERS) {
    posteriorsOf(p, out, u, n, t, Float64PosteriorRow(workspace, u, own.q));
  } else {
    posteriorsOf(p, out, u, n, t, PosteriorRow(workspace, u, own.q));
  }
}
