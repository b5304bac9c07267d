package org.ctc4j.cuda;

import java.nio.file.Path;
import org.ctc4j.cuda.driver.CublasLibrary;

/**
 * The emulated NVIDIA driver, and cuBLAS: what it pretends to be, what is to go wrong, and what it
 * was asked to do. Touching this class loads it, which must happen before JCuda is touched. See
 * src/test/native/driver.
 */
public final class Emulator {
  static {
    String named = System.getProperty("ctc4j.emulator");
    Path library = named != null ? Path.of(named) : EmulatorBuild.library();
    System.load(library.toString());
    System.setProperty(CublasLibrary.PROPERTY, EmulatorBuild.cublas(library).toString());
  }

  private Emulator() {}

  /** Settings, faults and counts as at the start. */
  public static native void reset();

  /** Counts and findings as at the start. */
  static native void resetCounts();

  /**
   * Changes what is emulated.
   *
   * @param name devices, memoryBytes (of each), driverVersion, architecture, initResult, checking
   *     (of the kernels' accesses, 0 or 1), seed (of the order in which threads take turns)
   */
  public static native void set(String name, long value);

  /**
   * Lets a call fail.
   *
   * @param call an entry point, {@code cuMemAlloc_v2} for example, or {@code kernel} for a kernel
   *     that fails while it runs
   * @param count 1 for the next such call
   * @param result the CUresult
   * @param lost whether from then on every call fails so
   */
  public static native void fail(String call, long count, int result, boolean lost);

  /** Forgets the failures that have not happened yet. */
  static native void clearFaults();

  /** How often an entry point was called since the reset; all of them for "". */
  public static native long calls(String name);

  /** How often a kernel ran since the reset; all of them for "". */
  static native long launches(String kernel);

  /**
   * What there is now.
   *
   * @param name deviceBytes, peakDeviceBytes (since the reset), hostBytes (pinned), streams,
   *     events, modules, graphs, contexts (how often retained), libraryHandles (of cuBLAS)
   */
  static native long gauge(String name);

  /** Every entry point that was called since the reset, a line each, with how often. */
  static native String callList();

  /** What the checks of the kernels' accesses found since the reset, or "". */
  static native String finding();

  /** Whether nothing is held of what engines allocate. */
  public static String leaks() {
    StringBuilder leaks = new StringBuilder();
    for (String name :
        new String[] {
          "deviceBytes", "hostBytes", "streams", "events", "modules", "contexts", "libraryHandles"
        }) {
      if (gauge(name) != 0) {
        leaks.append("%s: %d%n".formatted(name, gauge(name)));
      }
    }
    return leaks.toString();
  }
}
