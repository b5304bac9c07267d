// Runs the kernels on the engine over random and hostile batches, against a float64 log-domain oracle of its own, and shows
// that the engine's checks bite. `run` beside this file builds and runs it.
//
//   device_test [-v] [SEED]
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels.h"

using std::vector;

namespace {

int failures = 0;
bool verbose = false;
const double INF = INFINITY;

void expect(bool good, const std::string& what) {
  if (!good) {
    failures++;
    printf("FAILED %s\n", what.c_str());
  } else if (verbose) {
    printf("ok     %s\n", what.c_str());
  }
}

// ---- device memory ------------------------------------------------------------------------------------------------------------

// Bytes with a gap of 4096 on both sides.
struct Device {
  char* raw = nullptr;
  char* at = nullptr;
  size_t bytes;

  explicit Device(size_t bytes, size_t misalign = 0) : bytes(bytes) {
    raw = (char*)aligned_alloc(4096, (bytes + 4 * 4096) / 4096 * 4096);
    at = raw + 4096 + misalign;
    memset(raw, 0xa5, bytes + 8192);
    if (bytes > 0) emulation::registerAllocation(at, bytes);
  }
  template <typename T>
  explicit Device(const vector<T>& values, size_t misalign = 0) : Device(values.size() * sizeof(T), misalign) {
    memcpy(at, values.data(), bytes);
    emulation::markInitialised(at, bytes);
  }
  Device(const Device&) = delete;
  ~Device() {
    if (bytes > 0) emulation::unregisterAllocation(at);
    free(raw);
  }
};

// ---- the host's side of the ABI (kernels/README.md) ------------------------------------------------------------------------------

struct Problem {
  const void* logits = nullptr;
  const int64_t* logitsStart = nullptr;
  int64_t logitsUtteranceStride = 0, logitsFrameStride = 0, logitsClassStride = 0;
  void* gradient = nullptr;
  const int64_t* gradientStart = nullptr;
  int64_t gradientUtteranceStride = 0, gradientFrameStride = 0, gradientClassStride = 0;
  const int32_t* targets = nullptr;
  const int64_t* targetStart = nullptr;
  int64_t targetStride = 0, targetsSize = 0;
  const int32_t *targetLength = nullptr, *inputLength = nullptr, *frameCount = nullptr;
  const double* weights = nullptr;
  double* losses = nullptr;
  int32_t* statuses = nullptr;
  double* reduced = nullptr;
  void* workspace = nullptr;
  int32_t N = 0, T = 0, L = 0, C = 0, blank = 0, K = 0;
  int16_t gradientType = 0, logitsType = 0;
  int32_t flags = 0;
};
static_assert(sizeof(Problem) == 208, "");

enum Flag { LOG_PROBS = 1, SOFTMAX_TERM = 2, MEAN = 4, ZERO_INFINITY = 8 };
enum Type { F64, F32, F16, BF16 };
const size_t SIZE[] = {8, 4, 2, 2};
const char* const TYPE[] = {"f64", "f32", "f16", "bf16"};

int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t segments(const Problem& p) { return p.gradient ? std::max<int64_t>(1, up(up(p.T, 2), p.K)) : 1; }

int64_t align(int64_t x) { return up(x, 256) * 256; }

// Without the edges of blocks.
int64_t workspaceBytes(const Problem& p) {
  const int64_t N = p.N, T = p.T, L = p.L, K = p.gradient ? p.K : 1, row = 2 * (L + 1) * 8;
  const int64_t width = std::min(p.L, p.C - 1) + 1;
  return align(N * 64) + align(N * 4 * (L + 2) * 4) + align(N * T * 16) + 2 * align(N * T * width * 8) + align(N * 2 * T * 8) +
         align(N * 2 * segments(p) * row) + align(N * 2 * K * row);
}

std::string findings;

void launch(const std::string& name, int64_t grid, unsigned threads, Problem& p, int segment = -1, size_t sharedBytes = 0) {
  if (grid == 0) return;
  const emulation::Kernel* kernel = emulation::findKernel(name.c_str());
  if (!kernel) {
    findings += "no kernel " + name;
    return;
  }
  void* parameters[] = {&p, &segment};
  const std::string found = emulation::launch(*kernel, {unsigned(grid), 1, 1}, {threads, 1, 1}, sharedBytes, parameters).text;
  if (!found.empty()) findings += found + "\n";
}

struct Choice {
  std::string tier;  // of frames; empty: by C
  int P = 0, W = 0;  // of the lattice; 0: by L
  int splitW = 0;    // warps of one of several blocks an utterance; 0: one block
  int smallLossW = 0;     // of the second look; 0: by L
};

int64_t blocks(const Problem& p, const Choice& choice) { return up(p.L + 1, 32 * choice.splitW); }

int64_t blockEdgeBytes(const Problem& p, const Choice& choice) {
  return choice.splitW == 0 ? 0 : 256 + align(p.N * 2 * (blocks(p, choice) - 1) * p.T * 8);
}

void lattice(Problem& p, const Choice& choice, int P, int W, int k) {
  if (choice.splitW == 0) return launch("ctc_lattice_p" + std::to_string(P), p.N, 64 * W, p, k);
  const int64_t grid = 2 * p.N * blocks(p, choice);
  launch("ctc_lattice_split_store", grid, 32 * choice.splitW, p, k);
  if (k == 0) launch("ctc_lattice_split_meet", p.N, 256, p, k);
  if (p.gradient) launch("ctc_lattice_split_consume", grid, 32 * choice.splitW, p, k);
}

void compute(Problem& p, Type type, const Choice& choice) {
  std::string tier = choice.tier;
  if (tier.empty() && type == F64) tier = p.C <= 32 ? "c32" : p.C <= 256 ? "c256" : "any";
  if (tier.empty()) {
    tier = p.C <= 32 ? "c32" : p.C <= 64 ? "c64" : p.C <= 128 ? "c128" : p.C <= 256 ? "c256" : p.C <= 1024 ? "c1024" : p.C <= 16384 ? "c16384" : "any";
  }
  const bool byBlock = tier == "c16384" || tier == "any";
  const int pairs = p.L + 1;
  int P = pairs <= 128 ? 1 : pairs <= 256 ? 2 : 4;
  int W = std::min<int>(4, up(pairs, 32 * P));
  if (choice.P) P = choice.P, W = choice.W;
  if (P == 1 && 32 * W < pairs) P = 2;  // p1 has no tiles
  const int64_t K = p.gradient ? p.K : 1;

  launch("ctc_prepare", p.N, 256, p);
  const int64_t rows = int64_t(p.N) * p.T;
  const int64_t logitBytes = type == F64 ? 8 : type == F32 ? 4 : 2;
  const int64_t shared = std::min<int64_t>(up(p.C * logitBytes, 16) * 16 + 16, 64 << 10);
  const int lanes = tier == "c32" ? 4 : tier == "c64" ? 8 : tier == "c128" ? 16 : 32;
  launch(std::string("ctc_frames_") + TYPE[type] + "_" + tier, byBlock ? rows : up(rows, 256 / lanes),
         byBlock ? 32 * unsigned(std::min<int64_t>(32, up(p.C, 512))) : 256, p, int(shared / logitBytes), tier == "any" ? shared : 0);
  for (int k = 0; k < segments(p); k++) {
    lattice(p, choice, P, W, k);
    if (p.gradient) launch("ctc_labels", up(p.N * 2 * K, 32), 256, p, k);
  }
  launch("ctc_small_loss", p.N, 64 * (choice.smallLossW ? choice.smallLossW : 6), p);
  if (p.reduced && p.N == 0) launch("ctc_reduce", 1, 256, p);
}

// ---- batches -------------------------------------------------------------------------------------------------------------------------

uint16_t toHalf(float x) {
  const _Float16 h = x;
  uint16_t b;
  memcpy(&b, &h, 2);
  return b;
}
float fromHalf(uint16_t b) {
  _Float16 h;
  memcpy(&h, &b, 2);
  return h;
}
uint16_t toBfloat(float x) {
  uint32_t b;
  memcpy(&b, &x, 4);
  if (std::isnan(x)) return 0x7fc0;
  return (b + 0x7fff + (b >> 16 & 1)) >> 16;
}
float fromBfloat(uint16_t b) {
  const uint32_t w = uint32_t(b) << 16;
  float x;
  memcpy(&x, &w, 4);
  return x;
}
void put(char* at, Type type, double x) {
  if (type == F64) *(double*)at = x;
  if (type == F32) *(float*)at = x;
  if (type == F16) *(uint16_t*)at = toHalf(x);
  if (type == BF16) *(uint16_t*)at = toBfloat(x);
}
double get(const char* at, Type type) {
  return type == F64 ? *(const double*)at : type == F32 ? *(const float*)at : type == F16 ? fromHalf(*(const uint16_t*)at) : fromBfloat(*(const uint16_t*)at);
}

enum Layout { TNC, NTC, CNT, PACKED, SHIFTED };  // SHIFTED: TNC one element off alignment

struct Batch {
  std::string name;
  int T, N, C, L, blank = 0;
  Type type = F32, gradientType = F32;
  Layout layout = TNC;
  bool gradient = true, padded = true;
  int flags = SOFTMAX_TERM, K = 0;  // K 0: one segment
  Choice choice;
  double deviation = 3;
  vector<vector<int>> targets;
  vector<int> frames;
  vector<double> weights;           // may be empty
  std::function<void(Batch&)> spoil;  // after logits are made
  vector<double> x;                 // [n][t][c] as rounded to type

  double& at(int t, int n, int c) { return x[(int64_t(n) * T + t) * C + c]; }
};

struct Result {
  vector<double> losses;
  vector<int> statuses;
  vector<double> gradient;  // [n][t][c]
  vector<double> reduced;
  std::string findings;
};

// Index of (t, n, c) in the layout; SHIFTED through the start of memory.
struct Places {
  const Batch& b;
  vector<int64_t> start;
  int64_t utterance, frame, cls, size;

  explicit Places(const Batch& b) : b(b) {
    utterance = b.layout == NTC ? int64_t(b.T) * b.C : b.layout == CNT ? b.T : b.C;
    frame = b.layout == NTC || b.layout == PACKED ? b.C : b.layout == CNT ? 1 : int64_t(b.N) * b.C;
    cls = b.layout == CNT ? int64_t(b.N) * b.T : 1;
    size = int64_t(b.N) * b.T * b.C;
    int64_t at = 0;
    for (int n = 0; n < b.N; n++) {
      start.push_back(b.layout == PACKED ? at : n * utterance);
      at += int64_t(b.frames[n]) * b.C;
    }
    if (b.layout == PACKED) size = at;
  }
  int64_t operator()(int t, int n, int c) const { return start[n] + t * frame + c * cls; }
  bool has(int t, int n) const { return b.layout != PACKED || t < b.frames[n]; }
};

Result runBatch(Batch& b, uint64_t order) {
  emulation::setSeed(order);
  findings.clear();
  const Places places(b);
  const bool shifted = b.layout == SHIFTED, packed = b.layout == PACKED;
  Device logits(places.size * SIZE[b.type], shifted ? SIZE[b.type] : 0);
  for (int n = 0; n < b.N; n++) {
    for (int t = 0; t < b.T && places.has(t, n); t++) {
      for (int c = 0; c < b.C; c++) put(logits.at + places(t, n, c) * SIZE[b.type], b.type, b.at(t, n, c));
      if (t < b.frames[n]) {  // frames beyond stay uninitialised: reading them is a finding
        for (int c = 0; c < b.C; c++) emulation::markInitialised(logits.at + places(t, n, c) * SIZE[b.type], SIZE[b.type]);
      }
    }
  }
  Device gradient(places.size * SIZE[b.gradientType], shifted ? SIZE[b.gradientType] : 0);
  vector<int32_t> labels, lengths, frames(b.frames.begin(), b.frames.end());
  vector<int64_t> targetStart;
  for (auto& target : b.targets) {
    targetStart.push_back(labels.size());
    lengths.push_back(target.size());
    labels.insert(labels.end(), target.begin(), target.end());
    if (b.padded) labels.resize(targetStart.size() * b.L, -77);
  }
  Device dLabels(labels), dLengths(lengths), dFrames(frames), dTargetStart(targetStart), dStart(places.start), dWeights(b.weights);
  Device losses(b.N * 8), statuses(b.N * 4), reduced(8);
  Problem p;
  p.logits = logits.at;
  p.logitsStart = packed ? (int64_t*)dStart.at : nullptr;
  p.logitsUtteranceStride = p.gradientUtteranceStride = places.utterance;
  p.logitsFrameStride = p.gradientFrameStride = places.frame;
  p.logitsClassStride = p.gradientClassStride = places.cls;
  p.gradient = b.gradient ? gradient.at : nullptr;
  p.gradientStart = p.logitsStart;
  p.targets = (int32_t*)dLabels.at;
  p.targetStart = b.padded ? nullptr : (int64_t*)dTargetStart.at;
  p.targetStride = b.L;
  p.targetsSize = labels.size();
  p.targetLength = (int32_t*)dLengths.at;
  p.inputLength = (int32_t*)dFrames.at;
  p.frameCount = packed ? (int32_t*)dFrames.at : nullptr;
  p.weights = b.weights.empty() ? nullptr : (double*)dWeights.at;
  p.losses = (double*)losses.at;
  p.statuses = (int32_t*)statuses.at;
  p.reduced = (double*)reduced.at;
  p.N = b.N, p.T = b.T, p.L = b.L, p.C = b.C, p.blank = b.blank;
  p.K = b.K ? b.K : std::max(1, (b.T + 1) / 2);
  p.gradientType = b.gradientType;
  p.logitsType = b.type;
  p.flags = b.flags;
  const size_t bytes = workspaceBytes(p), blockEdges = blockEdgeBytes(p, b.choice);
  Device workspace(bytes + blockEdges);
  p.workspace = workspace.at;
  memset(workspace.at + bytes, 0xff, blockEdges);
  emulation::markInitialised(workspace.at + bytes, blockEdges);
  compute(p, b.type, b.choice);

  Result r;
  r.findings = findings;
  for (int n = 0; n < b.N; n++) {
    r.losses.push_back(((double*)losses.at)[n]);
    r.statuses.push_back(((int32_t*)statuses.at)[n]);
  }
  r.reduced.push_back(*(double*)reduced.at);
  if (b.gradient) {
    r.gradient.assign(int64_t(b.N) * b.T * b.C, 0);
    for (int n = 0; n < b.N; n++) {
      for (int t = 0; t < b.T && places.has(t, n); t++) {
        for (int c = 0; c < b.C; c++) {
          char* at = gradient.at + places(t, n, c) * SIZE[b.gradientType];
          if (!emulation::isInitialised(at, SIZE[b.gradientType])) r.findings += "gradient not written\n", c = b.C, t = b.T;
          else r.gradient[(int64_t(n) * b.T + t) * b.C + c] = get(at, b.gradientType);
        }
      }
    }
  }
  return r;
}

// ---- the oracle: float64, log domain -------------------------------------------------------------------------------------------------------

double logAdd(double a, double b) {
  const double m = std::max(a, b);
  return m == -INF ? -INF : m + log1p(exp(std::min(a, b) - m));
}

void oracle(Batch& b, int n, double weight, double* loss, int* status, double* gradient) {
  const int T = b.frames[n], C = b.C;
  vector<double> y(int64_t(T) * C);
  *status = 0;
  std::fill(gradient, gradient + int64_t(b.T) * C, 0.0);
  for (int l : b.targets[n]) {
    if (l < 0 || l >= C || l == b.blank) *status = 3;
  }
  if (*status) {
    *loss = NAN;
    return;
  }
  for (int t = 0; t < T; t++) {
    double most = -INF, sum = 0, shift = 0;
    for (int c = 0; c < C; c++) {
      if (!(b.at(t, n, c) < INF)) *status = 2;
      most = std::max(most, b.at(t, n, c));
    }
    if (!(b.flags & LOG_PROBS)) {
      for (int c = 0; c < C; c++) sum += exp(b.at(t, n, c) - most);
      shift = most;
      sum = log(sum);
    }
    for (int c = 0; c < C; c++) {
      const double x = b.at(t, n, c);
      double l = x == -INF ? -INF : x - shift - sum;
      if (l < -67108864.0) l = -INF;
      y[int64_t(t) * C + c] = l;
    }
  }
  if (*status) {
    *loss = NAN;
    return;
  }
  const auto& target = b.targets[n];
  const int S = 2 * int(target.size()) + 1;
  auto classOf = [&](int s) { return s % 2 ? target[s / 2] : b.blank; };
  auto skips = [&](int s) { return s >= 2 && s % 2 && classOf(s) != classOf(s - 2); };
  vector<vector<double>> alpha(T + 1, vector<double>(S, -INF));
  alpha[0][0] = 0;
  for (int t = 0; t < T; t++) {
    for (int s = 0; s < S; s++) {
      double a = alpha[t][s];
      if (s >= 1) a = logAdd(a, alpha[t][s - 1]);
      if (skips(s)) a = logAdd(a, alpha[t][s - 2]);
      alpha[t + 1][s] = a + y[int64_t(t) * C + classOf(s)];
    }
  }
  const double logP = S == 1 ? alpha[T][0] : logAdd(alpha[T][S - 1], alpha[T][S - 2]);
  *loss = 0 - logP;
  if (logP == -INF) {
    *status = 1;
    *loss = b.flags & ZERO_INFINITY ? 0 : INF;
    return;
  }
  if (weight == 0) return;
  vector<double> beta(S, -INF);
  beta[S - 1] = 0;
  if (S > 1) beta[S - 2] = 0;
  for (int t = T - 1; t >= 0; t--) {
    double* g = gradient + int64_t(t) * C;
    if (b.flags & SOFTMAX_TERM) {
      for (int c = 0; c < C; c++) g[c] = exp(y[int64_t(t) * C + c]);
    }
    for (int s = 0; s < S; s++) g[classOf(s)] -= exp(alpha[t + 1][s] + beta[s] - logP);
    for (int c = 0; c < C; c++) g[c] *= weight;
    vector<double> before(S, -INF), own(S);
    for (int s = 0; s < S; s++) own[s] = beta[s] + y[int64_t(t) * C + classOf(s)];
    for (int s = 0; s < S; s++) {
      before[s] = own[s];
      if (s + 1 < S) before[s] = logAdd(before[s], own[s + 1]);
      if (s + 2 < S && skips(s + 2)) before[s] = logAdd(before[s], own[s + 2]);
    }
    beta = before;
  }
}

// ---- checks ---------------------------------------------------------------------------------------------------------------------------------------

double worstLoss = 0, worstGradient = 0;
std::string worstLossIn, worstGradientIn;
int batches = 0;
std::mt19937_64 random_(1);

int below(int n) { return int(random_() % n); }
double normal() { return std::normal_distribution<double>()(random_); }

bool same(const vector<double>& a, const vector<double>& b) {
  return a.size() == b.size() && (a.empty() || memcmp(a.data(), b.data(), a.size() * 8) == 0);
}

void fill(Batch& b) {
  if (b.targets.empty()) {
    for (int n = 0; n < b.N; n++) {
      const int length = n == 0 ? b.L : below(b.L + 1);
      vector<int> target;
      for (int i = 0; i < length && b.C > 1; i++) {
        int label = below(b.C - 1);
        if (i > 0 && below(4) == 0) label = target.back() - (target.back() > b.blank);
        target.push_back(label + (label >= b.blank));
      }
      b.targets.push_back(target);
    }
  }
  if (b.frames.empty()) {
    for (int n = 0; n < b.N; n++) b.frames.push_back(n < 2 ? b.T : b.T - below(b.T / 3 + 1));
  }
  b.x.resize(int64_t(b.N) * b.T * b.C);
  for (double& x : b.x) x = b.deviation * normal();
  if (b.flags & LOG_PROBS) {
    for (int64_t row = 0; row < int64_t(b.N) * b.T; row++) {
      double sum = 0;
      for (int c = 0; c < b.C; c++) sum += exp(b.x[row * b.C + c]);
      for (int c = 0; c < b.C; c++) b.x[row * b.C + c] -= log(sum);
    }
  }
  if (b.spoil) b.spoil(b);
  for (double& x : b.x) {
    char bits[8] = {};
    put(bits, b.type, x);
    x = get(bits, b.type);
  }
}

void check(Batch b) {
  batches++;
  const clock_t began = clock();
  fill(b);
  const Result r = runBatch(b, 0);
  const bool again = int64_t(b.N) * b.T * (b.C + b.L) < 200000;
  const Result other = again ? runBatch(b, 12345 + batches) : Result();
  std::string name = b.name + " (T " + std::to_string(b.T) + ", N " + std::to_string(b.N) + ", C " + std::to_string(b.C) + ", L " +
                     std::to_string(b.L) + ", " + TYPE[b.type] + ")";
  expect(r.findings.empty(), name + ": " + r.findings);
  if (again) {
    expect(other.findings.empty(), name + ", other order: " + other.findings);
    expect(same(r.losses, other.losses) && same(r.gradient, other.gradient) && r.statuses == other.statuses &&
               same(r.reduced, other.reduced),
           name + ": same bits in another order");
  }
  const double unit = b.gradientType == F16 ? 1e-3 : b.gradientType == BF16 ? 5e-3 : 1e-5;
  double reduced = 0, lossError = 0, gradientError = 0;
  for (int n = 0; n < b.N; n++) {
    const double weight = b.flags & MEAN ? 1.0 / (b.N * std::max<double>(1, b.targets[n].size())) : b.weights.empty() ? 1 : b.weights[n];
    double loss;
    int status;
    vector<double> g(int64_t(b.T) * b.C);
    oracle(b, n, weight, &loss, &status, g.data());
    if (weight != 0) reduced += weight * loss;
    expect(r.statuses[n] == status, name + ": status of " + std::to_string(n) + " is " + std::to_string(r.statuses[n]) + ", expected " + std::to_string(status));
    if (std::isfinite(loss)) {
      lossError = std::max(lossError, fabs(r.losses[n] - loss) / std::max(1e-3, fabs(loss)));
    } else {
      expect(std::isnan(loss) ? std::isnan(r.losses[n]) : r.losses[n] == loss, name + ": loss of " + std::to_string(n));
    }
    if (!b.gradient) continue;
    double difference = 0, norm = 0, zeros = 0;
    for (int t = 0; t < b.T; t++) {
      for (int c = 0; c < b.C; c++) {
        const double mine = r.gradient[(int64_t(n) * b.T + t) * b.C + c], theirs = g[int64_t(t) * b.C + c];
        difference += (mine - theirs) * (mine - theirs);
        norm += theirs * theirs;
        if (t >= b.frames[n] || status != 0 || weight == 0) zeros += mine == 0 ? 0 : 1;
      }
    }
    expect(zeros == 0, name + ": gradient is exactly 0 where it must be");
    const double error = difference == 0 ? 0 : sqrt(difference / norm);
    if (!(error <= unit)) expect(false, name + ": gradient of " + std::to_string(n) + ": " + std::to_string(error));
    gradientError = std::max(gradientError, error);
  }
  if (lossError > worstLoss) worstLoss = lossError, worstLossIn = name;
  if (b.gradientType <= F32 && gradientError > worstGradient) worstGradient = gradientError, worstGradientIn = name;
  expect(lossError <= 1e-6, name + ": loss error " + std::to_string(lossError * 1e6) + "e-6");
  if (std::isfinite(reduced)) expect(fabs(r.reduced[0] - reduced) <= 1e-6 * std::max(1.0, fabs(reduced)), name + ": reduced");
  if (verbose) {
    printf("       %s: loss %.1e, gradient %.1e, %.2f s\n", name.c_str(), lossError, gradientError, double(clock() - began) / CLOCKS_PER_SEC);
  }
}

Batch batch(const char* name, int T, int N, int C, int L) {
  Batch b;
  b.name = name, b.T = T, b.N = N, b.C = C, b.L = L;
  return b;
}

void shapes() {
  check(batch("small", 12, 3, 7, 4));
  for (Type type : {F64, F32, F16, BF16}) {
    for (int C : {5, 32, 33, 200, 256, 1000, 1024}) {
      Batch b = batch("types", 9, 2, C, 3);
      b.type = type;
      b.gradientType = Type(below(4));
      b.blank = below(C);
      b.layout = Layout(below(5));
      b.padded = below(2);
      check(b);
    }
    for (int C : {1025, 4096, 5001}) {
      Batch b = batch("block rows", 5, 2, C, 2);
      b.type = b.gradientType = type;
      b.blank = C - 1;
      b.layout = C == 5001 ? SHIFTED : TNC;
      check(b);
    }
    Batch b = batch("passed rows", 6, 1, 300, 3);
    b.type = type;
    b.choice.tier = "any";
    check(b);
    b.C = 301, b.layout = CNT;
    check(b);
  }
  check(batch("hugevocab", 4, 1, 50000, 2));
  for (int layout = 0; layout < 5; layout++) {
    Batch b = batch("layouts", 11, 3, 40, 4);
    b.layout = Layout(layout);
    check(b);
    b.gradient = false;
    check(b);
  }
  for (int C : {1, 2}) {
    Batch b = batch("few classes", 10, 2, C, C == 1 ? 0 : 3);
    check(b);
    b.blank = C - 1;
    check(b);
  }
  for (int T : {0, 1, 2, 3, 4, 5, 16, 17}) {
    check(batch("no labels", T, 2, 6, 0));
    Batch b = batch("one label", T, 2, 6, 1);
    check(b);
    b.gradient = false;
    check(b);
  }
  // T = L + repeats, and one less
  for (int spare : {0, -1}) {
    Batch b = batch(spare ? "one frame short" : "just fits", 7 + spare, 1, 5, 5);
    b.targets = {{1, 1, 2, 2, 3}};
    check(b);
    b.flags |= ZERO_INFINITY;
    check(b);
  }
}

// Whatever the host chooses by the batch: pairs a lane, warps, rows kept, where the logits lie. Frames enough for rounding to
// depend on the order of additions.
void sameBitsForAnyChoice() {
  for (double deviation : {0.5, 60.0}) {
    Batch b = batch("same bits", 700, 3, 12, 45);
    b.deviation = deviation;
    b.frames = {700, 497, 620};
    b.spoil = [](Batch& b) {  // utterance 2 is nearly certain
      for (int t = 0; t < b.T; t++) {
        const size_t i = t / 2;
        const int c = t % 2 == 1 && i < b.targets[2].size() ? b.targets[2][i] : b.blank;
        for (int k = 0; k < b.C; k++) b.at(t, 2, k) -= k == c ? 0 : 14 + 5 * b.deviation;
      }
    };
    fill(b);
    b.spoil = nullptr;
    const Batch drawn = b;
    const Result first = runBatch(b, 0);
    expect(first.findings.empty() && first.statuses == vector<int>(3, 0), "same bits: " + first.findings);
    auto compare = [&](const std::string& what) {
      const Result r = runBatch(b, 0);
      expect(r.findings.empty(), what + ": " + r.findings);
      expect(same(first.losses, r.losses), what + ": losses of the same bits");
      expect(same(first.gradient, r.gradient), what + ": gradient of the same bits");
      b = drawn;
    };
    for (auto [P, W] : vector<std::pair<int, int>>{{1, 1}, {1, 3}, {1, 4}, {2, 1}, {4, 1}}) {
      b.choice.P = P, b.choice.W = W, b.choice.smallLossW = W + 1;
      b.K = W == 3 ? 0 : 29 * W + P;
      compare("P " + std::to_string(P) + ", W " + std::to_string(W));
    }
    for (int W : {1, 2}) {
      b.choice.splitW = W;
      b.K = W == 1 ? 0 : 41;
      compare("blocks of W " + std::to_string(W));
    }
    for (Layout layout : {CNT, PACKED, SHIFTED}) {
      b.layout = layout;
      compare("layout " + std::to_string(layout));
    }
  }
}

void lattices() {
  sameBitsForAnyChoice();
  for (int L : {14, 15, 16, 30, 31, 32, 33, 62, 63, 64, 65, 95, 127, 128}) check(batch("around warps", L + L / 4 + 25, 1, 20, L));
  for (int L : {255, 256}) check(batch("two pairs a lane", L + 90, 1, 30, L));
  for (int L : {511, 512, 1023}) check(batch("four pairs a lane, tiles", L + L / 3 + 60, 1, 40, L));
  for (int P : {1, 2, 4}) {
    for (int W : {1, 2, 3, 4}) {
      Batch b = batch("tiles and warps", 61, 2, 9, 39 + P * 10);
      b.T = b.L * 2;
      b.choice.P = P, b.choice.W = W;
      b.layout = PACKED;
      check(b);
    }
  }
  for (int W : {1, 2, 3, 4}) {
    for (int L : {0, 20, 31, 32, 64, 70, 150}) {
      Batch b = batch("blocks", L * 2 + 21, 2, 9, L);
      b.choice.splitW = W;
      b.K = W == 2 ? 9 : 0;
      b.gradient = L != 64;
      check(b);
    }
  }
  for (int K : {1, 2, 3, 7, 10, 24, 25, 26}) {
    Batch b = batch("segments", 50, 3, 8, 12);
    b.K = K;
    b.choice.P = K % 2 + 1, b.choice.W = 1;
    b.frames = {50, 49, 20};
    check(b);
  }
  {
    Batch b = batch("segments and tiles", 160, 1, 8, 70);
    b.K = 9;
    b.choice.P = 2, b.choice.W = 1;
    check(b);
  }
}

void numbers() {
  for (double deviation : {0.01, 30.0, 1000.0}) {
    Batch b = batch("deviation", 200, 2, 12, 30);
    b.deviation = deviation;
    check(b);
    b.type = F64, b.gradientType = F64;
    check(b);
  }
  check(batch("long", 3000, 1, 10, 60));
  {
    Batch b = batch("longest", 10000, 1, 6, 20);
    b.deviation = 1000;
    check(b);
    b.gradient = false;
    check(b);
  }
  {  // certain: the target's best path has nearly all probability
    Batch b = batch("certain", 60, 2, 20, 12);
    b.frames = {60, 60};
    b.spoil = [](Batch& b) {
      for (int n = 0; n < b.N; n++) {
        for (int t = 0; t < b.T; t++) {
          const size_t i = t / 4;
          const int c = t % 4 == 1 && i < b.targets[n].size() ? b.targets[n][i] : b.blank;
          b.at(t, n, c) += 15;
        }
      }
    };
    check(b);
  }
  {  // exponents that do not fit 32 bits: labels near the limit in many frames
    Batch b = batch("wide", 60, 2, 6, 8);
    b.spoil = [](Batch& b) {
      for (int t = 0; t < b.T; t++) {
        for (int c = 0; c < b.C; c++) b.at(t, 0, c) = c == 5 ? 0 : -5e7 - c * 10 + (t * 7 + c * 3) % 5;
        for (int l : b.targets[0]) b.at(t, 0, l) -= 3;
      }
      b.targets[0] = {1, 2, 3, 1, 2, 2, 4, 1};
    };
    for (int W : {1, 2}) {
      b.choice.P = 1, b.choice.W = W;
      check(b);
    }
    b.K = 4;
    check(b);
    b.choice.splitW = 1;
    check(b);
  }
  {
    Batch b = batch("-1e30, -Infinity, NaN, +Infinity", 20, 6, 9, 4);
    b.frames = {20, 20, 20, 20, 18, 20};
    b.spoil = [](Batch& b) {
      for (int t = 0; t < b.T; t++) {
        b.at(t, 0, 1 + t % 5) = -INF;  // some symbols impossible
        b.at(t, 1, b.targets[1].empty() ? b.blank : b.targets[1][0]) = -1e30;
      }
      for (int c = 0; c < b.C; c++) b.at(7, 2, c) = -INF;
      b.at(5, 3, 2) = NAN;
      b.at(19, 4, 0) = NAN;  // unused
      b.at(3, 5, 8) = INF;
    };
    check(b);
    b.type = F16, b.spoil = [](Batch& b) {
      b.at(5, 3, 2) = NAN;
      b.at(3, 5, 8) = INF;
      for (int c = 0; c < b.C; c++) b.at(7, 2, c) = -INF;
    };
    check(b);
    b.choice.tier = "any";
    check(b);
    b.K = 3;
    check(b);
  }
  for (int flags : {int(LOG_PROBS), LOG_PROBS | SOFTMAX_TERM}) {
    Batch b = batch("log-probabilities", 30, 3, 11, 6);
    b.flags = flags;
    check(b);
  }
  {
    Batch b = batch("weights", 20, 4, 6, 4);
    b.weights = {0.5, 0, -2, 1e-3};
    b.spoil = [](Batch& b) { b.at(3, 1, 1) = NAN; };
    check(b);
    b.K = 2;
    check(b);
    b.weights.clear(), b.flags |= MEAN, b.spoil = nullptr;
    b.frames = {20, 20, 20, 15};
    check(b);
  }
  {
    Batch b = batch("bad labels", 20, 5, 6, 4);
    b.blank = 2;
    b.targets = {{1, 3, 4, 5}, {1, 6}, {-1, 1}, {1, 2}, {}};
    check(b);
    b.gradient = false;
    check(b);
  }
}

// The model is sure of the target, but not of where its symbols change: y and posterior are far from 0 and 1 in those frames, and
// all but equal. Gradients vanish with what is left for other targets, exp(-margin) a frame, down to where the oracle ends.
void nearlyCertain() {
  for (auto [T, C, L] : vector<std::array<int, 3>>{{30, 5000, 6}, {30, 40, 1}, {60, 20, 12}, {400, 30, 90}, {1500, 12, 300}}) {
    // long ones once for every way of keeping them
    const vector<double> few = {2, 8, 16, 20}, all = {2, 4, 6, 7, 8, 11, 16, 20};
    for (double margin : T < 400 ? all : few) {
      Batch b = batch("nearly certain", T, 2, C, L);
      b.frames = {T, T - T / 7};
      b.deviation = 0.5;
      b.K = margin == 8 ? 7 : margin == 16 ? T / 3 : 0;
      b.spoil = [margin](Batch& b) {
        for (int n = 0; n < b.N; n++) {
          const int S = 2 * int(b.targets[n].size()) + 1;
          for (int t = 0; t < b.frames[n]; t++) {
            // all states in turn; in the last frame of each, the next state's symbol will do, too
            const double step = double(S) / b.frames[n];
            const int state = int(t * step), next = std::min(S - 1, int((t + 1) * step));
            auto raise = [&](int s, double by) { b.at(t, n, s % 2 ? b.targets[n][s / 2] : b.blank) += by; };
            raise(state, margin);
            if (next != state) raise(next, std::max(0.0, margin - 3.5 * (t % 3)));
          }
        }
      };
      check(b);
    }
  }
}

// The model is sure of the first target, and of the second one backwards: float64 states cannot hold that, so the lattice begins anew.
void sureOfAnotherTarget() {
  for (auto [T, L] : vector<std::array<int, 2>>{{70, 8}, {300, 100}, {640, 300}}) {
    Batch b = batch("sure of another target", T, 2, 9, L);
    b.frames = {T, T};
    b.deviation = 0.5;
    b.spoil = [](Batch& b) {
      for (int n = 0; n < b.N; n++) {
        const int labels = int(b.targets[n].size()), S = 2 * labels + 1;
        for (int t = 0; t < b.T; t++) {
          const int state = t * S / b.T;
          b.at(t, n, state % 2 == 0 ? b.blank : b.targets[n][n == 0 ? state / 2 : labels - 1 - state / 2]) += 12;
        }
      }
    };
    vector<std::array<int, 2>> choices = {{2, 2}, {2, 4}, {4, 2}, {4, 3}};
    if (L < 128) choices.push_back({1, 4});
    for (int K : {0, T / 5}) {
      b.K = K;
      for (auto [P, W] : choices) {
        b.choice.P = P, b.choice.W = W, b.choice.splitW = 0;
        check(b);
      }
      b.choice.P = 0, b.choice.splitW = 1 + K % 2;
      check(b);
    }
  }
}

// Lengths that only the device knows.
void badLengths() {
  Batch b = batch("bad lengths", 10, 4, 5, 3);
  b.targets = {{1, 2}, {1, 2, 3, 4}, {1}, {2}};
  b.frames = {10, 10, 10, 10};
  b.padded = false;
  fill(b);
  const Result good = runBatch(b, 0);
  expect(good.statuses == vector<int>({0, 4, 0, 0}) && good.findings.empty(), "a target longer than L: " + good.findings);
  bool zero = true;
  for (int i = 0; i < b.T * b.C; i++) zero &= good.gradient[b.T * b.C + i] == 0;
  expect(zero && std::isnan(good.losses[1]), "bad length: gradient 0, loss NaN");
  Batch a = b;
  a.targets[1] = {1, 2, 3};
  a.frames = {10, -1, 11, 10};
  a.x = b.x;
  const Result r = runBatch(a, 0);
  expect(r.statuses == vector<int>({0, 4, 4, 0}) && r.findings.empty(), "frames out of range: " + r.findings);
}

void monteCarlo(int rounds) {
  for (int i = 0; i < rounds; i++) {
    Batch b = batch("random", 1 + below(70), 1 + below(4), 2 + below(40), below(40));
    b.blank = below(b.C);
    b.type = below(3) ? F32 : Type(below(4));
    b.gradientType = below(3) ? F32 : F64;
    b.layout = Layout(below(5));
    b.padded = below(2);
    b.gradient = below(5) > 0;
    b.K = below(2) ? 0 : 1 + below(b.T);
    if (below(4) == 0) b.weights = {1, 0, 2.5, -1}, b.weights.resize(b.N);
    b.deviation = below(3) ? 3 : 50;
    if (below(3) == 0) b.choice.P = 1 << below(3), b.choice.W = 1 + below(4), b.choice.smallLossW = 1 + below(6);
    if (below(3) == 0) b.choice.splitW = 1 + below(4);
    check(b);
  }
}

}  // namespace

// ---- planted errors: planted.cu -------------------------------------------------------------------------------------------------------------------

const emulation::Kernel* plantedKernel(const char* name);

namespace {

emulation::Findings planted(const std::string& name, int64_t argument = 0) {
  vector<int> zeros(64, 0);
  Device initialised(zeros), fresh(256);
  void* a = initialised.at;
  void* b = fresh.at;
  void* parameters[] = {&a, &b, &argument};
  return emulation::launch(*plantedKernel(name.c_str()), {2, 1, 1}, {64, 1, 1}, 256, parameters);
}

void bites(const std::string& name, const std::string& finding, int64_t argument = 0, bool misaligned = false) {
  const emulation::Findings found = planted(name, argument);
  expect(found.text.find(finding) != std::string::npos && found.misaligned == misaligned,
         name + ": expected \"" + finding + "\", got \"" + found.text + "\"");
  if (verbose) printf("       %s\n", found.text.substr(0, found.text.find('\n')).c_str());
}

// Numbers and vectors at addresses that are no multiple of their size, of half of it among others.
void misalignedAccesses() {
  const std::pair<std::string, vector<int>> offsets[] = {
      {"int16", {1}}, {"int32", {1, 2}}, {"int64", {2, 4}}, {"emission", {4}}, {"float4", {4, 8}}, {"packet", {4, 8}}};
  for (auto& [type, misalign] : offsets) {
    for (const std::string space : {"shared", "global"}) {
      for (const std::string kind : {"read", "write"}) {
        const std::string name = "planted_" + type + "_" + kind + "_" + space;
        for (int offset : {0, 16}) expect(planted(name, offset).text.empty(), name + ", aligned: " + planted(name, offset).text);
        for (int offset : misalign) {
          bites(name, kind == "write" ? "misaligned write of '" : "misaligned ", offset, true);
          bites(name, space == "shared" ? "shared memory" : "byte " + std::to_string(offset) + " of", offset, true);
          bites(name, type == "packet" ? ", at ctc.cuh:" : ", at planted.cu:", offset, true);
        }
      }
    }
  }
}

void plantedErrors() {
  for (uint64_t order : {0, 7}) {
    emulation::setSeed(order);
    expect(planted("planted_nothing").text.empty(), "a right kernel has no findings: " + planted("planted_nothing").text);
    bites("planted_shared_race", "race, ");
    bites("planted_global_race", "race, ");
    bites("planted_race_of_blocks", "race, ");
    bites("planted_race_across_shuffle", "race, ");
    bites("planted_read_past_end", "out-of-bounds read");
    bites("planted_write_before", "out-of-bounds write");
    bites("planted_uninitialised_global", "uninitialised read");
    bites("planted_uninitialised_shared", "uninitialised read");
    bites("planted_divergent_barrier", "divergent barrier");
    bites("planted_missed_barrier", "not reached by all");
    bites("planted_wrong_mask", "mask");
    bites("planted_exited_lane", "exited");
    bites("planted_endless_wait", "not reached by all");
    misalignedAccesses();
  }
  emulation::setSeed(0);
}

}  // namespace

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-v")) verbose = true;
    else random_.seed(atoll(argv[i]));
  }
  plantedErrors();
  shapes();
  badLengths();
  numbers();
  nearlyCertain();
  sureOfAnotherTarget();
  lattices();
  monteCarlo(120);
  printf("%d batches; worst loss error %.2e in %s; worst gradient error %.2e in %s\n", batches, worstLoss, worstLossIn.c_str(),
         worstGradient, worstGradientIn.c_str());
  printf(failures ? "%d FAILED\n" : "all passed\n", failures);
  return failures ? 1 : 0;
}
