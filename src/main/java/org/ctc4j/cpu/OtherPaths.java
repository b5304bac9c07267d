package org.ctc4j.cpu;

/**
 * How probable the paths to the target are that are not the best one, as a sum of what they are
 * beside it: with the best path counted in, that would be 1 and a little, and float64 would keep
 * few digits of the little. A loss near 0 is the difference of two such sums,
 *
 * <pre>
 * loss = Σ_t log1p(others(t) / p(t, best)) − log1p(Σ other paths / best path)
 * </pre>
 *
 * <p>of which the second is the smaller one by far, but where the model leaves open when symbols
 * change.
 *
 * <p>The best path is that of symbols with more than half of the probability of their frames. So
 * the lattice has exactly 1 for it, see {@link Emissions}. Other paths are counted where they come
 * back to it in alpha, or leave it in beta:
 *
 * <pre>
 * alpha(t, best(t)) = 1 + Σ_{u &lt; t} Σ_{s ≠ best(u) with a way to best(u + 1)} alpha(u, s)
 * </pre>
 *
 * <p>Each recursion has one of these, which follows its half of the path; where both come to the
 * same state, all of it leads through the target.
 */
final class OtherPaths {
  /** So often the second sum may take most of the first: then millionths of the first show. */
  private static final double MOST_OF_LOSS = 3;

  /** Of less, posteriors in float64 are not told from the probabilities that they come from. */
  private static final double LEAST_PER_FRAME = 1e-12;

  private static final int NONE = -1;

  private final boolean forward;
  private Emissions emissions;
  private Target target;
  private Stripes stripes;
  private double most;
  private double left;
  private int state;
  private double sum;

  OtherPaths(boolean forward) {
    this.forward = forward;
  }

  /** Before any frame. */
  void begin(Utterance u) {
    emissions = u.emissions;
    target = u.target;
    stripes = u.memory.stripes();
    most = MOST_OF_LOSS * Complement.limit(u);
    state = NONE;
    sum = 0;
  }

  /**
   * Whether a loss is exact that was computed so.
   *
   * @param ofBest −ln of the probability of the best path
   */
  static boolean isExact(double loss, double ofBest, int frames) {
    return ofBest <= MOST_OF_LOSS * loss && ofBest >= LEAST_PER_FRAME * frames;
  }

  /** Takes the first frame of the recursion. */
  void start(int t) {
    left = emissions.others[t];
    int k = emissions.certain[t];
    state = k < 0 || left > most ? NONE : start(t, k);
  }

  private int start(int t, int k) {
    int labels = target.length;
    if (k == target.distinct) {
      return forward ? 0 : 2 * labels;
    }
    int label = forward ? 0 : labels - 1;
    return target.column[label] == k ? 2 * label + 1 : NONE;
  }

  /** Whether there is still a path to be followed. */
  boolean isOnPath() {
    return state != NONE;
  }

  /** The state of the best path in the frame that was come to. */
  int state() {
    return state;
  }

  /** The sum over other paths between the first frame and that, beside the best path. */
  double sum() {
    return sum;
  }

  /**
   * Goes on from frame t to the next one of the recursion.
   *
   * @param rows where the row of frame t is, in m
   * @param exponents where its exponents are
   */
  void step(double[] m, int rows, int exponents, EmissionRows emission, int t) {
    int to = forward ? t + 1 : t - 1;
    int k = emissions.certain[to];
    left += emissions.others[to];
    int next = k < 0 || left > most ? NONE : next(k);
    if (next != NONE) {
      int way = forward ? -1 : 1; // from the next state to those that lead to it
      int label = next / 2 + (forward ? 0 : 1);
      boolean skips = next % 2 == 1 && label < target.length && target.skips(label);
      for (int s = next, i = 0; i < (skips ? 3 : 2) && s >= 0 && s <= 2 * target.length; i++) {
        if (s != state) {
          sum += probability(s, m, rows, exponents) * (forward ? 1 : emission(s, emission, t));
        }
        s += way;
      }
    }
    state = next;
  }

  /** The state that symbol k leads to, of column k; NONE if it leads out of the target. */
  private int next(int k) {
    boolean isLabel = state % 2 == 1;
    int label = forward ? (state + 1) / 2 : state / 2 - 1;
    if (k == target.distinct) {
      return !isLabel ? state : forward ? state + 1 : state - 1;
    }
    if (isLabel && target.column[state / 2] == k) {
      return state;
    }
    boolean leads = label >= 0 && label < target.length && target.column[label] == k;
    return leads ? 2 * label + 1 : NONE;
  }

  private double probability(int s, double[] m, int rows, int exponents) {
    int i = s / 2;
    int at = rows + target.placeOf[i] + (s % 2 == 0 ? 0 : stripes.width());
    return m[at] * Scale.power((int) m[exponents + i / stripes.depth()]);
  }

  private double emission(int s, EmissionRows emission, int t) {
    int at = emission.at(t);
    return emission.p[at + (s % 2 == 0 ? stripes.width() : target.placeOf[s / 2])];
  }
}
