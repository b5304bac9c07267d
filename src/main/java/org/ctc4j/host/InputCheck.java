package org.ctc4j.host;

import java.util.concurrent.atomic.AtomicInteger;
import org.ctc4j.CtcBatch;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.InvalidInputException;

/**
 * Whether numbers can be what they are said to be, log-probabilities or probabilities. {@link
 * InputKind} says what is refused.
 */
public abstract class InputCheck {
  static final double SUM_TOLERANCE = 0.05;

  /** Of so many numbers a helping thread is worth its start. */
  private static final long NUMBERS_PER_THREAD = 1 << 19;

  private final FrameTensor tensor;
  private int streamFrames = -1; // before the tensor's, if that is a piece of a stream

  InputCheck(FrameTensor tensor) {
    this.tensor = tensor;
  }

  /** {@link #check(CtcBatch, InputKind, Workers)} on the calling thread alone. */
  public static void check(CtcBatch batch, InputKind input) {
    check(batch, input, Workers.of(EngineOptions.DEFAULT.withThreads(1)));
  }

  /**
   * Refuses a batch that is said to hold log-probabilities or probabilities and cannot. Infeasible
   * utterances and those of weight 0 are looked at like all others. Looks at nothing if the input
   * is of another kind.
   *
   * @throws InvalidInputException naming the first such frame of the first such utterance
   */
  public static void check(CtcBatch batch, InputKind input, Workers workers) {
    if (input != InputKind.LOG_PROBS && input != InputKind.PROBABILITIES) {
      return;
    }
    long numbers = 0;
    for (int n = 0; n < batch.utterances(); n++) {
      numbers += (long) batch.inputLength(n) * batch.logits().classes();
    }
    int parts = (int) Math.min(workers.threads(), 1 + numbers / NUMBERS_PER_THREAD);
    AtomicInteger first = new AtomicInteger(batch.utterances()); // that is refused
    workers.forEach(
        parts,
        k -> {
          InputCheck check = of(batch.logits(), input);
          for (int n = k; n < first.get(); n += parts) {
            if (check.fault(n, batch.inputLength(n)) != null) {
              first.accumulateAndGet(n, Math::min);
            }
          }
        });
    if (first.get() < batch.utterances()) {
      int n = first.get();
      throw new InvalidInputException(of(batch.logits(), input).fault(n, batch.inputLength(n)));
    }
  }

  /**
   * The same of a piece of a stream: frames of utterance n, before which the stream had some.
   *
   * @throws InvalidInputException naming the frame in the stream
   */
  public static void checkPiece(
      FrameTensor piece, int n, int frames, int streamFrames, InputKind input) {
    if (input == InputKind.LOG_PROBS || input == InputKind.PROBABILITIES) {
      InputCheck check = of(piece, input);
      check.streamFrames = streamFrames;
      String fault = check.fault(n, frames);
      if (fault != null) {
        throw new InvalidInputException(fault);
      }
    }
  }

  private static InputCheck of(FrameTensor tensor, InputKind input) {
    return input == InputKind.LOG_PROBS ? new LogProbCheck(tensor) : new ProbabilityCheck(tensor);
  }

  /** What is wrong with an utterance; null if nothing is. */
  String fault(int n, int frames) {
    String fault = null;
    for (int t = 0; t < frames && fault == null; t++) {
      fault = faultOfFrame(n, t);
    }
    return fault;
  }

  /** What is wrong with a frame; null if nothing is. */
  abstract String faultOfFrame(int n, int t);

  /** How far a single number may be out, which depends on its type. */
  static double tolerance(FrameTensor numbers, double of16Bits) {
    return numbers.elements().type().bytes() > 2 ? 1e-5 : of16Bits;
  }

  // for messages

  final String where(int n, int t) {
    return streamFrames < 0
        ? "logits: utterance %d, frame %d: ".formatted(n, t)
        : "logits: frame %d of the stream: ".formatted(streamFrames + t);
  }

  static boolean isOne(double sum) {
    return Math.abs(sum - 1) <= SUM_TOLERANCE;
  }

  /** As short as the number's type allows. */
  final String text(double number) {
    return tensor.elements().type() == ElementType.FLOAT64
        ? Double.toString(number)
        : Float.toString((float) number);
  }

  /** Of floats, in four sums: one would wait for each addition. */
  static double sum(float[] x, int at, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = at;
    int end = at + n;
    for (; i + 3 < end; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < end; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }
}
