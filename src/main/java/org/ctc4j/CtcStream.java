package org.ctc4j;

import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.ctc4j.decoding.FrameSearch;
import org.ctc4j.host.InputCheck;
import org.ctc4j.host.LogProbs;

/**
 * One utterance whose frames come in pieces, decoded as they come. From {@link
 * CtcDecoder#stream(int, CtcOptions)}, greedily, or {@link CtcDecoder#stream(int, CtcOptions,
 * BeamOptions)}, by a beam search.
 *
 * <pre>{@code
 * CtcStream stream = decoder.stream(classes, options, beam);
 * for (int printed = 0; (piece = next()) != null; printed = stream.finalSpans()) {
 *   stream.add(piece);
 *   List<LabelSpan> spans = stream.spans(printed); // those that are new, or may still change
 *   if (stream.trailingBlanks() > 50 && !spans.isEmpty()) {
 *     CtcNBest nBest = stream.nBest(); // an endpoint
 *     stream.reset();
 *   }
 * }
 * }</pre>
 *
 * <p>What comes out does not depend on where the pieces are cut: it has the bits of one call with
 * all of the frames.
 *
 * <p><b>Memory.</b> Frames are forgotten, but for the last that a beam search weighs greedy
 * decoding by, 2<sup>18</sup> numbers or 256 frames and at most 4096 frames. Labels that are final
 * take 24 bytes each until {@link #reset}. Others are those of which outputs in the beam differ, or
 * the beam and greedy decoding, which may be as long ago as these frames; a narrow beam, or one
 * with a {@linkplain BeamOptions#beamThreshold threshold}, makes up its mind earlier. At an
 * endpoint an n-best and {@link #reset} end all doubt.
 *
 * <p>Not thread-safe: one thread at a time. Streams of one decoder are independent of each other.
 * Nothing to close.
 */
public final class CtcStream {
  private final int classes;
  private final CtcOptions options;
  private final int most;
  private final Supplier<FrameSearch> searches;
  private FrameSearch search;
  private int frames;
  private int notFinite;

  /**
   * @param most how many outputs an n-best has at most
   */
  CtcStream(int classes, CtcOptions options, int most, Supplier<FrameSearch> searches) {
    this.classes = classes;
    this.options = options;
    this.most = most;
    this.searches = searches;
    reset();
  }

  /** Begins another utterance, with frame 0. */
  public void reset() {
    search = searches.get();
    frames = 0;
    notFinite = -1;
  }

  /**
   * Takes in the next frames; they are not needed afterwards.
   *
   * @param piece (t, 1, C) with t of 0 or more, of any layout and type
   * @throws InvalidInputException if it has another number of utterances or classes, or numbers
   *     that cannot be what the options' input says, with the number of the frame in the stream;
   *     then none of its frames is taken in. What a scorer throws comes as it is, and the stream is
   *     of no use then until {@link #reset}
   */
  public void add(FrameTensor piece) {
    if (piece.utterances() != 1) {
      throw new InvalidInputException(
          "piece: expected one utterance, got %s".formatted(piece.shape()));
    }
    add(piece, 0, piece.frames(0));
  }

  /**
   * Takes in frames of one utterance of a batch: each may be the next piece of another stream.
   *
   * @param pieces (t, N, C)
   * @param n which utterance
   * @param count how many of its frames, the first ones
   * @throws InvalidInputException as above
   */
  public void add(FrameTensor pieces, int n, int count) {
    Objects.checkIndex(n, pieces.utterances());
    if (pieces.classes() != classes) {
      throw new InvalidInputException(
          "piece: expected %d classes, got %s".formatted(classes, pieces.shape()));
    }
    if (count < 0 || count > pieces.frames(n)) {
      throw new InvalidInputException(
          "piece: expected a number of frames in [0, %d], got %d"
              .formatted(pieces.frames(n), count));
    }
    if (frames > Integer.MAX_VALUE - count) {
      throw new InvalidInputException(
          "stream: expected at most 2147483647 frames, got %d and %d".formatted(frames, count));
    }
    InputCheck.checkPiece(pieces, n, count, frames, options.input());
    LogProbs logProbs = new LogProbs(pieces, n, count, options.input());
    for (int t = 0; t < count && notFinite < 0; t++) {
      if (!search.frame(logProbs, t)) {
        notFinite = frames + t;
      }
    }
    frames += count;
  }

  /** How many frames have come. */
  public int frames() {
    return frames;
  }

  /**
   * Whether there is an output as far as the frames go, and if not, why. What is not {@link
   * CtcStatus#OK} stays so, whatever comes, until {@link #reset}.
   */
  public CtcStatus status() {
    if (notFinite >= 0) {
      return CtcStatus.NOT_FINITE;
    }
    return search.isPossible() ? CtcStatus.OK : CtcStatus.INFEASIBLE;
  }

  /** The first frame that has NaN or +Infinity; −1 if none has. */
  public int firstNotFinite() {
    return notFinite;
  }

  /**
   * The labels of the best output so far with their frames, from number {@code from} on. Where the
   * most probable path to that output has them, as far as it went through the beam; the last may
   * still go on. Without a scorer's {@link BeamScorer#end}, which {@link #nBest} asks, too.
   *
   * @param from 0, or {@link #finalSpans} of earlier
   * @return none unless the status is {@link CtcStatus#OK}
   */
  public List<LabelSpan> spans(int from) {
    if (from < 0) {
      throw new InvalidInputException("from: expected 0 or more, got " + from);
    }
    return status() == CtcStatus.OK ? List.copyOf(search.spans(from)) : List.of();
  }

  /** How many of the spans, from the first on, no frame that is still to come can change. */
  public int finalSpans() {
    return status() == CtcStatus.OK ? search.finalSpans() : 0;
  }

  /** How many frames in the end have no label in the best path: a long pause is an endpoint. */
  public int trailingBlanks() {
    List<LabelSpan> last = spans(Math.max(0, finalSpans() - 1));
    return frames - (last.isEmpty() ? 0 : last.get(last.size() - 1).end());
  }

  /**
   * What one call with all frames so far gives; more may follow. The output of a greedy stream is
   * that of its path, with the path's log-probability.
   */
  public CtcNBest nBest() {
    return notFinite >= 0
        ? new CtcNBest(CtcStatus.NOT_FINITE, List.of())
        : CtcDecoder.nBest(search, most, options.input());
  }

  /** "OK after 92 frames". */
  @Override
  public String toString() {
    return "%s after %d frames%s"
        .formatted(
            status(), frames, notFinite < 0 ? "" : ": frame %d is not finite".formatted(notFinite));
  }
}
