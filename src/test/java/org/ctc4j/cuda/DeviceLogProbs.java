package org.ctc4j.cuda;

import java.util.Arrays;
import java.util.Random;
import org.ctc4j.CtcBatch;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;

/**
 * Log-probabilities (T, N, C), or probabilities, to be spoilt and put into device memory; the blank
 * is class 0.
 */
final class DeviceLogProbs {
  static final int FRAMES = 5;
  static final int UTTERANCES = 3;
  private static final int LABELS = 2;

  final int classes;
  final int[] inputLengths = {FRAMES, FRAMES, FRAMES};
  final int[][] targets = {{1}, {1}, {1}};
  private final ElementType type;
  private final double[] numbers;
  private boolean areProbabilities;

  /** All of a frame about as likely. */
  DeviceLogProbs(Random random, ElementType type, int classes) {
    this.type = type;
    this.classes = classes;
    numbers = new double[FRAMES * UTTERANCES * classes];
    for (int t = 0; t < FRAMES; t++) {
      for (int n = 0; n < UTTERANCES; n++) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
          double x = 0.3 * random.nextGaussian();
          numbers[index(t, n) + c] = x;
          sum += Math.exp(x);
        }
        add(t, n, -Math.log(sum));
      }
    }
  }

  private int index(int t, int n) {
    return (t * UTTERANCES + n) * classes;
  }

  /** The same as probabilities. */
  static DeviceLogProbs probabilities(Random random, ElementType type, int classes) {
    DeviceLogProbs batch = new DeviceLogProbs(random, type, classes);
    batch.areProbabilities = true;
    Arrays.setAll(batch.numbers, i -> Math.exp(batch.numbers[i]));
    return batch;
  }

  /** To the logarithms of all numbers of a frame. */
  void add(int t, int n, double nats) {
    for (int c = 0; c < classes; c++) {
      double x = numbers[index(t, n) + c];
      set(t, n, c, areProbabilities ? x * Math.exp(nats) : x + nats);
    }
  }

  void set(int t, int n, int c, double number) {
    numbers[index(t, n) + c] = number;
  }

  /** All other classes become impossible. */
  void setOnly(int t, int n, int only, double number) {
    double nothing = areProbabilities ? 0 : Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      set(t, n, c, c == only ? number : nothing);
    }
  }

  /** In host memory. */
  CtcBatch host() {
    FrameTensor tensor = FrameTensor.timeMajor(elements(), FRAMES, UTTERANCES, classes);
    return CtcBatch.of(tensor, Targets.of(targets), inputLengths);
  }

  private Elements elements() {
    Elements elements = Elements.allocate(type, numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      elements.set(i, numbers[i]);
    }
    return elements;
  }

  /** In device memory, with places for results. The context must be current. */
  Outputs outputs() {
    return new Outputs();
  }

  @Override
  public String toString() {
    return "%s, %d classes".formatted(type, classes);
  }

  final class Outputs implements AutoCloseable {
    private final DeviceArrays arrays = new DeviceArrays();
    final DeviceBatch batch;
    final DeviceResult result;
    final DevicePaths paths;

    private Outputs() {
      int[] labels = new int[UTTERANCES * LABELS];
      int[] lengths = new int[UTTERANCES];
      for (int n = 0; n < UTTERANCES; n++) {
        lengths[n] = targets[n].length;
        System.arraycopy(targets[n], 0, labels, n * LABELS, lengths[n]);
      }
      batch =
          new DeviceBatch(
              DeviceTensor.timeMajor(arrays.of(elements()), type, UTTERANCES, classes),
              FRAMES,
              UTTERANCES,
              classes,
              DeviceTargets.padded(arrays.of(labels), UTTERANCES, LABELS, arrays.of(lengths)),
              arrays.of(inputLengths));
      result =
          new DeviceResult(
                  arrays.allocate(8 * UTTERANCES), arrays.allocate(4 * UTTERANCES), 0, floats())
              .withPosteriors(floats());
      paths =
          new DevicePaths(
              arrays.allocate(4 * UTTERANCES * FRAMES),
              arrays.allocate(8 * UTTERANCES * FRAMES),
              arrays.allocate(8 * UTTERANCES),
              arrays.allocate(4 * UTTERANCES));
    }

    private DeviceTensor floats() {
      long address = arrays.allocate(4L * numbers.length);
      return DeviceTensor.timeMajor(address, ElementType.FLOAT32, UTTERANCES, classes);
    }

    double[] losses() {
      return DeviceArrays.doubles(result.losses(), UTTERANCES);
    }

    int[] statuses() {
      return DeviceArrays.ints(result.statuses(), UTTERANCES);
    }

    float[] gradient() {
      return DeviceArrays.floats(result.gradient().address(), numbers.length);
    }

    float[] posteriors() {
      return DeviceArrays.floats(result.posteriors().address(), numbers.length);
    }

    int[] states() {
      return DeviceArrays.ints(paths.states(), UTTERANCES * FRAMES);
    }

    double[] scores() {
      return DeviceArrays.doubles(paths.scores(), UTTERANCES);
    }

    int[] pathStatuses() {
      return DeviceArrays.ints(paths.statuses(), UTTERANCES);
    }

    @Override
    public void close() {
      arrays.close();
    }
  }
}
