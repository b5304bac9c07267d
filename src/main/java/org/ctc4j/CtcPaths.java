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
   * How many paths of T frames collapse to a target of L labels: the recursion of equations (6) and
   * (7) with every probability 1, in whole numbers of any size. T · (2L + 1) additions at most.
   *
   * @param frames T ≥ 0
   * @param target labels, without blanks
   */
  public static BigInteger count(int frames, int... target) {
    if (frames < 0) {
      throw new InvalidInputException("frames: expected 0 or more, got " + frames);
    }
    int last = 2 * target.length;
    if (frames < target.length + Targets.of(target).repeats(0)) {
      return BigInteger.ZERO;
    }
    BigInteger[] ways = new BigInteger[last + 1]; // of the paths so far, those in state s
    Arrays.fill(ways, BigInteger.ZERO);
    ways[0] = BigInteger.ONE;
    for (int t = 0; t < frames; t++) {
      // states that can have been come to, and from which the end can be
      int high = (int) Math.min(2L * t + 1, last);
      int low = (int) Math.max(last - 1 - 2L * (frames - 1 - t), 1);
      for (int s = high; s >= low; s--) {
        boolean skips = s % 2 == 1 && s > 1 && target[s / 2] != target[s / 2 - 1];
        BigInteger reach = ways[s].add(ways[s - 1]);
        ways[s] = skips ? reach.add(ways[s - 2]) : reach;
      }
    }
    return last == 0 ? ways[0] : ways[last].add(ways[last - 1]);
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

  private static String brief(BigInteger count) {
    String digits = count.toString();
    return digits.length() <= 15 ? digits : "about 10^" + (digits.length() - 1);
  }
}
