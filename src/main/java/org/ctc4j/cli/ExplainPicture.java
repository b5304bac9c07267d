package org.ctc4j.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import javax.imageio.ImageIO;
import org.ctc4j.LabelSpan;

/** One page that explains CTC by one utterance: four panels over a common axis of frames. */
final class ExplainPicture {
  private static final int LEFT = 130;
  private static final int RIGHT = 50;
  private static final int LEAST_PLOT = 1320;
  private static final int SCALE = 2; // pixels a unit, for sharp text
  private static final Color INK = new Color(0x222222);
  private static final Color QUIET = new Color(0x666666);
  private static final Color GRID = new Color(0xd8d8d8);
  private static final Color UNREACHABLE = new Color(0xe9e9e9);
  private static final Color BLUE = new Color(0x14528c);
  private static final Color ORANGE = new Color(0xc2571a);

  private final Explanation e;
  private final Double frameShift;
  private final double cell;
  private final int plot;
  private final double stateHeight;
  private final int rowHeight;
  private Graphics2D g;
  private int y;

  /**
   * @param frameShift seconds, or null
   */
  ExplainPicture(Explanation explanation, Double frameShift) {
    this.e = explanation;
    this.frameShift = frameShift;
    this.cell = Math.max(4, Math.min(30, (double) LEAST_PLOT / e.frames()));
    this.plot = (int) Math.round(cell * e.frames());
    this.stateHeight = Math.max(5, Math.min(24, 480.0 / e.states().count()));
    this.rowHeight = e.classes().names().length > 16 ? 15 : 22;
  }

  byte[] png() throws IOException {
    System.setProperty("java.awt.headless", "true");
    int width = LEFT + Math.max(plot, LEAST_PLOT) + RIGHT;
    int height = paint(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
    BufferedImage image =
        new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    paint(image);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return png.toByteArray();
  }

  /** Returns the height in units. */
  private int paint(BufferedImage image) {
    g = image.createGraphics();
    g.scale(SCALE, SCALE);
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, image.getWidth(), image.getHeight());
    y = 56;
    header();
    probabilities();
    lattice();
    collapse();
    gradient();
    y += 34;
    String source =
        "Graves, Fernández, Gomez, Schmidhuber: Connectionist Temporal Classification, ICML 2006."
            + "  Drawn by ctc4j: ctc explain";
    text(source, LEFT, y, 12, Font.PLAIN, QUIET);
    y += 24;
    g.dispose();
    return y;
  }

  private void header() {
    text("How CTC sees “" + shorten(e.title(), 70) + "”", 30, y, 28, Font.BOLD, INK);
    y += 34;
    String sizes =
        "%d frames, %d labels, %d states.   "
            .formatted(e.frames(), e.states().count() / 2, e.states().count());
    sizes +=
        e.isOpen()
            ? "The loss sums over all paths; “*” is any run of frames, or of labels."
            : ExplainText.brief(e.sum().paths())
                + " different paths through the frames collapse to this text; the loss sums over all of them.";
    if (!e.window().isAll()) {
      sizes +=
          "   Frames %d to %d of %d."
              .formatted(e.window().from(), e.window().to() - 1, e.window().frames());
    }
    text(sizes, 30, y, 16, Font.PLAIN, QUIET);
    y += 28;
    String nats = Nats.text(e.sum().loss(), 3) + " nats";
    String loss =
        e.isOpen()
            ? "loss  =  −ln of what all paths weigh  =  " + nats
            : "loss  =  −ln p(text)  =  "
                + nats
                + ",   p(text)  =  "
                + ExplainText.percent(Math.exp(-e.sum().loss()));
    loss +=
        ";   the best single path has %s of it"
            .formatted(ExplainText.percent(e.sum().shareOfBest()));
    text(loss, 30, y, 18, Font.BOLD, BLUE);
    y += 22;
  }

  private void probabilities() {
    panel(
        "1  What the model says",
        "For every frame the model gives each label, and the blank “_”, a probability. It does not"
            + " say where a label begins or ends. In the last row: what it thinks it hears instead.",
        "probability",
        0,
        this::blue);
    int others = e.classes().names().length - 1;
    double middle = y + (others + 0.5) * rowHeight;
    heatMap(e.classes().names(), e.classes().probability(), this::blue);
    for (int t = 0; t < e.frames() && cell >= 11; t++) {
      double p = e.classes().probability()[t][others];
      if (p >= 0.2) {
        Color colour = p > 0.4 ? Color.WHITE : INK;
        centred(e.classes().otherNames()[t], LEFT + (t + 0.5) * cell, middle, 13, colour);
      }
    }
    axis();
  }

  private void lattice() {
    panel(
        "2  All paths at once: the lattice",
        "From top to bottom the text with a blank “_” around every label: the states. A path starts"
            + " in one of the first two and ends in one of the last two; from frame to frame it stays,"
            + " moves on by one, or skips a blank between two different labels. Shade: how likely it is,"
            + " given the text, that the path is in that state (posterior). Grey: no path can be there."
            + (e.isOpen() ? " What may be left out, and “*”, may be passed over." : "")
            + " Orange: the best single path, which is the alignment.",
        "posterior",
        0,
        this::blue);
    int top = y;
    for (int s = 0; s < e.states().count(); s++) {
      double at = top + s * stateHeight;
      boolean named = stateHeight >= 12 || s % 2 == 1 && 2 * stateHeight >= 9;
      if (named) {
        int size = stateHeight >= 12 ? 14 : 9;
        rowName(e.states().names()[s], at + stateHeight / 2, size, s % 2 == 1 ? INK : QUIET);
      }
      for (int t = 0; t < e.frames(); t++) {
        g.setColor(e.states().isReachable(t, s) ? blue(e.states().posterior()[t][s]) : UNREACHABLE);
        g.fill(new Rectangle2D.Double(LEFT + t * cell, at, cell + 0.3, stateHeight + 0.3));
      }
    }
    grid(top, e.states().count(), stateHeight);
    bestPath(top);
    y = (int) Math.round(top + e.states().count() * stateHeight);
    axis();
  }

  private void bestPath(int top) {
    Path2D line = new Path2D.Double();
    for (int t = 0; t < e.frames(); t++) {
      double px = LEFT + (t + 0.5) * cell;
      double py = top + (e.path().state(t) + 0.5) * stateHeight;
      if (t == 0) {
        line.moveTo(px, py);
      } else {
        line.lineTo(px, py);
      }
    }
    g.setColor(ORANGE);
    g.setStroke(new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    g.draw(line);
    double radius = Math.min(4, Math.min(cell, stateHeight) / 3);
    for (int t = 0; t < e.frames() && radius > 1.5; t++) {
      double px = LEFT + (t + 0.5) * cell;
      double py = top + (e.path().state(t) + 0.5) * stateHeight;
      g.fill(new Ellipse2D.Double(px - radius, py - radius, 2 * radius, 2 * radius));
    }
  }

  private void collapse() {
    panel(
        "3  From path to text: collapse",
        "The best path has one symbol for each frame. Merge repeats, then remove the blanks: what is left is"
            + " the text, and where each label was.",
        null,
        0,
        null);
    int height = 26;
    rowName("best path", y + height / 2.0, 13, INK);
    for (int t = 0; t < e.frames(); t++) {
      boolean label = e.path().state(t) % 2 == 1;
      double x = LEFT + t * cell;
      g.setColor(label ? new Color(0xf6d9c6) : Color.WHITE);
      g.fill(new Rectangle2D.Double(x, y, cell, height));
      if (cell >= 11) {
        centred(e.pathName(t), x + cell / 2, y + height / 2.0, 14, label ? INK : QUIET);
      }
    }
    grid(y, 1, height);
    y += height + 10;
    rowName("collapsed", y + height / 2.0, 13, INK);
    for (LabelSpan span : e.path().spans()) {
      double x = LEFT + span.start() * cell;
      double width = span.frames() * cell;
      g.setColor(ORANGE);
      g.fill(new Rectangle2D.Double(x, y, width, height));
      String name = e.pathName(span.start());
      double size = Math.min(16, Math.max(8, 1.4 * width));
      centred(name, x + width / 2, y + height / 2.0, (int) size, Color.WHITE);
      g.fill(new Rectangle2D.Double(x + width - 0.75, y, 1.5, height));
    }
    y += height;
    axis();
    wildcards();
  }

  /** What they took, as greedy decoding has it, and what was left out. */
  private void wildcards() {
    List<String> what = new ArrayList<>();
    e.best().tiers().wildcards().forEach(one -> what.add(ExplainText.taken(e, one)));
    if (e.path().skipped().length > 0) {
      what.add("left out: " + ExplainText.leftOut(e));
    }
    if (!what.isEmpty()) {
      rowName("*", y + 17.0, 13, INK);
      paragraph(String.join(";  ", what));
    }
  }

  private void gradient() {
    panel(
        "4  What training changes: the gradient",
        "The gradient of the loss with respect to the logits is what the model says (1) minus what"
            + " the text needs (2, summed over the states of a label). Blue: a step of training raises"
            + " this logit; orange: it lowers it; white: there is nothing to learn. Each column"
            + " sums to 0.",
        "raise ← gradient → lower",
        -1,
        this::diverging);
    heatMap(e.classes().names(), e.classes().gradient(), this::diverging);
    axis();
  }

  // ---- building blocks ----

  private void panel(
      String title, String caption, String legend, double from, DoubleFunction<Color> colour) {
    y += 42;
    text(title, LEFT, y, 20, Font.BOLD, INK);
    if (legend != null) {
      legend(legend, from, colour);
    }
    y += 4;
    paragraph(caption);
    y += 12;
  }

  /** Breaks lines at the width of the panels. */
  private void paragraph(String caption) {
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
    FontMetrics metrics = g.getFontMetrics();
    StringBuilder line = new StringBuilder();
    for (String word : caption.split(" ")) {
      if (metrics.stringWidth(line + " " + word) > Math.max(plot, LEAST_PLOT)) {
        y += 20;
        text(line.toString(), LEFT, y, 14, Font.PLAIN, QUIET);
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    y += 20;
    text(line.toString(), LEFT, y, 14, Font.PLAIN, QUIET);
  }

  private void heatMap(String[] names, double[][] values, DoubleFunction<Color> colour) {
    for (int row = 0; row < names.length; row++) {
      int top = y + row * rowHeight;
      rowName(names[row], top + rowHeight / 2.0, rowHeight > 15 ? 14 : 12, INK);
      for (int t = 0; t < e.frames(); t++) {
        g.setColor(colour.apply(values[t][row]));
        g.fill(new Rectangle2D.Double(LEFT + t * cell, top, cell + 0.3, rowHeight + 0.3));
      }
    }
    grid(y, names.length, rowHeight);
    y += names.length * rowHeight;
  }

  private void grid(int top, int rows, double height) {
    g.setStroke(new BasicStroke(0.5f));
    g.setColor(GRID);
    for (int row = 0; row <= rows && height >= 8; row++) {
      int at = (int) Math.round(top + row * height);
      g.drawLine(LEFT, at, LEFT + plot, at);
    }
    for (int t = 0; t <= e.frames() && cell >= 8; t++) {
      int at = (int) Math.round(LEFT + t * cell);
      g.drawLine(at, top, at, (int) Math.round(top + rows * height));
    }
    g.setColor(QUIET);
    g.setStroke(new BasicStroke(1));
    g.draw(new Rectangle2D.Double(LEFT, top, plot, rows * height));
  }

  private void axis() {
    int step = 1;
    for (int factor = 1; step * cell < 60; factor *= 10) {
      for (int digit : new int[] {1, 2, 5}) {
        step = step * cell < 60 ? digit * factor : step;
      }
    }
    y += 16;
    for (int t = 0; t < e.frames(); t += step) {
      int frame = e.window().from() + t;
      String label =
          frameShift == null
              ? Integer.toString(frame)
              : String.format(Locale.ROOT, "%.2f s", frame * frameShift);
      boolean fits = LEFT + t * cell + 30 < LEFT + plot;
      if (fits || t == 0) {
        text(frameShift == null || frame > 0 ? label : "0 s", LEFT + t * cell, y, 12, 0, QUIET);
      }
    }
    String unit = frameShift == null ? "frame" : "time";
    rowName(unit, y - 4, 12, QUIET);
  }

  /** A bar of colours at the right of the panel's title. */
  private void legend(String name, double from, DoubleFunction<Color> colour) {
    double to = 1;
    int width = 160;
    int right = LEFT + Math.max(plot, LEAST_PLOT) - 20;
    int at = y - 12;
    for (int i = 0; i < width; i++) {
      g.setColor(colour.apply(from + (to - from) * (i + 0.5) / width));
      g.fill(new Rectangle2D.Double(right - width + i, at, 1.3, 12));
    }
    g.setColor(QUIET);
    g.setStroke(new BasicStroke(0.8f));
    g.draw(new Rectangle2D.Double(right - width, at, width, 12));
    String low = from < 0 ? "−1" : "0";
    text("1", right + 6, at + 11, 12, 0, QUIET);
    textRight(low, right - width - 6, at + 11, 12, QUIET);
    textRight(name, right - width - 28, at + 11, 13, QUIET);
  }

  private Color blue(double value) {
    return mix(Color.WHITE, BLUE, Math.pow(Math.max(0, Math.min(1, value)), 0.6));
  }

  private Color diverging(double value) {
    double strength = Math.pow(Math.min(1, Math.abs(value)), 0.6);
    return mix(Color.WHITE, value < 0 ? BLUE : ORANGE, strength);
  }

  private static Color mix(Color a, Color b, double share) {
    float s = (float) share;
    float[] x = a.getRGBColorComponents(null);
    float[] z = b.getRGBColorComponents(null);
    return new Color(x[0] + s * (z[0] - x[0]), x[1] + s * (z[1] - x[1]), x[2] + s * (z[2] - x[2]));
  }

  private void rowName(String name, double middle, int size, Color colour) {
    textRight(shorten(name, 12), LEFT - 10, middle + size * 0.36, size, colour);
  }

  private void centred(String text, double x, double middle, int size, Color colour) {
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, size));
    FontMetrics metrics = g.getFontMetrics();
    text(text, x - metrics.stringWidth(text) / 2.0, middle + size * 0.36, size, 0, colour);
  }

  private void textRight(String text, double right, double baseline, int size, Color colour) {
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, size));
    text(text, right - g.getFontMetrics().stringWidth(text), baseline, size, 0, colour);
  }

  private void text(String text, double x, double baseline, int size, int style, Color colour) {
    g.setFont(new Font(Font.SANS_SERIF, style, size));
    g.setColor(colour);
    g.drawString(text, (float) x, (float) baseline);
  }

  private static String shorten(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most - 1) + "…";
  }
}
