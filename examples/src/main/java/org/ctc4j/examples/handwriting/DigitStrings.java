package org.ctc4j.examples.handwriting;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import ai.djl.translate.Batchifier;
import java.util.Arrays;
import java.util.Random;

/**
 * Strings of 3 to 8 handwritten digits, as they would stand on a line: each digit a random image of
 * the sheet, a little up or down, close to the one before or touching it.
 */
final class DigitStrings {
  static final int HEIGHT = 24;

  /** Pixels of width that become a frame. */
  static final int PIXELS_PER_FRAME = 4;

  /** Blank, and the ten digits: digit d is class d + 1. */
  static final int CLASSES = 11;

  private static final int SHORTEST = 3;
  private static final int LONGEST = 8;
  private static final int CLOSEST = -3;
  private static final int WIDEST = 8;
  private static final int MARGIN = 4;
  private static final int MOST_WIDTH =
      2 * (MARGIN + WIDEST) + LONGEST * (DigitSheet.SIZE + WIDEST);

  private final DigitSheet sheet;
  private final int[] numbers;
  private final Transcripts transcripts;
  private final Random random;

  /**
   * @param numbers the images of each digit that may be used
   * @param transcripts what targets tell of the strings
   */
  DigitStrings(DigitSheet sheet, int[] numbers, Transcripts transcripts, long seed) {
    this.sheet = sheet;
    this.numbers = numbers.clone();
    this.transcripts = transcripts;
    this.random = new Random(seed);
  }

  /** One string: its digits, and pixels [y * MOST_WIDTH + x] of which {@code width} are used. */
  private record Line(int[] digits, float[] pixels, int width) {
    /** Rounded up. */
    int frames() {
      return (width + PIXELS_PER_FRAME - 1) / PIXELS_PER_FRAME;
    }
  }

  private Line next() {
    int[] digits = new int[SHORTEST + random.nextInt(LONGEST - SHORTEST + 1)];
    float[] pixels = new float[HEIGHT * MOST_WIDTH];
    int left = MARGIN + random.nextInt(WIDEST + 1);
    for (int i = 0; i < digits.length; i++) {
      digits[i] = random.nextInt(10);
      int number = numbers[random.nextInt(numbers.length)];
      int top = random.nextInt(HEIGHT - DigitSheet.SIZE + 1);
      for (int y = 0; y < DigitSheet.SIZE; y++) {
        for (int x = 0; x < DigitSheet.SIZE; x++) {
          int at = (top + y) * MOST_WIDTH + left + x;
          pixels[at] = Math.max(pixels[at], sheet.ink(digits[i], number, x, y));
        }
      }
      left += DigitSheet.SIZE + CLOSEST + random.nextInt(WIDEST - CLOSEST + 1);
    }
    return new Line(digits, pixels, left - CLOSEST + MARGIN);
  }

  /**
   * The next strings: images (N, 1, {@value #HEIGHT}, W); targets, concatenated, target lengths and
   * input lengths.
   */
  Batch batch(NDManager parent, int size) {
    NDManager manager = parent.newSubManager();
    Line[] lines = new Line[size];
    int frames = 0;
    int[] targetLengths = new int[size];
    int[] inputLengths = new int[size];
    int[][] targets = new int[size][];
    for (int n = 0; n < size; n++) {
      lines[n] = next();
      inputLengths[n] = lines[n].frames();
      frames = Math.max(frames, inputLengths[n]);
      targets[n] = transcripts.target(lines[n].digits);
      targetLengths[n] = targets[n].length;
    }
    int width = frames * PIXELS_PER_FRAME;
    float[] images = new float[size * HEIGHT * width];
    for (int n = 0; n < size; n++) {
      int used = Math.min(width, MOST_WIDTH);
      for (int y = 0; y < HEIGHT; y++) {
        System.arraycopy(lines[n].pixels, y * MOST_WIDTH, images, (n * HEIGHT + y) * width, used);
      }
    }
    NDList data = new NDList(manager.create(images, new Shape(size, 1, HEIGHT, width)));
    NDList labels =
        new NDList(
            manager.create(Arrays.stream(targets).flatMapToInt(Arrays::stream).toArray()),
            manager.create(targetLengths),
            manager.create(inputLengths));
    return new Batch(manager, data, labels, size, Batchifier.STACK, Batchifier.STACK, 0, 1);
  }
}
