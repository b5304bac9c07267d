package org.ctc4j.examples.nanopore;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * A stretch of signal with the bases on it: above as aligned, below as the other caller has them.
 */
final class SignalPicture {
  private static final int SAMPLES = 600;
  private static final int PIXELS_PER_SAMPLE = 2;
  private static final int HEIGHT = 320;
  private static final int MARGIN = 48;
  private static final Color[] COLORS = {
    new Color(0x2A7F3B), new Color(0x2458B3), new Color(0xB07A10), new Color(0xB3261E)
  };

  private final NanoporeRead read;
  private final int from;

  /**
   * @param from first sample
   */
  SignalPicture(NanoporeRead read, int from) {
    this.read = read;
    this.from = from;
  }

  /** Writes a PNG. */
  void write(int[] aligned, int[] called, Path file) throws IOException {
    BufferedImage image =
        new BufferedImage(SAMPLES * PIXELS_PER_SAMPLE, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), HEIGHT);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    letters(graphics, aligned, 20, true);
    letters(graphics, called, HEIGHT - 10, false);
    graphics.setColor(Color.DARK_GRAY);
    graphics.draw(curve());
    graphics.dispose();
    ImageIO.write(image, "png", file.toFile());
  }

  private void letters(Graphics2D graphics, int[] starts, int y, boolean lines) {
    for (int i = 0; i < starts.length; i++) {
      int x = (starts[i] - from) * PIXELS_PER_SAMPLE;
      if (x < 0 || x >= SAMPLES * PIXELS_PER_SAMPLE) {
        continue;
      }
      if (lines) {
        graphics.setColor(new Color(0xDDDDDD));
        graphics.drawLine(x, MARGIN / 2, x, HEIGHT - MARGIN / 2);
      }
      int base = read.bases()[i];
      graphics.setColor(COLORS[base]);
      graphics.drawString(NanoporeRead.LETTERS.substring(base, base + 1), x, y);
    }
  }

  private Path2D curve() {
    float lowest = Float.POSITIVE_INFINITY;
    float highest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < SAMPLES; i++) {
      lowest = Math.min(lowest, read.signal()[from + i]);
      highest = Math.max(highest, read.signal()[from + i]);
    }
    Path2D curve = new Path2D.Double();
    for (int i = 0; i < SAMPLES; i++) {
      double up = (read.signal()[from + i] - lowest) / (highest - lowest);
      double y = HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN);
      if (i == 0) {
        curve.moveTo(0, y);
      } else {
        curve.lineTo(i * PIXELS_PER_SAMPLE, y);
      }
    }
    return curve;
  }
}
