package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceLabels;
import org.ctc4j.DevicePaths;
import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * A call for greedy decoding.
 *
 * @param paths or null
 */
public record GreedyCall(
    DeviceFrames frames, CallOptions options, DeviceLabels labels, DevicePaths paths) {

  /** For what is found of each frame. */
  public static long workspaceBytes(int frames, int utterances) {
    return Math.max(DeviceLayout.ALIGNMENT, FramesArguments.NORM_BYTES * frames * utterances);
  }

  /** Whether somebody asks for log-probabilities. */
  boolean normalises() {
    return paths != null || labels.logProbabilities() != 0;
  }
}
