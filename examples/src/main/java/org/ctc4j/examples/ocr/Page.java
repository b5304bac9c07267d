package org.ctc4j.examples.ocr;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** A picture of lines, one under the other, with the boxes of their characters. */
final class Page {
  private static final int SCALE = 2;
  private static final int GAP = 12;
  private static final Color[] COLOURS = {new Color(0x0072b2), new Color(0xd55e00)};

  private final List<BufferedImage> lines = new ArrayList<>();
  private final List<List<CharacterBox>> boxes = new ArrayList<>();

  void add(BufferedImage line, List<CharacterBox> characters) {
    lines.add(line);
    boxes.add(characters);
  }

  void write(Path file) throws IOException {
    int width = lines.stream().mapToInt(BufferedImage::getWidth).max().orElse(0);
    int height = lines.size() * (PrintedLine.HEIGHT + GAP);
    BufferedImage image =
        new BufferedImage(
            SCALE * (width + GAP), SCALE * (height + GAP), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
    graphics.scale(SCALE, SCALE);
    graphics.translate(GAP / 2, GAP);
    for (int i = 0; i < lines.size(); i++) {
      draw(graphics, lines.get(i), boxes.get(i));
      graphics.translate(0, PrintedLine.HEIGHT + GAP);
    }
    graphics.dispose();
    ImageIO.write(image, "png", file.toFile());
  }

  private static void draw(Graphics2D graphics, BufferedImage line, List<CharacterBox> characters) {
    graphics.drawImage(line, new AffineTransform(), null);
    for (int i = 0; i < characters.size(); i++) {
      Rectangle2D place = characters.get(i).place();
      int inset = i % 2; // so that neighbours' sides are both seen
      graphics.setColor(COLOURS[i % COLOURS.length]);
      graphics.draw(
          new Rectangle2D.Double(
              place.getX(), inset, place.getWidth(), place.getHeight() - 1 - 2 * inset));
    }
  }
}
