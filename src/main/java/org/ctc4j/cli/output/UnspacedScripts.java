package org.ctc4j.cli.output;

import java.lang.Character.UnicodeScript;
import java.util.Set;

/** Scripts that put no blanks between words, where a line may end within what has none. */
final class UnspacedScripts {
  private static final Set<UnicodeScript> SCRIPTS =
      Set.of(
          UnicodeScript.HAN,
          UnicodeScript.HIRAGANA,
          UnicodeScript.KATAKANA,
          UnicodeScript.BOPOMOFO,
          UnicodeScript.THAI,
          UnicodeScript.LAO,
          UnicodeScript.KHMER,
          UnicodeScript.MYANMAR);

  private UnspacedScripts() {}

  /** Whether a line may end between two texts. Signs and marks stay with what is before them. */
  static boolean mayPart(String text, String next) {
    if (text.isEmpty() || next.isEmpty() || !Character.isLetterOrDigit(next.codePointAt(0))) {
      return false;
    }
    return isOne(next.codePointAt(0)) || isOne(text.codePointBefore(text.length()));
  }

  private static boolean isOne(int character) {
    return SCRIPTS.contains(UnicodeScript.of(character));
  }
}
