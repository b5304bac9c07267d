package org.ctc4j.cuda.driver;

/** How an allocation of device memory is cut into regions, one behind the other. */
public final class DeviceLayout {
  /** Every region, and the allocation itself, starts at a multiple of this. */
  public static final int ALIGNMENT = 256;

  private long end;

  /** The offset of a new region of so many bytes. */
  public long next(long bytes) {
    long at = end;
    end += align(bytes);
    return at;
  }

  /** Of all regions together. */
  public long bytes() {
    return end;
  }

  public static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
