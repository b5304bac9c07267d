package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.ctc4j.cli.output.LineBoxes;
import org.ctc4j.cli.output.TimeFormat;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.Timeline;

/**
 * All that is needed to tell what is said when, once a batch has been read.
 *
 * @param names of the utterances
 * @param timeline makes labels, words and segments of paths
 * @param boxes null if nobody said where lines are
 * @param files that are to be written
 * @param formats of the files, in their order
 */
record TimeSetting(
    List<String> names,
    Timeline timeline,
    LineBoxes boxes,
    TimeFiles files,
    List<TimeFormat> formats) {

  /** Whether there are files to be written. */
  boolean hasFiles() {
    return !formats.isEmpty();
  }

  /** An utterance as it is told. */
  TimedUtterance utterance(int n, Timeline.Finding found) {
    return timeline.of(n, names.get(n), found);
  }

  /**
   * Writes the files.
   *
   * @param err told which utterances are left out, and why
   */
  void write(List<TimedUtterance> utterances, PrintWriter err) throws IOException {
    files.write(formats, utterances, err);
  }
}
