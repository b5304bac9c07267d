// The most probable path of a CTC target, as a plain loop that g++ makes vectors of: what
// CtcAligner is measured beside. In float64, blanks and labels apart, with a table of moves, a byte
// for each blank and label of every frame, and one pass over them.
//
//   g++ -O3 -march=native viterbi.cpp -o viterbi
//   viterbi FILE     little-endian: int32 T, C, L; int32 labels (L); float32 logits (T, C)
//
// The blank is class 0. For each line of standard input it aligns once, and prints milliseconds of
// processor time and what its path adds up to: Σ (t + 1) · state(t), modulo 2^64.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

namespace {

constexpr double kLogZero = -std::numeric_limits<double>::infinity();

struct Utterance {
  int frames;
  int classes;
  int labels;
  std::vector<int32_t> target;
  std::vector<float> logits;
};

struct Row {
  std::vector<double> blanks;  // of the blank before label i, and of the last
  std::vector<double> labels;  // labels[i + 1] of label i
};

bool read(const char* name, Utterance& utterance) {
  FILE* file = std::fopen(name, "rb");
  int32_t sizes[3];
  if (file == nullptr || std::fread(sizes, sizeof sizes, 1, file) != 1) return false;
  utterance.frames = sizes[0];
  utterance.classes = sizes[1];
  utterance.labels = sizes[2];
  utterance.target.resize(sizes[2]);
  utterance.logits.resize(static_cast<size_t>(sizes[0]) * sizes[1]);
  size_t count = std::fread(utterance.target.data(), 4, utterance.target.size(), file) +
                 std::fread(utterance.logits.data(), 4, utterance.logits.size(), file);
  std::fclose(file);
  return count == utterance.target.size() + utterance.logits.size();
}

// Frame after frame: blanks and labels i in [from, to).
void step(const double* __restrict oldBlanks, const double* __restrict oldLabels,
          const double* __restrict skip, const double* __restrict scores, double blank, int from,
          int to, int labelTo, double* __restrict newBlanks, double* __restrict newLabels,
          uint8_t* __restrict moves) {
  for (int i = from; i < to; i++) {
    newBlanks[i] = std::max(oldBlanks[i], oldLabels[i]) + blank;
    moves[i] = oldLabels[i] > oldBlanks[i];
  }
  for (int i = from; i < labelTo; i++) {
    double stay = std::max(oldLabels[i + 1], oldBlanks[i]);
    double skipped = oldLabels[i] + skip[i];
    newLabels[i + 1] = std::max(stay, skipped) + scores[i];
    uint8_t one = oldBlanks[i] > oldLabels[i + 1];
    uint8_t two = skipped > stay;
    moves[i] |= one << 1 | two << 2;
  }
}

uint64_t align(const Utterance& utterance) {
  const int frames = utterance.frames;
  const int length = utterance.labels;
  const size_t width = static_cast<size_t>(length) + 1;
  std::vector<double> skip(length, kLogZero);
  for (int i = 1; i < length; i++) {
    if (utterance.target[i] != utterance.target[i - 1]) skip[i] = 0;
  }
  Row before{std::vector<double>(width, kLogZero), std::vector<double>(width, kLogZero)};
  Row row = before;
  before.blanks[0] = 0;
  std::vector<double> scores(length);
  uint8_t* moves = new uint8_t[frames * width];  // not touched before it is written
  for (int t = 0; t < frames; t++) {
    const float* logits = &utterance.logits[static_cast<size_t>(t) * utterance.classes];
    double most = *std::max_element(logits, logits + utterance.classes);
    int from = std::max(0, length - frames + t);
    int to = std::min(t, length) + 1;
    int labelTo = std::min(to, length);
    for (int i = from; i < labelTo; i++) scores[i] = logits[utterance.target[i]] - most;
    step(before.blanks.data(), before.labels.data(), skip.data(), scores.data(), logits[0] - most,
         from, to, labelTo, row.blanks.data(), row.labels.data(), moves + t * width);
    std::swap(before, row);
  }
  int state = 2 * length - (before.labels[length] > before.blanks[length]);
  uint64_t sum = 0;
  for (int t = frames - 1; t >= 0; t--) {
    sum += static_cast<uint64_t>(t + 1) * state;
    uint8_t move = moves[t * width + state / 2];
    state -= state % 2 == 0 ? move & 1 : move > 3 ? 2 : move >> 1;
  }
  delete[] moves;
  return sum;
}

double milliseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e3 * time.tv_sec + 1e-6 * time.tv_nsec;
}

}  // namespace

int main(int count, char** arguments) {
  Utterance utterance;
  if (count != 2 || !read(arguments[1], utterance)) {
    std::fprintf(stderr, "usage: viterbi FILE, of T, C, L, labels and logits\n");
    return 2;
  }
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c != '\n') continue;
    double start = milliseconds();
    uint64_t sum = align(utterance);
    std::printf("%.3f %llu\n", milliseconds() - start, static_cast<unsigned long long>(sum));
    std::fflush(stdout);
  }
}
