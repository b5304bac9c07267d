package org.ctc4j.bench;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;

/**
 * The sizes of a batch.
 *
 * @param name as the command line and the tables spell it
 * @param frames T
 * @param utterances N
 * @param classes C, blank included
 * @param labels L, the length of the targets
 * @param ragged whether utterances have between half and all of T and of L; else all have all
 */
public record Shape(
    String name, int frames, int utterances, int classes, int labels, boolean ragged) {
  /**
   * What is measured: the published shapes of warp-ctc at its batch sizes (warp), characters and
   * word pieces of ordinary utterances, one long recording, a huge vocabulary, and a batch as
   * training sees it.
   */
  public static final List<Shape> SUITE =
      List.of(
          new Shape("warp-en-1", 150, 1, 28, 40, false),
          new Shape("warp-en-16", 150, 16, 28, 40, false),
          new Shape("warp-en", 150, 64, 28, 40, false),
          new Shape("warp-en-128", 150, 128, 28, 40, false),
          new Shape("warp-zh-1", 150, 1, 5000, 20, false),
          new Shape("warp-zh", 150, 16, 5000, 20, false),
          new Shape("warp-zh-64", 150, 64, 5000, 20, false),
          new Shape("chars", 400, 32, 32, 80, false),
          new Shape("bpe", 500, 16, 1024, 60, false),
          new Shape("long", 3000, 4, 64, 400, false),
          new Shape("hugevocab", 200, 8, 32000, 40, false),
          new Shape("ragged-zh", 183, 90, 10241, 29, true));

  private static final int MOST_LOGITS = Integer.MAX_VALUE - 8; // of a Java array

  private static final Pattern SIZES = Pattern.compile("(\\d+)x(\\d+)x(\\d+)x(\\d+)");

  public Shape {
    if (utterances < 1 || labels < 0 || classes < 3) {
      throw new InvalidInputException(
          "%s: expected N ≥ 1, L ≥ 0 and C ≥ 3, got N=%d, L=%d, C=%d"
              .formatted(name, utterances, labels, classes));
    }
    int fewestFrames = ragged ? frames / 2 : frames;
    if (fewestFrames < labels) {
      throw new InvalidInputException(
          "%s: %d labels do not fit into %d frames".formatted(name, labels, fewestFrames));
    }
    if ((long) frames * utterances > MOST_LOGITS / classes) {
      throw new InvalidInputException(
          "%s: expected at most %d logits, T · N · C, what a Java array holds"
              .formatted(name, MOST_LOGITS));
    }
  }

  /**
   * @param text the name of a shape of the suite, or TxNxCxL in numbers
   * @throws InvalidInputException if it is neither
   */
  public static Shape of(String text) {
    for (Shape shape : SUITE) {
      if (shape.name.equals(text)) {
        return shape;
      }
    }
    Matcher sizes = SIZES.matcher(text);
    if (!sizes.matches()) {
      throw new InvalidInputException(
          "shape: expected TxNxCxL or one of %s, got %s"
              .formatted(SUITE.stream().map(Shape::name).toList(), text));
    }
    int[] size;
    try {
      size = IntStream.rangeClosed(1, 4).map(i -> Integer.parseInt(sizes.group(i))).toArray();
    } catch (NumberFormatException e) {
      throw new InvalidInputException("shape: " + text + ": a size does not fit 32 bits");
    }
    return new Shape(text, size[0], size[1], size[2], size[3], false);
  }

  /** "T=… N=… C=… L=…", for tables. */
  public String sizes() {
    return "T=%d N=%d C=%d L=%d%s"
        .formatted(frames, utterances, classes, labels, ragged ? " ragged" : "");
  }
}
