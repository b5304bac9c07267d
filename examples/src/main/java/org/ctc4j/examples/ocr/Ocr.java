package org.ctc4j.examples.ocr;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.ctc4j.examples.RunOptions;
import org.ctc4j.text.ErrorCounts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Reads lines of printed text, and says where each character is. */
@Command(
    name = "examples/run ocr",
    description = "Reads lines of printed text, and says where each character is.",
    sortOptions = false)
public final class Ocr implements Callable<Integer> {
  /** With doubled letters, which only a blank keeps apart. */
  static final List<String> LINES =
      List.of(
          "Committee, balloon, coffee",
          "The conference is now muted.",
          "Invoice 2026-1126: total 1,499.00 EUR",
          "CTC merges repeats, then drops blanks");

  private static final int SKIPPED = 3;

  @Mixin private RunOptions options;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Ocr()).execute(args));
  }

  @Override
  public Integer call() throws IOException, OrtException {
    List<String> texts = options.quick ? LINES.subList(0, 1) : LINES;
    Page page = new Page();
    ErrorCounts errors = ErrorCounts.NONE;
    DoubleSummaryStatistics misplacements = new DoubleSummaryStatistics();
    try (Recognizer recognizer = new Recognizer()) {
      for (String text : texts) {
        PrintedLine line = PrintedLine.of(text);
        Reading reading =
            Reading.of(
                recognizer.probabilities(line.image()),
                recognizer.vocabulary(),
                recognizer.options());
        print(line, reading);
        page.add(line.image(), reading.boxes());
        addMisplacements(line, reading, misplacements);
        errors = errors.plus(ErrorCounts.characters(text, reading.beam()));
      }
    } catch (NoFontException e) {
      System.err.println("SKIPPED: " + e.getMessage());
      return SKIPPED;
    }
    Files.createDirectories(options.results);
    Path picture = options.results.resolve("boxes.png");
    page.write(picture);
    System.out.printf(
        Locale.ROOT,
        "%d errors in %d characters; boxes meet %.1f pixels from where the characters do in the mean, %.1f at most; %s%n",
        errors.errors(),
        errors.total(),
        misplacements.getAverage(),
        misplacements.getMax(),
        picture);
    return errors.errors() == 0 ? 0 : 1;
  }

  /**
   * How far from where two characters meet their boxes do, in pixels; of a text read as printed.
   */
  private static void addMisplacements(
      PrintedLine line, Reading reading, DoubleSummaryStatistics misplacements) {
    if (reading.beam().equals(line.text())) {
      for (int i = 1; i < reading.boxes().size(); i++) {
        double box = reading.boxes().get(i).place().getMinX();
        misplacements.accept(Math.abs(box - line.edges()[i]));
      }
    }
  }

  private static void print(PrintedLine line, Reading reading) {
    System.out.printf(
        Locale.ROOT,
        "printed  %s%ngreedy   %s%nbeam     %s%n         its probability %.3f%n",
        line.text(),
        reading.greedy(),
        reading.beam(),
        reading.probability());
    for (CharacterBox box : reading.boxes()) {
      System.out.printf(
          Locale.ROOT,
          "         '%s'  confidence %.3f  x %5.1f to %5.1f  y %.0f to %.0f%n",
          box.text(),
          box.confidence(),
          box.place().getMinX(),
          box.place().getMaxX(),
          box.place().getMinY(),
          box.place().getMaxY());
    }
    System.out.println();
  }
}
