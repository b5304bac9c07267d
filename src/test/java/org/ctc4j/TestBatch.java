package org.ctc4j;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A batch in plain arrays, from which a {@link CtcBatch} of any layout is made, and which can be
 * asked for its parts: {@code logits[n][t][c]}, {@code targets[n][i]}, {@code inputLengths[n]}.
 */
public record TestBatch(
    double[][][] logits, int[][] targets, int[] inputLengths, int classes, int blank) {

  /** A ragged batch; some targets are forced to repeat labels, some are empty, some cannot fit. */
  public static TestBatch random(
      Random random, int maxFrames, int utterances, int classes, int maxLabels, double deviation) {
    int blank = random.nextInt(classes);
    double[][][] logits = new double[utterances][][];
    int[][] targets = new int[utterances][];
    int[] inputLengths = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      inputLengths[n] = n == 0 ? maxFrames : random.nextInt(maxFrames + 1);
      logits[n] = new double[maxFrames][classes];
      for (double[] row : logits[n]) {
        for (int c = 0; c < classes; c++) {
          row[c] = (float) (deviation * random.nextGaussian());
        }
      }
      int most = classes == 1 ? 0 : maxLabels;
      targets[n] = randomTarget(random, random.nextInt(most + 1), classes, blank);
    }
    return new TestBatch(logits, targets, inputLengths, classes, blank);
  }

  /** The utterances of batches with the same classes and blank; 0 where one has no such frame. */
  public static TestBatch together(List<TestBatch> batches) {
    int frames = batches.stream().mapToInt(TestBatch::frames).max().orElseThrow();
    int classes = batches.get(0).classes();
    double[][][] logits =
        batches.stream()
            .flatMap(batch -> Arrays.stream(batch.logits()))
            .map(rows -> withFrames(rows, frames, classes))
            .toArray(double[][][]::new);
    int[][] targets =
        batches.stream().flatMap(batch -> Arrays.stream(batch.targets())).toArray(int[][]::new);
    int[] lengths =
        batches.stream().flatMapToInt(batch -> Arrays.stream(batch.inputLengths())).toArray();
    return new TestBatch(logits, targets, lengths, classes, batches.get(0).blank());
  }

  private static double[][] withFrames(double[][] rows, int frames, int classes) {
    double[][] longer = Arrays.copyOf(rows, frames);
    for (int t = rows.length; t < frames; t++) {
      longer[t] = new double[classes];
    }
    return longer;
  }

  /** Labels other than the blank; every third equals the one before it. */
  public static int[] randomTarget(Random random, int length, int classes, int blank) {
    int[] target = new int[length];
    for (int i = 0; i < length; i++) {
      if (i > 0 && random.nextInt(3) == 0) {
        target[i] = target[i - 1];
      } else {
        target[i] = (blank + 1 + random.nextInt(classes - 1)) % classes;
      }
    }
    return target;
  }

  public int utterances() {
    return logits.length;
  }

  public int frames() {
    return logits.length == 0 ? 0 : logits[0].length;
  }

  public CtcOptions options() {
    return CtcOptions.DEFAULT.withBlank(blank);
  }

  /** float32, time-major. */
  public CtcBatch batch() {
    return batch(timeMajor());
  }

  /** These targets and input lengths with logits of the caller's. */
  public CtcBatch batch(FrameTensor tensor) {
    return CtcBatch.of(tensor, Targets.of(targets), inputLengths);
  }

  public FrameTensor timeMajor() {
    int frames = frames();
    int utterances = utterances();
    return fill(
        FrameTensor.timeMajor(
            new float[frames * utterances * classes], frames, utterances, classes));
  }

  /** Copies the logits into {@code tensor}, as far as it has frames. */
  public FrameTensor fill(FrameTensor tensor) {
    for (int n = 0; n < utterances(); n++) {
      for (int t = 0; t < tensor.frames(n); t++) {
        for (int c = 0; c < classes; c++) {
          tensor.set(t, n, c, logits[n][t][c]);
        }
      }
    }
    return tensor;
  }

  /** With no frame unused. */
  public TestBatch withAllFrames() {
    int[] all = new int[utterances()];
    Arrays.fill(all, frames());
    return new TestBatch(logits, targets, all, classes, blank);
  }

  /** Utterance n as a batch of its own, cut to its input length. */
  public TestBatch alone(int n) {
    double[][] used = Arrays.copyOf(logits[n], inputLengths[n]);
    return new TestBatch(
        new double[][][] {used},
        new int[][] {targets[n]},
        new int[] {inputLengths[n]},
        classes,
        blank);
  }

  /** Utterance {@code order[n]} at place n. */
  public TestBatch permuted(int... order) {
    double[][][] l = new double[order.length][][];
    int[][] t = new int[order.length][];
    int[] i = new int[order.length];
    for (int n = 0; n < order.length; n++) {
      l[n] = logits[order[n]];
      t[n] = targets[order[n]];
      i[n] = inputLengths[order[n]];
    }
    return new TestBatch(l, t, i, classes, blank);
  }
}
