package org.ctc4j;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Frame-level paths and what they collapse to: the map B of Graves et al. (ICML 2006), section 3.1,
 * and its inverse. A path has one class for each frame, the blank included; with the blank written
 * "_", the paths "c_a_t", "ccaatt" and "_cat_" collapse to "cat".
 */
public final class CtcPaths {
  private static final BigInteger MOST = BigInteger.valueOf(1_000_000);

  private CtcPaths() {}

  /**
   * Repeats merged, then blanks removed.
   *
   * @param path one class for each frame, (T); not changed
   * @param blank class index of the blank
   */
  public static int[] collapse(int[] path, int blank) {
    int[] labels = new int[path.length];
    int count = 0;
    for (int t = 0; t < path.length; t++) {
      boolean repeat = t > 0 && path[t] == path[t - 1];
      if (!repeat && path[t] != blank) {
        labels[count++] = path[t];
      }
    }
    return Arrays.copyOf(labels, count);
  }

  /**
   * How many paths of T frames collapse to a target of L labels of which r equal the one before
   * them: the binomial coefficient of T + L − r over 2L.
   *
   * <p>For a path is 2L + 1 runs: L of labels, each of one frame or more, and L + 1 of blanks,
   * which may be of no frames but for the r between equal labels. So T − L − r frames are handed
   * out freely among 2L + 1 runs.
   *
   * @param frames T ≥ 0
   * @param target labels, without blanks
   */
  public static BigInteger count(int frames, int... target) {
    requireFrames(frames);
    long repeats = Targets.of(target).repeats(0);
    long free = frames - target.length - repeats;
    return free < 0 ? BigInteger.ZERO : binomial(free + 2L * target.length, free);
  }

  /**
   * All paths of T frames that collapse to a target, each (T). In the order in which states come
   * late: the first has its labels at the end.
   *
   * @param frames T ≥ 0
   * @param target labels, without blanks
   * @param blank class index of the blank
   * @throws InvalidInputException if there are more than a million, see {@link #count}
   */
  public static List<int[]> enumerate(int frames, int[] target, int blank) {
    Targets.of(target).check(Integer.MAX_VALUE, blank);
    BigInteger count = count(frames, target);
    if (count.compareTo(MOST) > 0) {
      throw new InvalidInputException(
          "paths: %d frames and %d labels have %s of them, expected at most %s to be enumerated"
              .formatted(frames, target.length, brief(count), MOST));
    }
    List<int[]> paths = new ArrayList<>(count.intValue());
    if (count.signum() > 0) {
      extend(new int[frames], 0, 0, target, blank, paths);
    }
    return paths;
  }

  /** Fills frames t and on; frame t − 1 is in state {@code from}, or in the first blank. */
  private static void extend(
      int[] path, int t, int from, int[] target, int blank, List<int[]> paths) {
    int last = 2 * target.length;
    if (t == path.length) {
      if (from >= last - 1) {
        paths.add(path.clone());
      }
      return;
    }
    for (int state = from; state <= Math.min(from + 2, last); state++) {
      boolean label = state % 2 == 1;
      boolean skips = state == from + 2;
      boolean maySkip = label && state > 2 && target[state / 2] != target[state / 2 - 1];
      if (!skips || maySkip) {
        path[t] = label ? target[state / 2] : blank;
        extend(path, t + 1, state, target, blank, paths);
      }
    }
  }

  private static BigInteger binomial(long n, long k) {
    long few = Math.min(k, n - k);
    BigInteger result = BigInteger.ONE;
    for (long i = 1; i <= few; i++) {
      result = result.multiply(BigInteger.valueOf(n - few + i)).divide(BigInteger.valueOf(i));
    }
    return result;
  }

  private static String brief(BigInteger count) {
    String digits = count.toString();
    return digits.length() <= 15 ? digits : "about 10^" + (digits.length() - 1);
  }

  private static void requireFrames(int frames) {
    if (frames < 0) {
      throw new InvalidInputException("frames: expected 0 or more, got " + frames);
    }
  }
}
