package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceTargets;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_target_offsets}: what is added to the log-probabilities of the classes, position by
 * position of each target. One block an utterance, a launch for every so many classes. {@code
 * ctc_class_offsets}: the same class by class. One block.
 */
final class TargetOffsetsLauncher implements AutoCloseable {
  private static final int THREADS = 128;

  /** Classes of a launch. */
  private static final int MOST = 480;

  private final KernelModules.Kernel ofTargets;
  private final KernelModules.Kernel ofClasses;
  private Arguments arguments; // once they are wanted, which few do

  TargetOffsetsLauncher(KernelModules modules) {
    ofTargets = modules.kernel("offsets", "ctc_target_offsets");
    ofClasses = modules.kernel("offsets", "ctc_class_offsets");
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
    enqueue(ofTargets, utterances, offsets, to, launch);
  }

  /**
   * @param to device address of C float64
   */
  void enqueueClasses(TargetOffsets offsets, long to, Launch launch) {
    launch.fill(to, 0, 8L * offsets.ofClasses().length);
    enqueue(ofClasses, 1, offsets, to, launch);
  }

  private void enqueue(
      KernelModules.Kernel kernel, int blocks, TargetOffsets offsets, long to, Launch launch) {
    double[] added = offsets.ofClasses();
    for (int first = 0; first < added.length; first += MOST) {
      int count = Math.min(MOST, added.length - first);
      if (hasAny(added, first, count)) {
        arguments().set(offsets, to, first, count);
        launch.kernel(kernel, blocks, THREADS, arguments().pointers());
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
    ofTargets.load();
    ofClasses.load();
    arguments();
  }

  @Override
  public void close() {
    if (arguments != null) {
      arguments.close();
    }
  }
}
