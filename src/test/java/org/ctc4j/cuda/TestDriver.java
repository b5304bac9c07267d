package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * The driver of an {@link OnDevice} test. Of the emulated one it is known what it was asked to do,
 * and can be set what it pretends to be. Of NVIDIA's, nothing: there, what is asserted of that is
 * left out, what is set has no effect, and {@link Emulator} is not loaded.
 */
final class TestDriver {
  /** Unset: the emulator, loaded and controlled by the tests. Else {@link #GPU} or this. */
  static final String MODE_PROPERTY = "ctc4j.gpu";

  static final String GPU = "true";
  static final String REHEARSAL = "emulated";

  /** How names of emulated devices begin. */
  static final String EMULATED_NAME = "Emulated";

  private TestDriver() {}

  /** The value of {@link #MODE_PROPERTY}, or null. */
  static String mode() {
    String mode = System.getProperty(MODE_PROPERTY);
    if (mode != null && !mode.equals(GPU) && !mode.equals(REHEARSAL)) {
      throw new IllegalStateException(
          "-D%s: expected %s or %s, got %s".formatted(MODE_PROPERTY, GPU, REHEARSAL, mode));
    }
    return mode;
  }

  /** Whether the tests have the emulated driver in their hands. */
  static boolean isEmulated() {
    return mode() == null;
  }

  /** Whether the kernels run on a GPU, which takes sizes that an emulation takes minutes for. */
  static boolean isGpu() {
    return GPU.equals(mode());
  }

  /**
   * How many of what a test draws, or how long: all, or with {@code -Dctc4j.oneIn=N} an Nth, for
   * engines that take long.
   */
  static int shareOf(int usual) {
    return Math.max(1, usual / Integer.getInteger("ctc4j.oneIn", 1));
  }

  /** {@link Emulator#set}. */
  static void set(String name, long value) {
    if (isEmulated()) {
      Emulator.set(name, value);
    }
  }

  /** {@link Emulator#resetCounts}, of which findings so far would be lost. */
  static void resetCounts() {
    if (isEmulated()) {
      assertNoFindings();
      Emulator.resetCounts();
    }
  }

  /** How often a kernel ran since the last reset, all for ""; 0 where that is not known. */
  static long launches(String kernel) {
    return isEmulated() ? Emulator.launches(kernel) : 0;
  }

  /** How often an entry point was called since the last reset; 0 where that is not known. */
  static long calls(String entryPoint) {
    return isEmulated() ? Emulator.calls(entryPoint) : 0;
  }

  static void assertCalls(long expected, String entryPoint) {
    if (isEmulated()) {
      assertEquals(expected, Emulator.calls(entryPoint), "calls of '%s'".formatted(entryPoint));
    }
  }

  static void assertLaunches(long expected, String kernel) {
    if (isEmulated()) {
      assertEquals(expected, Emulator.launches(kernel), "runs of '%s'".formatted(kernel));
    }
  }

  static void assertLaunchesAtLeast(long least, String kernel) {
    if (isEmulated()) {
      long launches = Emulator.launches(kernel);
      assertTrue(launches >= least, () -> "%d runs of '%s'".formatted(launches, kernel));
    }
  }

  /** What the checks of the kernels' accesses found: nothing. */
  static void assertNoFindings() {
    if (isEmulated()) {
      assertEquals("", Emulator.finding());
    }
  }

  /** What engines did not give back: nothing. */
  static void assertNothingLeft() {
    if (isEmulated()) {
      assertEquals("", Emulator.leaks(), "what was not given back");
    }
  }

  /** The device of an engine is one of the driver that the tests are to run on. */
  static void assertDevice(String device) {
    boolean isEmulatedDevice = device.startsWith(EMULATED_NAME + " GPU 0");
    assertTrue(isGpu() ? !device.startsWith(EMULATED_NAME) : isEmulatedDevice, device);
  }
}
