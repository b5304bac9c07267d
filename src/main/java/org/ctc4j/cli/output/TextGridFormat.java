package org.ctc4j.cli.output;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Praat's TextGrid, long text format: a tier of words, where labels make words, and one of tokens,
 * or the one that is asked for. The intervals of a tier follow each other without gaps; those
 * between labels are empty; a word without a frame is in the interval of the next.
 *
 * @param level null for words and tokens
 */
public record TextGridFormat(Level level, Clock clock) implements TimeFormat {
  @Override
  public String objection(TimedUtterance utterance) {
    boolean isEmpty = utterance.reason() == null && utterance.path().frames() == 0;
    return isEmpty ? "it has no frames" : utterance.reason();
  }

  @Override
  public String write(List<TimedUtterance> utterances) {
    TimedUtterance utterance = utterances.get(0);
    Map<String, List<TimedText>> tiers = tiers(utterance.tiers());
    int frames = utterance.path().frames();
    StringBuilder out = new StringBuilder();
    out.append("File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n");
    out.append("xmin = 0\nxmax = ").append(seconds(frames)).append("\n");
    out.append("tiers? <exists>\n");
    out.append("size = ").append(tiers.size()).append("\nitem []:\n");
    int number = 0;
    for (Map.Entry<String, List<TimedText>> tier : tiers.entrySet()) {
      out.append("    item [").append(++number).append("]:\n");
      writeTier(tier.getKey(), withoutGaps(tier.getValue(), frames), frames, out);
    }
    return out.toString();
  }

  private Map<String, List<TimedText>> tiers(TimedUtterance.Tiers all) {
    Map<String, List<TimedText>> tiers = new LinkedHashMap<>();
    if (level == Level.SEGMENTS) {
      tiers.put("segments", all.segments());
    }
    if (level == Level.WORDS || level == null && all.words() != null) {
      tiers.put("words", all.words());
    }
    if (level == Level.LABELS || level == null) {
      tiers.put("tokens", all.labels());
    }
    return tiers;
  }

  private void writeTier(String name, List<TimedText> intervals, int frames, StringBuilder out) {
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
    for (TimedText item : TimedText.lasting(items)) {
      if (item.start() > end) {
        intervals.add(gap(end, item.start()));
      }
      intervals.add(item);
      end = item.end();
    }
    if (end < frames) {
      intervals.add(gap(end, frames));
    }
    return intervals;
  }

  private static TimedText gap(int start, int end) {
    return new TimedText("", 0, 0, start, end, null);
  }

  private String seconds(int frame) {
    return frame == 0 ? "0" : clock.seconds(frame).toPlainString();
  }
}
