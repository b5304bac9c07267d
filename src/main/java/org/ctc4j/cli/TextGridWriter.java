package org.ctc4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.ctc4j.CtcPath;
import org.ctc4j.text.Vocabulary;

/**
 * Praat's TextGrid, long text format: a tier of words, where labels make words, and one of tokens.
 * The intervals of a tier follow each other without gaps; those between labels are empty.
 */
final class TextGridWriter {
  private final Vocabulary vocabulary;
  private final double frameShift;

  TextGridWriter(Vocabulary vocabulary, double frameShift) {
    this.vocabulary = vocabulary;
    this.frameShift = frameShift;
  }

  /**
   * @param path of one frame or more
   */
  String write(CtcPath path) {
    StringBuilder out = new StringBuilder();
    out.append("File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n");
    out.append("xmin = 0\nxmax = ").append(seconds(path.frames())).append("\n");
    out.append("tiers? <exists>\n");
    out.append("size = ").append(vocabulary.hasWords() ? 2 : 1).append("\nitem []:\n");
    int tier = 1;
    if (vocabulary.hasWords()) {
      writeTier(tier++, "words", TimedText.words(path, vocabulary), path.frames(), out);
    }
    writeTier(tier, "tokens", TimedText.tokens(path, vocabulary), path.frames(), out);
    return out.toString();
  }

  private void writeTier(
      int number, String name, List<TimedText> items, int frames, StringBuilder out) {
    List<TimedText> intervals = withoutGaps(items, frames);
    out.append("    item [").append(number).append("]:\n");
    out.append("        class = \"IntervalTier\"\n");
    out.append("        name = \"").append(name).append("\"\n");
    out.append("        xmin = 0\n        xmax = ").append(seconds(frames)).append("\n");
    out.append("        intervals: size = ").append(intervals.size()).append("\n");
    for (int i = 0; i < intervals.size(); i++) {
      TimedText interval = intervals.get(i);
      out.append("        intervals [").append(i + 1).append("]:\n");
      out.append("            xmin = ").append(seconds(interval.start())).append("\n");
      out.append("            xmax = ").append(seconds(interval.end())).append("\n");
      out.append("            text = \"").append(interval.text().replace("\"", "\"\""));
      out.append("\"\n");
    }
  }

  private static List<TimedText> withoutGaps(List<TimedText> items, int frames) {
    List<TimedText> intervals = new ArrayList<>();
    int end = 0;
    for (TimedText item : items) {
      if (item.start() > end) {
        intervals.add(new TimedText("", end, item.start(), 1));
      }
      intervals.add(item);
      end = item.end();
    }
    if (end < frames) {
      intervals.add(new TimedText("", end, frames, 1));
    }
    return intervals;
  }

  private String seconds(int frames) {
    return frames == 0 ? "0" : String.format(Locale.ROOT, "%.6f", frames * frameShift);
  }
}
