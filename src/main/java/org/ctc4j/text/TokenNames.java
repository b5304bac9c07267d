package org.ctc4j.text;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What tokens are called by convention that are no text. */
final class TokenNames {
  /** The surer ones first: where there is a blank, padding is something else. */
  private static final List<String> BLANKS =
      List.of(
          "<blank>",
          "<blk>",
          "[blank]",
          "[blk]",
          "<ctc_blank>",
          "<ctc>",
          "<eps>",
          "<pad>",
          "[pad]");

  private static final Set<String> PADDING = Set.of("<pad>", "[pad]");
  private static final Set<String> SPACES = Set.of(" ", "<space>", "[space]");
  private static final String BYTE_OF_SPACE = "<0x20>";
  private static final Set<String> UNKNOWN = Set.of("<unk>", "[unk]", "⁇", "▁⁇▁");
  private static final Set<String> CONTROLS =
      Set.of(
          "<s>",
          "</s>",
          "<bos>",
          "<eos>",
          "<sos>",
          "<sos/eos>",
          "<eos/sos>",
          "<mask>",
          "[cls]",
          "[sep]",
          "[mask]");
  private static final Pattern CONTROL = Pattern.compile("<\\|[^|]+\\|>");

  private TokenNames() {}

  /** The class that is called the blank, or -1. */
  static int blank(List<String> tokens, VocabularyFormat format) {
    if (format == VocabularyFormat.JSON_LIST && tokens.contains("")) {
      return tokens.indexOf(""); // pyctcdecode's
    }
    List<String> names = tokens.stream().map(TokenNames::plain).toList();
    return BLANKS.stream().mapToInt(names::indexOf).filter(c -> c >= 0).findFirst().orElse(-1);
  }

  /** Whether a token is for batches of texts, and the blank only where there is no other. */
  static boolean isPadding(String token) {
    return PADDING.contains(plain(token));
  }

  /** What may be a blank, and has no text where something else is. */
  static boolean isFiller(String token) {
    return isPadding(token) || plain(token).equals("<eps>");
  }

  static boolean isSpace(String token) {
    return SPACES.contains(plain(token));
  }

  /**
   * What stands for the space between words: what is called so; else the mark of pieces alone; else
   * wav2vec2's | or SentencePiece's ▁, unless other characters beside it show that it is one
   * itself, or else the space among bytes. Hugging Face's | is one beside a space, too, which was
   * left in by mistake.
   */
  static Set<String> spaces(Set<String> tokens, VocabularyFormat format, PieceMark marks) {
    Set<String> spaces =
        tokens.stream().filter(TokenNames::isSpace).collect(Collectors.toCollection(HashSet::new));
    if (marks.isSpaceAlone() && tokens.contains(marks.mark)) {
      spaces.add(marks.mark);
    }
    if (marks != PieceMark.NONE || format.isPlain()) {
      return spaces;
    }
    boolean isOfHuggingFace =
        format == VocabularyFormat.VOCAB_JSON || format == VocabularyFormat.LANGUAGES_JSON;
    boolean isAmongBraces = tokens.contains("{") && tokens.contains("}");
    boolean isBesideSpace = spaces.equals(Set.of(" ")) && isOfHuggingFace && !isAmongBraces;
    boolean isSpace = spaces.isEmpty() && (isOfHuggingFace || !isAmongBraces);
    if (tokens.contains("|") && (isSpace || isBesideSpace)) {
      spaces.add("|");
    }
    if (!spaces.isEmpty()) {
      return spaces;
    }
    if (tokens.contains("▁") && !tokens.contains("▂")) {
      return Set.of("▁");
    }
    return tokens.contains(BYTE_OF_SPACE) ? Set.of(BYTE_OF_SPACE) : Set.of();
  }

  static boolean isUnknown(String token) {
    return UNKNOWN.contains(plain(token));
  }

  static boolean isControl(String token) {
    return CONTROLS.contains(plain(token)) || CONTROL.matcher(token).matches();
  }

  private static String plain(String token) {
    return token.toLowerCase(Locale.ROOT);
  }
}
