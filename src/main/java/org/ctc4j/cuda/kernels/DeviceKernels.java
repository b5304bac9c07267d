package org.ctc4j.cuda.kernels;

/** Kernels in a context, which must be current. */
public interface DeviceKernels extends AutoCloseable {
  @Override
  void close();
}
