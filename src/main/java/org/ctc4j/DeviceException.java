package org.ctc4j;

/**
 * A call of the CUDA driver failed. The message names the call, CUDA's code and text for it, and
 * what was being computed.
 */
public class DeviceException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final int code;

  public DeviceException(String message, int code) {
    super(message);
    this.code = code;
  }

  /** The {@code CUresult} of the call, 2 for CUDA_ERROR_OUT_OF_MEMORY for example. */
  public int code() {
    return code;
  }

  /** The device, or pinned host memory, had no room left. */
  public boolean isOutOfMemory() {
    return code == 2;
  }

  /**
   * Whether the device is lost to this process, as after an illegal access: the engine refuses
   * further calls, and so will every other on that device. After any other failure it goes on
   * working.
   */
  public boolean isDeviceLost() {
    return switch (code) {
      case 4, // DEINITIALIZED
          46, // DEVICE_UNAVAILABLE
          201, // INVALID_CONTEXT
          214, // ECC_UNCORRECTABLE
          220, // NVLINK_UNCORRECTABLE
          226, // CONTAINED
          700, // ILLEGAL_ADDRESS
          702, // LAUNCH_TIMEOUT
          709, // CONTEXT_IS_DESTROYED
          710, // ASSERT
          714, // HARDWARE_STACK_ERROR
          715, // ILLEGAL_INSTRUCTION
          716, // MISALIGNED_ADDRESS
          717, // INVALID_ADDRESS_SPACE
          718, // INVALID_PC
          719, // LAUNCH_FAILED
          999 -> // UNKNOWN
          true;
      default -> false;
    };
  }
}
