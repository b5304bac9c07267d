package org.ctc4j.bench;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.ctc4j.CtcBatch;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;

/**
 * A random batch of a given shape, in plain arrays, so that every implementation can be given the
 * same numbers. The blank is class 0; every target fits into its frames.
 *
 * @param shape its sizes
 * @param logits (T, N, C) in C order: index = (t * N + n) * C + c; frames that an utterance does
 *     not use hold numbers like the others
 * @param targets N arrays of labels, some of which repeat the one before them
 * @param inputLengths the number of frames that each utterance uses
 */
public record Workload(Shape shape, float[] logits, int[][] targets, int[] inputLengths) {
  /** The class that is the blank. */
  public static final int BLANK = 0;

  /** By how much {@link #peaked} raises the logits of a path. */
  public static final int MARGIN = 20;

  /** One label in so many repeats the one before it. */
  private static final int LABELS_PER_REPEAT = 16;

  /** Standard normal logits from a fixed seed: the numbers that are timed. */
  public static Workload of(Shape shape) {
    return random(shape, 1, 1);
  }

  /** The same arguments give the same numbers. */
  public static Workload random(Shape shape, double deviation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] inputLengths = new int[shape.utterances()];
    int[][] targets = new int[shape.utterances()][];
    for (int n = 0; n < targets.length; n++) {
      boolean full = !shape.ragged() || n == 0;
      inputLengths[n] = full ? shape.frames() : fromHalf(shape.frames(), random);
      int length = full ? shape.labels() : fromHalf(shape.labels(), random);
      targets[n] = target(length, inputLengths[n] - length, shape.classes(), random);
    }
    int frames = Math.multiplyExact(shape.frames(), shape.utterances());
    float[] logits = new float[Math.multiplyExact(frames, shape.classes())];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (deviation * random.nextGaussian());
    }
    return new Workload(shape, logits, targets, inputLengths);
  }

  /**
   * The numbers of {@link #of} with the classes of one path to each target raised by {@link
   * #MARGIN}, as of a model that is sure: its losses are small.
   */
  public static Workload peaked(Shape shape) {
    Workload workload = of(shape);
    for (int n = 0; n < shape.utterances(); n++) {
      int[] path = path(workload.targets[n], workload.inputLengths[n]);
      for (int t = 0; t < path.length; t++) {
        int frame = Math.multiplyExact(Math.addExact(t * shape.utterances(), n), shape.classes());
        workload.logits[frame + path[t]] += MARGIN;
      }
    }
    return workload;
  }

  /**
   * A path of so many frames to a target, which fits: each label in one frame, evenly spread with
   * blanks between, or, where there is no room for that, one after the other.
   */
  static int[] path(int[] target, int frames) {
    int[] path = new int[frames]; // of blanks
    int next = 0; // the first frame that is free
    for (int i = 0; i < target.length; i++) {
      if (frames > 2 * target.length) {
        next = Math.toIntExact((2L * i + 1) * frames / (2L * target.length));
      } else if (i > 0 && target[i] == target[i - 1]) {
        next++;
      }
      path[next++] = target[i];
    }
    return path;
  }

  private static int fromHalf(int most, SplittableRandom random) {
    return random.nextInt(most / 2, most + 1);
  }

  /**
   * @param spareFrames how many repeats fit: each needs a frame of blank before it
   */
  private static int[] target(int length, int spareFrames, int classes, SplittableRandom random) {
    int[] target = new int[length];
    for (int i = 0; i < length; i++) {
      if (i == 0) {
        target[i] = random.nextInt(1, classes);
      } else if (spareFrames > 0 && random.nextInt(LABELS_PER_REPEAT) == 0) {
        target[i] = target[i - 1];
        spareFrames--;
      } else {
        int step = random.nextInt(1, classes - 1);
        target[i] = 1 + (target[i - 1] - 1 + step) % (classes - 1);
      }
    }
    return target;
  }

  /** A view for ctc4j. */
  public CtcBatch batch() {
    return CtcBatch.of(tensor(logits), Targets.of(targets), inputLengths);
  }

  /** The numbers as a tensor of the shape and layout of the logits. */
  public FrameTensor tensor(float[] numbers) {
    return FrameTensor.timeMajor(numbers, shape.frames(), shape.utterances(), shape.classes());
  }

  /** All L<sub>n</sub>. */
  public int[] targetLengths() {
    return Arrays.stream(targets).mapToInt(target -> target.length).toArray();
  }

  /** (N, max L), filled up with zeros. */
  public int[] paddedTargets() {
    int width = shape.labels();
    int[] padded = new int[targets.length * width];
    for (int n = 0; n < targets.length; n++) {
      System.arraycopy(targets[n], 0, padded, n * width, targets[n].length);
    }
    return padded;
  }
}
