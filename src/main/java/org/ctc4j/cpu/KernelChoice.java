package org.ctc4j.cpu;

import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;

/**
 * Picks the kernels, once: vector where the JVM has the module jdk.incubator.vector and vectors of
 * at least 128 bits, else scalar. The system property {@value #PROPERTY} ("scalar" or "vector")
 * insists on one.
 *
 * @param kernels null if what was asked for cannot be had
 * @param reason why not vector; "" for vector
 */
record KernelChoice(Kernels kernels, String reason) {
  static final String PROPERTY = "org.ctc4j.cpu";

  private static final String FLAG = "--add-modules jdk.incubator.vector";

  /** What every engine uses. */
  static KernelChoice get() {
    return Holder.CHOICE;
  }

  private static final class Holder {
    static final KernelChoice CHOICE = choose(System.getProperty(PROPERTY, ""));

    static {
      if (System.getProperty(PROPERTY) == null && !CHOICE.reason.isEmpty()) {
        System.getLogger("org.ctc4j").log(System.Logger.Level.DEBUG, CHOICE.reason);
      }
    }
  }

  static KernelChoice choose(String wanted) {
    return switch (wanted) {
      case "scalar" -> new KernelChoice(new ScalarKernels(), PROPERTY + "=scalar");
      case "vector" -> vector(null);
      case "" -> vector(new ScalarKernels());
      default ->
          new KernelChoice(
              null, "%s: expected scalar or vector, got %s".formatted(PROPERTY, wanted));
    };
  }

  /** The kernels, or an exception that says why they cannot be had. */
  Kernels orThrow() {
    if (kernels == null) {
      throw new BackendUnavailableException(Backend.CPU, reason);
    }
    return kernels;
  }

  private static KernelChoice vector(Kernels otherwise) {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return new KernelChoice(
          otherwise,
          "not vectorised; the JVM option " + FLAG + " makes it two to three times as fast");
    }
    try {
      Kernels vector =
          (Kernels)
              Class.forName("org.ctc4j.cpu.VectorKernels").getDeclaredConstructor().newInstance();
      return vector.lanes() >= 2
          ? new KernelChoice(vector, "")
          : new KernelChoice(
              otherwise, "not vectorised; the JVM has no vectors of 128 bits or more");
    } catch (ReflectiveOperationException | LinkageError e) {
      return new KernelChoice(otherwise, "not vectorised; the Vector API does not work here: " + e);
    }
  }
}
