package org.ctc4j;

import java.util.function.Supplier;

/** Uses what other jars are needed for, in a JVM without them, and prints what each use says. */
final class MissingJarsProbe {
  private MissingJarsProbe() {}

  public static void main(String[] arguments) {
    tell("devices", CudaCtc::devices);
    tell("report", () -> Ctc.backends().get(0).reason());
    tell("losses", () -> Ctc.create(Backend.CUDA));
    tell("a device's losses", () -> CudaCtc.create(0, EngineOptions.DEFAULT));
    tell("paths", () -> CtcAligner.create(Backend.CUDA));
    tell("a device's paths", () -> CudaAligner.create(0, EngineOptions.DEFAULT));
    tell("blas", CpuCtc::blas);
    FrameTensor frames = FrameTensor.timeMajor(new float[] {1, 0, 0, 1}, 2, 1, 2);
    Targets targets = Targets.of(new int[] {1});
    CtcBatch batch = CtcBatch.of(frames, targets);
    Projection identity = Projection.of(Elements.of(new float[] {1, 0, 0, 1}), null, 2, 2);
    ProjectedBatch projected = ProjectedBatch.of(frames, identity, targets);
    try (Ctc ctc = Ctc.create();
        Ctc reference = Ctc.create(Backend.REFERENCE);
        CtcAligner aligner = CtcAligner.create(EngineOptions.DEFAULT)) {
      tell("the fastest", () -> ctc.backend() + " " + ctc.loss(batch).status(0));
      tell("the fastest's paths", () -> aligner.align(batch, CtcOptions.DEFAULT).get(0).status());
      tell("projection", () -> ctc.lossAndGradient(projected, CtcOptions.DEFAULT));
      tell(
          "the reference's projection",
          () -> reference.lossAndGradient(projected, CtcOptions.DEFAULT).status(0));
    }
  }

  private static void tell(String use, Supplier<?> what) {
    try {
      System.out.println(use + ": " + what.get());
    } catch (BackendUnavailableException e) {
      System.out.println(use + ": " + e.getMessage());
    }
  }
}
