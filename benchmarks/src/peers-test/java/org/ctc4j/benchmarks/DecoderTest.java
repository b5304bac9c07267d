package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is timed side by side decodes to the same. */
class DecoderTest {
  private static final CtcDecoder OURS = CtcDecoder.create();

  /**
   * TensorFlow computes in float32, and of the same output its beam counts a few paths more, so
   * that of outputs that are nearly as probable it may prefer another. What both say of an output
   * they agree on lies under its exact probability.
   */
  @ParameterizedTest
  @CsvSource({"warp-en-16, 10", "warp-en-16, 100", "chars, 100", "200x4x300x20, 20"})
  void peakedLogitsGiveTheSameOutputs(String shape, int beamWidth) {
    Workload workload = DecodeState.workload(Shape.of(shape), true);
    FrameTensor logits = workload.tensor(workload.logits());
    try (TensorFlowDecoder theirs = new TensorFlowDecoder(workload, beamWidth);
        Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      theirs.beam();
      int[][] labels = theirs.labels();
      List<CtcNBest> nBest = beamSearch(workload, logits, beamWidth);
      CtcBatch scored = CtcBatch.of(logits, Targets.of(labels), workload.inputLengths());
      CtcResult exact = ctc.loss(scored, CtcOptions.DEFAULT);
      int same = 0;
      for (int n = 0; n < labels.length; n++) {
        CtcHypothesis best = nBest.get(n).best();
        if (Arrays.equals(best.labels(), labels[n])) {
          same++;
          double logProb = theirs.logProbability(n);
          assertTrue(logProb > best.logProbability() - 0.01, "utterance " + n);
          assertTrue(logProb < 0.001 - exact.loss(n), "utterance " + n);
        }
      }
      assertTrue(same >= 0.9 * labels.length, same + " of " + labels.length);
    }
  }

  @Test
  void greedyPathsAreTheSame() {
    for (boolean peaked : new boolean[] {true, false}) {
      Workload workload = DecodeState.workload(Shape.of("warp-en-16"), peaked);
      FrameTensor logits = workload.tensor(workload.logits());
      try (TensorFlowDecoder theirs = new TensorFlowDecoder(workload, 1)) {
        theirs.greedy();
        int[][] labels = theirs.labels();
        List<CtcPath> paths = OURS.greedy(logits, workload.inputLengths(), CtcOptions.DEFAULT);
        for (int n = 0; n < labels.length; n++) {
          assertArrayEquals(paths.get(n).labels(), labels[n], "utterance " + n);
        }
      }
    }
  }

  private static List<CtcNBest> beamSearch(Workload workload, FrameTensor logits, int beamWidth) {
    BeamOptions beam =
        BeamOptions.DEFAULT.withBeamWidth(beamWidth).withTopClasses(logits.classes());
    return OURS.beamSearch(logits, workload.inputLengths(), CtcOptions.DEFAULT, beam);
  }
}
