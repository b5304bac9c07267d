package org.ctc4j.lm;

/**
 * The n-grams of one order, those with the same first n − 1 words side by side, by their last word.
 *
 * @param words the last word of each; null for unigrams, where n-gram i is word i
 * @param backoffs null for the highest order
 * @param firsts where the n-grams that go on with one more word begin, among those of the next
 *     order, and where the last ones end; null for the highest order
 */
record Level(int count, Column words, Weights probs, Weights backoffs, Column firsts) {

  /** The n-gram of the next order that goes on from n-gram i with a word; −1 if there is none. */
  int find(int i, int word, Level next) {
    int low = firsts.get(i);
    int end = end(i, next);
    int high = end;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (next.words.get(middle) < word) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < end && next.words.get(low) == word ? low : -1;
  }

  /** Where those of the next order that go on from n-gram i end. */
  int end(int i, Level next) {
    int low = firsts.get(i);
    int high = firsts.get(i + 1);
    if (low < 0 || low > high || high > next.count) {
      throw new IllegalStateException("the language model's file is damaged");
    }
    return high;
  }

  /** Whether all n-grams of the next order are found from here. */
  boolean isSound(Level next) {
    return firsts.get(0) == 0 && firsts.get(count) == next.count;
  }

  Level withFirsts(int[] numbers) {
    return new Level(count, words, probs, backoffs, Column.of(numbers));
  }

  Level withoutWords() {
    return new Level(count, null, probs, backoffs, firsts);
  }

  Level quantised() {
    return new Level(
        count,
        words,
        Weights.Quantised.of(probs, count),
        backoffs == null ? null : Weights.Quantised.of(backoffs, count),
        firsts);
  }
}
