package org.ctc4j.benchmarks;

import java.util.Locale;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.EngineOptions;

/** The implementations within ctc4j. */
public enum Implementation {
  /** The fast backend, on any JVM. */
  SCALAR(Backend.CPU),
  /** The fast backend on the Vector API: {@code --add-modules jdk.incubator.vector}. */
  VECTOR(Backend.CPU),
  /** The textbook, in float64. */
  REFERENCE(Backend.REFERENCE),
  /** The kernels on the first GPU, from arrays on the host to arrays on the host. */
  CUDA(Backend.CUDA);

  private static final String CPU_CHOICE = "org.ctc4j.cpu";

  private final Backend backend;

  Implementation(Backend backend) {
    this.backend = backend;
  }

  /** By its name in lower case. */
  public static Implementation named(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /**
   * An engine of this implementation and no other. The choice of scalar or vector is one for the
   * whole JVM: make it before anything else touches the backend, as each fork of a benchmark does.
   *
   * @throws IllegalStateException if the choice had been made, and was another
   * @throws org.ctc4j.BackendUnavailableException with the reason, if it cannot run here
   */
  public Ctc create(int threads) {
    String choice = name().toLowerCase(Locale.ROOT);
    if (backend == Backend.CPU) {
      System.setProperty(CPU_CHOICE, choice);
    }
    Ctc ctc = Ctc.create(backend, EngineOptions.DEFAULT.withThreads(threads));
    if (backend == Backend.CPU && !ctc.device().contains(choice)) {
      throw new IllegalStateException("expected %s, got %s".formatted(choice, ctc.device()));
    }
    return ctc;
  }
}
