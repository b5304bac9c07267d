package org.ctc4j.consumer;

import java.util.function.Supplier;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.Targets;

/**
 * Uses the library as a module, from outside of it, and prints what came of it. Its arguments are
 * native libraries to be loaded before.
 */
public final class ModulePathProbe {
  private ModulePathProbe() {}

  public static void main(String[] libraries) {
    for (String library : libraries) {
      System.load(library);
    }
    System.out.println(Ctc.class.getModule());
    FrameTensor frames = FrameTensor.timeMajor(new float[] {1, 0, 0, 1}, 2, 1, 2);
    Targets targets = Targets.of(new int[] {1});
    CtcBatch batch = CtcBatch.of(frames, targets);
    Projection identity = Projection.of(Elements.of(new float[] {1, 0, 0, 1}), null, 2, 2);
    ProjectedBatch projected = ProjectedBatch.of(frames, identity, targets);
    for (Backend backend : new Backend[] {Backend.CPU, Backend.CUDA}) {
      tell(
          backend + " losses: ",
          () -> {
            try (Ctc ctc = Ctc.create(backend)) {
              return ctc.lossAndGradient(batch, CtcOptions.DEFAULT).status(0);
            }
          });
      tell(
          backend + " projection: ",
          () -> {
            try (Ctc ctc = Ctc.create(backend)) {
              return ctc.lossAndGradient(projected, CtcOptions.DEFAULT).status(0);
            }
          });
    }
  }

  private static void tell(String use, Supplier<?> what) {
    try {
      System.out.println(use + what.get());
    } catch (BackendUnavailableException e) {
      System.out.println(use + e.getMessage());
    }
  }
}
