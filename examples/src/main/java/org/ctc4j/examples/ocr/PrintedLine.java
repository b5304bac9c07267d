package org.ctc4j.examples.ocr;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/**
 * A line of text, printed black on white as high as the recogniser takes it.
 *
 * @param text what is printed
 * @param image {@value #HEIGHT} pixels high, its width a whole number of frames
 * @param edges where the characters are, in pixels from the left: character i from edges[i] to
 *     edges[i + 1]
 */
record PrintedLine(String text, BufferedImage image, double[] edges) {
  static final int HEIGHT = 48;

  private static final int FONT_SIZE = 32;
  private static final int BASELINE = 35;
  private static final int MARGIN = 12;
  private static final FontRenderContext EXACT = new FontRenderContext(null, true, true);

  /**
   * Prints with the machine's font without serifs.
   *
   * @throws NoFontException if there is none, or it lacks a character
   */
  static PrintedLine of(String text) throws NoFontException {
    try {
      Font font = new Font(Font.SANS_SERIF, Font.PLAIN, FONT_SIZE);
      int missing = font.canDisplayUpTo(text);
      if (missing >= 0) {
        throw new NoFontException(
            "no font here has '%s'; Debian's package fonts-dejavu-core has a font"
                .formatted(text.substring(missing, text.offsetByCodePoints(missing, 1))),
            null);
      }
      return printed(text, font);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError | InternalError e) { // no font at all
      throw new NoFontException(
          "no font here that Java can use; Debian's packages libfontconfig1 and fonts-dejavu-core give one",
          e);
    }
  }

  private static PrintedLine printed(String text, Font font) {
    double[] edges = new double[text.length() + 1];
    for (int i = 0; i <= text.length(); i++) {
      Rectangle2D before = font.getStringBounds(text, 0, i, EXACT);
      edges[i] = MARGIN + before.getWidth();
    }
    int pixels = (int) Math.ceil(edges[text.length()]) + MARGIN;
    int frames = (pixels + Recognizer.FRAME_PIXELS - 1) / Recognizer.FRAME_PIXELS;
    BufferedImage image =
        new BufferedImage(frames * Recognizer.FRAME_PIXELS, HEIGHT, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), HEIGHT);
    graphics.setColor(Color.BLACK);
    graphics.setFont(font);
    graphics.drawString(text, MARGIN, BASELINE);
    graphics.dispose();
    return new PrintedLine(text, image, edges);
  }
}
