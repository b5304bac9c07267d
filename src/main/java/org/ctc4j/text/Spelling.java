package org.ctc4j.text;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/** From text to labels of one vocabulary. */
final class Spelling {
  private final String name;
  private final PieceMark marks;
  private final Map<String, Integer> classOf = new HashMap<>();
  private final Set<String> signs = new HashSet<>(); // tokens that no ordinary text has
  private final Set<String> spaceSigns = new HashSet<>();
  private final Speller speller = new Speller();

  Spelling(String name, List<String> tokens, TokenRole[] roles, PieceMark marks) {
    this.name = Text.printable(name);
    this.marks = marks;
    boolean[] isPlainSpace = new boolean[roles.length]; // where others are there, they spell it
    for (int c = 0; c < roles.length; c++) {
      isPlainSpace[c] = roles[c] == TokenRole.SPACE && tokens.get(c).isBlank();
      if (roles[c] != TokenRole.BLANK && !isPlainSpace[c]) {
        add(c, tokens.get(c), roles[c]);
      }
    }
    for (int c = 0; c < roles.length; c++) {
      if (isPlainSpace[c]) {
        add(c, tokens.get(c), roles[c]);
      }
    }
    if (marks.isWordStart()) {
      spaceSigns.add(marks.mark); // within pieces, too
    }
    speller.ready();
  }

  private void add(int c, String token, TokenRole role) {
    classOf.putIfAbsent(token, c);
    boolean isSpace = role == TokenRole.SPACE;
    if (isSpace && !token.isBlank()) {
      spaceSigns.add(token);
    }
    if (isSpace && !token.isBlank() || marks.isIn(token)) {
      signs.add(token);
    }
    int singleByte = ByteText.byteOf(token);
    if (singleByte >= 0) {
      speller.addByte(singleByte, c);
    } else if (role == TokenRole.CONTROL) {
      speller.add(token, c);
    } else if (marks.alphabet != null && !isSpace) {
      speller.add(marks.isWordStart() ? token.replace(marks.mark, " ") : token, c);
    } else {
      speller.add(spelled(Piece.of(token, role, marks)), c);
    }
  }

  private String spelled(Piece piece) {
    if (piece == Piece.SPACE) {
      return blank();
    }
    return (piece.spaceBefore() ? " " : "") + piece.text() + (piece.spaceAfter() ? " " : "");
  }

  private String blank() {
    return marks == PieceMark.BYTE_LEVEL ? marks.mark : " ";
  }

  /** The class of a token, -1 if it is none or the blank. */
  int label(String token) {
    return classOf.getOrDefault(token, -1);
  }

  int[] encode(String text, boolean hasWords) {
    return encode(text, hasWords, false);
  }

  /**
   * @param isAnyUnknown whether a character that no token has is {@link org.ctc4j.Wildcards#LABELS}
   */
  int[] encode(String text, boolean hasWords, boolean isAnyUnknown) {
    int[] sequence = sequence(text, hasWords);
    if (sequence != null) {
      return sequence;
    }
    String plain = text;
    for (String sign : spaceSigns) {
      plain = plain.replace(sign, " ");
    }
    plain = singleBlanks(plain);
    List<Way> ways = ways(plain);
    int[] best = null;
    for (Way way : ways) {
      int[] labels = speller.spell(way.text, isAnyUnknown);
      boolean isBetter =
          best == null
              || marks == PieceMark.BYTE_LEVEL && labels != null && labels.length < best.length;
      best = isBetter ? labels : best;
    }
    if (plain.isEmpty()) {
      return new int[0];
    }
    if (best == null) {
      throw unspelled(plain, ways);
    }
    return best;
  }

  /** The labels of tokens with blanks between them; null if the text is none. */
  private int[] sequence(String text, boolean hasWords) {
    String[] parts = text.strip().split("\\s+");
    boolean isSigned = !hasWords;
    int[] labels = new int[parts.length];
    for (int i = 0; i < parts.length; i++) {
      labels[i] = label(parts[i]);
      isSigned |= signs.contains(parts[i]);
      if (labels[i] < 0) {
        return null;
      }
    }
    return isSigned ? labels : null;
  }

  /** White space that is no token as single blanks, and none at the ends. */
  private String singleBlanks(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isBlank = Character.isWhitespace(c) && !classOf.containsKey(String.valueOf(c));
      out.append(isBlank ? ' ' : c);
    }
    return Writer.singleBlanks(out.toString());
  }

  /**
   * A text in the characters of the tokens.
   *
   * @param lead how many of them are before it
   */
  private record Way(String text, int lead) {}

  /** How a text may be spelled; the first that can be counts. */
  private List<Way> ways(String text) {
    return switch (marks) {
      case NONE -> List.of(new Way(text, 0));
      case WORD_START, CONTINUATION -> List.of(new Way(" " + text, 1), new Way(text, 0));
      case BYTE_PIECES -> {
        String bytes = marks.alphabet.characters(text);
        yield List.of(new Way(" " + bytes, 1), new Way(bytes, 0));
      }
      case CONTINUED, WORD_END -> List.of(new Way(text + " ", 0), new Way(text, 0));
      case BYTE_LEVEL -> {
        String bytes = marks.alphabet.characters(text);
        yield List.of(new Way(bytes, 0), new Way(blank() + bytes, 1));
      }
    };
  }

  private InvalidInputException unspelled(String text, List<Way> ways) {
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      String character = Character.toString(text.codePointAt(at));
      String units = marks.alphabet == null ? character : marks.alphabet.characters(character);
      if (!units.codePoints().allMatch(speller::knows)) {
        return new InvalidInputException(
            "no token of %s stands for %s%s"
                .formatted(name, at(text, at), instead(text, character)));
      }
    }
    int reach = 0;
    for (Way way : ways) {
      reach = Math.max(reach, position(text, speller.reach(way.text) - way.lead));
    }
    return new InvalidInputException(
        "tokens of %s spell no more than what is before %s".formatted(name, at(text, reach)));
  }

  /** What could be spelled, where only the case or the normal form of a text differs. */
  private String instead(String text, String character) {
    for (Normalizer.Form form : List.of(Normalizer.Form.NFC, Normalizer.Form.NFD)) {
      String other = Normalizer.normalize(text, form);
      boolean isSpelled =
          ways(other).stream().anyMatch(way -> speller.spell(way.text, false) != null);
      if (isSpelled) {
        return ", which could be spelled in Unicode's normal form "
            + (form == Normalizer.Form.NFC ? "C" : "D");
      }
    }
    for (String other :
        List.of(character.toUpperCase(Locale.ROOT), character.toLowerCase(Locale.ROOT))) {
      if (!other.equals(character) && other.codePoints().allMatch(speller::knows)) {
        return ", but there is " + Text.quote(other);
      }
    }
    return "";
  }

  /** The position of a character by how many units are before it. */
  private int position(String text, int units) {
    int at = 0;
    int before = 0;
    while (true) {
      int next = at + Character.charCount(text.codePointAt(at));
      before +=
          marks.alphabet == null
              ? next - at
              : text.substring(at, next).getBytes(StandardCharsets.UTF_8).length;
      if (before > units || next == text.length()) {
        return at;
      }
      at = next;
    }
  }

  /** A character that may be invisible, and where it is. */
  private static String at(String text, int at) {
    int c = text.codePointAt(at);
    String unicode = Character.getName(c);
    return "%s at position %d (U+%04X%s) of %s"
        .formatted(
            Text.quote(Character.toString(c)),
            at,
            c,
            unicode == null ? "" : " " + unicode,
            Text.quote(text));
  }
}
