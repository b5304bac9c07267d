package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceLabels;
import org.ctc4j.DevicePaths;

/**
 * What {@code ctc_greedy_path} takes, one {@code GreedyProblem}; its beginning is what {@code
 * ctc_greedy_frames} takes.
 */
final class GreedyArguments extends FramesArguments {
  GreedyArguments() {
    super(96);
  }

  void set(GreedyCall call, long workspace) {
    DevicePaths paths = call.paths();
    Fields fields =
        labels(frames(call.frames(), call.options(), workspace, call.normalises()), call.labels());
    if (paths == null) {
      fields.int64(0).int64(0).int64(0).int64(0).int64(0).end();
    } else {
      fields
          .int64(paths.states())
          .int64(paths.logProbabilities())
          .int64(paths.starts())
          .int64(paths.scores())
          .int64(paths.statuses())
          .end();
    }
  }

  /** Of a beam search, whose frames are known already: the labels alone. */
  void set(BeamCall call, BeamWorkspace workspace, long at) {
    DeviceLabels labels =
        new DeviceLabels(
            at + workspace.greedyLabels,
            at + workspace.greedyLengths,
            at + workspace.greedyStatuses);
    labels(frames(call.frames(), call.options(), at + workspace.norms, true), labels)
        .int64(0)
        .int64(0)
        .int64(0)
        .int64(0)
        .int64(0)
        .end();
  }

  private static Fields labels(Fields fields, DeviceLabels labels) {
    return fields
        .int64(labels.labels())
        .int64(labels.starts())
        .int64(labels.lengths())
        .int64(labels.statuses())
        .int64(labels.firstFrames())
        .int64(labels.endFrames())
        .int64(labels.logProbabilities());
  }
}
