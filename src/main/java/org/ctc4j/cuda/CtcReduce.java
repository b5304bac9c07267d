package org.ctc4j.cuda;

import java.util.function.Supplier;
import jcuda.driver.CUstream;

/** {@code ctc_reduce}: the weighted sum of the losses, in a fixed order. One block. */
final class CtcReduce {
  private static final int THREADS = 256;

  private static final String FILE = "reduce";

  private final KernelModules.Kernel kernel;

  CtcReduce(KernelModules modules) {
    kernel = modules.kernel(FILE, "ctc_reduce");
    kernel.load();
  }

  void enqueue(ParameterBlock arguments, CUstream stream, Supplier<String> doing) {
    kernel.launch(1, THREADS, arguments, stream, doing);
  }
}
