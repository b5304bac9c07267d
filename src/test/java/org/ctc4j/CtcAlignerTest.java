package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The contract on the host's processors, what is special of them, and the choice of a backend. */
@DisplayName("CPU: alignment")
class CtcAlignerTest extends AlignerContract {
  @Override
  protected CtcAligner aligner(EngineOptions options) {
    CtcAligner aligner = CtcAligner.create(Backend.CPU, options);
    assertEquals(Backend.CPU, aligner.backend());
    return aligner;
  }

  private static int[] symbols(CtcPath path) {
    int[] symbols = new int[path.frames()];
    Arrays.setAll(symbols, path::symbol);
    return symbols;
  }

  @Test
  void theReferenceDoesNotAlign() {
    BackendUnavailableException e =
        assertThrows(BackendUnavailableException.class, () -> CtcAligner.create(Backend.REFERENCE));
    assertTrue(e.getMessage().contains("expected cuda or cpu"), e::getMessage);
  }

  @Test
  @DisplayName("Targets about as long as a tile, two or three, in as few frames as there can be")
  void tiles() {
    for (int tiles = 1; tiles <= 3; tiles++) {
      for (int more = -3; more <= 2; more++) {
        int labels = 512 * tiles + more;
        int[] target = TestBatch.randomTarget(random, labels, 6, 0);
        int frames = labels + repeats(target) + random.nextInt(random.nextBoolean() ? 3 : 400);
        TestBatch batch =
            integers(
                new TestBatch(
                    new double[1][frames][6], new int[][] {target}, new int[] {frames}, 6, 0));
        double[][] scores = batch.logits()[0];
        assertPath(bestByTable(scores, target, 0), scores, target, alignScores(batch));
      }
    }
  }

  @Test
  @DisplayName("A path that begins as late as it can, wherever a tile and some frames begin")
  void lateBegin() {
    int[] target = IntStream.range(0, 600).map(i -> 1 + i % 2).toArray();
    for (int late = 0; late <= 40; late++) {
      double[][] scores = new double[target.length + late][3];
      for (int t = 0; t < scores.length; t++) {
        int symbol = t < late ? 0 : target[t - late];
        Arrays.setAll(scores[t], c -> c == symbol ? -1 : -2 - random.nextInt(2));
      }
      TestBatch batch =
          new TestBatch(
              new double[][][] {scores}, new int[][] {target}, new int[] {scores.length}, 3, 0);
      assertPath(bestByTable(scores, target, 0), scores, target, alignScores(batch));
    }
  }

  private static int repeats(int[] target) {
    return (int) IntStream.range(1, target.length).filter(i -> target[i] == target[i - 1]).count();
  }

  /**
   * The first call begins in the interpreter and goes on in code compiled in its middle, the later
   * ones run in other code. How long each takes: AlignBenchmark in benchmarks/.
   */
  @Test
  void theTenthCallFindsThePathOfTheFirst() {
    // not Seed: what varies is the code the JIT compiler makes
    Random random = new Random(2);
    int frames = 6000;
    int labels = 1500;
    float[] logits = new float[frames * 8];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Math.round(2 * random.nextGaussian()); // many ties
    }
    int[] target = TestBatch.randomTarget(random, labels, 8, 0);
    CtcBatch batch = CtcBatch.of(FrameTensor.timeMajor(logits, frames, 1, 8), Targets.of(target));
    CtcPath first = null;
    for (int call = 1; call <= 10; call++) {
      CtcPath path = CtcAligner.create(Backend.CPU).align(batch, CtcOptions.DEFAULT).get(0);
      first = first == null ? path : first;
      assertEquals(CtcStatus.OK, path.status());
      assertArrayEquals(symbols(first), symbols(path), "call " + call);
      assertEquals(first.spans(), path.spans(), "call " + call);
      assertEquals(first.logProbability(), path.logProbability(), "call " + call);
    }
  }

  /** In a JVM of its own, whose heap holds a fraction of what a table of states would take. */
  @Tag("long")
  @Test
  void halfAnHourOfSpeechInAQuarterOfAGigabyte() throws Exception {
    Process child =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                LongAlignment.class.getName(),
                "90000",
                "15000")
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes());
    assertEquals(0, child.waitFor(), output);
    assertTrue(output.contains("aligned"), output);
  }

  /** Aligns what was made to be found: a planted path, whose symbols stand out of the noise. */
  static final class LongAlignment {
    private LongAlignment() {}

    public static void main(String[] args) {
      int frames = Integer.parseInt(args[0]);
      int labels = Integer.parseInt(args[1]);
      int classes = 32;
      // not Seed: a JVM of its own, and a path so sure that any noise will do
      Random random = new Random(1);
      int[] target = new int[labels];
      int[] planted = new int[frames];
      for (int i = 0; i < labels; i++) {
        target[i] =
            1 + (i == 0 ? 0 : (target[i - 1] + random.nextInt(classes - 2)) % (classes - 1));
      }
      for (int t = 0; t < frames; t++) {
        long position = (long) t * labels / frames; // some frames a label, the last one blank
        boolean ends = t + 1 < frames && (t + 1L) * labels / frames > position;
        planted[t] = ends ? 0 : target[(int) position];
      }
      float[] logits = new float[frames * classes];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) random.nextGaussian();
      }
      for (int t = 0; t < frames; t++) {
        logits[t * classes + planted[t]] += 20;
      }
      long start = System.nanoTime();
      CtcPath path =
          CtcAligner.create(Backend.CPU)
              .align(
                  CtcBatch.of(
                      FrameTensor.timeMajor(logits, frames, 1, classes), Targets.of(target)),
                  CtcOptions.DEFAULT)
              .get(0);
      if (!Arrays.equals(planted, symbols(path)) || !Arrays.equals(target, path.labels())) {
        throw new AssertionError("the planted path was not found: " + path.status());
      }
      System.out.printf("aligned in %.1f s%n", (System.nanoTime() - start) / 1e9);
    }
  }
}
