package org.ctc4j.benchmarks;

import java.util.SplittableRandom;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What is decoded: the same for ctc4j and its peers. */
@State(Scope.Benchmark)
public class DecodeState {
  /** What a trained model adds to the logit of a frame's class, and where it is not sure. */
  private static final float SURE = 9;

  private static final float UNSURE = 3;

  /** One frame in so many is not sure. */
  private static final int FRAMES_PER_UNSURE = 8;

  @Param({"warp-en-16", "400x8x32x80", "500x2x1024x60"})
  public String shape;

  /** As trained models have them, nearly all of a frame on one class, or standard normal. */
  @Param({"peaked", "flat"})
  public String logits;

  private Workload workload;

  @Setup
  public void generate() {
    workload = workload(Shape.of(shape), logits.equals("peaked"));
  }

  Workload workload() {
    return workload;
  }

  /** The suite's numbers; if peaked, with the classes of one path to each target raised. */
  static Workload workload(Shape shape, boolean peaked) {
    Workload workload = Workload.of(shape);
    if (peaked) {
      SplittableRandom random = new SplittableRandom(2);
      FrameTensor tensor = workload.tensor(workload.logits());
      for (int n = 0; n < shape.utterances(); n++) {
        raise(tensor, n, workload.targets()[n], workload.inputLengths()[n], random);
      }
    }
    return workload;
  }

  /** Labels in single frames, evenly apart, blanks between them. */
  private static void raise(
      FrameTensor logits, int n, int[] target, int frames, SplittableRandom random) {
    int next = 0;
    for (int t = 0; t < frames; t++) {
      boolean label = next < target.length && t >= (next + 0.5) * frames / target.length;
      int symbol = label ? target[next++] : Workload.BLANK;
      float more = random.nextInt(FRAMES_PER_UNSURE) == 0 ? UNSURE : SURE;
      logits.set(t, n, symbol, logits.get(t, n, symbol) + more);
    }
  }
}
