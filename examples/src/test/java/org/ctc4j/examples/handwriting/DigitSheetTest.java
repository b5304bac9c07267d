package org.ctc4j.examples.handwriting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.training.dataset.Batch;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitSheetTest {
  @TempDir private Path directory;

  /** A sheet whose held-out images are as bright as can be, and all others half as bright. */
  private DigitSheet planted() throws IOException {
    BufferedImage image = new BufferedImage(2000, 1000, BufferedImage.TYPE_BYTE_GRAY);
    Set<Integer> heldOut =
        Arrays.stream(DigitSheet.numbers(true)).boxed().collect(Collectors.toSet());
    for (int y = 0; y < 1000; y++) {
      for (int x = 0; x < 2000; x++) {
        int number = (y / 20) % 5 * 100 + x / 20;
        image.getRaster().setSample(x, y, 0, heldOut.contains(number) ? 255 : 128);
      }
    }
    Path file = directory.resolve("digits.png");
    ImageIO.write(image, "png", file.toFile());
    return DigitSheet.read(file);
  }

  @Test
  @DisplayName("No image is both trained and tested with, and every one is one of the two")
  void split() {
    Set<Integer> all = new HashSet<>();
    for (boolean heldOut : new boolean[] {false, true}) {
      for (int number : DigitSheet.numbers(heldOut)) {
        assertTrue(all.add(number), number + " is in both");
      }
    }
    assertEquals(DigitSheet.EACH, all.size());
    assertEquals(100, DigitSheet.numbers(true).length);
  }

  @Test
  @DisplayName(
      "Strings to train with show no pixel of a held-out image, those to test with no other")
  void pixels() throws IOException {
    DigitSheet sheet = planted();
    try (NDManager manager = NDManager.newBaseManager()) {
      for (boolean heldOut : new boolean[] {false, true}) {
        DigitStrings strings =
            new DigitStrings(sheet, DigitSheet.numbers(heldOut), Transcripts.FULL, 5);
        Set<Float> inks = new HashSet<>();
        for (int i = 0; i < 20; i++) {
          try (Batch batch = strings.batch(manager, 16)) {
            for (float ink : batch.getData().head().toFloatArray()) {
              inks.add(ink);
            }
          }
        }
        assertEquals(Set.of(0f, heldOut ? 1f : 128 / 255f), inks);
      }
    }
  }

  @Test
  @DisplayName("Another picture is refused")
  void another() throws IOException {
    Path file = directory.resolve("other.png");
    ImageIO.write(new BufferedImage(20, 20, BufferedImage.TYPE_BYTE_GRAY), "png", file.toFile());
    IOException e = assertThrows(IOException.class, () -> DigitSheet.read(file));
    assertTrue(
        e.getMessage().endsWith("expected an image of 2000 × 1000 pixels, got 20 × 20"),
        e.getMessage());
  }
}
