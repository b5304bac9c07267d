package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;

import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.driver.CUstream;

/** Where the launches of a call go. The context must be current. */
public class Launch {
  private final CUstream stream;
  private final Supplier<String> doing;

  /**
   * @param doing what is computed, for the message of a failure
   */
  public Launch(CUstream stream, Supplier<String> doing) {
    this.stream = stream;
    this.doing = doing;
  }

  public CUstream stream() {
    return stream;
  }

  public Supplier<String> doing() {
    return doing;
  }

  /** How many blocks do so much, each {@code perBlock} of it. */
  public static int blocks(long all, int perBlock) {
    return Math.toIntExact((all + perBlock - 1) / perBlock);
  }

  /** The same without dynamic shared memory. */
  public final void kernel(
      KernelModules.Kernel kernel, int blocks, int threads, Pointer arguments) {
    kernel(kernel, blocks, threads, 0, arguments);
  }

  /**
   * Enqueues {@code blocks} × {@code threads} threads of a kernel, which is loaded if it is not
   * yet; none if there are no blocks. The arguments are copied before this returns.
   *
   * @param sharedBytes dynamic shared memory of a block, at most {@link
   *     KernelModules.Kernel#dynamicSharedBytes}
   * @param arguments what {@code cuLaunchKernel} takes as {@code kernelParams}
   */
  public void kernel(
      KernelModules.Kernel kernel, int blocks, int threads, int sharedBytes, Pointer arguments) {
    if (blocks == 0) {
      return;
    }
    kernel.load();
    Driver.call(
        "cuLaunchKernel",
        () ->
            "%s, %d × %d threads, computing %s"
                .formatted(kernel.name(), blocks, threads, doing.get()),
        () ->
            cuLaunchKernel(
                kernel.function(),
                blocks,
                1,
                1,
                threads,
                1,
                1,
                sharedBytes,
                stream,
                arguments,
                null));
  }

  /** Enqueues that so many bytes are given a value, none if there are none. */
  public void fill(long address, int value, long bytes) {
    if (bytes == 0) {
      return;
    }
    Driver.call(
        "cuMemsetD8Async",
        () -> "%d bytes, computing %s".formatted(bytes, doing.get()),
        () -> cuMemsetD8Async(DeviceMemory.pointer(address), (byte) value, bytes, stream));
  }

  /** Loads every kernel that it is asked to launch, and launches none. */
  public static Launch loading(Supplier<String> doing) {
    return new Launch(null, doing) {
      @Override
      public void kernel(
          KernelModules.Kernel kernel,
          int blocks,
          int threads,
          int sharedBytes,
          Pointer arguments) {
        kernel.load();
      }

      @Override
      public void fill(long address, int value, long bytes) {
        // nothing to load
      }
    };
  }
}
