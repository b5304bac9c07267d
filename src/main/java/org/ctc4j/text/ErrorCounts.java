package org.ctc4j.text;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.ctc4j.InvalidInputException;

/**
 * How far texts or labels are from their references: the fewest edits that make the one of the
 * other (Levenshtein 1966), of equally few those that leave the most correct. Over a corpus counts
 * add up:
 *
 * <pre>{@code
 * ErrorCounts words = ErrorCounts.words(references, texts);
 * System.out.println(100 * words.rate() + " % " + words);
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param correct symbols of the references that are where they should be
 * @param substitutions symbols in the place of others
 * @param insertions symbols that no reference has
 * @param deletions symbols of the references that are missing
 */
public record ErrorCounts(long correct, long substitutions, long insertions, long deletions)
    implements Serializable {
  public static final ErrorCounts NONE = new ErrorCounts(0, 0, 0, 0);

  /** Between the words of two texts, which white space parts. */
  public static ErrorCounts words(String reference, String text) {
    Map<String, Integer> numbers = new HashMap<>();
    return labels(numbered(words(reference), numbers), numbered(words(text), numbers));
  }

  /** Between the characters (code points) of two texts; white space is a single blank. */
  public static ErrorCounts characters(String reference, String text) {
    return labels(
        String.join(" ", words(reference)).codePoints().toArray(),
        String.join(" ", words(text)).codePoints().toArray());
  }

  /** Between two label sequences. */
  public static ErrorCounts labels(int[] reference, int[] labels) {
    // An edit costs so much, and what is correct pays 1, that fewer edits always cost less.
    long edit = Math.min(reference.length, labels.length) + 1L;
    long[] cost = new long[labels.length + 1]; // of the first i labels from the reference so far
    for (int i = 0; i < cost.length; i++) {
      cost[i] = i * edit;
    }
    for (int expected : reference) {
      long diagonal = cost[0];
      cost[0] += edit;
      for (int i = 1; i < cost.length; i++) {
        long kept = diagonal + (labels[i - 1] == expected ? -1 : edit);
        diagonal = cost[i];
        cost[i] = Math.min(kept, Math.min(cost[i], cost[i - 1]) + edit);
      }
    }
    long total = cost[labels.length];
    long edits = Math.floorDiv(total + edit - 1, edit);
    long correct = edits * edit - total;
    return new ErrorCounts(
        correct,
        reference.length + (labels.length - edits) - 2 * correct,
        edits - reference.length + correct,
        edits - labels.length + correct);
  }

  /**
   * The words of a corpus.
   *
   * @throws InvalidInputException if there are not as many texts as references
   */
  public static ErrorCounts words(List<String> references, List<String> texts) {
    return sum(references, texts, ErrorCounts::words);
  }

  /** The characters of a corpus; refused as {@link #words(List, List)}. */
  public static ErrorCounts characters(List<String> references, List<String> texts) {
    return sum(references, texts, ErrorCounts::characters);
  }

  /** The labels of a corpus; refused as {@link #words(List, List)}. */
  public static ErrorCounts labels(List<int[]> references, List<int[]> labels) {
    return sum(references, labels, ErrorCounts::labels);
  }

  private static <T> ErrorCounts sum(
      List<T> references, List<T> found, BiFunction<T, T, ErrorCounts> between) {
    if (references.size() != found.size()) {
      throw new InvalidInputException(
          "expected as many as there are references, %d, got %d"
              .formatted(references.size(), found.size()));
    }
    ErrorCounts sum = NONE;
    for (int n = 0; n < references.size(); n++) {
      sum = sum.plus(between.apply(references.get(n), found.get(n)));
    }
    return sum;
  }

  /** The counts of both. */
  public ErrorCounts plus(ErrorCounts other) {
    return new ErrorCounts(
        correct + other.correct,
        substitutions + other.substitutions,
        insertions + other.insertions,
        deletions + other.deletions);
  }

  /** How many symbols the references have. */
  public long total() {
    return correct + substitutions + deletions;
  }

  /** How many edits there are. */
  public long errors() {
    return substitutions + insertions + deletions;
  }

  /**
   * Errors for each symbol of the references: 0 if all is correct, more than 1 with many
   * insertions. Where the references are empty it is 0, or +Infinity if there are errors.
   */
  public double rate() {
    return errors() == 0 ? 0 : (double) errors() / total();
  }

  private static List<String> words(String text) {
    return Arrays.stream(text.split("(?U)\\s+")).filter(word -> !word.isEmpty()).toList();
  }

  private static int[] numbered(List<String> words, Map<String, Integer> numbers) {
    return words.stream()
        .mapToInt(word -> numbers.computeIfAbsent(word, w -> numbers.size()))
        .toArray();
  }
}
