// ctc_prepare: looks at lengths and labels, and sorts the positions of every target by label.
//
// Whatever the host has checked is checked again, because lengths and labels may live on the device alone: nothing after this
// kernel reads a label or a length that it has not let pass.
//
// In:  targets, targetStart or targetStride, targetLength [N], inputLength [N], frameCount [N], weights [N].
// Out: workspace: Utterance [N]; Lists of each; losses [N] and statuses [N] where a label or length is bad.
// Parallel: one block an utterance; positions over its threads.
// Launch: grid N, block 256. Shared memory: 8 warps * (8 + 4) bytes, static.
// Deterministic: no atomics; a position's rank is the number of (label, position) below it, so the order is unique.
// Rejected: a table of C entries an utterance (C may be 250,000); radix sort (L is small: L^2 / 256 comparisons are 0.1 us
// for L = 40 and some 0.5 ms for L = 15,000, where the lattice then takes a second).
#include "ctc.cuh"

namespace {

constexpr int THREADS = 256;

__device__ bool lengthsAreGood(const CtcProblem& p, int n, int rows, int64_t start) {
  const int labels = p.targetLength[n];
  const int frames = p.inputLength[n];
  return labels >= 0 && labels <= p.L && start >= 0 && start <= p.targetsSize - labels &&  //
         rows >= 0 && rows <= p.T && frames >= 0 && frames <= rows;
}

__device__ double weightOf(const CtcProblem& p, int n, int labels) {
  if (p.flags & MEAN) return 1.0 / (double(p.N) * max(labels, 1));
  return p.weights != nullptr ? p.weights[n] : 1.0;
}

// order: positions sorted by (label, position).
__device__ void sortPositions(const int32_t* target, int labels, int32_t* order) {
  for (int i = threadIdx.x; i < labels; i += THREADS) {
    const int label = target[i];
    int rank = 0;
    for (int j = 0; j < i; j++) rank += target[j] <= label;
    for (int j = i + 1; j < labels; j++) rank += target[j] < label;
    order[rank] = i;
  }
}

__device__ bool isHead(const int32_t* target, const int32_t* order, int r) {
  return r == 0 || target[order[r]] != target[order[r - 1]];
}

// Numbers the distinct labels from 1 in sorted order; every thread takes a stretch of the order. Returns their number. `counts` is
// shared and has a place for each warp.
__device__ int numberColumns(const int32_t* target, int labels, const Lists& lists, int* counts) {
  const int stretch = (labels + THREADS - 1) / THREADS;
  const int begin = min(int(threadIdx.x) * stretch, labels);
  const int end = min(begin + stretch, labels);
  int heads = 0;
#pragma unroll 1
  for (int r = begin; r < end; r++) heads += isHead(target, lists.order, r);
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  int upToHere = heads;  // in this warp
  for (int d = 1; d < 32; d *= 2) {
    const int before = __shfl_up_sync(WARP, upToHere, d);
    upToHere += lane >= d ? before : 0;
  }
  if (lane == 31) counts[warp] = upToHere;
  __syncthreads();
  int column = upToHere - heads;
  int columns = 0;
  for (int w = 0; w < THREADS / 32; w++) {
    column += w < warp ? counts[w] : 0;
    columns += counts[w];
  }
#pragma unroll 1
  for (int r = begin; r < end; r++) {
    const int position = lists.order[r];
    if (isHead(target, lists.order, r)) {
      lists.distinct[column] = target[position];
      lists.first[column] = r;
      column++;
    }
    lists.column[position] = column;
  }
  if (threadIdx.x == 0) lists.first[columns] = labels;
  return columns;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) ctc_prepare(const CtcProblem p) {
  static __shared__ double shared[THREADS / 32];
  static __shared__ int counts[THREADS / 32];
  const int n = blockIdx.x;
  const Workspace workspace(p);
  const BlockGroup block{int(threadIdx.x), shared};

  const int rows = p.frameCount != nullptr ? p.frameCount[n] : p.T;
  const int64_t start = p.targetStart != nullptr ? p.targetStart[n] : n * p.targetStride;
  Utterance u = {};
  u.rows = min(max(rows, 0), p.T);
  u.status = lengthsAreGood(p, n, rows, start) ? OK : BAD_LENGTH;
  const int32_t* target = p.targets + start;
  const int labels = u.status == OK ? p.targetLength[n] : 0;

  bool bad = false;
  int repeats = 0;
#pragma unroll 1
  for (int i = threadIdx.x; i < labels; i += THREADS) {
    const int label = target[i];
    bad |= label < 0 || label >= p.C || label == p.blank;
    repeats += i > 0 && label == target[i - 1];
  }
  if (block.any(bad)) u.status = BAD_LABEL;
  repeats = block.reduce<Sum>(repeats);

  if (u.status == OK) {  // the same for all threads
    const Lists lists = workspace.lists(n);
    sortPositions(target, labels, lists.order);
    __syncthreads();
    u.columns = numberColumns(target, labels, lists, counts);
    if (threadIdx.x == 0) lists.distinct[-1] = p.blank;
    u.labels = labels;
    u.frames = p.inputLength[n];
    u.tooShort = u.frames < labels + repeats;
    u.weight = weightOf(p, n, labels);
  }
  if (threadIdx.x == 0) {
    u.finalLoss = NOT_THERE;
    u.stored = workspace.row(n, 0);
    workspace.utterances()[n] = u;
    if (n == 0) *workspace.ended() = 0;
    if (u.status != OK) {
      p.statuses[n] = u.status;
      p.losses[n] = notANumber();
    }
  }
}
