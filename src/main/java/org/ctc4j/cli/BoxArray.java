package org.ctc4j.cli;

import java.io.IOException;
import java.util.Arrays;
import org.ctc4j.Elements;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.NpyArray;

/** Where the utterances' lines are in a page: left, top, right and bottom of each, in pixels. */
final class BoxArray {
  private static final int SIDES = 4;

  private BoxArray() {}

  static double[][] read(NpyArray array, int utterances) throws IOException {
    long[] shape = array.shape();
    if (shape.length != 2 || shape[0] != utterances || shape[1] != SIDES) {
      throw new InvalidInputException(
          "expected shape (%d, 4), left, top, right and bottom of each line, got %s"
              .formatted(utterances, FloatArrays.tuple(shape)));
    }
    Elements numbers = numbers(array);
    double[][] boxes = new double[utterances][SIDES];
    for (int n = 0; n < utterances; n++) {
      for (int side = 0; side < SIDES; side++) {
        long at = array.header().fortranOrder() ? side * utterances + n : n * SIDES + side;
        boxes[n][side] = numbers.get(at);
      }
      boolean isBox = boxes[n][2] > boxes[n][0] && boxes[n][3] > boxes[n][1];
      if (!isBox || Double.isInfinite(boxes[n][2] - boxes[n][0])) {
        throw new InvalidInputException(
            "expected a right that is greater than the left, and a bottom that is than the top, line %d has (%s, %s, %s, %s)"
                .formatted(n, boxes[n][0], boxes[n][1], boxes[n][2], boxes[n][3]));
      }
    }
    return boxes;
  }

  private static Elements numbers(NpyArray array) throws IOException {
    return array.header().dtype().charAt(1) == 'f'
        ? FloatArrays.elements(array)
        : Elements.of(Arrays.stream(array.toIntsExact()).asDoubleStream().toArray());
  }
}
