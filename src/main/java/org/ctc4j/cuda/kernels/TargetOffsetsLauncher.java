package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceTargets;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_target_offsets}: what is added to the log-probabilities of the classes, position by
 * position of each target. One block an utterance, a launch for every so many classes.
 */
final class TargetOffsetsLauncher implements AutoCloseable {
  private static final int THREADS = 128;

  /** Classes of a launch. */
  private static final int MOST = 480;

  private final KernelModules.Kernel kernel;
  private Arguments arguments; // once they are wanted, which few do

  TargetOffsetsLauncher(KernelModules modules) {
    kernel = modules.kernel("offsets", "ctc_target_offsets");
  }

  /** One {@code CtcTargetOffsets}, as it is declared in kernels/offsets.cu. */
  private static final class Arguments extends KernelArguments {
    Arguments() {
      super(64 + 8 * MOST);
    }

    void set(TargetOffsets offsets, long to, int first, int count) {
      DeviceTargets targets = offsets.targets();
      Fields fields =
          write(0)
              .targets(targets)
              .int64(to)
              .int32(targets.maxLength())
              .int32(offsets.blank())
              .int32(first)
              .int32(count);
      for (int c = first; c < first + count; c++) {
        fields.float64(offsets.ofClasses()[c]);
      }
    }
  }

  /**
   * @param to device address of {@link TargetOffsets#bytes}
   */
  void enqueue(TargetOffsets offsets, long to, Launch launch) {
    int utterances = offsets.utterances();
    launch.fill(to, 0, TargetOffsets.bytes(utterances, offsets.targets().maxLength()));
    double[] ofClasses = offsets.ofClasses();
    for (int first = 0; first < ofClasses.length; first += MOST) {
      int count = Math.min(MOST, ofClasses.length - first);
      if (hasAny(ofClasses, first, count)) {
        arguments().set(offsets, to, first, count);
        launch.kernel(kernel, utterances, THREADS, arguments().pointers());
      }
    }
  }

  private static boolean hasAny(double[] offsets, int first, int count) {
    for (int c = first; c < first + count; c++) {
      if (offsets[c] != 0) {
        return true;
      }
    }
    return false;
  }

  private Arguments arguments() {
    if (arguments == null) {
      arguments = new Arguments();
    }
    return arguments;
  }

  void load() {
    kernel.load();
    arguments();
  }

  @Override
  public void close() {
    if (arguments != null) {
      arguments.close();
    }
  }
}
