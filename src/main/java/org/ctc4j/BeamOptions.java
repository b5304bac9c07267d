package org.ctc4j;

import java.io.Serializable;

/**
 * How a beam search goes. Immutable; start from {@link #DEFAULT} and change what differs.
 *
 * <p>Classes that a frame leaves out, by {@code topClasses} or {@code minLogProbability}, count as
 * impossible in it, the blank included; its most probable class always stays.
 *
 * @param beamWidth how many prefixes are kept from frame to frame, ≥ 1
 * @param nBest how many outputs are returned at most, ≥ 1
 * @param topClasses how many classes of each frame are considered, the most probable ones, ≥ 1
 * @param minLogProbability a class less probable than this in a frame is not considered in it, in
 *     nats
 * @param beamThreshold a prefix stays in the beam if its score is less than so many nats below that
 *     of the best one of the frame, > 0; +Infinity, the default, keeps all
 */
public record BeamOptions(
    int beamWidth, int nBest, int topClasses, double minLogProbability, double beamThreshold)
    implements Serializable {
  /** A beam of 100 prefixes, the best output alone, the 40 most probable classes of a frame. */
  public static final BeamOptions DEFAULT =
      new BeamOptions(100, 1, 40, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

  public BeamOptions {
    requireOneOrMore("beam width", beamWidth);
    requireOneOrMore("n-best", nBest);
    requireOneOrMore("top classes", topClasses);
    if (!(minLogProbability <= 0)) {
      throw new InvalidInputException(
          "least log-probability: expected a number of nats in [-Infinity, 0], got "
              + minLogProbability);
    }
    if (!(beamThreshold > 0)) {
      throw new InvalidInputException(
          "beam threshold: expected a number of nats above 0, got " + beamThreshold);
    }
  }

  static void requireOneOrMore(String name, int value) {
    if (value < 1) {
      throw new InvalidInputException(name + ": expected 1 or more, got " + value);
    }
  }

  public BeamOptions withBeamWidth(int value) {
    return new BeamOptions(value, nBest, topClasses, minLogProbability, beamThreshold);
  }

  public BeamOptions withNBest(int value) {
    return new BeamOptions(beamWidth, value, topClasses, minLogProbability, beamThreshold);
  }

  public BeamOptions withTopClasses(int value) {
    return new BeamOptions(beamWidth, nBest, value, minLogProbability, beamThreshold);
  }

  public BeamOptions withMinLogProbability(double value) {
    return new BeamOptions(beamWidth, nBest, topClasses, value, beamThreshold);
  }

  public BeamOptions withBeamThreshold(double value) {
    return new BeamOptions(beamWidth, nBest, topClasses, minLogProbability, value);
  }
}
