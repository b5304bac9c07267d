package org.ctc4j.cuda.kernels;

import org.ctc4j.ConsistencyGradient;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.DeviceConsistencyResult;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.InputKind;
import org.ctc4j.Reduction;
import org.ctc4j.Wildcards;

/**
 * What the kernels for losses take: {@code CtcProblem} all of them first, the segment, a size or a
 * kind of gradient some second, {@code CtcPosteriors}, the address of offsets or {@code CtcViews}
 * some third, and {@code CtcWildcards} some fourth.
 *
 * <p>The layout is that of kernels/README.md, ABI version 12.
 */
final class LossArguments extends KernelArguments {
  private static final int PROBLEM = 0;
  private static final int SEGMENT = 1;
  private static final int POSTERIORS = 2;
  private static final int VIEW = 2;
  private static final int WILDCARDS = 3;

  private static final int FLAG_LOG_PROBS = 1; // and scores: not to be normalised
  private static final int FLAG_SOFTMAX_TERM = 2;
  private static final int FLAG_MEAN = 4;
  private static final int FLAG_ZERO_INFINITY = 8;
  private static final int FLAG_POSTERIORS = 16;
  private static final int FLAG_SCORES = 32;
  private static final int FLAG_CHECK_LOG_PROBS = 64;
  private static final int FLAG_PROBABILITIES = 128;

  private static final DeviceTargets NO_TARGETS = DeviceTargets.padded(0, 0, 0, 0);

  private int reducedAt; // known once a problem is set

  LossArguments() {
    super(208, 8, 96, 56);
  }

  void setSegment(int segment) {
    write(SEGMENT).int32(segment);
  }

  /** Of {@code ctc_frames_TYPE_any}, in place of a segment: of how many logits. */
  void setRoom(int logits) {
    write(SEGMENT).int32(logits);
  }

  /**
   * Of {@code ctc_offsets} and {@code ctc_offset_labels}, in place of posteriors: where those of
   * targets lie.
   */
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
    Fields problem =
        write(PROBLEM)
            .tensor(batch.logits())
            .tensor(result.gradient())
            .utterances(batch)
            .int64(batch.weights())
            .int64(result.losses())
            .int64(result.statuses());
    reducedAt = problem.at();
    problem
        .int64(0)
        .int64(workspaceAddress)
        .shape(batch)
        .int32(call.options().blank())
        .int32(workspace.rowsKept())
        .types(result.gradient(), batch.logits())
        .int32(flags(call) | (result.hasPosteriors() ? FLAG_POSTERIORS : 0))
        .end();
    setPosteriors(result);
  }

  /** Of {@code ctc_small_loss} or {@code ctc_reduce}: where the one that comes last adds up. */
  void setReduced(long address) {
    rewrite(reducedAt).int64(address);
  }

  /** Of {@code ctc_posteriors}. */
  void setPosteriors(DeviceResult result) {
    setTensors(POSTERIORS, result.posteriors(), result.statePosteriors());
  }

  /**
   * Of {@code ctc_wildcards_*}.
   *
   * @param targets with wildcards, of their own lengths
   * @param workspaceAddress of what wildcards take
   * @param offsetsAddress of what is added to the classes, or 0
   */
  void setWildcards(
      DeviceTargets targets,
      WildcardWorkspace workspace,
      long workspaceAddress,
      long offsetsAddress) {
    Wildcards wildcards = targets.wildcards();
    write(WILDCARDS)
        .int64(workspaceAddress)
        .int64(targets.lengths())
        .int64(offsetsAddress)
        .float64(wildcards.framePenalty())
        .float64(wildcards.labelPenalty())
        .float64(wildcards.skipCost())
        .int32(workspace.rowsKept())
        .int32(workspace.segments())
        .end();
  }

  private void setTensors(int parameter, DeviceTensor firstOrNull, DeviceTensor secondOrNull) {
    write(parameter)
        .tensor(firstOrNull)
        .type(firstOrNull)
        .int32(0)
        .tensor(secondOrNull)
        .type(secondOrNull)
        .int32(0)
        .end();
  }

  /** Of {@code ctc_consistency_TYPE}, {@code ctc_consistency_sum} and {@code ctc_reduce}. */
  void setViews(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long workspaceAddress) {
    write(PROBLEM)
        .tensor(batch.first())
        .tensor(result.firstGradient())
        .targets(NO_TARGETS)
        .int64(batch.inputLengths())
        .int64(batch.frameCounts())
        .int64(batch.weights())
        .int64(result.losses())
        .int64(result.statuses())
        .int64(result.reduced())
        .int64(workspaceAddress)
        .int32(batch.utterances())
        .int32(batch.frames())
        .int32(0)
        .int32(batch.classes())
        .int32(0)
        .int32(1)
        .types(result.firstGradient(), batch.first())
        .int32(0)
        .end();
    write(SEGMENT).int32(kind == ConsistencyGradient.FULL ? 1 : 0);
    setTensors(VIEW, batch.second(), result.secondGradient());
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
