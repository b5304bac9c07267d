package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import jcuda.Pointer;

/**
 * One allocation of page-locked host memory, which the GPU copies from and to by itself. Less than
 * 2 GiB, for JCuda sees it through a {@link ByteBuffer}. Kept until closed; closing twice is
 * harmless. The context must be current.
 */
public final class PinnedMemory implements AutoCloseable {
  private static final class Handle extends Pointer {
    public long address() {
      return getNativePointer();
    }
  }

  private final Handle handle = new Handle();
  private final ByteBuffer buffer;
  private boolean live;

  /**
   * @param bytes more than 0
   * @param doing what it is for, for the message if there is no room
   */
  public PinnedMemory(int bytes, Supplier<String> doing) {
    Driver.call(
        "cuMemHostAlloc",
        () -> "allocating %,d bytes of pinned host memory for %s".formatted(bytes, doing.get()),
        () -> cuMemHostAlloc(handle, bytes, 0));
    live = true; // after a failure the handle holds garbage that must not be freed
    buffer = handle.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
  }

  /** The memory, from position 0, in native byte order. */
  public ByteBuffer buffer() {
    return buffer;
  }

  int bytes() {
    return buffer.capacity();
  }

  public long address() {
    return handle.address();
  }

  /** The address of byte {@code offset}, as JCuda takes it. */
  public Pointer pointer(long offset) {
    return handle.withByteOffset(offset);
  }

  @Override
  public void close() {
    if (live) {
      live = false;
      Driver.code(() -> cuMemFreeHost(handle));
    }
  }
}
