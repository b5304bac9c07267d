package org.ctc4j.examples.ocr;

import java.util.List;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.ctc4j.text.Transcript;
import org.ctc4j.text.Vocabulary;

/**
 * What a line reads.
 *
 * @param greedy text of the most probable path
 * @param beam the most probable text that a beam search finds
 * @param probability of that text, with and without spaces at its ends
 * @param boxes of its characters, from left to right
 */
record Reading(String greedy, String beam, double probability, List<CharacterBox> boxes) {
  private static final BeamOptions BEAM = BeamOptions.DEFAULT.withNBest(20);

  /**
   * @param probabilities (T, 1, C)
   */
  static Reading of(FrameTensor probabilities, Vocabulary vocabulary, CtcOptions options) {
    CtcDecoder decoder = CtcDecoder.create();
    CtcPath greedy = decoder.greedy(probabilities, options).get(0);
    CtcNBest outputs = decoder.beamSearch(probabilities, options, BEAM).get(0);
    Transcript best = vocabulary.transcripts(outputs).get(0);
    CtcBatch batch = CtcBatch.of(probabilities, Targets.of(vocabulary.encode(best.text())));
    try (CtcAligner aligner = CtcAligner.create()) {
      CtcPath aligned = aligner.align(batch, options).get(0);
      return new Reading(
          vocabulary.text(greedy.labels()),
          best.text(),
          Math.exp(best.logProbability()),
          CharacterBox.of(aligned, vocabulary));
    }
  }
}
