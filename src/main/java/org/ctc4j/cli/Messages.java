package org.ctc4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import org.ctc4j.io.NpzReader;
import org.ctc4j.io.Text;

/** What goes to standard error: a line each, safe to print and not endless. */
final class Messages {
  private static final int LONGEST = 5000; // a path and what is wrong with it
  private static final int MOST_UNUSED = 20;

  private Messages() {}

  static void error(PrintWriter err, String message) {
    err.println("ctc: " + Text.brief(String.valueOf(message), LONGEST));
  }

  static void note(PrintWriter err, String message) {
    error(err, "note: " + message);
  }

  /**
   * Tells of arrays that are in a file for nothing.
   *
   * @param name of the file
   * @param used arrays that are not told
   */
  static void noteUnused(String name, NpzReader npz, Set<String> used, PrintWriter err) {
    List<String> unused = npz.names().stream().filter(array -> !used.contains(array)).toList();
    for (String array : unused.subList(0, Math.min(MOST_UNUSED, unused.size()))) {
      note(err, "%s: array %s is not used".formatted(name, Text.quote(array)));
    }
    if (unused.size() > MOST_UNUSED) {
      note(err, "%s: nor are %d more arrays".formatted(name, unused.size() - MOST_UNUSED));
    }
  }
}
