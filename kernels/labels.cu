// ctc_labels: the entries of the gradient that posteriors touch, equation (16) of Graves et al. 2006:
//
//   gradient(t, c) = w (y_t(c) - sum over positions s of l' that hold c of posterior(t, s))
//
// for c the blank and every distinct label of the target (ctc_frames has written w y_t(c) for all others, and for these too: they
// are overwritten from E, so that the difference is rounded once, also into a float16 gradient).
//
// The posteriors of a frame sum to 1. What ctc_lattice left is divided by its own sum over the frame: rounding that all paths
// share, which grows with the number of frames, cancels. Where one symbol has most of both y and the posterior, their difference
// is taken of the complements: (1 - posterior) is the sum of all other posteriors and 1 - y = -expm1(ln y), both exact when
// small, so that a nearly certain frame's gradient keeps its digits.
//
// In:  workspace: Utterance, Lists, Frame, E, stored rows (2 float posteriors a pair, at 8-byte places). Out: gradient.
// Utterances found INFEASIBLE or NOT_FINITE: their gradient, where ctc_frames wrote softmax, becomes 0.
// Parallel: one warp a frame of segment k: lanes over states for the sum, then over distinct labels.
// Launch: grid ceil(N 2 K / 8), block 256; after ctc_lattice of the same k. Row q of an utterance's 2 K rows: q < K is frame
//      H - 1 - (k K + q), else frame H + k K + (q - K), H = frames / 2. No shared memory.
// Deterministic: a label's positions are added in ascending order; no atomics.
// Rejected: atomicAdd per state (order shows); a thread per (frame, class) (most classes are not in the target).
#include "ctc.cuh"

namespace {

constexpr int ROWS_PER_BLOCK = 8;

__device__ inline float posterior(const State* row, int64_t s) { return __int_as_float(row[s].low); }

// One frame of one utterance by one warp.
struct FrameOfWarp {
  const CtcProblem& p;
  const Utterance& u;
  const Lists lists;
  const Symbol* symbols;  // E of the frame
  const State* row;
  int64_t out;  // index of the gradient's class 0
  const WarpGroup& warp;

  // Over all blanks, to all lanes.
  __device__ float sumOfBlanks() const {
    float sum = 0;
    for (int j = warp.lane; j <= u.labels; j += 32) sum += posterior(row, 2 * int64_t(j));
    return warp.reduce<Sum>(sum);
  }
  // Over the positions of column c, by this lane.
  __device__ float sumOf(int c, float blanks) const {
    if (c == 0) return blanks;
    float sum = 0;
    const int end = lists.first[c];
    for (int i = lists.first[c - 1]; i < end; i++) sum += posterior(row, 2 * int64_t(lists.order[i]) + 1);
    return sum;
  }
  __device__ void write(int c, double value) const {
    const int64_t label = c == 0 ? p.blank : lists.distinct[c - 1];
    storeGradient(p, out + label * p.gradientClassStride, u.weight * value);
  }

  __device__ void run(double best) const {
    const float blanks = sumOfBlanks();
    float labels = 0;
    for (int j = warp.lane; j < u.labels; j += 32) labels += posterior(row, 2 * int64_t(j) + 1);
    const double whole = double(blanks) + double(warp.reduce<Sum>(labels));
    const double share = whole > 0 ? 1 / whole : 0;

    const double yBest = p.flags & SOFTMAX_TERM ? exp(best) : 0;
    float others = 0;   // all columns but the one, if any, that is left to the end
    int certain = -1;
    for (int c = warp.lane; c <= u.columns; c += 32) {
      const float sum = sumOf(c, blanks);
      if (sum * share > 0.5 && yBest > 0.5 && symbols[c].m == 1 && symbols[c].e == 0) {
        certain = c;
      } else {
        others += sum;
        write(c, yBest * double(symbols[c].m * pow2(symbols[c].e)) - double(sum) * share);
      }
    }
    others = warp.reduce<Sum>(others);
    if (certain >= 0) write(certain, double(others) * share + expm1(best));
  }
};

}  // namespace

extern "C" __global__ void __launch_bounds__(256) ctc_labels(const CtcProblem p, const int segment) {
  const int64_t number = blockIdx.x * int64_t(ROWS_PER_BLOCK) + threadIdx.x / 32;
  const Workspace workspace(p);
  const int64_t rows = 2 * workspace.K;
  if (number >= p.N * rows) return;
  const int n = int(number / rows);
  const int64_t q = number % rows;
  const WarpGroup warp{int(threadIdx.x % 32)};
  const Utterance u = workspace.utterances()[n];
  if (u.weight == 0) return;

  if (u.status != OK) {
    if (segment > 0) return;
    for (int64_t t = q; t < u.frames; t += rows) {
      const int64_t out = gradientIndex(p, n, int(t));
      for (int64_t c = warp.lane; c < p.C; c += 32) storeGradient(p, out + c * p.gradientClassStride, 0.0f);
    }
    return;
  }

  const int side = q < workspace.K ? 0 : 1;
  const int64_t slot = side == 0 ? q : q - workspace.K;
  const int64_t fromMeeting = segment * workspace.K + slot;
  const int64_t half = u.frames / 2;
  const int64_t t = side == 0 ? half - 1 - fromMeeting : half + fromMeeting;
  if (t < 0 || t >= u.frames) return;
  const Symbol* symbols = workspace.symbols(n) + t * workspace.width;
  const State* row = workspace.stored(n, side) + slot * workspace.states;
  const FrameOfWarp frame = {p, u, workspace.lists(n), symbols, row, gradientIndex(p, n, int(t)), warp};
  frame.run(workspace.frames(n)[t].best);
}
