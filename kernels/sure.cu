// ctc_sure_*: the loss once more, in float64, of utterances whose loss is small.
//
// ctc_lattice's sum over paths is a float32 product: its logarithm is off by some 1e-7 sqrt(T), whatever the loss is. Where the
// model is sure of the target that is no longer a millionth of the loss. There, however, p(target) is near 1, so that what a
// float64 without an exponent of its own cannot hold cannot contribute to it, and few frames need more than they have:
//
//   best(t)   ln y_t(b), b the frame's best symbol: exact already where all other classes together have less than SURE_FRAME,
//             since ctc_frames takes log1p of them; else the log-sum-exp over C in float64
//   E(t, u)   exp(x(t, u) - x(t, b)) in float64
//   p         the recursion (7) of Graves et al. 2006 from both ends, see lattice.cu, summed at the meeting frame H = T/2:
//             sum over s of reach(H, s) alpha'(H, s)
//   loss      -(sum over t of best(t) + ln p)
//
// In:  logits; losses [N]; workspace: Utterance [N], Lists, Frame [N][T]. Out: losses [N] of those utterances. E (now float64),
//      Frame.best, edges and carried states are overwritten: no kernel of the call but ctc_reduce may come after.
// Which utterances: |loss| < NATS_PER_ROOT_FRAME sqrt(T), neither factor of p(target) out of float64's reach. Others return at once.
// Parallel: one block an utterance, half of its threads a side. Frames by warps; then a thread a pair of states (a blank and the
//      label after it) with a barrier a frame, the label handed to the right through shared memory; more pairs than threads: tiles,
//      as in lattice.cu.
// Launch: grid N, block 64 W, W = min(8, ceil((L + 1) / 32)). Any W in 1 ... 8 gives the same bits. Shared memory: 10.4 KB, static.
// Deterministic: each state has one thread; sums are fixed trees, the same for any block size.
// Rejected: float64 throughout lattice.cu (1/64 rate on most devices); pairs of floats (as slow, and E would need them too);
// doing it within ctc_lattice (E is needed as it is by the gradient, and logits are read again).
#include "ctc.cuh"

namespace {

constexpr int MAX_PAIRS = 256;  // threads of a side
constexpr int DEPTH = 4;        // frames that E is loaded ahead
constexpr double NATS_PER_ROOT_FRAME = 0.25;
constexpr double LEAST_LOG = -300;
constexpr double SURE_FRAME = 1e-3;

struct Shared {
  double label[2][2][MAX_PAIRS + 1];  // [parity of the frame][side][1 + thread of the side]; at 0 what the tile before hands on
  double parts[SUM_PARTS];
};

__device__ bool isCalledFor(const Utterance& u, double loss) {
  const double log = u.log2Probability * LN2;
  return u.status == OK && u.frames > 0 && fabs(loss) < NATS_PER_ROOT_FRAME * sqrt(double(u.frames)) &&  //
         log > LEAST_LOG && -loss - log > LEAST_LOG;
}

// best and E of one frame, by one warp.
template <typename X>
__device__ void exactFrame(const CtcProblem& p, const Workspace& workspace, const Utterance& u, int n, int t,
                           const WarpGroup& warp) {
  const X* row = (const X*)p.logits + logitsIndex(p, n, t);
  const int32_t* distinct = workspace.lists(n).distinct;
  auto logit = [&](int64_t c) { return double(widen(row[c * p.logitsClassStride])); };
  auto logitOf = [&](int column) { return logit(column == 0 ? p.blank : distinct[column - 1]); };

  double best = -double(CTC_INFINITY);
  for (int c = warp.lane; c <= u.columns; c += 32) best = max(best, logitOf(c));
  best = warp.reduce<Max>(best);
  double* symbols = (double*)(workspace.symbols(n) + t * workspace.width);
  for (int c = warp.lane; c <= u.columns; c += 32) symbols[c] = exp(logitOf(c) - best);

  if (p.flags & LOG_PROBS) return;
  Frame* frame = workspace.frames(n) + t;
  const double known = __shfl_sync(WARP, warp.lane == 0 ? frame->best : 0, 0);
  if (known > -SURE_FRAME) return;
  double most = -double(CTC_INFINITY);
  for (int c = warp.lane; c < p.C; c += 32) most = max(most, logit(c));
  most = warp.reduce<Max>(most);
  double sum = 0;
  for (int c = warp.lane; c < p.C; c += 32) sum += exp(logit(c) - most);
  sum = warp.reduce<Sum>(sum);
  if (warp.lane == 0) frame->best = (best - most) - log(sum);
}

// ln p, E and best being exact.
__device__ double logTotal(const Workspace& workspace, const Utterance& u, int n, Shared& shared) {
  const int pairs = blockDim.x / 2;  // of a tile
  const int side = threadIdx.x / pairs;
  const int index = threadIdx.x % pairs;
  const int labels = u.labels;
  const int half = side == 0 ? u.frames / 2 : u.frames - u.frames / 2;
  const int steps = u.frames - u.frames / 2;
  const int64_t step = side == 0 ? workspace.width : -workspace.width;
  const double* first = (const double*)(workspace.symbols(n) + (side == 0 ? 0 : (u.frames - 1) * workspace.width));
  const int32_t* columns = workspace.lists(n).column;
  auto columnOf = [&](int j) { return columns[side == 0 ? j : labels - 1 - j]; };
  double* edges = (double*)workspace.edges(n, side);  // [tau] the label of the tile's last pair before frame tau
  const int lastEdge = side == 0 ? half : half - 1;
  double* row = (double*)workspace.carried(n, side, 0);

  for (int tile = 0; tile <= labels; tile += pairs) {
    const int j = tile + index;
    const bool hasLabel = j < labels;
    const int column = hasLabel ? columnOf(j) : 0;
    const bool skips = j > 0 && hasLabel && column != columnOf(j - 1);
    const bool takes = tile > 0 && index == 0;
    const bool hands = tile + pairs <= labels && index == pairs - 1;
    double blank = j == 0 ? 1 : 0;
    double label = 0;
    shared.label[0][side][index + 1] = 0;
    if (index == 0) shared.label[0][side][0] = takes ? edges[0] : 0;
    __syncthreads();

    const double* symbols = first;  // of the frame to load next
    double blankAhead[DEPTH], labelAhead[DEPTH];
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
      if (d < half) {
        blankAhead[d] = symbols[0];
        labelAhead[d] = hasLabel ? symbols[column] : 0;
        symbols += step;
      }
    }
    for (int begin = 0; begin < steps; begin += DEPTH) {
#pragma unroll
      for (int d = 0; d < DEPTH; d++) {
        const int tau = begin + d;
        if (tau < steps) {
          if (tau < half) {
            const double left = shared.label[tau % 2][side][index];
            if (hands) edges[tau] = label;
            label = (label + blank + (skips ? left : 0)) * labelAhead[d];
            blank = (blank + left) * blankAhead[d];
            if (tau + DEPTH < half) {
              blankAhead[d] = symbols[0];
              labelAhead[d] = hasLabel ? symbols[column] : 0;
              symbols += step;
            }
          }
          shared.label[(tau + 1) % 2][side][index + 1] = label;
          if (index == 0) shared.label[(tau + 1) % 2][side][0] = takes ? edges[min(tau + 1, lastEdge)] : 0;
          __syncthreads();
        }
      }
    }
    if (side == 0) {
      const double left = shared.label[steps % 2][side][index];
      if (hands) edges[half] = label;
      if (j <= labels) row[2 * int64_t(j)] = blank + left;
      if (hasLabel) row[2 * int64_t(j) + 1] = label + blank + (skips ? left : 0);
    } else {
      if (j <= labels) row[2 * int64_t(labels - j)] = blank;
      if (hasLabel) row[2 * int64_t(labels - j) - 1] = label;
    }
    __syncthreads();  // edges and shared labels may be read and written by the next tile
  }
  const double* forward = (const double*)workspace.carried(n, 0, 0);
  const double* backward = (const double*)workspace.carried(n, 1, 0);
  return log(sumInFixedOrder(2 * labels + 1, shared.parts, [&](int s) { return forward[s] * backward[s]; }));
}

template <typename X>
__device__ void sure(const CtcProblem& p, Shared& shared) {
  const int n = blockIdx.x;
  const Workspace workspace(p);
  const Utterance u = workspace.utterances()[n];
  if (!isCalledFor(u, p.losses[n])) return;

  const WarpGroup warp{int(threadIdx.x % 32)};
  for (int t = threadIdx.x / 32; t < u.frames; t += blockDim.x / 32) exactFrame<X>(p, workspace, u, n, t, warp);
  __syncthreads();
  const Frame* frames = workspace.frames(n);
  const double best = sumInFixedOrder(u.frames, shared.parts, [&](int t) { return frames[t].best; });
  const double loss = 0.0 - (best + logTotal(workspace, u, n, shared));
  // not finite: log-probabilities that are none, of which float64 cannot hold the sums
  if (threadIdx.x == 0 && fabs(loss) < double(CTC_INFINITY)) p.losses[n] = loss;
}

using f64 = double;
using f32 = float;
using f16 = Half;
using bf16 = Bfloat;

}  // namespace

#define CTC_SURE(TYPE)                                                                      \
  extern "C" __global__ void __launch_bounds__(512, 1) ctc_sure_##TYPE(const CtcProblem p) {   \
    static __shared__ Shared shared;                                                        \
    sure<TYPE>(p, shared);                                                                  \
  }
CTC_SURE(f64)
CTC_SURE(f32)
CTC_SURE(f16)
CTC_SURE(bf16)
