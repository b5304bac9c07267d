package org.ctc4j;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.Random;

/**
 * A random projected batch made to hurt: ragged, repeated labels, empty targets, frames just enough
 * for a path or one too few, NaN in unused and sometimes in used frames, classes that the bias
 * forbids, frames that are certain, any layout and element type, arrays, direct and split memory,
 * weights of which some are 0, any subset of the gradients.
 *
 * @param result with the memory that the gradients are to be written to, full of NaN
 */
public record HostileProjection(ProjectedBatch batch, CtcOptions options, ProjectedResult result) {
  private static final int[] DIMENSIONS = {1, 2, 3, 7, 8, 16, 33};
  private static final double[] DEVIATIONS = {0.1, 1, 3, 10, 30, 100};

  public static HostileProjection of(long seed) {
    Random random = new Random(seed);
    int utterances = 1 + random.nextInt(5);
    int dimensions = DIMENSIONS[random.nextInt(DIMENSIONS.length)];
    int classes = random.nextInt(20) == 0 ? 1 : 2 + random.nextInt(random.nextBoolean() ? 4 : 90);
    int blank = random.nextInt(classes);
    int[][] targets = new int[utterances][];
    int[] lengths = new int[utterances];
    int[] frameCounts = new int[utterances];
    int frames = 0;
    for (int n = 0; n < utterances; n++) {
      int labels = classes == 1 ? 0 : random.nextInt(12);
      targets[n] = TestBatch.randomTarget(random, labels, classes, blank);
      int least = labels + Targets.of(targets[n]).repeats(0);
      lengths[n] =
          switch (random.nextInt(6)) {
            case 0 -> least;
            case 1 -> Math.max(0, least - 1);
            default -> least + random.nextInt(40);
          };
      frameCounts[n] = lengths[n] + random.nextInt(4);
      frames = Math.max(frames, frameCounts[n]);
    }
    ElementType type = ElementType.values()[random.nextInt(2) == 0 ? random.nextInt(4) : 1];
    FrameTensor hidden = tensor(random, type, frames, frameCounts, dimensions);
    Elements weight = elements(random, type, classes * dimensions);
    Elements bias = random.nextInt(4) == 0 ? null : elements(random, type, classes);
    fill(random, hidden, lengths, weight, bias, blank);
    ProjectedBatch batch =
        ProjectedBatch.of(
            hidden, Projection.of(weight, bias, classes, dimensions), Targets.of(targets), lengths);
    Reduction reduction = Reduction.values()[random.nextInt(3)];
    if (reduction != Reduction.MEAN && random.nextInt(3) == 0) {
      batch =
          batch.withWeights(
              random.doubles(utterances).map(w -> w < 0.3 ? 0 : 3 * (w - 0.6)).toArray());
    }
    CtcOptions options =
        CtcOptions.DEFAULT
            .withBlank(blank)
            .withReduction(reduction)
            .withZeroInfinity(random.nextBoolean());
    return new HostileProjection(batch, options, result(random, batch));
  }

  private static ProjectedResult result(Random random, ProjectedBatch batch) {
    ElementType type = ElementType.values()[random.nextInt(2)];
    FrameTensor hidden = batch.hidden();
    int[] counts = new int[hidden.utterances()];
    boolean isPacked = false;
    for (int n = 0; n < counts.length; n++) {
      counts[n] = hidden.frames(n);
      isPacked |= counts[n] != hidden.frames();
    }
    FrameTensor gradient =
        isPacked
            ? FrameTensor.packed(
                elements(random, type, total(counts, hidden.classes())), counts, hidden.classes())
            : tensor(random, type, hidden.frames(), counts, hidden.classes());
    Elements weight = elements(random, type, (int) batch.projection().weight().length());
    Elements bias = elements(random, type, batch.projection().classes());
    nan(gradient.elements());
    nan(weight);
    nan(bias);
    return ProjectedResult.ofGradients(
        batch.utterances(),
        random.nextInt(5) == 0 ? null : gradient,
        random.nextInt(5) == 0 ? null : weight,
        random.nextInt(5) == 0 ? null : bias);
  }

  private static void nan(Elements elements) {
    for (long i = 0; i < elements.length(); i++) {
      elements.set(i, Double.NaN);
    }
  }

  private static void fill(
      Random random, FrameTensor hidden, int[] lengths, Elements weight, Elements bias, int blank) {
    // logits in float32 are off by their size, and what they give by as much
    boolean wide = weight.type() == ElementType.FLOAT64;
    double deviation = DEVIATIONS[random.nextInt(wide ? 6 : 3)] / Math.sqrt(hidden.classes());
    for (long i = 0; i < weight.length(); i++) {
      weight.set(i, deviation * random.nextGaussian());
    }
    int classes = (int) (weight.length() / hidden.classes());
    int certain =
        random.nextInt(4) == 0 ? random.nextBoolean() ? blank : random.nextInt(classes) : -1;
    double margin = 5 + 25 * random.nextDouble();
    for (int c = 0; bias != null && c < classes; c++) {
      boolean isForbidden = c != blank && random.nextInt(12) == 0;
      bias.set(
          c,
          c == certain
              ? margin
              : isForbidden ? Double.NEGATIVE_INFINITY : 2 * random.nextGaussian());
    }
    for (int n = 0; n < lengths.length; n++) {
      for (int t = 0; t < hidden.frames(n); t++) {
        for (int d = 0; d < hidden.classes(); d++) {
          hidden.set(t, n, d, t < lengths[n] ? random.nextGaussian() : Double.NaN);
        }
      }
      if (lengths[n] > 0 && random.nextInt(10) == 0) {
        double[] bad = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        hidden.set(
            random.nextInt(lengths[n]),
            n,
            random.nextInt(hidden.classes()),
            bad[random.nextInt(3)]);
      }
    }
  }

  private static int total(int[] counts, int width) {
    int total = 0;
    for (int count : counts) {
      total += count * width;
    }
    return total;
  }

  /** Of any layout, if all frame counts are made equal; or packed. */
  private static FrameTensor tensor(
      Random random, ElementType type, int frames, int[] counts, int width) {
    int utterances = counts.length;
    int size = frames * utterances * width;
    return switch (random.nextInt(4)) {
      case 0 -> FrameTensor.packed(elements(random, type, total(counts, width)), counts, width);
      case 1 -> FrameTensor.batchMajor(elements(random, type, size), frames, utterances, width);
      case 2 -> // dimensions outermost
          FrameTensor.strided(
              elements(random, type, size + 3),
              3,
              frames,
              utterances,
              width,
              new Strides(utterances, 1, (long) frames * utterances));
      default -> FrameTensor.timeMajor(elements(random, type, size), frames, utterances, width);
    };
  }

  /** An array, a direct buffer or two pieces in a row. */
  private static Elements elements(Random random, ElementType type, int size) {
    int kind = random.nextInt(3);
    if (kind == 1 && size > 1 && size % 2 == 0) {
      return Elements.concatenation(
          Elements.allocate(type, size / 2), Elements.allocate(type, size / 2));
    }
    if (kind == 2) {
      ByteBuffer direct = ByteBuffer.allocateDirect(8 * size).order(ByteOrder.nativeOrder());
      ShortBuffer halves = direct.asShortBuffer().limit(size);
      return switch (type) {
        case FLOAT64 -> Elements.of(direct.asDoubleBuffer().limit(size));
        case FLOAT32 -> Elements.of(direct.asFloatBuffer().limit(size));
        case FLOAT16 -> Elements.float16(halves);
        case BFLOAT16 -> Elements.bfloat16(halves);
      };
    }
    return Elements.allocate(type, size);
  }
}
