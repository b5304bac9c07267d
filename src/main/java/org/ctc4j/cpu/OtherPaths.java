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
  static final double LEAST_PER_FRAME = 1e-12;

  private static final int NONE = -1;

  private final boolean forward;
  private Emissions emissions;
  private Target target;
  private Stripes stripes;
  private double[] m = {};
  private int exponents;
  private EmissionRows emission;
  private double most;
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

  /** Takes the first frame of the recursion, if there is a best path that leaves little. */
  void start(int frames) {
    double left = 0;
    for (int t = 0; t < frames; t++) {
      left += emissions.others[t];
      if (emissions.certain[t] < 0 || left > most) {
        return;
      }
    }
    state = first(emissions.certain[forward ? 0 : frames - 1]);
  }

  /** The state that a path begins or ends in with symbol k, of column k; NONE if with none. */
  private int first(int k) {
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
   * Comes to an interval.
   *
   * @param m where its rows and exponents are, these from {@code exponents} on
   */
  void seek(double[] m, int exponents, EmissionRows emission) {
    this.m = m;
    this.exponents = exponents;
    this.emission = emission;
  }

  /** Goes on from frame t, whose row begins there, to the next one of the recursion. */
  void step(int t, int row) {
    int next = next(emissions.certain[forward ? t + 1 : t - 1]);
    if (next != NONE) {
      int way = forward ? -1 : 1; // from the next state to those that there is a way from
      int beside = next + way;
      if (next != state) {
        sum += probability(next, t, row);
      }
      if (beside != state && beside >= 0 && beside <= 2 * target.length) {
        sum += probability(beside, t, row);
      }
      if (beside + way != state && next % 2 == 1 && skips(next)) {
        sum += probability(beside + way, t, row);
      }
    }
    state = next;
  }

  /** Whether there is a way between a label and that before it, or after it, without a blank. */
  private boolean skips(int state) {
    int label = forward ? state / 2 : state / 2 + 1;
    return label < target.length && target.skips(label);
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

  private double probability(int s, int t, int row) {
    int place = target.placeOf[s / 2];
    boolean isLabel = s % 2 == 1;
    double p = m[row + (isLabel ? stripes.width() + place : place)];
    p *= Scale.power((int) m[exponents + target.stripeOf[s / 2]]);
    return forward ? p : p * emission.p[emission.at(t) + (isLabel ? place : stripes.width())];
  }
}
