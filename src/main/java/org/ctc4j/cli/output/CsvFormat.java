package org.ctc4j.cli.output;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * CSV after RFC 4180, in UTF-8, with a head: a line for each word, or what else is asked for.
 * Columns are called as in JSON; what is not known is empty.
 *
 * @param level null for words, or labels where these make no words
 * @param clock null if nobody said how long frames are
 * @param boxes null for none
 */
public record CsvFormat(Level level, Clock clock, LineBoxes boxes) implements TimeFormat {
  private static final String HEAD =
      "utterance,name,text,start,end,start_seconds,end_seconds,confidence,log_ratio,share,left,top,right,bottom";

  @Override
  public String write(List<TimedUtterance> utterances) {
    StringBuilder out = new StringBuilder(HEAD).append("\r\n");
    for (TimedUtterance utterance : utterances) {
      for (TimedText item : utterance.tiers().at(level)) {
        out.append(line(utterance, item)).append("\r\n");
      }
    }
    return out.toString();
  }

  private String line(TimedUtterance utterance, TimedText item) {
    List<String> fields = new ArrayList<>();
    fields.add(Integer.toString(utterance.number()));
    fields.add(utterance.name());
    fields.add(item.text());
    fields.add(Integer.toString(item.start()));
    fields.add(Integer.toString(item.end()));
    fields.add(clock == null ? "" : clock.seconds(item.start()).toPlainString());
    fields.add(clock == null ? "" : clock.seconds(item.end()).toPlainString());
    fields.add(number(item.trust().confidence()));
    fields.add(number(item.trust().logRatio()));
    fields.add(number(item.trust().share()));
    LineBoxes.Box box = boxes == null ? null : boxes.of(utterance, item);
    fields.add(box == null ? "" : number(box.left()));
    fields.add(box == null ? "" : number(box.top()));
    fields.add(box == null ? "" : number(box.right()));
    fields.add(box == null ? "" : number(box.bottom()));
    return fields.stream().map(CsvFormat::quoted).collect(Collectors.joining(","));
  }

  private static String number(double x) {
    return Double.isNaN(x) ? "" : Double.toString(x);
  }

  private static String quoted(String field) {
    boolean isPlain = field.chars().noneMatch(c -> c == '"' || c == ',' || c == '\r' || c == '\n');
    return isPlain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }
}
