package org.ctc4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.ctc4j.Wildcards;

/** From text to labels and {@link Wildcards}. */
final class WildcardSpelling {
  private final Spelling spelling;
  private final boolean hasWords;
  private final int space; // class, or −1

  WildcardSpelling(Spelling spelling, boolean hasWords, int space) {
    this.spelling = spelling;
    this.hasWords = hasWords;
    this.space = space;
  }

  int[] encode(String text, String mark, boolean isAnyUnknown) {
    IntStream.Builder labels = IntStream.builder();
    boolean isFirst = true; // of the parts of the text
    boolean isAfterMark = false;
    for (String part : parts(text, mark)) {
      if (part.equals(mark)) {
        labels.add(Wildcards.FRAMES);
        isAfterMark = true;
      } else {
        if (isAfterMark && !isFirst && space >= 0) {
          labels.add(space);
        }
        addWithSingleRuns(spelling.encode(part, hasWords, isAnyUnknown), labels);
        isFirst = false;
        isAfterMark = false;
      }
    }
    return labels.build().toArray();
  }

  /** What is between marks, and the marks; of marks in a row one. */
  private static List<String> parts(String text, String mark) {
    if (mark == null) {
      return List.of(text);
    }
    List<String> parts = new ArrayList<>();
    List<String> words = new ArrayList<>(); // since the last mark
    for (String word : text.strip().split("\\s+")) {
      if (!word.equals(mark)) {
        words.add(word);
        continue;
      }
      addWords(words, parts);
      if (parts.isEmpty() || !parts.get(parts.size() - 1).equals(mark)) {
        parts.add(mark);
      }
    }
    addWords(words, parts);
    return parts;
  }

  private static void addWords(List<String> words, List<String> parts) {
    if (!words.isEmpty()) {
      parts.add(String.join(" ", words));
      words.clear();
    }
  }

  private static void addWithSingleRuns(int[] labels, IntStream.Builder into) {
    for (int i = 0; i < labels.length; i++) {
      boolean goesOn = i > 0 && labels[i] == labels[i - 1] && labels[i] == Wildcards.LABELS;
      if (!goesOn) {
        into.add(labels[i]);
      }
    }
  }
}
