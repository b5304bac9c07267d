package consumer;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.Reduction;
import org.ctc4j.Targets;

/** The ten lines of README.md, on the CPU. Two frames of equal logits: "1" has three paths of four. */
public final class Losses {
  private Losses() {}

  public static void main(String[] arguments) {
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      FrameTensor logits = FrameTensor.timeMajor(new float[4], 2, 1, 2);
      CtcBatch batch = CtcBatch.of(logits, Targets.of(new int[] {1}), new int[] {2});
      CtcOptions options = CtcOptions.DEFAULT.withReduction(Reduction.MEAN);
      CtcResult result = ctc.lossAndGradient(batch, options);
      System.out.printf("%s %.6f %s%n", ctc.backend(), result.loss(), result.status(0));
    }
  }
}
