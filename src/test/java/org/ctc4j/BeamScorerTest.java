package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Scorers that add, take back and forbid, against all paths, and against searches without bounds.
 */
class BeamScorerTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;

  private final Random random = Seed.random(getClass());
  private final CtcDecoder decoder = CtcDecoder.create(EngineOptions.DEFAULT.withThreads(1));

  /** Numbers drawn for every state and label; the state is what the labels so far add up to. */
  private record Drawn(double[][] scores, double[] ends) implements BeamScorer<Integer> {
    private static Drawn of(Random random, int states, int classes) {
      double[][] scores = new double[states][classes];
      for (double[] row : scores) {
        Arrays.setAll(row, c -> number(random));
      }
      double[] ends = random.ints(states, 0, 1).mapToDouble(i -> number(random)).toArray();
      return new Drawn(scores, ends);
    }

    private static double number(Random random) {
      return random.nextInt(4) == 0 ? LOG_ZERO : 2 * random.nextGaussian();
    }

    @Override
    public Integer start() {
      return 0;
    }

    @Override
    public double score(Integer state, int label) {
      return scores[state][label];
    }

    @Override
    public double bound(Integer state) {
      return Arrays.stream(scores[state]).max().getAsDouble();
    }

    @Override
    public Integer next(Integer state, int label) {
      return (3 * state + label + 1) % ends.length;
    }

    @Override
    public double end(Integer state) {
      return ends[state];
    }
  }

  private FrameTensor noise(int frames, int classes, double deviation) {
    double[] numbers = new double[frames * classes];
    Arrays.setAll(numbers, i -> deviation * random.nextGaussian());
    return FrameTensor.timeMajor(numbers, frames, 1, classes);
  }

  private CtcNBest search(FrameTensor logits, BeamOptions beam, BeamScorer<?> scorer) {
    return decoder.beamSearch(logits, CtcOptions.DEFAULT, beam, scorer).get(0);
  }

  /** ln p of every output, from all paths. */
  private static Map<String, Double> outputs(FrameTensor logits) {
    Map<String, Double> outputs = new TreeMap<>();
    int frames = logits.frames();
    int classes = logits.classes();
    for (int code = 0; code < Math.pow(classes, frames); code++) {
      int[] path = new int[frames];
      double logProb = 0;
      for (int t = 0, rest = code; t < frames; t++, rest /= classes) {
        path[t] = rest % classes;
        double sum = 0;
        for (int c = 0; c < classes; c++) {
          sum += Math.exp(logits.get(t, 0, c));
        }
        logProb += logits.get(t, 0, path[t]) - Math.log(sum);
      }
      outputs.merge(Arrays.toString(BruteForce.collapse(path, 0)), Math.exp(logProb), Double::sum);
    }
    return outputs;
  }

  @Test
  @DisplayName(
      "Every output has the sum over its paths and what the scorer adds; none is forbidden")
  void enumeration() {
    for (int i = 0; i < 100; i++) {
      FrameTensor logits = noise(random.nextInt(6), 2 + random.nextInt(3), 2);
      Drawn first = Drawn.of(random, 5, logits.classes());
      Drawn second = Drawn.of(random, 4, logits.classes());
      for (BeamScorer<?> scorer : List.of(first, first.plus(second))) {
        Map<String, Double> expected = outputs(logits);
        BeamOptions all =
            BeamOptions.DEFAULT.withBeamWidth(1_000_000).withNBest(1_000_000).withTopClasses(9);
        CtcNBest got = search(logits, all, scorer);
        double best = Double.POSITIVE_INFINITY;
        for (CtcHypothesis output : got.hypotheses()) {
          int[] labels = output.labels();
          double logProb = Math.log(expected.remove(Arrays.toString(labels)));
          double added = first.total(labels) + (scorer == first ? 0 : second.total(labels));
          assertEquals(added, scorer.total(labels), 1e-12);
          assertEquals(logProb, output.logProbability(), 1e-12);
          assertEquals(added, output.added(), 1e-12);
          assertEquals(logProb + added, output.score(), 1e-12);
          assertTrue(output.score() <= best);
          best = output.score();
        }
        for (String labels : expected.keySet()) {
          int[] forbidden =
              Arrays.stream(labels.split("\\D+"))
                  .filter(label -> !label.isEmpty())
                  .mapToInt(Integer::parseInt)
                  .toArray();
          assertEquals(LOG_ZERO, scorer.total(forbidden), labels);
        }
      }
    }
  }

  @Test
  @DisplayName("A bound never changes an output, not by a bit")
  void bounds() {
    for (int i = 0; i < 300; i++) {
      FrameTensor logits = noise(random.nextInt(40), 2 + random.nextInt(12), 3);
      BeamOptions beam =
          new BeamOptions(
              1 + random.nextInt(15),
              20,
              1 + random.nextInt(14),
              random.nextBoolean() ? LOG_ZERO : -5,
              random.nextBoolean() ? Double.POSITIVE_INFINITY : 4);
      Drawn drawn = Drawn.of(random, 7, logits.classes());
      FrameTensor ofMore = noise(random.nextInt(40), 2, 3);
      HotWords hot =
          HotWords.of(List.of(new int[] {1}, new int[] {1, 1}), 2 * random.nextGaussian());
      assertSame(ofMore, beam, hot, new UnboundedScorer<>(hot));
      assertSame(logits, beam, drawn.plus(hot), new UnboundedScorer<>(drawn).plus(hot));
    }
  }

  private void assertSame(
      FrameTensor logits, BeamOptions beam, BeamScorer<?> scorer, BeamScorer<?> unbounded) {
    CtcNBest expected = search(logits, beam, unbounded);
    CtcNBest got = search(logits, beam, scorer);
    assertEquals(expected.toString(), got.toString());
    assertEquals(expected.hypotheses().size(), got.hypotheses().size());
    for (int k = 0; k < got.hypotheses().size(); k++) {
      CtcHypothesis one = expected.hypotheses().get(k);
      CtcHypothesis other = got.hypotheses().get(k);
      assertEquals(Arrays.toString(one.labels()), Arrays.toString(other.labels()));
      assertEquals(one.logProbability(), other.logProbability(), 0);
      assertEquals(one.score(), other.score(), 0);
      assertEquals(one.added(), other.added(), 0);
    }
  }

  @Test
  @DisplayName("With a bound fewer labels are asked about")
  void fewer() {
    FrameTensor logits = noise(30, 30, 4);
    int[] asked = new int[2];
    for (int i = 0; i < 2; i++) {
      boolean isBounded = i == 1;
      int at = i;
      BeamScorer<Integer> counting =
          new BeamScorer<>() {
            @Override
            public Integer start() {
              return 0;
            }

            @Override
            public double score(Integer state, int label) {
              asked[at]++;
              return -1;
            }

            @Override
            public double bound(Integer state) {
              return isBounded ? -1 : BeamScorer.super.bound(state);
            }

            @Override
            public Integer next(Integer state, int label) {
              return state;
            }
          };
      search(logits, BeamOptions.DEFAULT.withBeamWidth(10), counting);
    }
    assertTrue(3 * asked[1] < asked[0], () -> Arrays.toString(asked));
  }

  @Test
  @DisplayName("A bound that is no number, or that a label is above, is refused")
  void wrongBounds() {
    FrameTensor logits = FrameTensor.timeMajor(new double[] {0, 9, 0, 9, 0, 0}, 2, 1, 3);
    double[] bounds = {Double.NaN, 0.5};
    String[] messages = {
      "scorer: bound(state) gave NaN in utterance 0 after the labels [], expected a number",
      "scorer: score(state, 1) gave 1.0 in utterance 0 after the labels [], expected at most its"
          + " bound, 0.5"
    };
    for (int i = 0; i < bounds.length; i++) {
      double bound = bounds[i];
      BeamScorer<Integer> wrong =
          new BeamScorer<>() {
            @Override
            public Integer start() {
              return 0;
            }

            @Override
            public double score(Integer state, int label) {
              return label;
            }

            @Override
            public double bound(Integer state) {
              return bound;
            }

            @Override
            public Integer next(Integer state, int label) {
              return state;
            }
          };
      InvalidInputException e =
          assertThrows(
              InvalidInputException.class, () -> search(logits, BeamOptions.DEFAULT, wrong));
      assertEquals(messages[i], e.getMessage());
    }
  }
}
