package org.ctc4j.cuda.host;

import java.util.function.IntToLongFunction;
import org.ctc4j.cuda.driver.Staging;

/**
 * Numbers of utterances [first, first + count) on their way to or from the device, where those of
 * an utterance lie behind those of the one before it.
 *
 * @param numbers how many of each utterance, from its first on
 * @param numberBytes of each
 * @param offset in bytes, of the first in the chunk's device memory
 * @param copying between staging memory and where the numbers lie in host memory
 */
record Transfer(
    int first,
    int count,
    IntToLongFunction numbers,
    int numberBytes,
    long offset,
    Copying copying) {

  /** Copies one way or the other. */
  interface Copying {
    /** Numbers [from, from + count) of utterance n, the first at number {@code at} of staging. */
    void copy(int n, long from, int count, Staging staging, int at);
  }

  /** Numbers of all utterances. */
  long total() {
    long total = 0;
    for (int n = first; n < first + count; n++) {
      total += numbers.applyAsLong(n);
    }
    return total;
  }
}
