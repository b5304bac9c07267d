// flashlight/text's LexiconDecoder with KenLM, which is what torchaudio's ctc_decoder runs, on what
// `java -cp target/benchmarks.jar org.ctc4j.benchmarks.WordErrors FOLDER` writes: the best texts with
// their scores, and the processor time of a pass over all recordings, the best of seven.
//
// With the sources of flashlight/text in $FL and of KenLM in $KENLM, KenLM's objects in $OBJECTS:
//   g++ -O2 -std=c++17 -DKENLM_MAX_ORDER=6 -DHAVE_ZLIB -I$FL -I$KENLM lexicon_decoder.cpp $OBJECTS
//     $FL/flashlight/lib/text/decoder/{LexiconDecoder,Trie,Utils,lm/KenLM}.cpp
//     $FL/flashlight/lib/text/dictionary/*.cpp $FL/flashlight/lib/text/String.cpp -lz -lpthread
//   ./a.out FOLDER WEIGHT WORD_BONUS THRESHOLD
//
// The lexicon's spellings end with the space, as torchaudio's do, and so do the recordings.

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "flashlight/lib/text/decoder/LexiconDecoder.h"
#include "flashlight/lib/text/decoder/lm/KenLM.h"

using namespace fl::lib::text;

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "expected FOLDER WEIGHT WORD_BONUS THRESHOLD\n";
    return 2;
  }
  const std::string folder = argv[1];
  const int blank = 0;
  const int space = 1;
  std::ifstream in(folder + "/log-probs", std::ios::binary); // int32 and float32, little-endian
  int sizes[2]; // recordings, classes
  in.read(reinterpret_cast<char*>(sizes), sizeof(sizes));
  const int classes = sizes[1];
  std::vector<std::vector<float>> logProbs(sizes[0]);
  for (auto& frames : logProbs) {
    int count = 0;
    in.read(reinterpret_cast<char*>(&count), sizeof(count));
    frames.resize(static_cast<size_t>(count) * classes);
    in.read(reinterpret_cast<char*>(frames.data()), sizeof(float) * frames.size());
  }

  std::ifstream lines(folder + "/lexicon"); // a word, then its labels
  std::vector<std::string> words;
  std::vector<std::vector<int>> spellings;
  Dictionary dictionary;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string word;
    fields >> word;
    std::vector<int> spelling;
    for (int label; fields >> label;) {
      spelling.push_back(label);
    }
    words.push_back(word);
    spellings.push_back(spelling);
    dictionary.addEntry(word);
  }
  dictionary.addEntry("<unk>");

  auto model = std::make_shared<KenLM>(folder + "/model.arpa", dictionary);
  auto trie = std::make_shared<Trie>(classes, space);
  auto none = model->start(true);
  for (size_t i = 0; i < words.size(); i++) {
    const int word = dictionary.getIndex(words[i]);
    trie->insert(spellings[i], word, model->score(none, word).second);
  }
  trie->smear(SmearingMode::MAX);

  LexiconDecoderOptions options;
  options.beamSize = 100;
  options.beamSizeToken = classes;
  options.beamThreshold = std::stod(argv[4]);
  options.lmWeight = std::stod(argv[2]) * std::log(10.0); // its scores are log10
  options.wordScore = std::stod(argv[3]);
  options.unkScore = -INFINITY;
  options.silScore = 0;
  options.logAdd = true;
  options.criterionType = CriterionType::CTC;
  LexiconDecoder decoder(
      options, trie, model, space, blank, dictionary.getIndex("<unk>"), {}, false);

  double best = INFINITY;
  std::vector<std::string> texts(logProbs.size());
  for (int pass = 0; pass < 7; pass++) {
    const clock_t start = clock();
    for (size_t n = 0; n < logProbs.size(); n++) {
      const int frames = static_cast<int>(logProbs[n].size() / classes);
      const auto results = decoder.decode(logProbs[n].data(), frames, classes);
      texts[n].clear();
      if (!results.empty()) {
        for (int word : results[0].words) {
          texts[n] += word < 0 ? "" : dictionary.getEntry(word) + " ";
        }
        texts[n] += std::to_string(results[0].score);
      }
    }
    best = std::min(best, 1e3 * (clock() - start) / CLOCKS_PER_SEC);
  }
  for (const auto& text : texts) {
    std::cout << text << "\n";
  }
  std::cout << best << " ms\n";
}
