package org.ctc4j.cli;

import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Locale;
import org.ctc4j.LabelSpan;
import org.ctc4j.cli.output.TimedText;
import org.ctc4j.io.Text;

/** The page of {@link ExplainPicture} in characters; a column is a frame, or several. */
final class ExplainText {
  private static final int MOST_COLUMNS = 100;
  private static final String SHADES = " ·░▒▓█";

  private final Explanation e;
  private final int framesPerColumn;
  private final int columns;

  ExplainText(Explanation explanation) {
    this.e = explanation;
    this.framesPerColumn = (e.frames() + MOST_COLUMNS - 1) / MOST_COLUMNS;
    this.columns = (e.frames() + framesPerColumn - 1) / framesPerColumn;
  }

  void print(PrintWriter out) {
    out.printf("How CTC sees \"%s\"%n", e.title());
    out.printf(
        "%d frames, %d labels, %d states; a column is %s%n",
        e.frames(),
        e.states().count() / 2,
        e.states().count(),
        framesPerColumn == 1 ? "a frame" : framesPerColumn + " frames (their greatest number)");
    if (!e.window().isAll()) {
      out.printf(
          "frames %d to %d of %d, as if there were no others%n",
          e.window().from(), e.window().to() - 1, e.window().frames());
    }
    out.println();
    out.println("1  What the model says: the probability of each label, and of the blank _");
    out.println("   ·  5 %  ░ 20 %  ▒ 40 %  ▓ 60 %  █ 80 % and more");
    double[][] probability = e.classes().probability();
    rows(out, e.classes().names(), (column, row) -> shade(greatest(column, probability, row)));
    out.println();
    out.println("2  All paths at once: the states are the text with a blank around every label;");
    out.println("   how likely a path that says the text is in each, and * the best path");
    rows(out, e.states().names(), this::latticeCell);
    out.println();
    out.println(
        "3  The best path, a symbol a frame; repeats merged, blanks removed, it is the text");
    for (int from = 0; from < e.frames(); from += MOST_COLUMNS) {
      StringBuilder symbols = new StringBuilder();
      for (int t = from; t < Math.min(e.frames(), from + MOST_COLUMNS); t++) {
        symbols.append(first(e.pathName(t)));
      }
      out.printf("%10s │%s│%n", from == 0 ? "path" : "", symbols);
    }
    StringBuilder collapsed = new StringBuilder();
    for (LabelSpan span : e.path().spans()) {
      collapsed.append(e.pathName(span.start()));
    }
    out.printf("%10s  %s%n", "text", collapsed);
    wildcards(out);
    out.println();
    String loss = Nats.text(e.sum().loss(), 4);
    if (e.isOpen()) {
      out.printf("   loss = −ln of what all paths weigh = %s nats;%n", loss);
    } else {
      out.printf(
          "   loss = −ln p(text) = %s nats: p(text) = %s, summed over %s paths;%n",
          loss, percent(Math.exp(-e.sum().loss())), brief(e.sum().paths()));
    }
    out.printf("   the best of them has %s of it%n", percent(e.sum().shareOfBest()));
    out.println();
    out.println("4  What training changes: gradient = what the model says − what the text needs");
    out.println("   + raises, - lowers the logit (by 5 %; # and = by 40 % or more)");
    double[][] gradient = e.classes().gradient();
    rows(out, e.classes().names(), (column, row) -> sign(furthest(column, gradient, row)));
  }

  /** What they took, as greedy decoding has it, and what was left out. */
  private void wildcards(PrintWriter out) {
    for (TimedText wildcard : e.best().tiers().wildcards()) {
      out.printf("%10s  %s%n", "*", taken(e, wildcard));
    }
    if (e.path().skipped().length > 0) {
      out.printf("%10s  %s%n", "left out", leftOut(e));
    }
  }

  static String taken(Explanation e, TimedText wildcard) {
    return "frames %d to %d took %s"
        .formatted(
            e.window().from() + wildcard.start(),
            e.window().from() + wildcard.end() - 1,
            Text.quote(wildcard.text()));
  }

  static String leftOut(Explanation e) {
    return "elements %s of the target".formatted(Arrays.toString(e.path().skipped()));
  }

  /** Character of a column in a row. */
  private interface Cell {
    char at(int column, int row);
  }

  private void rows(PrintWriter out, String[] names, Cell cell) {
    for (int row = 0; row < names.length; row++) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        line.append(cell.at(column, row));
      }
      String name = names[row];
      out.printf("%10s │%s│%n", name.length() > 10 ? name.substring(0, 9) + "…" : name, line);
    }
  }

  private char latticeCell(int column, int state) {
    for (int t = column * framesPerColumn; t < end(column); t++) {
      if (e.path().state(t) == state) {
        return '*';
      }
    }
    return shade(greatest(column, e.states().posterior(), state));
  }

  private int end(int column) {
    return Math.min(e.frames(), (column + 1) * framesPerColumn);
  }

  private double greatest(int column, double[][] values, int row) {
    double greatest = 0;
    for (int t = column * framesPerColumn; t < end(column); t++) {
      greatest = Math.max(greatest, values[t][row]);
    }
    return greatest;
  }

  /** The number that is furthest from 0. */
  private double furthest(int column, double[][] values, int row) {
    double furthest = 0;
    for (int t = column * framesPerColumn; t < end(column); t++) {
      furthest = Math.abs(values[t][row]) > Math.abs(furthest) ? values[t][row] : furthest;
    }
    return furthest;
  }

  private static char shade(double p) {
    return p < 0.05 ? SHADES.charAt(0) : SHADES.charAt(1 + (int) Math.min(4, p * 5));
  }

  private static char sign(double gradient) {
    double size = Math.abs(gradient);
    return size < 0.05 ? ' ' : gradient < 0 ? (size < 0.4 ? '+' : '#') : size < 0.4 ? '-' : '=';
  }

  private static String first(String name) {
    return name.substring(0, name.offsetByCodePoints(0, 1));
  }

  /** A count for people. */
  static String brief(BigInteger count) {
    String digits = count.toString();
    return digits.length() <= 15
        ? String.format(Locale.ROOT, "%,d", count)
        : String.format(
            Locale.ROOT, "%s.%s · 10^%d", digits.charAt(0), digits.charAt(1), digits.length() - 1);
  }

  static String percent(double p) {
    return p >= 0.0001
        ? String.format(Locale.ROOT, "%.2f %%", 100 * p)
        : String.format(Locale.ROOT, "%.1e", p);
  }
}
