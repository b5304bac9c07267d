package org.ctc4j.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;
import org.ctc4j.cuda.driver.Stream;

/**
 * Launches with an event after each, so that a call is timed kernel by kernel: each from the end of
 * the one before to its own, the gap between the two included.
 */
final class LaunchTimes extends Launch {
  private final StreamTimer timer;
  private final List<String> launched = new ArrayList<>();

  LaunchTimes(Stream stream, StreamTimer timer, String doing) {
    super(stream.handle(), () -> doing);
    this.timer = timer;
  }

  /** Before the first launch of a call. */
  void begin() {
    launched.clear();
    timer.record(0);
  }

  @Override
  public void kernel(
      KernelModules.Kernel kernel, int blocks, int threads, int sharedBytes, Pointer arguments) {
    super.kernel(kernel, blocks, threads, sharedBytes, arguments);
    launched.add(kernel.name());
    timer.record(launched.size());
  }

  /**
   * Milliseconds of each kernel, of all its launches together, in the order of the first. The
   * stream must have got past them.
   */
  Map<String, Double> milliseconds() {
    Map<String, Double> times = new LinkedHashMap<>();
    for (int i = 0; i < launched.size(); i++) {
      times.merge(launched.get(i), timer.milliseconds(i, i + 1), Double::sum);
    }
    return times;
  }
}
