package org.ctc4j;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.ctc4j.alignment.Viterbi;
import org.ctc4j.host.Parallel;

/**
 * Forced alignment: for each utterance the most probable of all paths that collapse to its target,
 * after Viterbi, in float64 and the log domain.
 *
 * <pre>{@code
 * for (CtcPath path : CtcAligner.create().align(batch, CtcOptions.DEFAULT)) {
 *   for (LabelSpan span : path.spans()) { … span.label(), span.startSeconds(0.02), span.confidence() … }
 * }
 * }</pre>
 *
 * <p>Input means the same as for {@link Ctc}: logits or log-probabilities, any blank, any layout,
 * −Infinity for probability 0; frames from the input length on are not read.
 *
 * <p><b>Ties.</b> Of equally probable paths the result is the one whose last frame is in the
 * greatest state; if several are, the one whose last but one frame is in the greatest state, and so
 * on backwards. So labels begin as early as they can, and the path rather stays than moves.
 * Probabilities are compared as float64 sums of the frames' log-probabilities, first frame to last.
 *
 * <p><b>Memory.</b> No table of frames by states: about 8.5 · (TS)<sup>2/3</sup> bytes and a few
 * numbers a frame for each thread, S = 2L + 1; 17 MB for T = 90,000 and L = 15,000. Time T · S.
 *
 * <p>Immutable, thread-safe, nothing to close.
 */
public final class CtcAligner {
  private final EngineOptions engine;

  private CtcAligner(EngineOptions engine) {
    this.engine = Objects.requireNonNull(engine, "engine options");
  }

  /** On all processors. */
  public static CtcAligner create() {
    return create(EngineOptions.DEFAULT);
  }

  /** On {@link EngineOptions#threads} threads, each with utterances of its own. */
  public static CtcAligner create(EngineOptions options) {
    return new CtcAligner(options);
  }

  /**
   * The best path of every utterance, in order. Weights, reduction and what else concerns gradients
   * is not used.
   *
   * @return N paths; one of an utterance that has none says why in its {@link CtcPath#status()}
   * @throws InvalidInputException if an argument is out of its range
   */
  public List<CtcPath> align(CtcBatch batch, CtcOptions options) {
    batch.check(options);
    CtcPath[] paths = new CtcPath[batch.utterances()];
    Parallel.forEach(paths.length, engine.threads(), n -> paths[n] = align(batch, n, options));
    return Arrays.asList(paths);
  }

  private static CtcPath align(CtcBatch batch, int n, CtcOptions options) {
    int[] target = new int[batch.targets().length(n)];
    batch.targets().copyTo(n, target);
    Viterbi viterbi =
        new Viterbi(
            batch.logits(), n, batch.inputLength(n), target, options.blank(), options.input());
    CtcStatus status = viterbi.run();
    return status == CtcStatus.OK
        ? CtcPath.of(options.blank(), viterbi.states(), target, viterbi.logProbabilities())
        : CtcPath.none(status);
  }
}
