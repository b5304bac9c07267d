package org.ctc4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.evaluator.Evaluator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcLabels;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.ctc4j.Wildcards;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Vocabulary;

/**
 * The error rate of greedy decoding: substitutions, insertions and deletions of all utterances,
 * over the labels, characters or words of their targets. {@link org.ctc4j.djl} says what
 * predictions and labels are. Utterances whose targets hold {@link Wildcards} are left out, as
 * nobody knows what should be read there. Thread-safe.
 */
public final class CtcErrorRate extends Evaluator {
  private final CtcDecoder decoder = CtcDecoder.create();
  private final CtcOptions options;
  private final FrameLayout layout;
  private final BiFunction<int[], int[], ErrorCounts> count; // of reference and output
  private final Map<String, ErrorCounts> counts = new ConcurrentHashMap<>();

  private CtcErrorRate(
      String name,
      CtcOptions options,
      FrameLayout layout,
      BiFunction<int[], int[], ErrorCounts> count) {
    super(name);
    this.options = Objects.requireNonNull(options, "options");
    this.layout = Objects.requireNonNull(layout, "layout");
    this.count = count;
  }

  /** Called LabelErrorRate. */
  public static CtcErrorRate labels(CtcOptions options, FrameLayout layout) {
    return new CtcErrorRate("LabelErrorRate", options, layout, ErrorCounts::labels);
  }

  /** Called CharacterErrorRate. */
  public static CtcErrorRate characters(
      Vocabulary vocabulary, CtcOptions options, FrameLayout layout) {
    return new CtcErrorRate(
        "CharacterErrorRate",
        options,
        layout,
        (target, output) ->
            ErrorCounts.characters(vocabulary.text(target), vocabulary.text(output)));
  }

  /** Called WordErrorRate. */
  public static CtcErrorRate words(Vocabulary vocabulary, CtcOptions options, FrameLayout layout) {
    return new CtcErrorRate(
        "WordErrorRate",
        options,
        layout,
        (target, output) -> ErrorCounts.words(vocabulary.text(target), vocabulary.text(output)));
  }

  /** The error rate of one batch, a float32 scalar of the predictions' manager; NaN of nothing. */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    return predictions.head().getManager().create(rate(counts(labels, predictions)));
  }

  private static float rate(ErrorCounts sum) {
    return sum.total() + sum.errors() == 0 ? Float.NaN : (float) sum.rate();
  }

  private ErrorCounts counts(NDList labels, NDList predictions) {
    try (HostArray host = new HostArray("predictions", predictions.head())) {
      FrameTensor logits = host.frames(layout);
      CtcBatch batch = Labels.batch(logits, labels, Wildcards.DEFAULT);
      int[] inputLengths = new int[batch.utterances()];
      for (int n = 0; n < inputLengths.length; n++) {
        inputLengths[n] = batch.inputLength(n);
      }
      List<CtcLabels> found = decoder.greedyLabels(logits, inputLengths, options);
      ErrorCounts sum = ErrorCounts.NONE;
      for (int n = 0; n < found.size(); n++) {
        if (!batch.targets().hasWildcards(n)) {
          sum = sum.plus(count.apply(target(batch.targets(), n), found.get(n).labels()));
        }
      }
      return sum;
    }
  }

  private static int[] target(Targets targets, int n) {
    int[] target = new int[targets.length(n)];
    targets.copyTo(n, target);
    return target;
  }

  @Override
  public void addAccumulator(String key) {
    counts.put(key, ErrorCounts.NONE);
  }

  @Override
  public void resetAccumulator(String key) {
    counts.put(key, ErrorCounts.NONE);
  }

  @Override
  public void updateAccumulator(String key, NDList labels, NDList predictions) {
    updateAccumulators(new String[] {key}, labels, predictions);
  }

  @Override
  public void updateAccumulators(String[] keys, NDList labels, NDList predictions) {
    ErrorCounts batch = counts(labels, predictions);
    for (String key : keys) {
      counts.merge(key, batch, ErrorCounts::plus);
    }
  }

  /** The error rate of all utterances since the last reset; NaN if there was nothing to read. */
  @Override
  public float getAccumulator(String key) {
    return rate(counts(key));
  }

  /** The same in its parts. */
  public ErrorCounts counts(String key) {
    ErrorCounts sum = counts.get(key);
    if (sum == null) {
      throw new IllegalArgumentException(
          "accumulator: expected one of %s, got %s".formatted(counts.keySet(), key));
    }
    return sum;
  }
}
