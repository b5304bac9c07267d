package org.ctc4j;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.ctc4j.decoding.BeamSearch;
import org.ctc4j.decoding.FrameSearch;
import org.ctc4j.decoding.Greedy;
import org.ctc4j.decoding.GreedyLabels;
import org.ctc4j.decoding.GreedySearch;
import org.ctc4j.host.InputCheck;
import org.ctc4j.host.LogProbs;
import org.ctc4j.host.Workers;

/**
 * From logits to labels, when there is no target.
 *
 * <pre>{@code
 * CtcDecoder decoder = CtcDecoder.create();
 * int[] labels = decoder.greedy(logits).get(0).labels();
 * CtcHypothesis best = decoder.beamSearch(logits, inputLengths).get(0).best();
 * }</pre>
 *
 * <p>Input means the same as for {@link Ctc}: logits, log-probabilities, probabilities or scores,
 * any blank, any layout, −Infinity for probability 0; frames from the input length on are not read.
 * Of the {@link CtcOptions} blank and input are used. Results have the same bits for any number of
 * threads.
 *
 * <p>Immutable, thread-safe, nothing to close. Not serialisable: make one where it is used; {@link
 * BeamOptions} and results travel. For a GPU see {@link CudaDecoder}.
 */
public final class CtcDecoder {
  private static final Comparator<FrameSearch.Output> BEST_FIRST =
      Comparator.comparingDouble(FrameSearch.Output::score)
          .reversed()
          .thenComparing(FrameSearch.Output::labels, Arrays::compare);

  private final Workers workers;

  private CtcDecoder(EngineOptions options) {
    this.workers = Workers.of(Objects.requireNonNull(options, "engine options"));
  }

  /** On all processors. */
  public static CtcDecoder create() {
    return create(EngineOptions.DEFAULT);
  }

  /** On {@link EngineOptions#threads} threads, each with utterances of its own. */
  public static CtcDecoder create(EngineOptions options) {
    return new CtcDecoder(options);
  }

  /** {@link #greedy(FrameTensor, int[], CtcOptions)} of all frames, with default options. */
  public List<CtcPath> greedy(FrameTensor logits) {
    return greedy(logits, CtcOptions.DEFAULT);
  }

  /** The same with default options. */
  public List<CtcPath> greedy(FrameTensor logits, int[] inputLengths) {
    return greedy(logits, inputLengths, CtcOptions.DEFAULT);
  }

  /** The same of all frames. */
  public List<CtcPath> greedy(FrameTensor logits, CtcOptions options) {
    return greedy(logits, logits.frameCounts(), options);
  }

  /**
   * Greedy (best path) decoding: the most probable class of every frame, of equal ones the one of
   * the least index; then repeats merged and blanks removed. The output of the most probable path
   * need not be the most probable output.
   *
   * @param logits (T, N, C)
   * @param inputLengths one for each utterance, each in [0, T]
   * @return N paths, with the frames and confidences of their labels; what these are worth is said
   *     at {@link LabelSpan#confidence()}
   * @throws InvalidInputException if an argument is out of its range
   */
  public List<CtcPath> greedy(FrameTensor logits, int[] inputLengths, CtcOptions options) {
    CtcBatch batch = batch(logits, inputLengths, options);
    CtcPath[] paths = new CtcPath[batch.utterances()];
    workers.forEach(
        paths.length,
        n -> {
          Greedy greedy = new Greedy(logProbs(batch, n, options), options.blank());
          CtcStatus status = greedy.decode();
          paths[n] =
              status == CtcStatus.OK
                  ? CtcPath.of(
                      options.blank(), greedy.states(), greedy.labels(), greedy.logProbabilities())
                  : CtcPath.none(status);
        });
    return Arrays.asList(paths);
  }

  /** {@link #greedyLabels(FrameTensor, int[], CtcOptions)} of all frames. */
  public List<CtcLabels> greedyLabels(FrameTensor logits, CtcOptions options) {
    return greedyLabels(logits, logits.frameCounts(), options);
  }

  /**
   * The labels of {@link #greedy(FrameTensor, int[], CtcOptions) greedy}, of the same arguments,
   * without their frames and confidences: logits are not normalised for it, so that it takes a
   * fraction of the time.
   */
  public List<CtcLabels> greedyLabels(FrameTensor logits, int[] inputLengths, CtcOptions options) {
    CtcBatch batch = batch(logits, inputLengths, options);
    CtcLabels[] found = new CtcLabels[batch.utterances()];
    workers.forEach(
        found.length,
        n -> {
          GreedyLabels greedy = new GreedyLabels(logProbs(batch, n, options), options.blank());
          CtcStatus status = greedy.decode();
          found[n] = new CtcLabels(status, status == CtcStatus.OK ? greedy.labels() : new int[0]);
        });
    return Arrays.asList(found);
  }

  /**
   * {@link #beamSearch(FrameTensor, int[], CtcOptions, BeamOptions)} of all frames, with default
   * options.
   */
  public List<CtcNBest> beamSearch(FrameTensor logits) {
    return beamSearch(logits, CtcOptions.DEFAULT, BeamOptions.DEFAULT);
  }

  /** The same with default options. */
  public List<CtcNBest> beamSearch(FrameTensor logits, int[] inputLengths) {
    return beamSearch(logits, inputLengths, CtcOptions.DEFAULT, BeamOptions.DEFAULT);
  }

  /** The same of all frames. */
  public List<CtcNBest> beamSearch(FrameTensor logits, CtcOptions options, BeamOptions beam) {
    return beamSearch(logits, logits.frameCounts(), options, beam);
  }

  /** The same of all frames, with a scorer. */
  public <S> List<CtcNBest> beamSearch(
      FrameTensor logits, CtcOptions options, BeamOptions beam, BeamScorer<S> scorer) {
    return beamSearch(logits, logits.frameCounts(), options, beam, scorer);
  }

  /**
   * Prefix beam search without a scorer; see {@link #beamSearch(FrameTensor, int[], CtcOptions,
   * BeamOptions, BeamScorer)}.
   */
  public List<CtcNBest> beamSearch(
      FrameTensor logits, int[] inputLengths, CtcOptions options, BeamOptions beam) {
    return search(logits, inputLengths, options, beam, null);
  }

  /**
   * Prefix beam search: from frame to frame the best {@link BeamOptions#beamWidth} prefixes are
   * kept, each with the probability of all paths that collapse to it, those that end in a blank and
   * those that do not apart. Exact within the beam: as long as no prefix falls out of it, and no
   * class is left out, the probabilities are those of the outputs, and they never exceed them. In
   * float64 and the log domain.
   *
   * <p>In the end the output of {@link #greedy} is weighed too, with the probability of all its
   * paths through the classes that were considered and what the scorer adds. If it scores higher
   * than all that the beam holds, it comes first, so that no beam is worse than greedy decoding.
   * Time T, or up to T · L where neither is sure, on top of the T · W of the search. Of a longer
   * utterance this is done every 4096 frames, too, or 2<sup>18</sup> / min(C, {@link
   * BeamOptions#topClasses}) if that is less, 256 at least; greedy decoding then goes on from what
   * is best.
   *
   * <p>After Graves and Jaitly (ICML 2014) and Hannun et al. (2014).
   *
   * @param logits (T, N, C)
   * @param inputLengths one for each utterance, each in [0, T]
   * @param scorer adds to the score of the prefixes
   * @return N lists of outputs
   * @throws InvalidInputException if an argument is out of its range, or the scorer answers NaN or
   *     +Infinity
   */
  public <S> List<CtcNBest> beamSearch(
      FrameTensor logits,
      int[] inputLengths,
      CtcOptions options,
      BeamOptions beam,
      BeamScorer<S> scorer) {
    return search(logits, inputLengths, options, beam, Objects.requireNonNull(scorer, "scorer"));
  }

  private <S> List<CtcNBest> search(
      FrameTensor logits,
      int[] inputLengths,
      CtcOptions options,
      BeamOptions beam,
      BeamScorer<S> scorer) {
    CtcBatch batch = batch(logits, inputLengths, options);
    if (scorer != null) {
      scorer.check(logits.classes(), options.blank());
    }
    CtcNBest[] results = new CtcNBest[batch.utterances()];
    workers.forEach(
        results.length,
        n ->
            results[n] =
                search(
                    logProbs(batch, n, options),
                    new BeamSearch<>(
                        logits.classes(),
                        options,
                        beam,
                        scorer,
                        "utterance %d".formatted(n),
                        false),
                    beam.nBest(),
                    options.input()));
    return Arrays.asList(results);
  }

  private static CtcNBest search(LogProbs frames, FrameSearch search, int most, InputKind input) {
    for (int t = 0; t < frames.frames(); t++) {
      if (!search.frame(frames, t)) {
        return new CtcNBest(CtcStatus.NOT_FINITE, List.of());
      }
    }
    return nBest(search, most, input);
  }

  /** The outputs of a search if its frames so far are all. */
  static CtcNBest nBest(FrameSearch search, int most, InputKind input) {
    int[] prefix = search.prefix();
    List<CtcHypothesis> hypotheses =
        search.outputs().stream()
            .filter(output -> output.score() > Double.NEGATIVE_INFINITY)
            .sorted(BEST_FIRST)
            .limit(most)
            .map(output -> hypothesis(prefix, output, input))
            .toList();
    return new CtcNBest(hypotheses.isEmpty() ? CtcStatus.INFEASIBLE : CtcStatus.OK, hypotheses);
  }

  private static CtcHypothesis hypothesis(
      int[] prefix, FrameSearch.Output output, InputKind input) {
    int[] labels = Arrays.copyOf(prefix, prefix.length + output.labels().length);
    System.arraycopy(output.labels(), 0, labels, prefix.length, output.labels().length);
    return CtcHypothesis.found(labels, output.logProbability(), output.added(), input);
  }

  /**
   * A stream of frames of C classes that is decoded as {@link #greedy} does it.
   *
   * @throws InvalidInputException if an argument is out of its range
   */
  public CtcStream stream(int classes, CtcOptions options) {
    check(classes, options);
    return new CtcStream(classes, options, 1, () -> new GreedySearch(classes, options.blank()));
  }

  /** A stream of frames of C classes that is decoded by a beam search without a scorer. */
  public CtcStream stream(int classes, CtcOptions options, BeamOptions beam) {
    return beamStream(classes, options, beam, null);
  }

  /**
   * A stream of frames of C classes that is decoded as {@link #beamSearch(FrameTensor, int[],
   * CtcOptions, BeamOptions, BeamScorer)} does it.
   *
   * @throws InvalidInputException if an argument is out of its range
   */
  public <S> CtcStream stream(
      int classes, CtcOptions options, BeamOptions beam, BeamScorer<S> scorer) {
    return beamStream(classes, options, beam, Objects.requireNonNull(scorer, "scorer"));
  }

  private static <S> CtcStream beamStream(
      int classes, CtcOptions options, BeamOptions beam, BeamScorer<S> scorer) {
    check(classes, options);
    if (scorer != null) {
      scorer.check(classes, options.blank());
    }
    return new CtcStream(
        classes,
        options,
        beam.nBest(),
        () -> new BeamSearch<>(classes, options, beam, scorer, "the stream", true));
  }

  private static void check(int classes, CtcOptions options) {
    FrameTensor.requireShape(0, 1, classes);
    CtcBatch.check(options, classes, false);
  }

  /** Checks the arguments. */
  private CtcBatch batch(FrameTensor logits, int[] inputLengths, CtcOptions options) {
    CtcBatch batch = CtcBatch.of(logits, Targets.none(logits.utterances()), inputLengths);
    batch.check(options);
    options.offsets().requireNone("a decoder");
    InputCheck.check(batch, options.input(), workers);
    return batch;
  }

  /** "decoder on 8 threads". */
  @Override
  public String toString() {
    return "decoder on %d threads".formatted(workers.threads());
  }

  private static LogProbs logProbs(CtcBatch batch, int n, CtcOptions options) {
    return new LogProbs(batch.logits(), n, batch.inputLength(n), options.input());
  }
}
