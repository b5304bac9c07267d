// ctc_projection_*: CTC of logits that are never held as a whole,
//
//   x(t, n, c) = hidden(t, n, :) . weight(c, :) + bias(c).
//
// A matrix product (cuBLAS, see Cublas.java) leaves a chunk of them, some rows (used frames) by some classes; the kernels here do
// the rest. Two passes over the classes:
//
//   1. Into a table that is one wider than a target has columns: of the blank and the labels of the row's utterance x itself; of
//      all other classes as one, its last column, o(r) = ln sum of exp x(r, c), chunk by chunk, each merged into the row's maximum
//      and sum. So the table has logits of all there is, and on it the kernels for whole logits run (prepare to complement), told
//      that there are `width` + 1 classes and that the targets are the columns. What they write as gradient is
//      G(r, column) = w (y - posterior), equation (16) of Graves et al. 2006, of the others w y.
//   2. The same chunks again, each turned in place into d loss / d x:  at blank and labels G, else G(r, others) exp(x - o(r)). From
//      them the products  d hidden += dx . weight,  d weight += dx^T . hidden,  and column sums, d bias.
//
// The others are summed up without the target's columns, never as a difference: it is they that the loss and gradient of an
// utterance that is all but certain are made of.
//
// Rows of an utterance that has no gradient (not OK, weight 0) or of frames that it does not use are 0 in dx and in the copy of
// the hidden states, so that what may stand there (NaN) does not spoil the sums over rows.
//
// 16-bit hidden states and weights: their products are exact in float32, so logits are those of float32 arithmetic. dx is
// split for its products into parts of the same 16 bits, dx = part 0 + part 1 / LOW + part 2 / LOW^2, each with what those before
// it lost: 2^-9 of an element after one part of bfloat16 (8 bits), 2^-18 after two, 2^-27 after three; 2^-12 and 2^-24 of float16 (11
// bits). Sums over rows and classes may cancel, so two parts of bfloat16 do not make a sum good to 1e-5, and it takes three, where
// float16 takes two.
//
// dx is multiplied with `scale`, a power of two, and its products with the inverse: so gradients in float64 keep the range of float64,
// for what the model is sure of has gradients far below that of float32, and float16 has too few exponents for w y at large C.
// No entry of an utterance's dx is above |w| min(1, q / (1 - q)), q = 1 - p(target) = 1 - exp(-loss); the largest of these bounds over the
// batch becomes about 1, for float16 2^14; with offsets (ctc_offsets) exp(-loss) is no probability, and the bound is |w|. What is 2^-126 (float16: 2^-49) of it or less is lost.
//
// Entry points, TYPE being f64, f32, f16 or bf16, the element type of hidden states, weight and bias; A is float64 for f64, else
// float32. What is not most of the work has one for all types. One CtcProjection by value each.
//
//   entry                          grid                        block  what
//   ctc_projection_targets         N                           256    after ctc_prepare: the compact problem
//   ctc_projection_rows            N                           256    which utterance a row is of, -1 for none
//   ctc_projection_gather          ceil(rows / 8)              256    hidden -> copy, 0 where there is no utterance
//   ctc_projection_sum_TYPE        rowCount                    256    a chunk of logits into sums and table
//   ctc_projection_finish          ceil(rows / 8)              256    table: the columns that no chunk had
//   ctc_projection_scale           1                           256    after the losses: scale
//   ctc_projection_gradient_TYPE   rowCount                    256    a chunk of logits into dx
//   ctc_projection_bias            ceil(classCount / 32)       256    column sums of dx
//   ctc_projection_hidden          ceil(N T / 8)               256    d hidden, from its sum, in any layout
//   ctc_projection_weights         ceil(classCount D / 256)    256    d weight and d bias of the chunk's classes, from their sums
//
// rows and gather run twice: with flag ACTIVE before the second pass they take away the rows without a gradient.
// A chunk has at most 8192 classes.
// Loads and stores of logits and of dx are 16 bytes wide (rows are `pitch` apart, a multiple of 8 elements); of hidden states
// where they are aligned.
// Shared memory: at most 8 KB and a little, static.
// Deterministic: a row by one block, columns by one warp after the other, all sums in a fixed order, no atomics.
//
// Rejected: atomicAdd for the bias (order shows); maximum and sum kept in float32 between chunks (with 250,000 classes there are
// dozens of merges); a search among the labels for each class, where one look at a byte will do; the lattice on E written directly
// by the sums (it would be a second way to do what frames.cu does); a chunk larger than the L2 cache (it is written by the product
// and read here, once each).
#include "ctc.cuh"

namespace {

struct CtcProjection {
  const void* hidden;  // (n, t, d), as logits of CtcProblem
  const int64_t* hiddenStart;
  int64_t hiddenUtteranceStride;
  int64_t hiddenFrameStride;
  int64_t hiddenClassStride;
  void* hiddenGradient;  // or null
  const int64_t* hiddenGradientStart;
  int64_t hiddenGradientUtteranceStride;
  int64_t hiddenGradientFrameStride;
  int64_t hiddenGradientClassStride;
  const void* bias;          // [C], or null
  void* weightGradient;      // [C][D], or null
  void* biasGradient;        // [C], or null
  char* workspace;           // of the compact problem: Utterance, Lists
  const int64_t* rowStart;   // [N] row of frame 0, each utterance having as many rows as it has room for; or null: n * T
  int32_t* rowUtterance;     // [rows]
  double* sums;              // [rows][2], of the others: maximum of the logits, sum of exp(x - maximum); NaN: not finite
  int32_t* columnClass;      // [N][width]: blank, distinct labels
  int32_t* columnCount;      // [N]
  int32_t* targets;          // [N][L]: columns
  int32_t* targetLength;     // [N], -1 where the length is bad
  int64_t* tableStart;       // [N]
  double* table;             // [rows][width + 1]
  const double* tableGradient;  // [rows][width + 1]
  void* copy;                // TYPE [rows][D]
  void* logits;              // A [rowCount][pitch]
  void* part[3];             // TYPE [rowCount][pitch] each, 16-bit types only; null where fewer will do
  const void* hiddenSum;     // A [rows][D]
  const void* weightSum;     // A [classCount][D]
  double* biasSum;           // [classCount]
  double* scale;             // [1]
  const double* losses;      // [N]
  int32_t N, T, L, C, D;
  int32_t width;  // min(L, C - 1) + 1: blank and distinct labels
  int32_t blank;
  int32_t rows;
  int32_t firstRow, rowCount;      // the chunk
  int32_t firstClass, classCount;
  int32_t pitch;
  int32_t hiddenGradientType, weightGradientType, biasGradientType;
  int32_t flags;
  int32_t type;  // TYPE
};
static_assert(sizeof(CtcProjection) == 344, "the host writes this structure byte by byte");

enum ProjectionFlag {
  ACTIVE = 1,  // rows, gather: the second pass
  KEEP = 2,    // gradient: dx is left in `logits`, too
  OFFSETS = 4,  // scale: numbers were added to the log-probabilities of the classes
};

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;
constexpr int PARTS = 3;
constexpr float LOW = 2048;  // 2^11
constexpr int MAX_CLASSES = 8192;  // of a chunk

template <typename A>
__device__ inline bool isFinite(A x) {
  return x > -CTC_INFINITY && x < CTC_INFINITY;
}

__device__ inline const Utterance& utterance(const CtcProjection& q, int n) { return ((const Utterance*)q.workspace)[n]; }

__device__ inline int64_t rowOf(const CtcProjection& q, int n) {
  return q.rowStart != nullptr ? q.rowStart[n] : int64_t(n) * q.T;
}

// Of row r, for each column.
template <typename V>
__device__ inline V* tableRow(const CtcProjection& q, V* table, int64_t r) {
  return table + r * (q.width + 1);
}

// ---- before the passes ---------------------------------------------------------------------------------------------------------

// The compact problem of utterance n, from what ctc_prepare found. A target or length that is bad is made such that ctc_prepare
// finds the same in the compact one.
__device__ void compactTargets(const CtcProjection& q) {
  const int n = blockIdx.x;
  CtcProblem p = {};
  p.workspace = q.workspace;
  p.N = q.N;
  p.T = q.T;
  p.L = q.L;
  p.C = q.C;
  const Utterance& u = utterance(q, n);
  const Lists lists = Workspace(p).lists(n);
  const bool good = u.status == OK;
  int32_t* target = q.targets + int64_t(n) * q.L;
#pragma unroll 1
  for (int i = threadIdx.x; i < q.L; i += THREADS) target[i] = good && i < u.labels ? lists.column[i] : -1;
  int32_t* classes = q.columnClass + int64_t(n) * q.width;
#pragma unroll 1
  for (int j = threadIdx.x; j < q.width; j += THREADS) {
    classes[j] = j == 0 ? q.blank : good && j <= u.columns ? lists.distinct[j - 1] : -1;
  }
  if (threadIdx.x == 0) {
    q.columnCount[n] = good ? u.columns + 1 : 0;
    q.targetLength[n] = good ? u.labels : u.status == BAD_LABEL ? min(q.L, 1) : -1;
    q.tableStart[n] = rowOf(q, n) * (q.width + 1);
  }
}

__device__ void nameRows(const CtcProjection& q) {
  const int n = blockIdx.x;
  const Utterance& u = utterance(q, n);
  const int64_t first = rowOf(q, n);
  const int count = q.rowStart != nullptr ? u.rows : q.T;
  const bool active = u.status == OK && (!(q.flags & ACTIVE) || u.weight != 0);
#pragma unroll 1
  for (int t = threadIdx.x; t < count; t += THREADS) {
    q.rowUtterance[first + t] = active && t < u.frames ? n : -1;
    if (!(q.flags & ACTIVE)) {
      q.sums[2 * (first + t)] = -CTC_INFINITY;
      q.sums[2 * (first + t) + 1] = 0;
    }
  }
}

// ---- rows of numbers -------------------------------------------------------------------------------------------------------------

// One row by one warp, 16 bytes at a time or 2.
__device__ void gatherRow(const CtcProjection& q) {
  const int64_t r = rowOfWarp();
  const int lane = threadIdx.x % 32;
  if (r >= q.rows) return;
  const int size = q.type == FLOAT64 ? 8 : q.type == FLOAT32 ? 4 : 2;  // of an element
  const int64_t bytes = int64_t(q.D) * size;
  uint16_t* to = (uint16_t*)((char*)q.copy + r * bytes);
  const int n = q.rowUtterance[r];
  if (n < 0) {
#pragma unroll 1
    for (int64_t i = lane; i < bytes / 2; i += 32) to[i] = 0;
    return;
  }
  if (q.flags & ACTIVE) return;  // it is there since the first pass
  const int64_t t = r - rowOf(q, n);
  const int64_t start = q.hiddenStart != nullptr ? q.hiddenStart[n] : n * q.hiddenUtteranceStride;
  const char* from = (const char*)q.hidden + (start + t * q.hiddenFrameStride) * size;
  if (q.hiddenClassStride == 1 && bytes % 16 == 0 && (uintptr_t)from % 16 == 0) {
#pragma unroll 1
    for (int64_t i = lane; i < bytes / 16; i += 32) ((uint4*)to)[i] = ((const uint4*)from)[i];
  } else {
#pragma unroll 1
    for (int64_t at = 2 * lane; at < bytes; at += 2 * 32) {
      const int d = int(at) / size;
      to[at / 2] = *(const uint16_t*)(from + d * q.hiddenClassStride * size + int(at) % size);
    }
  }
}

// The logits of a row in the chunk: what the product left, and the bias.
template <typename X>
struct LogitRow {
  using A = typename Wide<X>::type;
  A* at;          // 16-byte aligned
  const X* bias;  // of the chunk's first class, or null

  __device__ LogitRow(const CtcProjection& q)
      : at((A*)q.logits + int64_t(blockIdx.x) * q.pitch),
        bias(q.bias != nullptr ? (const X*)q.bias + q.firstClass : nullptr) {}

  // A product that is not finite stays so: NaN. The bias may be -Infinity, and nothing else makes a logit infinite.
  __device__ A logit(A product, int c) const {
    const A nan = A(notANumber());
    if (!isFinite(product)) return nan;
    if (bias == nullptr) return product;
    const A b = widen(bias[c]);
    const A x = product + b;
    return isFinite(x) || b == -CTC_INFINITY ? x : nan;
  }
  __device__ A operator[](int c) const { return logit(at[c], c); }
};

// ---- first pass --------------------------------------------------------------------------------------------------------------------

// sum of exp(x - max).
template <typename A>
struct ChunkSum {
  A max = -CTC_INFINITY, sum = 0;
  bool bad = false;

  template <int COUNT>
  __device__ void add(const A (&x)[COUNT]) {
    A most = x[0];
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
      bad |= !(x[k] < CTC_INFINITY);  // true for NaN
      most = Max::of(x[k], most);
    }
    if (most > max) {
      sum *= exponential(max - most);
      max = most;
    }
    if (max == -CTC_INFINITY) return;
#pragma unroll
    for (int k = 0; k < COUNT; k++) sum += exponential(x[k] - max);
  }
  // Of all threads of the block, in all of them.
  __device__ void together(const BlockGroup& block) {
    const A own = max;
    max = block.reduce<Max>(own);
    sum = block.reduce<Sum>(own == -CTC_INFINITY ? A(0) : sum * exponential(own - max));
    bad = block.any(bad);
  }
};

struct SumShared {
  double warps[WARPS];
  alignas(16) uint8_t isColumn[MAX_CLASSES];  // whether the target has a class of the chunk
};

// Those of a packet of classes.
template <int SIZE>
struct alignas(SIZE) ColumnFlags {
  uint8_t x[SIZE];
};

// Takes the logits of the classes that the target of utterance n has, and notes which these are.
template <typename X>
__device__ void takeColumns(const CtcProjection& q, const LogitRow<X>& row, int64_t r, int n, SumShared& shared) {
#pragma unroll 1
  for (int c = threadIdx.x * 16; c < q.classCount; c += THREADS * 16) *(uint4*)(shared.isColumn + c) = uint4{};
  __syncthreads();
  const int32_t* classes = q.columnClass + int64_t(n) * q.width;
#pragma unroll 1
  for (int j = threadIdx.x; j < q.columnCount[n]; j += THREADS) {
    const int64_t c = int64_t(classes[j]) - q.firstClass;
    if (c >= 0 && c < q.classCount) {
      tableRow(q, q.table, r)[j] = row[int(c)];
      shared.isColumn[c] = 1;
    }
  }
  __syncthreads();
}

// One row of the chunk by one block.
template <typename X, typename A = typename Wide<X>::type>
__device__ void sumRow(const CtcProjection& q, SumShared& shared) {
  constexpr int SIZE = Packet<A>::SIZE;
  const int64_t r = q.firstRow + int64_t(blockIdx.x);
  const int n = q.rowUtterance[r];
  if (n < 0) return;
  const LogitRow<X> row(q);
  takeColumns(q, row, r, n, shared);
  ChunkSum<A> sum;
  for (int c = threadIdx.x * SIZE; c < q.classCount; c += THREADS * SIZE) {
    const ColumnFlags<SIZE> isColumn = *(const ColumnFlags<SIZE>*)(shared.isColumn + c);
    A x[SIZE];
    if (c + SIZE <= q.classCount) {
      const Packet<A> packet = loadPacket(row.at + c);
#pragma unroll
      for (int k = 0; k < SIZE; k++) x[k] = isColumn.x[k] ? A(-CTC_INFINITY) : row.logit(packet.x[k], c + k);
    } else {
#pragma unroll
      for (int k = 0; k < SIZE; k++) x[k] = c + k < q.classCount && !isColumn.x[k] ? row[c + k] : A(-CTC_INFINITY);
    }
    sum.add(x);
  }
  sum.together({int(threadIdx.x), shared.warps});

  if (threadIdx.x == 0) {
    double* merged = q.sums + 2 * r;
    const double larger = Max::of(merged[0], double(sum.max));
    double all = 0;
    if (merged[0] > -CTC_INFINITY) all += merged[1] * exp(merged[0] - larger);
    if (sum.max > -CTC_INFINITY) all += double(sum.sum) * exp(double(sum.max) - larger);
    const bool bad = sum.bad || merged[1] != merged[1];
    merged[0] = larger;
    merged[1] = bad ? notANumber() : all;
  }
}

// One row of the table by one warp: -Infinity in columns that this target has not, and the last one.
__device__ void finishRow(const CtcProjection& q) {
  const int64_t r = rowOfWarp();
  if (r >= q.rows) return;
  const int n = q.rowUtterance[r];
  if (n < 0) return;
  double* row = tableRow(q, q.table, r);
  const int lane = threadIdx.x % 32;
#pragma unroll 1
  for (int j = q.columnCount[n] + lane; j < q.width; j += 32) row[j] = -double(CTC_INFINITY);
  if (lane == 0) {
    const double sum = q.sums[2 * r + 1];
    row[q.width] = sum == 0 ? -double(CTC_INFINITY) : q.sums[2 * r] + log(sum);
  }
}

// ---- second pass -------------------------------------------------------------------------------------------------------------------

// Of float16, and of others.
constexpr int LARGEST_EXPONENT = 14, NO_EXPONENT = 0;

// The power of two that moves the largest |dx| that may be to at most 2^exponent.
__device__ void findScale(const CtcProjection& q, double* shared) {
  const int exponent = q.type == FLOAT16 ? LARGEST_EXPONENT : NO_EXPONENT;
  double most = 0;
#pragma unroll 1
  for (int n = threadIdx.x; n < q.N; n += THREADS) {
    const Utterance& u = utterance(q, n);
    const double bound = q.flags & OFFSETS ? 1 : min(expm1(q.losses[n]), 1.0);
    if (u.status == OK) most = Max::of(fabs(u.weight) * bound, most);
  }
  most = BlockGroup{int(threadIdx.x), shared}.reduce<Max>(most);
  if (threadIdx.x == 0) {
    int own = 0;
    if (most > 0 && most < CTC_INFINITY) frexp(most, &own);
    *q.scale = ldexp(1.0, min(max(exponent - own, -1000), 1000));
  }
}

// Where a row of dx goes, scaled.
template <typename X, typename A = typename Wide<X>::type>
struct GradientRow {
  A* at;
  X* part[PARTS];
  bool whole;  // whether dx is wanted as it is

  __device__ GradientRow(const CtcProjection& q, A* at) : at(at), whole((q.flags & KEEP) || q.part[0] == nullptr) {
#pragma unroll
    for (int i = 0; i < PARTS; i++) {
      part[i] = q.part[i] == nullptr ? nullptr : (X*)q.part[i] + int64_t(blockIdx.x) * q.pitch;
    }
  }

  // The next part of what is left of a value, which becomes what is left then.
  __device__ static X take(A& left) {
    X x;
    narrow(left, &x);
    left = (left - A(widen(x))) * A(LOW);
    return x;
  }
  __device__ void set(int c, A value) const {
    if (whole) at[c] = value;
    A left = value;
#pragma unroll
    for (int i = 0; i < PARTS; i++) {
      if (part[i] != nullptr) part[i][c] = take(left);
    }
  }
  // A packet of A from class c on.
  template <int COUNT>
  __device__ void set(int c, const A (&values)[COUNT]) const {
    if (whole) {
      Packet<A> packet;
#pragma unroll
      for (int k = 0; k < COUNT; k++) packet.x[k] = values[k];
      storePacket(at + c, packet);
    }
    A left[COUNT];
#pragma unroll
    for (int k = 0; k < COUNT; k++) left[k] = values[k];
#pragma unroll
    for (int i = 0; i < PARTS; i++) {
      if (part[i] != nullptr) {
        struct alignas(sizeof(X) * COUNT) Packed {
          X x[COUNT];
        };
        Packed packed;
#pragma unroll
        for (int k = 0; k < COUNT; k++) packed.x[k] = take(left[k]);
        *(Packed*)(part[i] + c) = packed;
      }
    }
  }
};

// One row of the chunk by one block.
template <typename X, typename A = typename Wide<X>::type>
__device__ void gradientRow(const CtcProjection& q) {
  constexpr int SIZE = Packet<A>::SIZE;
  const int64_t r = q.firstRow + int64_t(blockIdx.x);
  const int n = q.rowUtterance[r];
  const LogitRow<X> row(q);
  const GradientRow<X> out(q, row.at);
  const double scale = *q.scale;
  const double* gradient = tableRow(q, q.tableGradient, r);
  A shift = 0;
  A factor = 0;
  if (n >= 0) {
    const double sum = q.sums[2 * r + 1];
    shift = A(q.sums[2 * r]);
    factor = sum > 0 ? A(gradient[q.width] * scale / sum) : A(0);
  }
  auto term = [&](A x) { return factor == 0 ? A(0) : exponential(x - shift) * factor; };
  for (int c = threadIdx.x * SIZE; c < q.classCount; c += THREADS * SIZE) {
    if (c + SIZE <= q.classCount) {
      const Packet<A> packet = loadPacket(row.at + c);
      A x[SIZE];
#pragma unroll
      for (int k = 0; k < SIZE; k++) x[k] = term(row.logit(packet.x[k], c + k));
      out.set(c, x);
    } else {
      for (int k = 0; c + k < q.classCount; k++) out.set(c + k, term(row[c + k]));
    }
  }
  if (n < 0) return;
  __syncthreads();  // blank and labels are written over
  const int32_t* classes = q.columnClass + int64_t(n) * q.width;
#pragma unroll 1
  for (int j = threadIdx.x; j < q.columnCount[n]; j += THREADS) {
    const int64_t c = int64_t(classes[j]) - q.firstClass;
    if (c >= 0 && c < q.classCount) out.set(int(c), A(gradient[j] * scale));
  }
}

// Of an array of A.
__device__ inline double numberAt(const CtcProjection& q, const void* at, int64_t i) {
  return q.type == FLOAT64 ? ((const double*)at)[i] : ((const float*)at)[i];
}

// 32 columns by one block: each warp takes every eighth row, and the warps' sums are added in their order.
__device__ void sumColumns(const CtcProjection& q, double (*shared)[32]) {
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int c = blockIdx.x * 32 + lane;
  double sum = 0;
  if (c < q.classCount) {
#pragma unroll 4
    for (int r = warp; r < q.rowCount; r += WARPS) sum += numberAt(q, q.logits, int64_t(r) * q.pitch + c);
  }
  shared[warp][lane] = sum;
  __syncthreads();
  if (warp == 0 && c < q.classCount) {
    double all = q.firstRow == 0 ? 0 : q.biasSum[c];
#pragma unroll 1
    for (int w = 0; w < WARPS; w++) all += shared[w][lane];
    q.biasSum[c] = all;
  }
}

// ---- after the passes ----------------------------------------------------------------------------------------------------------------

// One frame of one utterance by one warp.
__device__ void storeHidden(const CtcProjection& q) {
  const int64_t number = rowOfWarp();
  if (number >= int64_t(q.N) * q.T) return;
  const int n = int(number / q.T);
  const int t = int(number % q.T);
  const Utterance& u = utterance(q, n);
  if (t >= u.rows) return;
  const int64_t r = rowOf(q, n) + t;
  const bool active = t < u.frames && q.rowUtterance[r] >= 0;
  const double inverse = 1 / *q.scale;
  const int64_t start = q.hiddenGradientStart != nullptr ? q.hiddenGradientStart[n] : n * q.hiddenGradientUtteranceStride;
  const int64_t first = start + t * q.hiddenGradientFrameStride;
#pragma unroll 1
  for (int d = threadIdx.x % 32; d < q.D; d += 32) {
    const double value = active ? numberAt(q, q.hiddenSum, r * q.D + d) * inverse : 0;
    store(q.hiddenGradient, q.hiddenGradientType, first + d * q.hiddenGradientClassStride, value);
  }
}

__device__ void storeWeights(const CtcProjection& q) {
  const int64_t i = int64_t(blockIdx.x) * THREADS + threadIdx.x;
  const double inverse = 1 / *q.scale;
  if (q.weightGradient != nullptr && i < int64_t(q.classCount) * q.D) {
    store(q.weightGradient, q.weightGradientType, int64_t(q.firstClass) * q.D + i, numberAt(q, q.weightSum, i) * inverse);
  }
  if (q.biasGradient != nullptr && i < q.classCount) {
    store(q.biasGradient, q.biasGradientType, q.firstClass + i, q.biasSum[i] * inverse);
  }
}

}  // namespace

#define CTC_ENTRY(NAME) extern "C" __global__ void __launch_bounds__(256) ctc_projection_##NAME(const CtcProjection q)
#define CTC_PROJECTION_any                     \
  CTC_ENTRY(targets) { compactTargets(q); }    \
  CTC_ENTRY(rows) { nameRows(q); }             \
  CTC_ENTRY(gather) { gatherRow(q); }          \
  CTC_ENTRY(finish) { finishRow(q); }          \
  CTC_ENTRY(scale) {                           \
    static __shared__ double shared[WARPS];    \
    findScale(q, shared);                      \
  }                                            \
  CTC_ENTRY(bias) {                            \
    static __shared__ double shared[WARPS][32]; \
    sumColumns(q, shared);                     \
  }                                            \
  CTC_ENTRY(hidden) { storeHidden(q); }        \
  CTC_ENTRY(weights) { storeWeights(q); }
#define CTC_PROJECTION(TYPE)            \
  CTC_ENTRY(sum_##TYPE) {               \
    static __shared__ SumShared shared; \
    sumRow<TYPE>(q, shared);            \
  }                                     \
  CTC_ENTRY(gradient_##TYPE) { gradientRow<TYPE>(q); }
#define CTC_PROJECTION_f64 CTC_PROJECTION(f64)
#define CTC_PROJECTION_f32 CTC_PROJECTION(f32)
#define CTC_PROJECTION_f16 CTC_PROJECTION(f16)
#define CTC_PROJECTION_bf16 CTC_PROJECTION(bf16)
#define CTC_PROJECTION_OF(FILE) CTC_PROJECTION_FILE(FILE)
#define CTC_PROJECTION_FILE(FILE) CTC_PROJECTION_##FILE

// scripts/build-ptx makes a file for each: a driver then translates only what is used.
#ifdef CTC_ONLY
CTC_PROJECTION_OF(CTC_ONLY)
#else
CTC_PROJECTION_any
CTC_PROJECTION_f64
CTC_PROJECTION_f32
CTC_PROJECTION_f16
CTC_PROJECTION_bf16
#endif
