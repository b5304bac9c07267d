package consumer;

import org.ctc4j.Backend;
import org.ctc4j.CpuCtc;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Projection;
import org.ctc4j.Targets;

/** Losses of hidden states, on the CPU; as in Losses the logits are equal. */
public final class Projected {
  private Projected() {}

  public static void main(String[] arguments) {
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      Projection projection = Projection.of(Elements.of(new float[] {1, 2, 2, 1}), null, 2, 2);
      FrameTensor hidden = FrameTensor.timeMajor(new float[] {1, 1, 3, 3}, 2, 1, 2);
      ProjectedBatch batch =
          ProjectedBatch.of(hidden, projection, Targets.of(new int[] {1}), new int[] {2});
      ProjectedResult result = ctc.lossAndGradient(batch, CtcOptions.DEFAULT);
      System.out.printf("%s %.6f %s%n", CpuCtc.blas(), result.loss(0), result.status(0));
    }
  }
}
