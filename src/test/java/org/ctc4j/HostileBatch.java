package org.ctc4j;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.ctc4j.io.NpzWriter;

/**
 * A random batch made to hurt: ragged, repeated labels, empty targets, frames just enough for a
 * path or one too few, state counts around whole vectors, logits of deviation 0.1 to 1000, −1e30,
 * −Infinity, NaN in unused and sometimes in used frames, any strides, any element type, packed.
 *
 * @param logits of utterance n, frame t, class c, as {@code batch} holds them
 */
public record HostileBatch(CtcBatch batch, CtcOptions options, FrameTensor gradient) {
  private static final double[] DEVIATIONS = {0.1, 1, 3, 10, 100, 1000};
  private static final int[] LENGTHS = {0, 1, 2, 5, 6, 7, 8, 13, 15, 16, 17, 30, 31, 32, 33};

  public static HostileBatch of(long seed) {
    Random random = new Random(seed);
    int utterances = 1 + random.nextInt(5);
    int classes = random.nextInt(20) == 0 ? 1 : 2 + random.nextInt(random.nextBoolean() ? 4 : 70);
    int blank = random.nextInt(classes);
    int[][] targets = new int[utterances][];
    int[] lengths = new int[utterances];
    int[] frameCounts = new int[utterances];
    int frames = 0;
    for (int n = 0; n < utterances; n++) {
      int labels = classes == 1 ? 0 : LENGTHS[random.nextInt(LENGTHS.length)];
      targets[n] = labels(random, labels, classes, blank);
      int least = labels;
      for (int i = 1; i < labels; i++) {
        least += targets[n][i] == targets[n][i - 1] ? 1 : 0;
      }
      lengths[n] =
          switch (random.nextInt(6)) {
            case 0 -> least;
            case 1 -> Math.max(0, least - 1);
            case 2 -> least + 1;
            default -> least + random.nextInt(60);
          };
      frameCounts[n] = Math.max(1, lengths[n] + (random.nextBoolean() ? 0 : random.nextInt(5)));
      frames = Math.max(frames, frameCounts[n]);
    }
    ElementType type = ElementType.values()[random.nextInt(3) == 0 ? random.nextInt(4) : 1];
    FrameTensor logits = tensor(random, type, frames, frameCounts, classes, false);
    boolean logProbs = random.nextInt(4) == 0;
    fill(random, logits, lengths, logProbs, blank, targets);
    ElementType gradientType =
        random.nextInt(3) == 0 ? ElementType.values()[random.nextInt(2)] : ElementType.FLOAT32;
    FrameTensor gradient = gradientFor(random, gradientType, logits);
    CtcBatch batch = CtcBatch.of(logits, Targets.of(targets), lengths);
    Reduction reduction = Reduction.values()[random.nextInt(3)];
    if (reduction != Reduction.MEAN && random.nextInt(4) == 0) {
      batch =
          batch.withWeights(
              random.doubles(utterances).map(w -> w < 0.2 ? 0 : 3 * (w - 0.5)).toArray());
    }
    CtcOptions options =
        new CtcOptions(
            blank,
            logProbs ? InputKind.LOG_PROBS : InputKind.LOGITS,
            GradientKind.values()[random.nextInt(2)],
            reduction,
            random.nextBoolean(),
            ClassOffsets.NONE);
    return new HostileBatch(batch, options, gradient);
  }

  /** The same with the probabilities that the numbers of the used frames give, in their place. */
  public HostileBatch toProbabilities() {
    FrameTensor numbers = batch.logits();
    for (int n = 0; n < batch.utterances(); n++) {
      for (int t = 0; t < batch.inputLength(n); t++) {
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        for (int c = 0; c < numbers.classes(); c++) {
          max = Math.max(max, numbers.get(t, n, c)); // NaN if one is
        }
        for (int c = 0; c < numbers.classes(); c++) {
          sum += Math.exp(numbers.get(t, n, c) - max);
        }
        boolean none = max == Double.NEGATIVE_INFINITY;
        for (int c = 0; c < numbers.classes() && max < Double.POSITIVE_INFINITY; c++) {
          numbers.set(t, n, c, none ? 0 : Math.exp(numbers.get(t, n, c) - max) / sum);
        }
      }
    }
    return new HostileBatch(batch, options.withInput(InputKind.PROBABILITIES), gradient);
  }

  /**
   * Writes the numbers as they are, as float64 (T, N, C), and returns the command that compares the
   * backends on them. Weights, layout and element type are not part of the file.
   */
  public String write(Path file) throws IOException {
    FrameTensor logits = batch.logits();
    int utterances = batch.utterances();
    int width = batch.targets().maxLength();
    double[] values = new double[logits.frames() * utterances * logits.classes()];
    int[] labels = new int[utterances * width];
    int[] inputLengths = new int[utterances];
    int[] targetLengths = new int[utterances];
    FrameTensor dense =
        FrameTensor.timeMajor(values, logits.frames(), utterances, logits.classes());
    for (int n = 0; n < utterances; n++) {
      inputLengths[n] = batch.inputLength(n);
      targetLengths[n] = batch.targets().length(n);
      for (int i = 0; i < targetLengths[n]; i++) {
        labels[n * width + i] = batch.targets().label(n, i);
      }
      for (int t = 0; t < inputLengths[n]; t++) {
        for (int c = 0; c < logits.classes(); c++) {
          dense.set(t, n, c, logits.get(t, n, c));
        }
      }
    }
    try (NpzWriter npz = NpzWriter.open(file)) {
      npz.addDoubles("logits", new long[] {logits.frames(), utterances, logits.classes()}, values);
      npz.addInts("targets", new long[] {utterances, width}, labels);
      npz.addInts("input_lengths", new long[] {utterances}, inputLengths);
      npz.addInts("target_lengths", new long[] {utterances}, targetLengths);
      npz.commit();
    }
    return "scripts/ctc compare %s --blank %d --input %s --grad-wrt %s --reduction %s%s"
        .formatted(
            file,
            options.blank(),
            options.input().name().toLowerCase(Locale.ROOT),
            options.gradientKind().name().toLowerCase(Locale.ROOT),
            options.reduction().name().toLowerCase(Locale.ROOT),
            options.zeroInfinity() ? " --zero-infinity" : "");
  }

  private static int[] labels(Random random, int length, int classes, int blank) {
    int[] labels = new int[length];
    boolean repeats = random.nextBoolean();
    for (int i = 0; i < length; i++) {
      labels[i] =
          repeats && i > 0 && random.nextInt(3) == 0
              ? labels[i - 1]
              : (blank + 1 + random.nextInt(classes - 1)) % classes;
    }
    return labels;
  }

  private static void fill(
      Random random,
      FrameTensor logits,
      int[] lengths,
      boolean logProbs,
      int blank,
      int[][] targets) {
    double[] row = new double[logits.classes()];
    for (int n = 0; n < lengths.length; n++) {
      double deviation = DEVIATIONS[random.nextInt(DEVIATIONS.length)];
      double shift = random.nextInt(4) == 0 ? 50 * random.nextGaussian() : 0;
      double low = random.nextInt(4) == 0 ? -1e30 : Double.NEGATIVE_INFINITY;
      double lowShare = random.nextInt(3) == 0 ? 0.05 : 0;
      boolean follows = random.nextInt(3) == 0; // a model that knows the answer
      for (int t = 0; t < logits.frames(n); t++) {
        for (int c = 0; c < row.length; c++) {
          row[c] = random.nextDouble() < lowShare ? low : shift + deviation * random.nextGaussian();
        }
        if (follows && lengths[n] > 0) {
          int i = (int) ((long) t * targets[n].length / lengths[n]);
          int c =
              targets[n].length == 0 || t % 2 == 1
                  ? blank
                  : targets[n][Math.min(i, targets[n].length - 1)];
          row[c] = shift + 4 * deviation;
        }
        if (logProbs) {
          double max = Arrays.stream(row).max().getAsDouble();
          double sum = Arrays.stream(row).map(x -> Math.exp(x - max)).sum();
          for (int c = 0; c < row.length && max > Double.NEGATIVE_INFINITY; c++) {
            row[c] = row[c] - max - Math.log(sum); // max may dwarf the logarithm
          }
        }
        for (int c = 0; c < row.length; c++) {
          logits.set(t, n, c, t < lengths[n] ? row[c] : Double.NaN);
        }
      }
      if (lengths[n] > 0 && random.nextInt(12) == 0) {
        logits.set(
            random.nextInt(lengths[n]),
            n,
            random.nextInt(row.length),
            random.nextBoolean() ? Double.NaN : Double.POSITIVE_INFINITY);
      }
    }
  }

  private static FrameTensor gradientFor(Random random, ElementType type, FrameTensor logits) {
    int[] counts = new int[logits.utterances()];
    boolean same = true;
    for (int n = 0; n < counts.length; n++) {
      counts[n] = logits.frames(n);
      same &= counts[n] == logits.frames();
    }
    return tensor(random, type, logits.frames(), counts, logits.classes(), !same);
  }

  /** Of any layout, if all frame counts are made equal; packed where they must differ. */
  private static FrameTensor tensor(
      Random random,
      ElementType type,
      int frames,
      int[] frameCounts,
      int classes,
      boolean mustPack) {
    int utterances = frameCounts.length;
    if (mustPack || random.nextInt(4) == 0) {
      int total = Arrays.stream(frameCounts).sum() * classes;
      return FrameTensor.packed(elements(random, type, total), frameCounts, classes);
    }
    int size = frames * utterances * classes;
    return switch (random.nextInt(4)) {
      case 0 -> FrameTensor.batchMajor(elements(random, type, size), frames, utterances, classes);
      case 1 -> // classes outermost
          FrameTensor.strided(
              elements(random, type, size + 3),
              3,
              frames,
              utterances,
              classes,
              new Strides(utterances, 1, (long) frames * utterances));
      case 2 -> // padded rows
          FrameTensor.strided(
              elements(random, type, frames * utterances * (classes + 3) + 1),
              1,
              frames,
              utterances,
              classes,
              new Strides((long) utterances * (classes + 3), classes + 3, 1));
      default -> FrameTensor.timeMajor(elements(random, type, size), frames, utterances, classes);
    };
  }

  private static Elements elements(Random random, ElementType type, int size) {
    ByteBuffer direct = ByteBuffer.allocateDirect(8 * size).order(ByteOrder.nativeOrder());
    int kind = random.nextInt(3);
    if (kind == 2 && size > 1 && size % 2 == 0) {
      return Elements.concatenation(
          elements(random, type, size / 2), elements(random, type, size / 2));
    }
    return switch (type) {
      case FLOAT32 ->
          kind == 0
              ? Elements.of(direct.asFloatBuffer().limit(size))
              : Elements.of(new float[size]);
      case FLOAT64 ->
          kind == 0
              ? Elements.of(direct.asDoubleBuffer().limit(size))
              : Elements.of(new double[size]);
      case FLOAT16 ->
          Elements.float16(
              kind == 0 ? direct.asShortBuffer().limit(size) : ShortBuffer.allocate(size));
      case BFLOAT16 ->
          Elements.bfloat16(
              kind == 0 ? direct.asShortBuffer().limit(size) : ShortBuffer.allocate(size));
    };
  }
}
