package org.ctc4j;

import java.util.Arrays;
import java.util.Objects;

/**
 * The last layer of a model: a weight (C, D) and, optionally, a bias (C) that turn hidden states of
 * D dimensions into logits of C classes,
 *
 * <pre>{@code logit(t, n, c) = Σ_d hidden(t, n, d) · weight(c, d) + bias(c)}</pre>
 *
 * <p>In host memory. A view; nothing is copied, so the numbers must not change while a call uses
 * them. They are checked when a batch is computed.
 */
public final class Projection {
  private static final int BLOCK = 1 << 12;

  private final Elements weight;
  private final Elements bias;
  private final int classes;
  private final int dimensions;

  private Projection(Elements weight, Elements bias, int classes, int dimensions) {
    this.weight = weight;
    this.bias = bias;
    this.classes = classes;
    this.dimensions = dimensions;
  }

  /**
   * @param weight (C, D) in C order: index = c * D + d
   * @param bias (C), of the weight's element type, or null for none
   * @param classes C, at least 1
   * @param dimensions D, at least 1
   * @throws InvalidInputException if sizes or element types do not agree
   */
  public static Projection of(Elements weight, Elements bias, int classes, int dimensions) {
    Objects.requireNonNull(weight, "weight");
    requireShape(classes, dimensions);
    if (weight.length() != (long) classes * dimensions) {
      throw new InvalidInputException(
          "weight: (C, D) = (%d, %d) is %d elements, got %d"
              .formatted(classes, dimensions, (long) classes * dimensions, weight.length()));
    }
    if (bias != null && bias.length() != classes) {
      throw new InvalidInputException(
          "bias: expected %d elements, one for each class, got %d"
              .formatted(classes, bias.length()));
    }
    if (bias != null && bias.type() != weight.type()) {
      throw new InvalidInputException(
          "bias: expected the weight's element type, %s, got %s"
              .formatted(weight.type(), bias.type()));
    }
    return new Projection(weight, bias, classes, dimensions);
  }

  static void requireShape(int classes, int dimensions) {
    if (classes < 1 || dimensions < 1) {
      throw new InvalidInputException(
          "weight: expected C ≥ 1 and D ≥ 1, got (C, D) = (%d, %d)".formatted(classes, dimensions));
    }
  }

  /** Refuses hidden states of D dimensions that are not those of the weight. */
  static void requireFitting(int hidden, int weight, ElementType ofHidden, ElementType ofWeight) {
    if (hidden != weight) {
      throw new InvalidInputException(
          "hidden: expected %d dimensions, as the weight (C, D) has, got %d"
              .formatted(weight, hidden));
    }
    if (ofHidden != ofWeight) {
      throw new InvalidInputException(
          "weight: expected the element type of hidden, %s, got %s".formatted(ofHidden, ofWeight));
    }
  }

  static void requireLogits(InputKind input) {
    if (input != InputKind.LOGITS) {
      throw new InvalidInputException(
          "input: a projection gives logits, expected LOGITS, got " + input);
    }
  }

  /** (C, D): index = c * D + d. */
  public Elements weight() {
    return weight;
  }

  /** (C), or null. */
  public Elements bias() {
    return bias;
  }

  /** C. */
  public int classes() {
    return classes;
  }

  /** D. */
  public int dimensions() {
    return dimensions;
  }

  /** "(C, D) = (28, 512) of FLOAT32, with bias". */
  @Override
  public String toString() {
    return "(C, D) = (%d, %d) of %s%s"
        .formatted(classes, dimensions, weight.type(), bias == null ? "" : ", with bias");
  }

  /** Refuses weights that are not finite, and a bias that is NaN or +Infinity. */
  void requireNumbers() {
    long bad = firstNot(weight, Double.NEGATIVE_INFINITY);
    if (bad >= 0) {
      throw new InvalidInputException(
          "weight: class %d has %s at dimension %d, expected a finite number"
              .formatted(bad / dimensions, weight.get(bad), bad % dimensions));
    }
    bad = bias == null ? -1 : firstNot(bias, Double.NaN);
    if (bad >= 0) {
      throw new InvalidInputException(
          "bias: class %d has %s, expected a number in [-Infinity, Infinity)"
              .formatted(bad, bias.get(bad)));
    }
  }

  /** The first element that is NaN, +Infinity or {@code refused}; −1 if there is none. */
  private static long firstNot(Elements elements, double refused) {
    float[] block = new float[BLOCK];
    for (long start = 0; start < elements.length(); start += BLOCK) {
      int count = (int) Math.min(BLOCK, elements.length() - start);
      elements.read(start, 1, block, 0, count);
      Arrays.fill(block, count, BLOCK, 0);
      if (isFinite(block)) {
        continue;
      }
      for (long i = start; i < start + count; i++) {
        double x = elements.get(i); // which may be a float64 beyond float32
        if (!(x < Double.POSITIVE_INFINITY) || x == refused) {
          return i;
        }
      }
    }
    return -1;
  }

  /** Four sums, so that none waits for each addition. */
  private static boolean isFinite(float[] block) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    for (int i = 0; i < BLOCK; i += 4) {
      sum0 += block[i] * 0; // 0, or NaN for what is not finite
      sum1 += block[i + 1] * 0;
      sum2 += block[i + 2] * 0;
      sum3 += block[i + 3] * 0;
    }
    return sum0 + sum1 + sum2 + sum3 == 0;
  }
}
