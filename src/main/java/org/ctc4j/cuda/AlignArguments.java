package org.ctc4j.cuda;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.InputKind;

/**
 * The one argument of the kernels for alignment, {@code AlignProblem}, in pinned memory as that of
 * {@link ParameterBlock} is. The driver copies it at every launch, so it may be changed after one.
 * Not thread-safe.
 *
 * <p>The layout is that of kernels/README.md, section Alignment.
 */
final class AlignArguments implements AutoCloseable {
  private static final int BYTES = 176;
  private static final int FLAG_LOG_PROBS = 1; // and scores: not to be normalised

  private final PinnedMemory memory;
  private final ByteBuffer values;
  private final Pointer pointers;

  AlignArguments() {
    memory = new PinnedMemory(BYTES + 8, () -> "kernel arguments");
    values = memory.buffer();
    values.putLong(BYTES, memory.address());
    pointers = memory.pointer(BYTES);
  }

  /** What {@code cuLaunchKernel} takes as {@code kernelParams}. */
  Pointer pointers() {
    return pointers;
  }

  /**
   * @param workspaceAddress of at least {@code workspace.bytes()}
   */
  void set(
      DeviceBatch batch,
      CallOptions call,
      DevicePaths paths,
      AlignWorkspace workspace,
      long workspaceAddress) {
    CtcOptions options = call.options();
    DeviceTensor logits = batch.logits();
    DeviceTargets targets = batch.targets();
    values.putLong(0, logits.address());
    values.putLong(8, logits.starts());
    values.putLong(16, logits.utteranceStride());
    values.putLong(24, logits.frameStride());
    values.putLong(32, logits.classStride());
    values.putLong(40, targets.labels());
    values.putLong(48, targets.starts());
    values.putLong(56, targets.stride());
    values.putLong(64, targets.size());
    values.putLong(72, targets.lengths());
    values.putLong(80, batch.inputLengths());
    values.putLong(88, batch.frameCounts());
    values.putLong(96, paths.states());
    values.putLong(104, paths.logProbabilities());
    values.putLong(112, paths.starts());
    values.putLong(120, paths.scores());
    values.putLong(128, paths.statuses());
    values.putLong(136, workspaceAddress);
    values.putInt(144, batch.utterances());
    values.putInt(148, batch.frames());
    values.putInt(152, targets.maxLength());
    values.putInt(156, batch.classes());
    values.putInt(160, options.blank());
    values.putInt(164, workspace.segmentFrames());
    values.putInt(
        168,
        (options.input() != InputKind.LOGITS ? FLAG_LOG_PROBS : 0)
            | (call.checksLogProbs() ? ParameterBlock.FLAG_CHECK_LOG_PROBS : 0));
    values.putInt(172, 0);
  }

  @Override
  public void close() {
    memory.close();
  }
}
