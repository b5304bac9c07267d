// ctc_beam_*: prefix beam search, without a scorer or with an n-gram model of tokens, after Graves and Jaitly (ICML 2014) and Hannun et al. (2014), as
// org.ctc4j.decoding.BeamSearch does it on the host. For every prefix l in the beam, with b(l) the probability of the paths so far that
// collapse to it and end in a blank, n(l) of those that end in its last label, p(l) = b(l) + n(l), the next frame gives
//
//   b'(l)  = p(l) y(blank)
//   n'(l)  = n(l) y(last of l) + [l without its last label, if in the beam] as for l + c below
//   n'(lc) = p(l) y(c),  or b(l) y(c) where c is the last of l already
//
// The W best stay, of equal ones those that come first: prefixes that stay before those that are new, then by entry, then by class. All in
// logarithms and float64, in the host's order of operations; exp and log1p are the device's, and with logits the normaliser of a frame is a
// sum in another order. So outputs and their order are the host's, unless scores are apart by rounding alone.
//
// Which prefix is which is exact: a prefix is a node of a tree, its parent's number and its last label, and a node is made only where none
// of its bucket has both. Prefixes that leave the beam stay in the tree, so one that comes back is the same node, as is its child that never left.
//
// ctc_beam_classes: of each frame the M most probable classes, the best first, of equal ones the least index first.
// In:  logits, FrameNorm [N][T] of ctc_greedy_frames.  Out: classCounts [N][T], classes and logProbs [N][T][M].
// Parallel: one warp a frame; what is above the M-th so far is put into a buffer, which is put in order when it is full.
// Launch: grid ceil(N T / 4), block 128. Shared memory: 15 KB, static.
//
// ctc_beam_search: the search, and at its end the greedy output weighed beside the best of the beam as on the host.
// In:  what both others, ctc_greedy_frames and ctc_greedy_path left.  Out: labels, lengths, scores, counts, statuses.
// Parallel: one block an utterance, a thread an entry of the beam. The W best of all W + W M candidates are found by a threshold: thread
//      counts of what is above it, bisected until between W and two a thread are; these are put in order, by a bitonic sort. An entry's candidates fall with
//      the class, so that a thread looks at few. Threads of the first warp own buckets, so that nodes need no atomics.
// Launch: grid N, block 32 ceil(W / 32). Shared memory: 29 KB, static. Deterministic.
//
// ctc_beam_search_tokens: the same with what org.ctc4j.text.TokenScorer adds to a prefix, to the bit: weight ln p(token | those before) + bonus
// of each label, weight ln p(end) of an output. The model is a graph as in Bataev et al. (NGPU-LM, 2025): a state for each n-gram that is a context,
// an arc for each n-gram of two words and more from the state of its first words, and a link from a state to that of its longest
// suffix that is there. What a label adds and where it leads is found by one walk along the links, of fewer steps than the model's order, each a
// look-up in a hash table of arcs; the backoffs are added up on the way, as on the host.
// In:  as ctc_beam_search, and a TokenModel.  Out: the same, of each output what the model has added.
// Parallel: as ctc_beam_search. A thread looks up what classes add to its entry in the order of the classes, as far as the threshold asks for,
//      and once a frame: what was found lies in the workspace. `bound` is what any label adds at most.
// Bounds: W <= 128, M <= 128, and T <= max(256, min(2^18 / M, 4096)): there the host starts the greedy output anew.
// Rejected: probabilities with exponents in place of logarithms (quicker, but other bits than the host's even where there is no rounding but
//      in sums); a hash with open addresses (compare-and-swap, and another order of insertion each time); a heap (a chain of W M steps).
#include "ctc.cuh"
#include "decoding.cuh"

namespace beam {

constexpr int MOST_PREFIXES = 128;    // W
constexpr int MOST_CLASSES = 128;     // M
constexpr int MOST_CANDIDATES = 2 * MOST_PREFIXES;  // that are put in order
constexpr int WARPS = 4;              // of a block of ctc_beam_classes
constexpr int BUFFER = 64;            // classes beside the best that it puts in order at once, 32 or more
constexpr double MOST_WIDTH = 64;     // nats that a frame begins to look below its best candidate
constexpr double ROUNDING = 1e-12;    // how far two sums over the same paths may be apart, of their logarithm

struct alignas(16) Node {
  int32_t parent, label;
  int32_t next;   // of the same bucket
  int32_t depth;  // labels from the root
};

struct BeamProblem {
  FramesProblem frames;
  double minLogProbability;
  double beamThreshold;
  int32_t* labels;            // label i of output k of utterance n at labelStart(n) + k * rows(n) + i
  const int64_t* labelStart;  // [N], or null: n * nBest * T
  int32_t* lengths;           // [N][nBest]
  double* scores;             // [N][nBest]
  int32_t* counts;            // [N]
  int32_t* statuses;          // [N]
  const int32_t* greedyLabels;    // [N][T]
  const int32_t* greedyLengths;   // [N]
  const int32_t* greedyStatuses;  // [N]
  // the workspace
  int32_t* classCounts;  // [N][T]
  int32_t* classes;      // [N][T][M]
  double* logProbs;      // [N][T][M]
  Node* nodes;           // [N][1 + T (W + 1)]
  int32_t* heads;        // [N][buckets], -1 everywhere
  double* sums;          // [N][2][2 T + 1]
  int32_t* bestLabels;   // [N][T]
  int32_t W, M, nBest;
  int32_t buckets;  // a power of 2
};
static_assert(sizeof(BeamProblem) == 88 + 16 + 48 + 24 + 56 + 16, "the host writes this structure byte by byte");

// ---- the model of ctc_beam_search_tokens ---------------------------------------------------------------------------------------

// An n-gram of two words and more; org.ctc4j.cuda.host.NGramTable makes what is here.
struct alignas(16) Arc {
  int32_t state;  // of the words before the last; -1: no n-gram
  int32_t word;
  int32_t log10;  // the bits of a float: log10 p
  int32_t next;   // the state after it
};

// Words that an n-gram begins with. 0: none; 1 + w: word w.
struct alignas(8) State {
  int32_t backoff;  // the bits of a float: log10
  int32_t suffix;   // the longest that is a state
};

struct TokenModel {
  const Arc* arcs;       // [arcCount], by hash
  const State* states;
  const float* unigrams;  // [words], log10 p
  const int32_t* words;   // [C], of each label; or one of the two below
  double* rows;           // [N][M][W], workspace: what a class adds to an entry's prefix, with what that has
  double* added;          // [N][nBest], result; or null
  double weight;          // of log10, in nats
  double bonus;
  int32_t arcCount;
  int32_t start;  // state
  int32_t end;    // word, or UNKNOWN_WORD
  int32_t order;
};
static_assert(sizeof(TokenModel) == 48 + 16 + 16, "the host writes this structure byte by byte");
constexpr int UNKNOWN_WORD = -1, NO_TEXT = -2;  // that adds nothing
constexpr double UNKNOWN_LOG10 = -100;

__device__ inline int placeOf(int state, int word, int places) {
  unsigned hash = (unsigned(state) * 0x9e3779b9u + unsigned(word)) * 0x85ebca6bu;
  hash = (hash ^ hash >> 15) * 0xc2b2ae35u;
  return int(uint64_t(hash) * unsigned(places) >> 32);
}

struct Step {
  double value;
  int state;  // after it
};

// log10 of the probability of a word.
__device__ __noinline__ inline Step follow(const TokenModel& model, int state, int word) {
  double backoffs = 0;
#pragma unroll 1
  while (state > 0) {
    int at = placeOf(state, word, model.arcCount);
#pragma unroll 1
    while (word >= 0) {
      const Arc arc = model.arcs[at];
      if (arc.state == state && arc.word == word) return {backoffs + __int_as_float(arc.log10), arc.next};
      if (arc.state < 0) break;
      at = at + 1 < model.arcCount ? at + 1 : 0;
    }
    const State here = model.states[state];
    backoffs += __int_as_float(here.backoff);
    state = here.suffix;
  }
  if (word < 0) return {backoffs + UNKNOWN_LOG10, 0};
  return {backoffs + model.unigrams[word], model.order > 1 ? 1 + word : 0};
}

__device__ inline double weighted(const TokenModel& model, double log10) {
  return model.weight == 0 ? 0 : model.weight * (log10 < 0 ? log10 : 0);
}

// What a label adds to a prefix.
__device__ inline Step step(const TokenModel& model, int state, int label) {
  const int word = model.words[label];
  if (word == NO_TEXT) return {0, state};
  const Step found = follow(model, state, word);
  return {weighted(model, found.value) + model.bonus, found.state};
}

// ---- ctc_beam_classes ---------------------------------------------------------------------------------------------------------

struct ClassesShared {
  double keys[WARPS][MOST_CLASSES + BUFFER];
  double sortedKeys[WARPS][MOST_CLASSES];
  int32_t classes[WARPS][MOST_CLASSES + BUFFER];
  int32_t sortedClasses[WARPS][MOST_CLASSES];
};

// Puts the first `most` of a warp's buffer in order, and returns how many there are.
__device__ __noinline__ inline int order(ClassesShared& shared, int count, int most) {
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  __syncwarp();
#pragma unroll 1
  for (int e = lane; e < count; e += 32) {
    const double key = shared.keys[warp][e];
    int rank = 0;  // what lies before has lesser indexes
#pragma unroll 1
    for (int j = 0; j < count; j++) rank += shared.keys[warp][j] > key || (shared.keys[warp][j] == key && j < e);
    if (rank >= most) continue;
    shared.sortedKeys[warp][rank] = key;
    shared.sortedClasses[warp][rank] = shared.classes[warp][e];
  }
  __syncwarp();
  const int kept = min(count, most);
#pragma unroll 1
  for (int e = lane; e < kept; e += 32) {
    shared.keys[warp][e] = shared.sortedKeys[warp][e];
    shared.classes[warp][e] = shared.sortedClasses[warp][e];
  }
  __syncwarp();
  return kept;
}

// ---- ctc_beam_search ----------------------------------------------------------------------------------------------------------

struct BeamShared {
  // of the utterance
  const int32_t* frameCounts;  // of classes
  const int32_t* frameClasses;
  const double* frameLogProbs;
  double* sums;
  int32_t frames, T, M, blank;
  int32_t count;  // of the classes below
  int32_t size;   // of the beam
  // the classes of the frame
  double logProbs[MOST_CLASSES];
  int32_t classes[MOST_CLASSES];
  // the beam; one more for the greedy output
  double logBlank[MOST_PREFIXES];
  double total[MOST_PREFIXES];
  int32_t nodes[MOST_PREFIXES + 1];
  int32_t labels[MOST_PREFIXES];
  int32_t depths[MOST_PREFIXES + 1];
  // the same after the frame, if it stays; in the end the score of each output
  double stayBlank[MOST_PREFIXES];
  double stayLabel[MOST_PREFIXES];
  double stayTotal[MOST_PREFIXES + 1];
  uint8_t taken[MOST_PREFIXES][MOST_CLASSES];  // whether a class leads from an entry to another
  // candidates
  double scores[MOST_CANDIDATES];
  int32_t codes[MOST_CANDIDATES];  // in their order
  int32_t buckets[MOST_PREFIXES];  // of new nodes
  int32_t totals[MOST_PREFIXES / 32];
  int32_t greedyEntry;

  // What TokenShared adds to; the functions that call these take one or the other.
  struct Scored {};
  __device__ void begin() {}
  __device__ double score(int, double logProb) const { return logProb; }
  __device__ double scoreOfClass(int, int, int, double logProb) { return logProb; }
  __device__ double bound(int, double logProb) const { return logProb; }
  // What no candidate is at or below that is less than `range` below the best; `most`: see collectBest.
  __device__ double floor(double most, double range) const { return most - range - 3; }
  __device__ Scored scored(int) const { return {}; }
  __device__ Scored after(int, int) const { return {}; }
  __device__ void set(int, Scored) {}
  __device__ void end(int) {}
  __device__ int best(int) const { return 0; }
  __device__ bool allows(const int32_t*, int) { return true; }
  __device__ double scoreOfGreedy(double logProb) const { return logProb; }
  __device__ double scoreOfAllPaths(double sum, double, double) const { return sum; }
  __device__ void setGreedy(int) {}
  __device__ void write(int, int) const {}
};

struct TokenShared : BeamShared {
  TokenModel model;
  double* row;           // of the utterance: class k of entry i at k * W + i
  double* resultsAdded;  // of the utterance, or null
  int32_t W, unused;
  // of the beam
  double added[MOST_PREFIXES + 1];
  int32_t states[MOST_PREFIXES];
  int32_t known[MOST_PREFIXES];  // so many classes of the row
  double greedyAdded;

  struct Scored {
    double added;
    int state;
  };
  // The empty prefix; with a barrier to come.
  __device__ void begin() {
    if (threadIdx.x == 0) set(0, {0, model.start});
  }
  __device__ double score(int i, double logProb) const { return logProb + added[i]; }
  // With class k, which no thread but that of entry i asks for; classes before it that it does not ask for it asks for in no pass of the frame.
  __device__ double scoreOfClass(int i, int k, int label, double logProb) {
    if (k >= known[i]) {
      row[k * W + i] = added[i] + step(model, states[i], label).value;
      known[i] = k + 1;
    }
    return logProb + row[k * W + i];
  }
  // With any class.
  __device__ double bound(int i, double logProb) const { return logProb + (added[i] + (model.bonus > 0 ? model.bonus : 0)); }
  // The best is no less than the best of those that stay.
  __device__ double floor(double, double range) const {
    double most = negativeInfinity();
#pragma unroll 1
    for (int j = 0; j < size; j++) most = Max::of(most, score(j, stayTotal[j]));
    return most - range;
  }
  __device__ Scored scored(int i) const { return {added[i], states[i]}; }
  __device__ Scored after(int i, int label) const {
    const Step next = step(model, states[i], label);
    return {added[i] + next.value, next.state};
  }
  __device__ void set(int i, Scored entry) {
    added[i] = entry.added;
    states[i] = entry.state;
    known[i] = 0;
  }
  __device__ double endOf(int state) const { return model.end < 0 ? 0 : weighted(model, follow(model, state, model.end).value); }
  // The utterance ends.
  __device__ void end(int i) { added[i] += endOf(states[i]); }
  // Of the outputs; of equal ones the first.
  __device__ int best(int outputs) const {
    int first = 0;
#pragma unroll 1
    for (int j = 1; j < outputs; j++) first = score(j, stayTotal[j]) > score(first, stayTotal[first]) ? j : first;
    return first;
  }
  // Finds what is added to the greedy output; with a barrier.
  __device__ bool allows(const int32_t* greedy, int length) {
    if (threadIdx.x == 0) {
      double sum = 0;
      int state = model.start;
#pragma unroll 1
      for (int d = 0; d < length && sum > negativeInfinity(); d++) {
        const Step next = step(model, state, greedy[d]);
        sum += next.value;
        state = next.state;
      }
      greedyAdded = sum > negativeInfinity() ? sum + endOf(state) : sum;
    }
    __syncthreads();
    return greedyAdded > negativeInfinity();
  }
  __device__ double scoreOfGreedy(double logProb) const { return logProb + greedyAdded; }
  __device__ double scoreOfAllPaths(double sum, double score, double logProb) const {
    return score > negativeInfinity() ? sum + score - logProb : score;
  }
  __device__ void setGreedy(int at) { added[at] = greedyAdded; }
  // Of an output, at its place; -1: of a place without one.
  __device__ void write(int e, int place) const {
    if (resultsAdded != nullptr) resultsAdded[place] = e < 0 ? 0 : added[e];
  }
};

// ln(e^a + e^b)
__device__ __noinline__ inline double logAdd(double a, double b) {
  const double greater = a > b ? a : b;
  const double less = (a > b ? b : a) - greater;
  return less > -46 ? greater + logOnePlus(exp(less)) : greater;
}

struct Prefix {
  int before, all;
};

// The sum of a number of each thread before this one, and of all. With one barrier, before totals are read; two calls have another one between them.
__device__ __noinline__ inline Prefix sumOfBlock(int x, BeamShared& shared) {
  const int lane = threadIdx.x % 32;
  int sum = x;
#pragma unroll 1
  for (int d = 1; d < 32; d *= 2) {
    const int other = __shfl_up_sync(WARP, sum, d);
    if (lane >= d) sum += other;
  }
  if (lane == 31) shared.totals[threadIdx.x / 32] = sum;
  __syncthreads();
  Prefix prefix = {sum - x, 0};
#pragma unroll 1
  for (unsigned w = 0; w < blockDim.x / 32; w++) {
    if (w < threadIdx.x / 32) prefix.before += shared.totals[w];
    prefix.all += shared.totals[w];
  }
  return prefix;
}

// The classes of a frame into shared memory, when those before have been read; with a barrier.
__device__ __noinline__ inline void loadClasses(BeamShared& shared, int t) {
  const int count = shared.frameCounts[t];
#pragma unroll 1
  for (int k = threadIdx.x; k < count; k += blockDim.x) {
    shared.classes[k] = shared.frameClasses[int64_t(t) * shared.M + k];
    shared.logProbs[k] = shared.frameLogProbs[int64_t(t) * shared.M + k];
  }
  if (threadIdx.x == 0) shared.count = count;
  __syncthreads();
}

// Which of the classes one is; -1: none.
__device__ __noinline__ inline int rankOf(const BeamShared& shared, int label) {
  int rank = shared.count - 1;
#pragma unroll 1
  while (rank >= 0 && shared.classes[rank] != label) rank--;
  return rank;
}
__device__ inline double logProbOf(const BeamShared& shared, int label) {
  const int rank = rankOf(shared, label);
  return rank < 0 ? negativeInfinity() : shared.logProbs[rank];
}

// How many candidates a block puts in order: one pair a thread.
__device__ inline int mostCandidates() { return 2 * int(blockDim.x); }

// Candidates whose score is in (low, high]: how many there are; if they are written, from place `from` on in their order. As sumOfBlock, of which it has one.
template <typename Shared>
__device__ __noinline__ inline int collect(Shared& shared, double low, double high, int from) {
  const int i = threadIdx.x;
  const bool exists = i < shared.size;
  const double stayScore = exists ? shared.score(i, shared.stayTotal[i]) : 0;
  const bool stays = exists && stayScore > low && stayScore <= high;
  int at = 0, all = 0;
#pragma unroll 1
  for (int pass = 0; pass < 2; pass++) {
    int found = 0;
#pragma unroll 1
    for (int k = 0; exists && k < shared.count; k++) {
      double score = shared.total[i] + shared.logProbs[k];
      if (!(shared.bound(i, score) > low)) break;  // and so are all less probable classes
      const int label = shared.classes[k];
      if (label == shared.blank || shared.taken[i][k]) continue;
      if (label == shared.labels[i]) score = shared.logBlank[i] + shared.logProbs[k];
      score = shared.scoreOfClass(i, k, label, score);
      if (!(score > low && score <= high)) continue;
      if (pass == 1 && at + found < mostCandidates()) {
        shared.scores[at + found] = score;
        shared.codes[at + found] = (i + 1) * MOST_CLASSES + k;
      }
      found++;
    }
    if (pass == 1) break;
    const Prefix counts = sumOfBlock(found << 16 | int(stays), shared);
    all = (counts.all >> 16) + (counts.all & 0xffff);
    if (from < 0) return all;
    const int stayAt = from + (counts.before & 0xffff);
    if (stays && stayAt < mostCandidates()) {
      shared.scores[stayAt] = stayScore;
      shared.codes[stayAt] = i;
    }
    at = from + (counts.all & 0xffff) + (counts.before >> 16);
  }
  return all;
}
constexpr int COUNT = -1;  // in place of `from`

// The best candidates, W or more of them if there are so many, and at most mostCandidates: those above a threshold. All that are less than
// `range` below the best are among them, if these are not too many. How far the threshold was below what no candidate is above, `width`, is
// where the next frame begins to look for its own.
template <typename Shared>
__device__ __forceinline__ int collectBest(Shared& shared, int W, double range, double& width) {
  // the best has three parts at most, each no greater than this; and, without a scorer, one of them is no less than half of it
  const double most = shared.bound(0, shared.total[0] + shared.logProbs[0]) + 2;
  const double floor = shared.floor(most, range);
  double low = most, high = most;
  int count = 0;  // above low
  const bool few = shared.size * (shared.count + 1) <= mostCandidates();
  if (few) low = floor;
#pragma unroll 1
  while (count > mostCandidates() || (count < W && low > floor)) {
    double next;
    if (count < W) {
      high = low;
      next = width > 1e12 ? floor : Max::of(floor, most - width);  // 1e12: more than 2^26 a frame
      width *= 2;
    } else {
      next = low > negativeInfinity() ? 0.5 * (low + high) : 2 * min(high, -1.0);
      if (!(low < next && next < high)) break;
    }
    const int above = collect(shared, next, CTC_INFINITY, COUNT);
    __syncthreads();
    if (above < W && next > low) {
      high = next;
    } else {
      low = next;
      count = above;
    }
  }
  if (!few) width = low > most - MOST_WIDTH ? most - low : MOST_WIDTH;
  // where more are equal than can be put in order, the first of them
  const bool ties = count > mostCandidates();
  int above = 0;
  if (ties) {
    above = collect(shared, high, CTC_INFINITY, 0);
    __syncthreads();
  }
  return min(above + collect(shared, low, ties ? high : double(CTC_INFINITY), above), mostCandidates());
}

// Fills what is after the candidates with such as are less than any, up to a power of 2, which it returns.
__device__ __forceinline__ int pad(BeamShared& shared, int count) {
  int places = 1;
#pragma unroll 1
  while (places < count) places *= 2;
#pragma unroll 1
  for (int e = count + int(threadIdx.x); e < places; e += blockDim.x) {
    shared.scores[e] = negativeInfinity();
    shared.codes[e] = 0x7fffffff;
  }
  return places;
}

// The best candidate first, of equal ones that of the least code: a bitonic sort. Up to step 32 the 32 pairs of a warp are of 64 places that
// are its own. With a barrier at the end.
__device__ __forceinline__ void putInOrder(BeamShared& shared, int places) {
#pragma unroll 1
  for (int run = 2; run <= places; run *= 2) {
#pragma unroll 1
    for (int step = run / 2; step > 0; step /= 2) {
      if (run > 64 && step >= 32) __syncthreads(); else __syncwarp();
#pragma unroll 1
      for (int q = threadIdx.x; q < places / 2; q += blockDim.x) {
        const int a = 2 * q - (q & (step - 1));
        const int b = a + step;
        const double scoreA = shared.scores[a], scoreB = shared.scores[b];
        const int codeA = shared.codes[a], codeB = shared.codes[b];
        const bool isLess = scoreA < scoreB || (scoreA == scoreB && codeA > codeB);
        if (isLess != ((a & run) == 0)) continue;
        shared.scores[a] = scoreB;
        shared.scores[b] = scoreA;
        shared.codes[a] = codeB;
        shared.codes[b] = codeA;
      }
    }
  }
  __syncthreads();
}

__device__ inline unsigned bucketOf(int parent, int label, int buckets) {
  const unsigned hash = (unsigned(parent) * 0x9e3779b9u + unsigned(label)) * 0x85ebca6bu;
  return (hash ^ hash >> 15) & unsigned(buckets - 1);
}

struct Tree {
  Node* nodes;
  int32_t* heads;
  int buckets;

  // The child of a node, -1 if it is not there.
  __device__ int find(int parent, int label, unsigned bucket) const {
    int node = heads[bucket];
#pragma unroll 1
    while (node >= 0 && !(nodes[node].parent == parent && nodes[node].label == label)) node = nodes[node].next;
    return node;
  }
  // Makes a node one of its bucket.
  __device__ void enter(int node, unsigned bucket) const {
    nodes[node].next = heads[bucket];
    heads[bucket] = node;
  }
  // The labels that lead to a node, which has so many.
  __device__ void copyLabels(int node, int depth, int32_t* to) const {
#pragma unroll 1
    for (int i = depth - 1; i >= 0; i--, node = nodes[node].parent) to[i] = nodes[node].label;
  }
  __device__ bool hasLabels(int node, int depth, const int32_t* labels) const {
#pragma unroll 1
    for (int i = depth - 1; i >= 0; i--, node = nodes[node].parent) {
      if (nodes[node].label != labels[i]) return false;
    }
    return true;
  }
  // Whether the labels of one come before those of another, lexicographically; they differ.
  __device__ bool isLess(int a, int depthOfA, int b, int depthOfB) const {
#pragma unroll 1
    for (int d = depthOfA; d > depthOfB; d--) a = nodes[a].parent;
#pragma unroll 1
    for (int d = depthOfB; d > depthOfA; d--) b = nodes[b].parent;
    if (a == b) return depthOfA < depthOfB;
#pragma unroll 1
    while (nodes[a].parent != nodes[b].parent) {
      a = nodes[a].parent;
      b = nodes[b].parent;
    }
    return nodes[a].label < nodes[b].label;
  }
};

// ln p of an output, over all its paths through the classes that are considered: the forward recursion, (6) and (7) of Graves et al. 2006. Two calls
// have a barrier between them.
__device__ __noinline__ inline double sumOfPaths(BeamShared& shared, const int32_t* labels, int length) {
  const int last = 2 * length;   // state, of l'
  double* row = shared.sums;     // by state, before a frame
  int64_t next = 2 * shared.T + 1;  // from there to the same after the frame
#pragma unroll 1
  for (int s = threadIdx.x; s <= last; s += blockDim.x) {
    row[s] = s == 0 ? 0 : negativeInfinity();
    row[s + next] = negativeInfinity();
  }
#pragma unroll 1
  for (int t = 0; t < shared.frames; t++) {
    __syncthreads();  // the frame before is over
    loadClasses(shared, t);
    // from those before the first no path reaches the end; those after the last have not begun
#pragma unroll 1
    for (int s = max(last + 1 - 2 * (shared.frames - t), 0) + int(threadIdx.x); s <= min(2 * t + 1, last); s += blockDim.x) {
      const bool isLabel = s % 2 == 1;
      double sum = row[s];
      if (s > 0) sum = logAdd(sum, row[s - 1]);
      if (isLabel && s > 1 && labels[s / 2] != labels[s / 2 - 1]) sum = logAdd(sum, row[s - 2]);
      row[s + next] = sum + logProbOf(shared, isLabel ? labels[s / 2] : shared.blank);
    }
    row += next;
    next = -next;
  }
  __syncthreads();
  return length > 0 ? logAdd(row[last], row[last - 1]) : row[0];
}

__device__ inline bool isLess(double score, double other) { return other - score > ROUNDING * fabs(other); }

// The frames of an utterance; returns how many prefixes are in the beam in the end. `greedyPath`: ln p of the most probable path, in the
// order in which a prefix that has no other path adds it up.
template <typename Shared>
__device__ __forceinline__ int searchFrames(const BeamProblem& p, int n, const Tree& tree, Shared& shared, double& greedyPath) {
  const int i = threadIdx.x;
  const int frames = p.frames.inputLength[n];
  int size = 1, nodes = 1;
  int parent = -1, parentEntry = -1;  // of entry i
  double logLabel = negativeInfinity();
  double width = 8;
#pragma unroll 1
  for (int k = i; k < MOST_PREFIXES * MOST_CLASSES; k += blockDim.x) (&shared.taken[0][0])[k] = 0;
  if (i == 0) {
    const int64_t frame = int64_t(n) * p.frames.T;
    shared.frameCounts = p.classCounts + frame;
    shared.frameClasses = p.classes + frame * p.M;
    shared.frameLogProbs = p.logProbs + frame * p.M;
    shared.sums = p.sums + n * 2 * (2 * int64_t(p.frames.T) + 1);
    shared.frames = frames;
    shared.T = p.frames.T;
    shared.M = p.M;
    shared.blank = p.frames.blank;
    shared.size = 1;
    shared.nodes[0] = 0;
    shared.labels[0] = -1;
    shared.depths[0] = 0;
    shared.logBlank[0] = shared.total[0] = 0;
    tree.nodes[0] = {-1, -1, -1, 0};
  }
  shared.begin();
  __syncthreads();
#pragma unroll 1
  for (int t = 0; t < frames && size > 0; t++) {
    loadClasses(shared, t);
    greedyPath += shared.count > 0 ? shared.logProbs[0] : negativeInfinity();
    // what stays
    int rank = -1;
    if (i < size) {
      const int label = shared.labels[i];
      rank = rankOf(shared, label);
      const double withBlank = shared.total[i] + logProbOf(shared, shared.blank);
      double withLabel = negativeInfinity();
      if (rank >= 0) {
        withLabel = logLabel + shared.logProbs[rank];
        if (parentEntry >= 0) {
          const bool repeats = shared.labels[parentEntry] == label;
          withLabel = logAdd(withLabel, (repeats ? shared.logBlank : shared.total)[parentEntry] + shared.logProbs[rank]);
          shared.taken[parentEntry][rank] = 1;
        }
      }
      shared.stayBlank[i] = withBlank;
      shared.stayLabel[i] = withLabel;
      shared.stayTotal[i] = logAdd(withBlank, withLabel);
    }
    __syncthreads();
    const int count = shared.count > 0 ? collectBest(shared, p.W, p.beamThreshold, width) : 0;
    const int places = pad(shared, count);
    __syncthreads();  // candidates are there, and what is taken has been read
    if (parentEntry >= 0 && rank >= 0) shared.taken[parentEntry][rank] = 0;
    putInOrder(shared, places);
    // the beam of the next frame
    size = min(count, p.W);
    const double least = shared.scores[0] - p.beamThreshold;
#pragma unroll 1
    while (size > 0 && !(shared.scores[size - 1] > least)) size--;
    int node = -1, label = -1, depth = 0;
    double blank = negativeInfinity(), all = 0;
    unsigned bucket = 0;
    bool isNew = false;
    typename Shared::Scored scored = {};
    const int code = i < size ? shared.codes[i] : 0;
    const int from = code < MOST_CLASSES ? code : code / MOST_CLASSES - 1;
    const int fromNode = shared.nodes[from];
    const bool stays = code < MOST_CLASSES;
    if (i < size && stays) {
      node = fromNode;
      label = shared.labels[from];
      depth = shared.depths[from];
      parent = tree.nodes[node].parent;
      blank = shared.stayBlank[from];
      logLabel = shared.stayLabel[from];
      all = shared.stayTotal[from];
      scored = shared.scored(from);
    } else if (i < size) {
      const int k = code % MOST_CLASSES;
      label = shared.classes[k];
      depth = shared.depths[from] + 1;
      parent = fromNode;
      logLabel = (shared.labels[from] == label ? shared.logBlank : shared.total)[from] + shared.logProbs[k];
      all = logLabel;
      bucket = bucketOf(parent, label, tree.buckets);
      node = tree.find(parent, label, bucket);
      isNew = node < 0;
      scored = shared.after(from, label);
    }
    const Prefix fresh = sumOfBlock(isNew, shared);
    if (i == 0) shared.size = size;
    if (isNew) {
      node = nodes + fresh.before;
      tree.nodes[node] = {parent, label, -1, depth};
      shared.buckets[fresh.before] = int(bucket);
    }
    if (i < size) {
      shared.nodes[i] = node;
      shared.labels[i] = label;
      shared.depths[i] = depth;
      shared.logBlank[i] = blank;
      shared.total[i] = all;
      shared.set(i, scored);
    }
    __syncthreads();
#pragma unroll 1
    for (int f = 0; f < fresh.all && i < 32; f++) {
      if ((shared.buckets[f] & 31) == i) tree.enter(nodes + f, shared.buckets[f]);
    }
    nodes += fresh.all;
    parentEntry = -1;
#pragma unroll 1
    for (int j = 0; j < size; j++) parentEntry = shared.nodes[j] == parent ? j : parentEntry;
  }
  return size;
}

// The greedy output comes into the beam if it is better than the best of it, as on the host; all else about it is there. Returns how
// many outputs there are.
template <typename Shared>
__device__ __forceinline__ int weighGreedy(const BeamProblem& p, int n, const Tree& tree, int size, double greedyPath, Shared& shared) {
  const int i = threadIdx.x;
  const int32_t* greedy = p.greedyLabels + int64_t(n) * p.frames.T;
  const int length = p.greedyLengths[n];
  const double most = p.frames.flags & LOG_PROBS ? double(CTC_INFINITY) : 0;  // rounding must not make a probability of more than 1
  if (i == 0) shared.greedyEntry = -1;
  if (i < size) {
    shared.stayTotal[i] = shared.total[i] > most ? most : shared.total[i];
    shared.end(i);
  }
  __syncthreads();
  if (i < size && shared.depths[i] == length && tree.hasLabels(shared.nodes[i], length, greedy)) shared.greedyEntry = i;
  __syncthreads();
  const int entry = shared.greedyEntry;
  const int bestEntry = shared.best(size);
  const double best = size > 0 ? shared.score(bestEntry, shared.stayTotal[bestEntry]) : negativeInfinity();
  const bool isFirst = entry >= 0 && shared.score(entry, shared.stayTotal[entry]) == best;
  if (p.greedyStatuses[n] != OK || (isFirst && shared.stayTotal[entry] >= greedyPath) || !shared.allows(greedy, length)) return size;

  double logProb = sumOfPaths(shared, greedy, length);
  logProb = logProb > most ? most : logProb;
  const double score = shared.scoreOfGreedy(logProb);
  if (!isLess(best, score)) return size;
  if (!isFirst && size > 0) {
    int32_t* labels = p.bestLabels + int64_t(n) * p.frames.T;
    if (i == 0) tree.copyLabels(shared.nodes[bestEntry], shared.depths[bestEntry], labels);
    __syncthreads();
    const double sum = sumOfPaths(shared, labels, shared.depths[bestEntry]);
    if (!isLess(shared.scoreOfAllPaths(sum, best, shared.stayTotal[bestEntry]), score)) return size;
  }
  if (i == 0) {  // what others have read of this before the sums
    const int at = entry >= 0 ? entry : size;
    shared.stayTotal[at] = logProb;
    shared.setGreedy(at);
    if (entry < 0) {
      // numbers from the end of the tree's room on, where a search has no node
      int node = 0;
      int next = p.frames.T * p.W + 1;
#pragma unroll 1
      for (int d = 0; d < length; d++) {
        const unsigned bucket = bucketOf(node, greedy[d], tree.buckets);
        int child = tree.find(node, greedy[d], bucket);
        if (child < 0) {
          child = next++;
          tree.nodes[child] = {node, greedy[d], -1, d + 1};
          tree.enter(child, bucket);
        }
        node = child;
      }
      shared.nodes[at] = node;
      shared.depths[at] = length;
    }
  }
  __syncthreads();
  return entry >= 0 ? size : size + 1;
}

// An utterance.
template <typename Shared>
__device__ __forceinline__ void searchUtterance(const BeamProblem& p, Shared& shared) {
  const int n = blockIdx.x;
  const int i = threadIdx.x;
  const Tree tree = {p.nodes + n * (1 + int64_t(p.frames.T) * (p.W + 1)), p.heads + int64_t(n) * p.buckets, p.buckets};
  const int rows = max(min(p.frames.rowsOf(n), p.frames.T), 0);
  const int64_t first = int64_t(n) * p.nBest;
  int32_t* labels = p.labels + (p.labelStart != nullptr ? p.labelStart[n] : first * p.frames.T);
#pragma unroll 1
  for (int64_t at = i; at < int64_t(p.nBest) * rows; at += blockDim.x) labels[at] = -1;
#pragma unroll 1
  for (int k = i; k < p.nBest; k += blockDim.x) {
    p.scores[first + k] = negativeInfinity();
    p.lengths[first + k] = 0;
    shared.write(-1, k);
  }
  int status = p.greedyStatuses[n];
  const bool isSearched = status == OK || status == INFEASIBLE;
  int outputs = 0;
  if (isSearched) {
    double greedyPath = 0;
    outputs = searchFrames(p, n, tree, shared, greedyPath);
    outputs = weighGreedy(p, n, tree, outputs, greedyPath, shared);
  }
  int count = 0;  // with a path
#pragma unroll 1
  for (int j = 0; j < outputs; j++) count += shared.score(j, shared.stayTotal[j]) > negativeInfinity();
#pragma unroll 1
  for (int e = i; e < outputs; e += blockDim.x) {
    const double score = shared.score(e, shared.stayTotal[e]);
    int place = 0;
#pragma unroll 1
    for (int j = 0; j < outputs; j++) {
      const double other = shared.score(j, shared.stayTotal[j]);
      place += other > score ||
               (other == score && j != e && tree.isLess(shared.nodes[j], shared.depths[j], shared.nodes[e], shared.depths[e]));
    }
    if (!(score > negativeInfinity()) || place >= p.nBest) continue;
    p.scores[first + place] = shared.stayTotal[e];
    shared.write(e, place);
    p.lengths[first + place] = shared.depths[e];
    tree.copyLabels(shared.nodes[e], shared.depths[e], labels + int64_t(place) * rows);
  }
  if (i > 0) return;
  if (isSearched) status = count > 0 ? OK : INFEASIBLE;
  p.counts[n] = min(count, p.nBest);
  p.statuses[n] = status;
}

}  // namespace beam
using namespace beam;

// scripts/build-ptx makes a file of the search with a model: a driver then translates only what is used.
#ifndef CTC_ONLY
extern "C" __global__ void __launch_bounds__(128) ctc_beam_classes(const BeamProblem problem) {
  static __shared__ ClassesShared shared;
  const FramesProblem& p = problem.frames;
  const int64_t number = blockIdx.x * int64_t(WARPS) + threadIdx.x / 32;
  if (number >= int64_t(p.N) * p.T) return;
  const int n = int(unsigned(number) / unsigned(p.T));
  const int t = int(unsigned(number) % unsigned(p.T));
  if (!p.isGood(n) || t >= p.inputLength[n]) return;
  const FrameNorm norm = p.norms[number];
  if (norm.best < 0) return;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int64_t start = p.start(n, t);
  // where all classes are considered the host puts log-probabilities in order, else scores, which have no rounding
  const bool all = problem.M == p.C;
  int count = 0;
  double least = negativeInfinity();
#pragma unroll 1
  for (int first = 0; first < p.C; first += 32) {
    const int c = first + lane;
    double key = negativeInfinity();
    if (c < p.C) key = scoreOf(element(p.logits, p.logitsType, start + c * p.logitsClassStride), norm.max, p.flags);
    if (all) key -= norm.logSum;
    unsigned above = __ballot_sync(WARP, key > least);
    if (count + __popc(above) > problem.M + BUFFER) {
      count = order(shared, count, problem.M);
      least = shared.keys[warp][count - 1];
      above = __ballot_sync(WARP, key > least);
    }
    if (key > least) {
      const int at = count + __popc(above & ((1u << lane) - 1));
      shared.keys[warp][at] = key;
      shared.classes[warp][at] = c;
    }
    count += __popc(above);
  }
  count = order(shared, count, problem.M);
  const double greatest = norm.logProbability();
  const double leastLogProb = greatest < problem.minLogProbability ? greatest : problem.minLogProbability;
  int kept = 0;
#pragma unroll 1
  for (int first = 0; first < count; first += 32) {
    const int e = first + lane;
    double logProb = negativeInfinity();
    if (e < count) logProb = shared.keys[warp][e] - (all ? 0 : norm.logSum);
    const bool keeps = e < count && logProb >= leastLogProb;
    kept += __popc(__ballot_sync(WARP, keeps));
    if (!keeps) continue;
    problem.classes[number * problem.M + e] = shared.classes[warp][e];
    problem.logProbs[number * problem.M + e] = logProb;
  }
  if (lane == 0) problem.classCounts[number] = kept;
}

extern "C" __global__ void __launch_bounds__(128) ctc_beam_search(const BeamProblem p) {
  static __shared__ BeamShared shared;
  searchUtterance(p, shared);
}
#endif

#if defined(CTC_ONLY) || defined(CTC_EMULATION)
extern "C" __global__ void __launch_bounds__(128) ctc_beam_search_tokens(const BeamProblem p, const TokenModel model) {
  static __shared__ TokenShared shared;
  if (threadIdx.x == 0) {
    shared.model = model;
    shared.row = model.rows + blockIdx.x * int64_t(p.M) * p.W;
    shared.resultsAdded = model.added != nullptr ? model.added + blockIdx.x * int64_t(p.nBest) : nullptr;
    shared.W = p.W;
  }
  __syncthreads();
  searchUtterance(p, shared);
}
#endif
