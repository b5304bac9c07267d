package org.ctc4j;

/**
 * The order of a tensor's dimensions, the outermost first, as in "NTC".
 *
 * @param frames where T stands
 * @param utterances where N stands
 * @param classes where C stands
 */
record Axes(int frames, int utterances, int classes) {
  private static final int COUNT = 3;

  /**
   * @throws InvalidInputException if a letter is missing or one too many
   */
  static Axes of(String letters) {
    Axes axes = new Axes(letters.indexOf('T'), letters.indexOf('N'), letters.indexOf('C'));
    boolean all = axes.frames >= 0 && axes.utterances >= 0 && axes.classes >= 0;
    if (letters.length() != COUNT || !all) {
      throw new InvalidInputException(
          "axes: expected the letters T, N and C in their order, NTC for instance, got '%s'"
              .formatted(letters.length() <= 8 ? letters : letters.substring(0, 8) + "…"));
    }
    return axes;
  }

  /** The tensor of dense data whose sizes are given in this order. */
  FrameTensor view(Elements data, int... sizes) {
    if (sizes.length != COUNT) {
      throw new InvalidInputException(
          "sizes: expected %d, one for each of %s, got %d".formatted(COUNT, this, sizes.length));
    }
    long[] strides = new long[COUNT];
    long size = 1;
    for (int axis = COUNT - 1; axis >= 0; axis--) {
      strides[axis] = size;
      size = FrameTensor.product(size, Math.max(0, sizes[axis]));
    }
    FrameTensor.requireShape(sizes[frames], sizes[utterances], sizes[classes]);
    if (size != data.length()) {
      throw new InvalidInputException(
          "%s = (%d, %d, %d) is %d elements, got %d"
              .formatted(this, sizes[0], sizes[1], sizes[2], size, data.length()));
    }
    return FrameTensor.strided(
        data,
        0,
        sizes[frames],
        sizes[utterances],
        sizes[classes],
        new Strides(strides[frames], strides[utterances], strides[classes]));
  }

  /** "(N, T, C)". */
  @Override
  public String toString() {
    char[] letters = new char[COUNT];
    letters[frames] = 'T';
    letters[utterances] = 'N';
    letters[classes] = 'C';
    return "(%s, %s, %s)".formatted(letters[0], letters[1], letters[2]);
  }
}
