package org.ctc4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One utterance of {@code certain/cases.json}: its logits by the formula that {@code make_cases.py}
 * has, its loss and gradient as computed there, in 420 digits.
 *
 * @param unit what all logits are multiples of
 * @param gradient of some entries, the largest among them
 */
public record NearlyCertainCase(
    int frames,
    int classes,
    int blank,
    int[] target,
    boolean soft,
    double margin,
    double unit,
    double loss,
    double gradientNorm,
    List<Entry> gradient) {

  /** Of the gradient with respect to the logits. */
  public record Entry(int t, int c, double value) {}

  private static final List<NearlyCertainCase> ALL = read();

  /** The same ones each time. */
  static List<NearlyCertainCase> all() {
    return ALL;
  }

  private static List<NearlyCertainCase> read() {
    try (InputStream in =
        NearlyCertainCase.class.getResourceAsStream("/org/ctc4j/certain/cases.json")) {
      List<NearlyCertainCase> cases = new ArrayList<>();
      new ObjectMapper().readTree(in).forEach(node -> cases.add(of(node)));
      return List.copyOf(cases);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NearlyCertainCase of(JsonNode node) {
    int[] target = new int[node.get("target").size()];
    for (int i = 0; i < target.length; i++) {
      target[i] = node.get("target").get(i).asInt();
    }
    List<Entry> gradient = new ArrayList<>();
    for (JsonNode entry : node.get("gradient")) {
      gradient.add(
          new Entry(
              entry.get(0).asInt(),
              entry.get(1).asInt(),
              Double.parseDouble(entry.get(2).asText())));
    }
    return new NearlyCertainCase(
        node.get("frames").asInt(),
        node.get("classes").asInt(),
        node.get("blank").asInt(),
        target,
        node.get("soft").asBoolean(),
        node.get("margin").asDouble(),
        node.get("unit").asDouble(),
        Double.parseDouble(node.get("loss").asText()),
        Double.parseDouble(node.get("gradientNorm").asText()),
        gradient);
  }

  private int state(int t) {
    return frames == 2 ? 1 : t * (2 * target.length + 1) / frames;
  }

  private int symbol(int state) {
    return state % 2 == 0 ? blank : target[state / 2];
  }

  /** (T, C). */
  double[][] logits() {
    double[][] x = new double[frames][classes];
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < classes; c++) {
        x[t][c] = ((7 * t + 3 * c + t * c) % 5 - 2) * unit;
      }
      x[t][symbol(state(t))] += margin;
      if (soft && t + 1 < frames && state(t + 1) != state(t)) {
        x[t][symbol(state(t + 1))] += Math.max(0, margin - 7 * unit * (t % 3));
      }
    }
    return x;
  }

  /** ln p of all classes, each as exact as float64 has it. */
  double[][] logProbs() {
    double[][] x = logits();
    for (double[] row : x) {
      int best = 0;
      for (int c = 0; c < classes; c++) {
        best = row[c] > row[best] ? c : best;
      }
      double max = row[best];
      double others = 0;
      for (int c = 0; c < classes; c++) {
        others += c == best ? 0 : Math.exp(row[c] - max);
      }
      for (int c = 0; c < classes; c++) {
        row[c] = row[c] - max - Math.log1p(others);
      }
    }
    return x;
  }

  /** Whether the element type has the logits as they are. */
  boolean isExact(ElementType type) {
    double[][] x = logits();
    Elements elements = batch(x, type).logits().elements();
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < classes; c++) {
        if (elements.get((long) t * classes + c) != x[t][c]) {
          return false;
        }
      }
    }
    return true;
  }

  /** As a batch of one. */
  CtcBatch batch(double[][] x, ElementType type) {
    Elements elements =
        switch (type) {
          case FLOAT64 -> Elements.of(new double[frames * classes]);
          case FLOAT32 -> Elements.of(new float[frames * classes]);
          case FLOAT16 -> Elements.float16(ShortBuffer.allocate(frames * classes));
          case BFLOAT16 -> Elements.bfloat16(ShortBuffer.allocate(frames * classes));
        };
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < classes; c++) {
        elements.set((long) t * classes + c, x[t][c]);
      }
    }
    return CtcBatch.of(
        FrameTensor.timeMajor(elements, frames, 1, classes), Targets.of(new int[][] {target}));
  }

  /**
   * The logits as a product: of a large and a small part of each, which a few bits hold, and a
   * weight of twice the identity, (C, 2 C). So the gradient of either part is that of the logits.
   */
  ProjectedBatch projected(ElementType type) {
    int dimensions = 2 * classes;
    double[][] x = logits();
    Elements hidden = Elements.allocate(type, (long) frames * dimensions);
    for (int t = 0; t < frames; t++) {
      for (int c = 0; c < classes; c++) {
        double large = Math.rint(x[t][c] / 16) * 16;
        hidden.set((long) t * dimensions + c, large);
        hidden.set((long) t * dimensions + classes + c, x[t][c] - large);
      }
    }
    Elements weight = Elements.allocate(type, (long) classes * dimensions);
    for (int c = 0; c < classes; c++) {
      weight.set((long) c * dimensions + c, 1);
      weight.set((long) c * dimensions + classes + c, 1);
    }
    return ProjectedBatch.of(
        FrameTensor.timeMajor(hidden, frames, 1, dimensions),
        Projection.of(weight, Elements.allocate(type, classes), classes, dimensions),
        Targets.of(new int[][] {target}));
  }

  /**
   * First of a batch, of more frames and of longer targets, whose other one is far from certain and
   * does not count.
   */
  CtcBatch amongOthers() {
    int room = frames + 90;
    double[][][] x = new double[2][room][classes];
    System.arraycopy(logits(), 0, x[0], 0, frames);
    int[] longer = new int[40];
    Arrays.fill(longer, blank == 0 ? 1 : 0);
    int[][] targets = {target, longer};
    return new TestBatch(x, targets, new int[] {frames, room}, classes, blank)
        .batch()
        .withWeights(1, 0);
  }

  CtcOptions options() {
    return CtcOptions.DEFAULT.withBlank(blank);
  }

  @Override
  public String toString() {
    return "T = %d, C = %d, L = %d, margin %s, unit %s%s"
        .formatted(frames, classes, target.length, margin, unit, soft ? ", soft" : "");
  }
}
