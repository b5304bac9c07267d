package org.ctc4j;

import java.util.Objects;

/**
 * The labels of N utterances in device memory, int32. With {@link #withWildcards} they may hold
 * {@link Wildcards} beside labels. Label i of utterance n is element {@code start(n) + i}, where
 * {@code start(n)} is {@code starts[n]}, or {@code n * stride} without starts.
 *
 * @param labels device address of {@code size} int32, a multiple of 4
 * @param starts device address of N int64, a multiple of 8: index of the first label of each
 *     utterance; or 0
 * @param stride labels from an utterance to the next, ≥ 0; not used with starts
 * @param size how many labels there are in all; nothing beyond is read
 * @param lengths device address of N int32, a multiple of 4: L<sub>n</sub>, each in [0, maxLength]
 * @param maxLength no target is longer; launches and workspace are laid out for it
 * @param wildcards what wildcards and labels that are left out cost; null if there can be none
 */
public record DeviceTargets(
    long labels,
    long starts,
    long stride,
    long size,
    long lengths,
    int maxLength,
    Wildcards wildcards) {

  public DeviceTargets {
    if (stride < 0 || size < 0 || maxLength < 0) {
      throw new InvalidInputException(
          "targets: stride, size and maxLength must be 0 or more, got %d, %d and %d"
              .formatted(stride, size, maxLength));
    }
    DeviceAddress.INT32.check("targets.labels", labels);
    DeviceAddress.INT64.check("targets.starts", starts);
    DeviceAddress.INT32.check("targets.lengths", lengths);
  }

  /** Without wildcards. */
  public DeviceTargets(
      long labels, long starts, long stride, long size, long lengths, int maxLength) {
    this(labels, starts, stride, size, lengths, maxLength, null);
  }

  /**
   * Padded targets (N, Lmax): label i of utterance n is {@code labels[n * maxLength + i]}.
   *
   * @param labels device address of N · maxLength int32
   * @param lengths device address of N int32
   */
  public static DeviceTargets padded(long labels, int utterances, int maxLength, long lengths) {
    if (utterances < 0 || maxLength < 0) {
      throw new InvalidInputException(
          "targets: expected N ≥ 0 and Lmax ≥ 0, got (N, Lmax) = (%d, %d)"
              .formatted(utterances, maxLength));
    }
    return new DeviceTargets(
        labels, 0, maxLength, (long) utterances * maxLength, lengths, maxLength);
  }

  /**
   * Concatenated targets.
   *
   * @param labels device address of {@code size} int32
   * @param starts device address of N int64: index of the first label of each utterance
   * @param lengths device address of N int32
   * @param maxLength no target is longer
   */
  public static DeviceTargets concatenated(
      long labels, long size, long starts, long lengths, int maxLength) {
    DeviceAddress.INT64.require("targets.starts", starts);
    return new DeviceTargets(labels, starts, 0, size, lengths, maxLength);
  }

  /**
   * The same labels, among which {@link Wildcards#FRAMES} and {@link Wildcards#LABELS} may be.
   * Which utterances have some the device finds out; the others have the bits that they have
   * without.
   */
  public DeviceTargets withWildcards(Wildcards value) {
    Objects.requireNonNull(value, "wildcards");
    return new DeviceTargets(labels, starts, stride, size, lengths, maxLength, value);
  }

  /** Of what cannot have any: they are not to be ignored. */
  void requireNoWildcards(String who, String expected) {
    if (wildcards != null) {
      throw new InvalidInputException(
          "targets: %s takes no wildcards and leaves out no labels, expected %s, got %s"
              .formatted(who, expected, wildcards));
    }
  }
}
