package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ctc4j.InvalidInputException;
import org.ctc4j.cli.output.TimeFormat;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.io.OutputTarget;

/** Files that tell what is said when: one of all utterances, or one of each. */
final class TimeFiles {
  private final Outputs outputs;
  private final List<Place> places = new ArrayList<>();

  /**
   * What one option asks for.
   *
   * @param format what it is called
   * @param suffix of the files of a folder, or null
   * @param targets looked at so far
   */
  private record Place(
      String option,
      String format,
      Path path,
      String suffix,
      boolean ofOne,
      List<OutputTarget> targets) {}

  /** What goes where. */
  private record Written(OutputTarget target, String content) {}

  TimeFiles(Outputs outputs) {
    this.outputs = outputs;
  }

  /**
   * @param ofOne whether it can tell of one utterance only
   */
  void addFile(String option, String format, Path path, boolean ofOne) throws IOException {
    OutputTarget target = outputs.add(option, path);
    places.add(new Place(option, format, path, null, ofOne, List.of(target)));
  }

  /** A file of each utterance, in a folder that is there. */
  void addFolder(String option, String format, Path folder, String suffix) {
    places.add(new Place(option, format, folder, suffix, true, new ArrayList<>()));
  }

  /** Looks at the files of utterances, now that it is known how many there are. */
  void name(List<String> names) throws IOException {
    for (Place place : places) {
      if (place.suffix != null) {
        for (String name : names) {
          Path file = place.path.resolve(UtteranceNames.forFile(place.option, name) + place.suffix);
          place.targets.add(outputs.add(place.option, file));
        }
      } else if (place.ofOne && names.size() != 1) {
        throw new InvalidInputException(
            "%s %s: expected a folder that exists, for a file of each of the %d utterances"
                .formatted(place.option, place.path, names.size()));
      }
    }
  }

  /**
   * Writes all.
   *
   * @param formats of what was added, in that order
   * @param err told which utterances are left out, and why
   */
  void write(List<TimeFormat> formats, List<TimedUtterance> utterances, PrintWriter err)
      throws IOException {
    List<Written> texts = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      TimeFormat format = formats.get(i);
      List<TimedUtterance> written = new ArrayList<>();
      for (TimedUtterance utterance : utterances) {
        String objection = format.objection(utterance);
        if (objection == null) {
          written.add(utterance);
        } else {
          Messages.note(
              err,
              "no %s for utterance %d (%s): %s"
                  .formatted(
                      place.format, utterance.number(), utterance.path().status(), objection));
        }
      }
      if (!place.ofOne) {
        texts.add(new Written(place.targets.get(0), format.write(written)));
        continue;
      }
      for (TimedUtterance utterance : written) {
        OutputTarget target = place.targets.get(place.suffix == null ? 0 : utterance.number());
        texts.add(new Written(target, format.write(List.of(utterance))));
      }
    }
    for (Written text : texts) { // all can be written, or nothing is
      text.target.write(text.content.getBytes(StandardCharsets.UTF_8));
    }
  }
}
