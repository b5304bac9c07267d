package org.ctc4j.cuda;

/** How an allocation of device memory is cut into regions, one behind the other. */
final class DeviceLayout {
  /** Every region, and the allocation itself, starts at a multiple of this. */
  static final int ALIGNMENT = 256;

  private long end;

  /** The offset of a new region of so many bytes. */
  long next(long bytes) {
    long at = end;
    end += align(bytes);
    return at;
  }

  /** Of all regions together. */
  long bytes() {
    return end;
  }

  static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
