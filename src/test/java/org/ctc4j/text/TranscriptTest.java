package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TranscriptTest {
  private static final int FRAMES = 5;

  @Test
  @DisplayName("Each text once, with the probability of all paths that say it, the likeliest first")
  void allPaths() {
    long seed = Long.getLong("ctc4j.seed", System.getenv("CI") == null ? System.nanoTime() : 5);
    Random random = new Random(seed);
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "|", "h", "i"));
    for (int i = 0; i < 20; i++) {
      double[] logProbs = new double[FRAMES * 4];
      for (int t = 0; t < FRAMES; t++) {
        double[] p = random.doubles(4, 0.01, 1).toArray();
        double sum = p[0] + p[1] + p[2] + p[3];
        for (int c = 0; c < 4; c++) {
          logProbs[4 * t + c] = Math.log(p[c] / sum);
        }
      }
      Map<String, Double> expected = new HashMap<>();
      addPaths(logProbs, new int[FRAMES], 0, 0, vocabulary, expected);
      CtcNBest nBest =
          CtcDecoder.create()
              .beamSearch(
                  FrameTensor.timeMajor(logProbs, FRAMES, 1, 4),
                  new int[] {FRAMES},
                  CtcOptions.DEFAULT.withInput(InputKind.LOG_PROBS),
                  BeamOptions.DEFAULT.withBeamWidth(5000).withNBest(5000))
              .get(0);
      List<Transcript> transcripts = vocabulary.transcripts(nBest);
      assertEquals(expected.size(), transcripts.size(), "seed " + seed);
      double before = Double.POSITIVE_INFINITY;
      for (Transcript transcript : transcripts) {
        double p = expected.remove(transcript.text());
        assertEquals(Math.log(p), transcript.logProbability(), 1e-9, "seed " + seed);
        assertEquals(transcript.logProbability(), transcript.score(), 1e-9);
        assertTrue(transcript.score() <= before);
        assertEquals(transcript.text(), vocabulary.text(transcript.best().labels()));
        assertTrue(transcript.best().logProbability() <= transcript.logProbability() + 1e-12);
        before = transcript.score();
      }
    }
  }

  private static void addPaths(
      double[] logProbs,
      int[] path,
      int t,
      double logProb,
      Vocabulary vocabulary,
      Map<String, Double> sums) {
    if (t == FRAMES) {
      int[] labels = new int[FRAMES];
      int count = 0;
      for (int s = 0; s < FRAMES; s++) {
        if (path[s] != 0 && (s == 0 || path[s] != path[s - 1])) {
          labels[count++] = path[s];
        }
      }
      String text = vocabulary.text(Arrays.copyOf(labels, count));
      sums.merge(text, Math.exp(logProb), Double::sum);
      return;
    }
    for (int c = 0; c < 4; c++) {
      path[t] = c;
      addPaths(logProbs, path, t + 1, logProb + logProbs[4 * t + c], vocabulary, sums);
    }
  }
}
