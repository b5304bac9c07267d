package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.InputKind;
import org.ctc4j.Wildcards;

/**
 * What the kernels for alignment take, one {@code AlignProblem}, and those for wildcards after it,
 * one {@code AlignWildcards}. The layout is that of kernels/README.md, section Alignment.
 */
final class AlignArguments extends KernelArguments {
  private static final int FLAG_LOG_PROBS = 1; // and scores: not to be normalised
  private static final int FLAG_CHECK_LOG_PROBS = 64;
  private static final int FLAG_PROBABILITIES = 128;

  AlignArguments() {
    super(184, 48);
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
    write(0)
        .tensor(batch.logits())
        .utterances(batch)
        .int64(paths.states())
        .int64(paths.logProbabilities())
        .int64(paths.starts())
        .int64(paths.scores())
        .int64(paths.statuses())
        .int64(workspaceAddress)
        .shape(batch)
        .int32(call.options().blank())
        .int32(workspace.segmentFrames())
        .int32(flags(call))
        .type(batch.logits())
        .int64(call.offsets() == null ? 0 : workspaceAddress + workspace.offsetsAt())
        .end();
  }

  /**
   * The second parameter.
   *
   * @param address of a workspace for wildcards
   */
  void setWildcards(
      Wildcards wildcards, CallOptions call, AlignWildcardWorkspace workspace, long address) {
    write(1)
        .int64(address)
        .int64(call.offsets() == null ? 0 : address + workspace.offsetsAt())
        .float64(wildcards.framePenalty())
        .float64(wildcards.labelPenalty())
        .float64(wildcards.skipCost())
        .int32(workspace.segmentFrames())
        .int32(0)
        .end();
  }

  private static int flags(CallOptions call) {
    InputKind input = call.options().input();
    return (input != InputKind.LOGITS ? FLAG_LOG_PROBS : 0)
        | (input == InputKind.PROBABILITIES ? FLAG_PROBABILITIES : 0)
        | (call.checksLogProbs() ? FLAG_CHECK_LOG_PROBS : 0);
  }
}
