package org.ctc4j.examples.handwriting;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * The 5,000 handwritten digits of OpenCV's digits.png: 50 rows of 100 images of 20 × 20 pixels,
 * five rows a digit.
 */
final class DigitSheet {
  static final int SIZE = 20;

  /** Images of each digit, and those of them that are held out: the last of every five. */
  static final int EACH = 500;

  private static final int COLUMNS = 100;
  private static final int ROWS = 50;
  private static final int HELD_OUT_OF = 5;

  private final BufferedImage image;

  private DigitSheet(BufferedImage image) {
    this.image = image;
  }

  /**
   * @throws IOException if the file is not this sheet
   */
  static DigitSheet read(Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    if (image == null || image.getWidth() != COLUMNS * SIZE || image.getHeight() != ROWS * SIZE) {
      throw new IOException(
          "%s: expected an image of %d × %d pixels, got %s"
              .formatted(
                  file,
                  COLUMNS * SIZE,
                  ROWS * SIZE,
                  image == null ? "none" : image.getWidth() + " × " + image.getHeight()));
    }
    return new DigitSheet(image);
  }

  /** The numbers, in [0, EACH), of the images of a digit to train or to test with. */
  static int[] numbers(boolean heldOut) {
    int[] numbers = new int[heldOut ? EACH / HELD_OUT_OF : EACH - EACH / HELD_OUT_OF];
    int next = 0;
    for (int number = 0; number < EACH; number++) {
      if ((number % HELD_OUT_OF == HELD_OUT_OF - 1) == heldOut) {
        numbers[next++] = number;
      }
    }
    return numbers;
  }

  /** How dark a pixel of an image of a digit is, 0 to 1: the sheet is white on black. */
  float ink(int digit, int number, int x, int y) {
    int row = digit * (ROWS / 10) + number / COLUMNS;
    int column = number % COLUMNS;
    return image.getRaster().getSample(column * SIZE + x, row * SIZE + y, 0) / 255f;
  }
}
