package org.ctc4j.cli;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.ctc4j.InvalidInputException;
import org.ctc4j.cli.output.AssFormat;
import org.ctc4j.cli.output.Clock;
import org.ctc4j.cli.output.CsvFormat;
import org.ctc4j.cli.output.CtmFormat;
import org.ctc4j.cli.output.JsonLinesFormat;
import org.ctc4j.cli.output.Level;
import org.ctc4j.cli.output.LineBoxes;
import org.ctc4j.cli.output.SegmentRule;
import org.ctc4j.cli.output.SrtFormat;
import org.ctc4j.cli.output.TextGridFormat;
import org.ctc4j.cli.output.TimeFormat;
import org.ctc4j.cli.output.Timeline;
import org.ctc4j.cli.output.UtteranceJson;
import org.ctc4j.cli.output.WebVttFormat;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine.Option;

/** Which files tell what is said when, and in what pieces. */
final class TimeOptions {
  private static final double PAUSE_SECONDS = 0.8;
  private static final int MOST_CHARACTERS = 84; // two lines of subtitles

  /** What there is to be written. */
  private enum Kind {
    CTM("CTM", false),
    TEXTGRID("TextGrid", true),
    SRT("SRT", true),
    VTT("WebVTT", true),
    ASS("ASS", true),
    CSV("CSV", false),
    JSONL("JSON Lines", false);

    private final String title;

    /** Whether a file is of one utterance. */
    private final boolean ofOne;

    Kind(String title, boolean ofOne) {
      this.title = title;
      this.ofOne = ofOne;
    }

    private boolean needsSeconds() {
      return this != CSV && this != JSONL;
    }

    private boolean isSubtitle() {
      return this == SRT || this == VTT || this == ASS;
    }

    private String option() {
      return "--" + name().toLowerCase(Locale.ROOT);
    }

    private String suffix() {
      return this == TEXTGRID ? ".TextGrid" : "." + name().toLowerCase(Locale.ROOT);
    }
  }

  /** A kind and where to. */
  private record Wish(Kind kind, Path path) {}

  @Option(
      names = "--ctm",
      paramLabel = "OUT.ctm",
      description = "Write the words, or labels where there are no words, in NIST's CTM format.")
  private Path ctm;

  @Option(
      names = "--textgrid",
      paramLabel = "OUT",
      description = {
        "Write a Praat TextGrid. OUT is a folder, where each utterance that has a path gets a file,"
            + " NAME.TextGrid; or a file, for a batch of one utterance. For an utterance without a"
            + " path a note says why there is none."
      })
  private Path textGrid;

  @Option(names = "--srt", paramLabel = "OUT", description = "Likewise subtitles as SRT.")
  private Path srt;

  @Option(names = "--vtt", paramLabel = "OUT", description = "Likewise subtitles as WebVTT.")
  private Path vtt;

  @Option(
      names = "--ass",
      paramLabel = "OUT",
      description = "Likewise subtitles as ASS, with karaoke times for the words.")
  private Path ass;

  @Option(
      names = "--csv",
      paramLabel = "OUT.csv",
      description = "Write a table with all that is known of each word.")
  private Path csv;

  @Option(
      names = "--jsonl",
      paramLabel = "OUT.jsonl",
      description = "Write what --json has of an utterance, each on a line of its own.")
  private Path jsonl;

  @Option(
      names = "--level",
      paramLabel = "labels|words|segments",
      description =
          "What a line, an interval or a cue is (default: words, or labels where there are no words;"
              + " segments in subtitles; words and labels in a TextGrid).")
  private Level level;

  @Option(
      names = "--max-pause",
      paramLabel = "SECONDS",
      description =
          "A pause of so many seconds or more ends a segment, as the end of a sentence does (default: 0.8).")
  private Double maxPause;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description = "A segment has at most so many characters (default: 84).")
  private Integer maxLength;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description =
          "What the utterances are called, a line each (default: what the array 'names' of the file"
              + " says, else utterance-0 and so on).")
  private Path names;

  @Option(
      names = "--frame-pixels",
      paramLabel = "P",
      description =
          "Pixels from one frame to the next, of pictures of lines of text. Gives left and right of"
              + " labels and words in JSON and CSV; the array 'boxes' of the file, (N, 4) with left,"
              + " top, right and bottom of each line, gives whole boxes.")
  private Double framePixels;

  /** The file of names, or null. */
  Path namesFile() {
    return names;
  }

  /**
   * Looks at what was asked for, before anything is read.
   *
   * @param frameShift seconds, or null
   * @param isJson whether standard output tells of segments
   */
  void check(Double frameShift, boolean isJson) {
    List<Wish> wishes = wishes();
    for (Wish wish : wishes) {
      if (frameShift == null && wish.kind.needsSeconds()) {
        throw onlyWith(wish.kind.option() + ": its times are in seconds; expected --frame-shift");
      }
    }
    boolean hasLevels = wishes.stream().anyMatch(wish -> wish.kind != Kind.JSONL);
    if (level != null && !hasLevels) {
      throw new InvalidInputException(
          "--level: only with one of --ctm, --textgrid, --srt, --vtt, --ass and --csv");
    }
    if (level == Level.SEGMENTS && frameShift == null) {
      throw onlyWith("--level segments: pauses are in seconds; expected --frame-shift");
    }
    boolean isCut =
        frameShift != null
            && (isJson
                || level == Level.SEGMENTS
                || wishes.stream().anyMatch(wish -> hasSegments(wish.kind)));
    String orphan = maxPause != null ? "--max-pause" : maxLength != null ? "--max-length" : null;
    if (orphan != null && !isCut) {
      throw new InvalidInputException(
          orphan
              + ": only with --frame-shift and what has segments: --json, --jsonl, subtitles or --level segments");
    }
    if (maxPause != null && !(maxPause > 0 && maxPause < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException("--max-pause: expected seconds above 0, got " + maxPause);
    }
    if (maxLength != null && maxLength < 1) {
      throw new InvalidInputException("--max-length: expected 1 or more, got " + maxLength);
    }
    if (framePixels != null && !(framePixels > 0 && framePixels < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "--frame-pixels: expected pixels above 0, got " + framePixels);
    }
    boolean hasBoxes =
        isJson || wishes.stream().anyMatch(w -> w.kind == Kind.CSV || w.kind == Kind.JSONL);
    if (framePixels != null && !hasBoxes) {
      throw new InvalidInputException("--frame-pixels: only with --json, --jsonl or --csv");
    }
  }

  private boolean hasSegments(Kind kind) {
    return kind == Kind.JSONL || kind.isSubtitle() && level == null;
  }

  private static InvalidInputException onlyWith(String what) {
    return new InvalidInputException(what + " SECONDS beside it");
  }

  /** How segments are cut; null without seconds. */
  private SegmentRule rule(Double frameShift) {
    return frameShift == null
        ? null
        : new SegmentRule(
            BigDecimal.valueOf(frameShift),
            BigDecimal.valueOf(maxPause == null ? PAUSE_SECONDS : maxPause),
            maxLength == null ? MOST_CHARACTERS : maxLength);
  }

  /** Null if nobody said where lines are. */
  private LineBoxes boxes(BatchFile file) {
    return framePixels != null
        ? LineBoxes.ofFrames(framePixels)
        : file.boxes() == null ? null : LineBoxes.ofLines(file.boxes());
  }

  /** Those of the option, of the file, or numbers. */
  private List<String> names(BatchFile file) throws IOException {
    int utterances = file.batch().utterances();
    return names != null
        ? UtteranceNames.read(names, utterances)
        : file.names() != null ? file.names() : UtteranceNames.numbered(utterances);
  }

  /** Looks at the places of files that do not depend on what is read. */
  TimeFiles open(Outputs outputs) throws IOException {
    TimeFiles files = new TimeFiles(outputs);
    for (Wish wish : wishes()) {
      if (wish.kind.ofOne && Files.isDirectory(wish.path)) {
        files.addFolder(wish.kind.option(), wish.kind.title, wish.path, wish.kind.suffix());
      } else {
        files.addFile(wish.kind.option(), wish.kind.title, wish.path, wish.kind.ofOne);
      }
    }
    return files;
  }

  /**
   * Now that the batch has been read.
   *
   * @param files of {@link #open}
   */
  TimeSetting setting(BatchFile file, Naming naming, TimeFiles files) throws IOException {
    Vocabulary vocabulary = naming.vocabulary();
    if (level == Level.WORDS && !vocabulary.hasWords()) {
      throw new InvalidInputException(
          "--level words: these tokens make no words; expected labels or segments");
    }
    List<String> utterances = names(file);
    files.name(utterances);
    Timeline timeline = new Timeline(vocabulary, rule(naming.frameShift()));
    LineBoxes boxes = boxes(file);
    List<TimeFormat> formats = formats(naming.frameShift(), boxes);
    return new TimeSetting(utterances, timeline, boxes, files, formats);
  }

  private List<TimeFormat> formats(Double frameShift, LineBoxes boxes) {
    List<TimeFormat> formats = new ArrayList<>();
    for (Wish wish : wishes()) {
      Level cues = level == null ? Level.SEGMENTS : level;
      formats.add(
          switch (wish.kind) {
            case CTM -> new CtmFormat(level, Clock.asFineAsFrames(frameShift));
            case TEXTGRID -> new TextGridFormat(level, Clock.ofMicroseconds(frameShift));
            case SRT -> new SrtFormat(cues, Clock.of(frameShift, 3));
            case VTT -> new WebVttFormat(cues, Clock.of(frameShift, 3));
            case ASS -> new AssFormat(cues, Clock.of(frameShift, 2));
            case CSV ->
                new CsvFormat(
                    level, frameShift == null ? null : Clock.asFineAsFrames(frameShift), boxes);
            case JSONL -> new JsonLinesFormat(new UtteranceJson(frameShift, boxes));
          });
    }
    return formats;
  }

  private List<Wish> wishes() {
    List<Wish> wishes = new ArrayList<>();
    Path[] paths = {ctm, textGrid, srt, vtt, ass, csv, jsonl}; // in the order of the kinds
    for (Kind kind : Kind.values()) {
      if (paths[kind.ordinal()] != null) {
        wishes.add(new Wish(kind, paths[kind.ordinal()]));
      }
    }
    return wishes;
  }
}
