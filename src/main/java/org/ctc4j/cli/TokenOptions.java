package org.ctc4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.VocabularyFormat;
import org.ctc4j.text.VocabularyOptions;
import picocli.CommandLine.Option;

/** What labels are called, and how long a frame is. */
final class TokenOptions {
  private static final double SAMPLE_FRAME_SHIFT = 0.02;

  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      description = {
        "What the classes are called: a token a line, that of class 0 first; 'token number' a line, as"
            + " k2 has them; a Hugging Face vocab.json; SentencePiece's .vocab; or another of"
            + " --token-format.",
        "Default: the sample's own; for a file the class numbers."
      })
  private Path tokens;

  @Option(
      names = "--token-format",
      paramLabel = "FORMAT",
      completionCandidates = Formats.class,
      description =
          "Of --tokens: ${COMPLETION-CANDIDATES}. The last four do not list the blank; nemo and"
              + " deep_speech have it last, paddle_ocr and fairseq first (default: what the file"
              + " looks like).")
  private VocabularyFormat format;

  @Option(
      names = "--language",
      paramLabel = "NAME",
      description = "Which vocabulary of a languages_json is meant, 'eng' for instance.")
  private String language;

  @Option(
      names = "--joined",
      description =
          "Tokens without blanks between them, where none of them is a space or begins a word.")
  private boolean joined;

  @Option(
      names = "--nfc",
      description = "Tokens, texts, references and words in Unicode's normal form C.")
  private boolean nfc;

  @Option(
      names = "--frame-shift",
      paramLabel = "SECONDS",
      description = "Seconds from one frame to the next; 0.02 for the sample. Gives times.")
  private Double frameShift;

  /** The file of tokens, or null. */
  Path file() {
    return tokens;
  }

  /**
   * What the classes of a batch are called, and when its frames are.
   *
   * @param err told of what was taken to be meant
   */
  Naming of(InputOptions input, BatchFile file, PrintWriter err) throws IOException {
    boolean areNamed = tokens != null || input.file == null;
    return new Naming(vocabulary(input, file, err), areNamed, frameShift(input));
  }

  /** The classes of a stream, which only they tell the number of. */
  Vocabulary ofStream(InputOptions input, PrintWriter err) throws IOException {
    if (tokens == null) {
      throw new InvalidInputException(
          "--stream: expected --tokens FILE, which tells how many numbers a frame has");
    }
    VocabularyOptions options =
        new VocabularyOptions(format, VocabularyOptions.UNKNOWN, input.blank, language);
    return finished(Vocabulary.read(tokens, options), err);
  }

  private Vocabulary vocabulary(InputOptions input, BatchFile file, PrintWriter err)
      throws IOException {
    input.requireBlank(file);
    VocabularyOptions options =
        new VocabularyOptions(format, file.batch().logits().classes(), input.blank, language);
    String orphan = format != null ? "--token-format" : language != null ? "--language" : null;
    if (tokens == null && orphan != null) {
      throw new InvalidInputException(orphan + ": only with --tokens, which is missing");
    }
    Vocabulary vocabulary =
        tokens != null
            ? Vocabulary.read(tokens, options)
            : input.file == null ? sample(options) : numbers(options);
    return finished(vocabulary, err);
  }

  private Vocabulary finished(Vocabulary read, PrintWriter err) {
    noteWhatWasMeant(read, err);
    Vocabulary vocabulary = joined ? read.withJoined(true) : read;
    return nfc ? vocabulary.withNfc(true) : vocabulary;
  }

  private static Vocabulary sample(VocabularyOptions options) throws IOException {
    try (InputStream in = Sample.class.getResourceAsStream("sample/tokens.txt")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return Vocabulary.parse(Sample.NAME, text, options);
    }
  }

  private static Vocabulary numbers(VocabularyOptions options) {
    List<String> numbers =
        IntStream.range(0, options.classes()).mapToObj(Integer::toString).toList();
    return Vocabulary.of(numbers).withBlank(options.blank());
  }

  private void noteWhatWasMeant(Vocabulary vocabulary, PrintWriter err) {
    int blank = vocabulary.blank().getAsInt();
    int named = vocabulary.namedBlank().orElse(blank);
    if (format == null && vocabulary.format().impliesBlank()) {
      Messages.note(
          err,
          "%s: read as %s, which has a blank that the file does not list"
              .formatted(tokens, vocabulary.format()));
    }
    if (named != blank) {
      Messages.note(
          err,
          "%s: class %d is called %s, which is what blanks are called; --blank is %d, %s"
              .formatted(
                  tokens,
                  named,
                  Text.quote(vocabulary.token(named)),
                  blank,
                  Text.quote(vocabulary.token(blank))));
    }
  }

  /** Seconds, or null if not known. */
  Double frameShift(InputOptions input) {
    if (frameShift == null) {
      return input.file == null ? SAMPLE_FRAME_SHIFT : null;
    }
    if (!(frameShift > 0 && frameShift < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "--frame-shift: expected a number of seconds above 0, got " + frameShift);
    }
    return frameShift;
  }

  private static final class Formats extends BatchOptions.Candidates {
    Formats() {
      super(VocabularyFormat.values());
    }
  }
}
