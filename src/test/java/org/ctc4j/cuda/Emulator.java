package org.ctc4j.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.ctc4j.cuda.driver.CublasLibrary;

/**
 * The emulated NVIDIA driver, and cuBLAS: what it pretends to be, what is to go wrong, and what it
 * was asked to do. Touching this class loads it, which must happen before JCuda is touched. See
 * src/test/native/driver.
 */
public final class Emulator {
  /**
   * In which order lanes, warps and blocks take their turns, and how approximate instructions err,
   * where a test does not say: {@code -Dctc4j.order=N} if given, to replay; else, on the engine of
   * the PTX, one that is fixed where the environment has {@code CI} and drawn elsewhere; on that of
   * the sources 0, which is ascending and exact.
   */
  private static final long ORDER = order();

  static {
    String named = System.getProperty("ctc4j.emulator");
    Path library = named != null ? Path.of(named) : EmulatorBuild.library();
    System.load(library.toString());
    System.setProperty(CublasLibrary.PROPERTY, EmulatorBuild.cublas(library).toString());
    set("seed", ORDER);
    set("approximations", ORDER);
    keepSettings();
    String coverage = System.getProperty("ctc4j.coverage");
    if (coverage != null) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> keepCoverage(Path.of(coverage))));
    }
  }

  private Emulator() {}

  private static long order() {
    Long given = Long.getLong("ctc4j.order");
    if (given != null || Engine.CHOSEN == Engine.SOURCES) {
      return given != null ? given : 0;
    }
    int drawn = ThreadLocalRandom.current().nextInt(1, 1_000_000_000);
    long order = System.getenv("CI") != null ? 4711 : drawn;
    System.out.println("order of lanes, warps and blocks: -Dctc4j.order=" + order);
    return order;
  }

  /** For {@link PtxCoverageTest}, a file for each JVM. */
  private static void keepCoverage(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve(ProcessHandle.current().pid() + ".txt"), coverage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Settings, faults and counts as at the start. */
  public static native void reset();

  /** What is set now is set by resets, too. */
  private static native void keepSettings();

  /** Counts and findings as at the start. */
  static native void resetCounts();

  /**
   * Changes what is emulated.
   *
   * @param name devices, memoryBytes (of each), driverVersion, architecture, multiprocessors,
   *     initResult, checking (of the kernels' accesses, 0 or 1), seed (of the order in which
   *     threads take turns), approximations (how approximate instructions err on the engine of the
   *     PTX)
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
  public static native String finding();

  /** Of each kernel that ran since the reset: name, launches and instructions of warps, a line. */
  static native String instructions();

  /**
   * How much of the PTX ran in this JVM, a line for each function of what was loaded: {@code
   * sm_75/} and the first entry, by name, of its file; its own name; entry or function; launches; a
   * digit for each instruction, 1 if it ran.
   */
  static native String coverage();

  /**
   * The barriers, acquires, releases and atomic accesses of the PTX that was loaded, a line for
   * each: function, line, instruction, how often it ran in this JVM.
   */
  static native String synchronisations();

  /** Leaves one of these out until the next call; false where there is none. */
  static native boolean omit(String function, int line);

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
