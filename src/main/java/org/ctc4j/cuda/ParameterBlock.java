package org.ctc4j.cuda;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.InputKind;
import org.ctc4j.Reduction;

/**
 * The arguments of the kernels: the {@code CtcProblem} that all of them take first, the segment or
 * type that some take second, and the {@code CtcPosteriors} that one takes third. It lies in pinned
 * memory for the sake of its address alone: one buffer of values and one of their addresses make a
 * launch ten times cheaper than nested {@code Pointer}s. The driver copies the values at every
 * launch, so the block may be changed after it. Not thread-safe.
 *
 * <p>The layout is that of kernels/README.md, ABI version 8.
 */
final class ParameterBlock implements AutoCloseable {
  private static final int PROBLEM_BYTES = 208;
  private static final int SEGMENT = PROBLEM_BYTES;
  private static final int POSTERIORS = SEGMENT + 8;
  private static final int POSTERIORS_BYTES = 96;
  private static final int POINTERS = POSTERIORS + POSTERIORS_BYTES;

  private static final int FLAG_LOG_PROBS = 1; // and scores: not to be normalised
  private static final int FLAG_SOFTMAX_TERM = 2;
  private static final int FLAG_MEAN = 4;
  private static final int FLAG_ZERO_INFINITY = 8;
  private static final int FLAG_POSTERIORS = 16;
  private static final int FLAG_SCORES = 32;
  static final int FLAG_CHECK_LOG_PROBS = 64;

  private static final DeviceTensor NO_TENSOR =
      new DeviceTensor(0, ElementType.FLOAT32, 0, 0, 0, 0);

  private final PinnedMemory memory;
  private final ByteBuffer values;
  private final Pointer pointers;

  ParameterBlock() {
    memory = new PinnedMemory(POINTERS + 24, () -> "kernel arguments");
    values = memory.buffer();
    values.putLong(POINTERS, memory.address());
    values.putLong(POINTERS + 8, memory.address() + SEGMENT);
    values.putLong(POINTERS + 16, memory.address() + POSTERIORS);
    pointers = memory.pointer(POINTERS);
  }

  /** What {@code cuLaunchKernel} takes as {@code kernelParams}. */
  Pointer pointers() {
    return pointers;
  }

  void setSegment(int segment) {
    values.putInt(SEGMENT, segment);
  }

  /** Of {@code ctc_small_loss} and {@code ctc_complement}, in place of a segment. */
  void setLogitsType(ElementType type) {
    values.putInt(SEGMENT, type.ordinal());
  }

  /**
   * @param workspaceAddress of at least {@code workspace.bytes()}
   */
  void setProblem(
      DeviceBatch batch,
      CallOptions call,
      DeviceResult result,
      Workspace workspace,
      long workspaceAddress) {
    CtcOptions options = call.options();
    DeviceTargets targets = batch.targets();
    DeviceTensor gradient = result.gradient();
    putTensor(0, batch.logits());
    putTensor(40, gradient);
    values.putLong(80, targets.labels());
    values.putLong(88, targets.starts());
    values.putLong(96, targets.stride());
    values.putLong(104, targets.size());
    values.putLong(112, targets.lengths());
    values.putLong(120, batch.inputLengths());
    values.putLong(128, batch.frameCounts());
    values.putLong(136, batch.weights());
    values.putLong(144, result.losses());
    values.putLong(152, result.statuses());
    values.putLong(160, result.reduced());
    values.putLong(168, workspaceAddress);
    values.putInt(176, batch.utterances());
    values.putInt(180, batch.frames());
    values.putInt(184, targets.maxLength());
    values.putInt(188, batch.classes());
    values.putInt(192, options.blank());
    values.putInt(196, workspace.rowsKept());
    values.putInt(200, gradient == null ? 0 : gradient.type().ordinal());
    values.putInt(204, flags(call) | (Kernels.hasPosteriors(result) ? FLAG_POSTERIORS : 0));
    putPlace(POSTERIORS, result.posteriors());
    putPlace(POSTERIORS + 48, result.statePosteriors());
  }

  /** A tensor and its type. */
  private void putPlace(int at, DeviceTensor tensorOrNull) {
    putTensor(at, tensorOrNull);
    values.putInt(at + 40, tensorOrNull == null ? 0 : tensorOrNull.type().ordinal());
  }

  private void putTensor(int at, DeviceTensor tensorOrNull) {
    DeviceTensor tensor = tensorOrNull == null ? NO_TENSOR : tensorOrNull;
    values.putLong(at, tensor.address());
    values.putLong(at + 8, tensor.starts());
    values.putLong(at + 16, tensor.utteranceStride());
    values.putLong(at + 24, tensor.frameStride());
    values.putLong(at + 32, tensor.classStride());
  }

  private static int flags(CallOptions call) {
    CtcOptions options = call.options();
    return (options.input() != InputKind.LOGITS ? FLAG_LOG_PROBS : 0)
        | (options.input() == InputKind.SCORES ? FLAG_SCORES : 0)
        | (call.checksLogProbs() ? FLAG_CHECK_LOG_PROBS : 0)
        | (options.gradientHasSoftmaxTerm() ? FLAG_SOFTMAX_TERM : 0)
        | (options.reduction() == Reduction.MEAN ? FLAG_MEAN : 0)
        | (options.zeroInfinity() ? FLAG_ZERO_INFINITY : 0);
  }

  @Override
  public void close() {
    memory.close();
  }
}
