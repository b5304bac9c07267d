package org.ctc4j.cuda;

/** Kernels in a context, which must be current. */
interface DeviceKernels extends AutoCloseable {
  @Override
  void close();
}
