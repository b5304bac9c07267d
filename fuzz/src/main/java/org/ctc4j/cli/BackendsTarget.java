package org.ctc4j.cli;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.util.Arrays;
import org.ctc4j.Backend;
import org.ctc4j.ClassOffsets;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.GradientKind;
import org.ctc4j.InputKind;
import org.ctc4j.Reduction;
import org.ctc4j.Targets;

/** The cpu backend against the reference: what README.md says under Limits, for any numbers. */
public final class BackendsTarget {
  private static final EngineOptions ONE_THREAD = EngineOptions.DEFAULT.withThreads(1);
  private static final Ctc REFERENCE = Ctc.create(Backend.REFERENCE, ONE_THREAD);
  private static final Ctc CPU = Ctc.create(Backend.CPU, ONE_THREAD);

  /**
   * What is left of a gradient that all but vanishes beside a loss that does not: README, Limits.
   */
  private static final double ROUNDING = 5e-8;

  private BackendsTarget() {}

  public static void fuzzerTestOneInput(FuzzedDataProvider data) {
    int classes = data.consumeInt(1, 6);
    CtcOptions options =
        new CtcOptions(
            data.consumeInt(0, classes - 1),
            // not scores: their losses may cancel, and e to the power of them overflow
            data.pickValue(new InputKind[] {InputKind.LOGITS, InputKind.LOG_PROBS}),
            data.pickValue(GradientKind.values()),
            data.pickValue(Reduction.values()),
            data.consumeBoolean(),
            ClassOffsets.NONE);
    CtcBatch batch = batch(data, classes, options);
    CtcResult expected = REFERENCE.lossAndGradient(batch, options);
    CtcResult got = CPU.lossAndGradient(batch, options);
    for (Comparison.Row row : new Comparison(CPU, batch, expected, got).rows()) {
      boolean agrees =
          row.status() == row.referenceStatus()
              && row.lossError() <= 1e-6
              && (row.gradient().error() <= 1e-5
                  || Math.abs(row.gradient().worst().difference()) <= ROUNDING);
      if (!agrees) {
        throw new AssertionError(
            "%s of %s with %s".formatted(row, batch.logits().elements().type(), options));
      }
    }
  }

  private static CtcBatch batch(FuzzedDataProvider data, int classes, CtcOptions options) {
    int utterances = data.consumeInt(1, 3);
    int frames = data.consumeInt(1, 12);
    ElementType type = data.pickValue(ElementType.values());
    int[][] targets = new int[utterances][];
    int[] lengths = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      lengths[n] = data.consumeInt(0, frames);
      targets[n] = new int[classes == 1 ? 0 : data.consumeInt(0, 6)];
      for (int i = 0; i < targets[n].length; i++) {
        targets[n][i] = (options.blank() + 1 + data.consumeInt(0, classes - 2)) % classes;
      }
    }
    FrameTensor logits =
        FrameTensor.timeMajor(
            Elements.allocate(type, (long) frames * utterances * classes),
            frames,
            utterances,
            classes);
    int kind = data.consumeInt(0, 3);
    double[] row = new double[classes];
    for (int t = 0; t < frames; t++) {
      for (int n = 0; n < utterances; n++) {
        Arrays.setAll(row, c -> number(data, kind));
        if (options.input() == InputKind.LOG_PROBS) {
          normalise(row);
        }
        for (int c = 0; c < classes; c++) {
          logits.set(t, n, c, row[c]);
        }
      }
    }
    return CtcBatch.of(logits, Targets.of(targets), lengths);
  }

  /** Makes log-probabilities of numbers, where anything can. */
  private static void normalise(double[] row) {
    double max = Arrays.stream(row).max().getAsDouble();
    double logSum = Math.log(Arrays.stream(row).map(x -> Math.exp(x - max)).sum());
    if (Double.isFinite(logSum)) {
      Arrays.setAll(row, c -> row[c] - max - logSum); // max first: it may dwarf the logarithm
    }
  }

  /** Of a size that models have, of any, or any bits at all. */
  private static double number(FuzzedDataProvider data, int kind) {
    return switch (kind) {
      case 0 -> data.consumeByte() / 8.0;
      case 1 -> data.consumeShort() / 16.0;
      case 2 -> data.consumeFloat();
      default -> data.consumeDouble();
    };
  }
}
