package org.ctc4j.cuda.kernels;

import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** While tests of a class run, several blocks share every utterance of more than 31 labels. */
public final class SplitLattices implements BeforeAllCallback, AfterAllCallback {
  /** The same for some work alone, in blocks of so many warps. */
  public static <T> T of(int warps, Supplier<T> work) {
    LatticePlan.forcedWarps = warps;
    try {
      return work.get();
    } finally {
      LatticePlan.forcedWarps = 0;
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    LatticePlan.forcedWarps = 1;
  }

  @Override
  public void afterAll(ExtensionContext context) {
    LatticePlan.forcedWarps = 0;
  }
}
