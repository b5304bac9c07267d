package org.ctc4j.cuda.kernels;

import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.InputKind;
import org.ctc4j.Reduction;

/**
 * What the kernels for losses take: {@code CtcProblem} all of them first, the segment or a size
 * some second, and {@code CtcPosteriors} or the address of offsets some third.
 *
 * <p>The layout is that of kernels/README.md, ABI version 11.
 */
final class LossArguments extends KernelArguments {
  private static final int PROBLEM = 0;
  private static final int SEGMENT = 1;
  private static final int POSTERIORS = 2;

  private static final int FLAG_LOG_PROBS = 1; // and scores: not to be normalised
  private static final int FLAG_SOFTMAX_TERM = 2;
  private static final int FLAG_MEAN = 4;
  private static final int FLAG_ZERO_INFINITY = 8;
  private static final int FLAG_POSTERIORS = 16;
  private static final int FLAG_SCORES = 32;
  private static final int FLAG_CHECK_LOG_PROBS = 64;
  private static final int FLAG_PROBABILITIES = 128;

  LossArguments() {
    super(208, 8, 96);
  }

  void setSegment(int segment) {
    write(SEGMENT).int32(segment);
  }

  /** Of {@code ctc_frames_TYPE_any}, in place of a segment: of how many logits. */
  void setRoom(int logits) {
    write(SEGMENT).int32(logits);
  }

  /** Of {@code ctc_offsets} and {@code ctc_offset_labels}, in place of posteriors. */
  void setOffsets(long address) {
    write(POSTERIORS).int64(address);
  }

  /**
   * @param workspaceAddress of at least {@code workspace.bytes()}
   */
  void setProblem(
      DeviceBatch batch,
      CallOptions call,
      DeviceResult result,
      LossWorkspace workspace,
      long workspaceAddress) {
    write(PROBLEM)
        .tensor(batch.logits())
        .tensor(result.gradient())
        .utterances(batch)
        .int64(batch.weights())
        .int64(result.losses())
        .int64(result.statuses())
        .int64(result.reduced())
        .int64(workspaceAddress)
        .shape(batch)
        .int32(call.options().blank())
        .int32(workspace.rowsKept())
        .types(result.gradient(), batch.logits())
        .int32(flags(call) | (result.hasPosteriors() ? FLAG_POSTERIORS : 0))
        .end();
    setPosteriors(result);
  }

  /** Of {@code ctc_posteriors}. */
  void setPosteriors(DeviceResult result) {
    write(POSTERIORS)
        .tensor(result.posteriors())
        .type(result.posteriors())
        .int32(0)
        .tensor(result.statePosteriors())
        .type(result.statePosteriors())
        .int32(0)
        .end();
  }

  private static int flags(CallOptions call) {
    CtcOptions options = call.options();
    return (options.input() != InputKind.LOGITS ? FLAG_LOG_PROBS : 0)
        | (options.input() == InputKind.SCORES ? FLAG_SCORES : 0)
        | (call.checksLogProbs() ? FLAG_CHECK_LOG_PROBS : 0)
        | (options.input() == InputKind.PROBABILITIES ? FLAG_PROBABILITIES : 0)
        | (options.gradientHasSoftmaxTerm() ? FLAG_SOFTMAX_TERM : 0)
        | (options.reduction() == Reduction.MEAN ? FLAG_MEAN : 0)
        | (options.zeroInfinity() ? FLAG_ZERO_INFINITY : 0);
  }
}
