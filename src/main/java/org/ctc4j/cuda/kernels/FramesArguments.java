package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceFrames;
import org.ctc4j.InputKind;

/**
 * What the kernels for decoding take first, one {@code FramesProblem}; see kernels/decoding.cuh.
 */
class FramesArguments extends KernelArguments {
  /** Of what is found of a frame. */
  static final long NORM_BYTES = 32;

  static final int BYTES = 88;

  private static final int FLAG_LOG_PROBS = 1; // and scores: not to be normalised
  private static final int FLAG_CHECK_LOG_PROBS = 64;
  private static final int FLAG_PROBABILITIES = 128;
  private static final int FLAG_NORMALISE = 256;

  /**
   * @param more bytes behind it in the same parameter
   */
  FramesArguments(int more) {
    super(BYTES + more);
  }

  /**
   * @param second bytes of another parameter
   */
  FramesArguments(int more, int second) {
    super(BYTES + more, second);
  }

  /**
   * Writes it.
   *
   * @param norms address of what is found of each frame
   * @param normalises whether logits are to be normalised
   * @return what comes behind it
   */
  final Fields frames(DeviceFrames frames, CallOptions call, long norms, boolean normalises) {
    return write(0)
        .tensor(frames.logits())
        .int64(frames.inputLengths())
        .int64(frames.frameCounts())
        .int64(norms)
        .int32(frames.utterances())
        .int32(frames.frames())
        .int32(frames.classes())
        .int32(call.options().blank())
        .int32(flags(call) | (normalises ? FLAG_NORMALISE : 0))
        .type(frames.logits());
  }

  private static int flags(CallOptions call) {
    InputKind input = call.options().input();
    return (input != InputKind.LOGITS ? FLAG_LOG_PROBS : 0)
        | (input == InputKind.PROBABILITIES ? FLAG_PROBABILITIES : 0)
        | (call.checksLogProbs() ? FLAG_CHECK_LOG_PROBS : 0);
  }
}
