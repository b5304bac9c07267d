package org.ctc4j.text;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.InvalidInputException;
import org.ctc4j.io.Text;

/**
 * JSON (RFC 8259), strictly. The JDK has no reader of it, and who depends on the library shall get
 * no second one, so here is as much as vocabularies need: objects are lists of members in their
 * order, arrays lists, integers that fit Long, other numbers Double, then String, Boolean and null
 * as {@link #NULL}.
 */
final class Json {
  static final Object NULL = new Object();

  /** Vocabularies take three; a limit, because a level takes a part of the stack. */
  private static final int DEEPEST = 32;

  private static final String ESCAPES = "\"\\/bfnrt";
  private static final String ESCAPED = "\"\\/\b\f\n\r\t";

  /**
   * A name and its value in an object. Names may come twice: what that means is for the reader to
   * say.
   */
  record Member(String name, Object value) {}

  /** An object: its members in their order. */
  record Members(List<Member> list) {}

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /**
   * @throws InvalidInputException if it is not one JSON value; the message says at what position
   */
  static Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value(0);
    if (json.at < text.length()) {
      throw json.unexpected("the end");
    }
    return value;
  }

  private Object value(int depth) {
    if (depth > DEEPEST) {
      throw wrong("nested more than " + DEEPEST + " deep");
    }
    skipSpace();
    Object value =
        switch (peek()) {
          case '{' -> members(depth);
          case '[' -> elements(depth);
          case '"' -> string();
          case 't' -> word("true", true);
          case 'f' -> word("false", false);
          case 'n' -> word("null", NULL);
          default -> number();
        };
    skipSpace();
    return value;
  }

  private Members members(int depth) {
    List<Member> members = new ArrayList<>();
    at++;
    skipSpace();
    if (take('}')) {
      return new Members(members);
    }
    do {
      skipSpace();
      if (peek() != '"') {
        throw unexpected("a name in quotes");
      }
      String name = string();
      skipSpace();
      require(':');
      members.add(new Member(name, value(depth + 1)));
    } while (take(','));
    require('}');
    return new Members(members);
  }

  private List<Object> elements(int depth) {
    List<Object> elements = new ArrayList<>();
    at++;
    skipSpace();
    if (take(']')) {
      return elements;
    }
    do {
      elements.add(value(depth + 1));
    } while (take(','));
    require(']');
    return elements;
  }

  private String string() {
    int start = at++;
    StringBuilder out = new StringBuilder();
    while (peek() != '"') {
      char c = text.charAt(at++);
      if (c < ' ') {
        at--;
        throw unexpected("no control character in a string");
      }
      out.append(c == '\\' ? escape() : c);
    }
    at++;
    if (out.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
      at = start;
      throw wrong("half of a surrogate pair in the string");
    }
    return out.toString();
  }

  private char escape() {
    char c = peek();
    at++;
    if (c != 'u') {
      int known = ESCAPES.indexOf(c);
      if (known < 0) {
        at--;
        throw unexpected("an escape");
      }
      return ESCAPED.charAt(known);
    }
    int code = 0;
    for (int i = 0; i < 4; i++) {
      char hex = peek();
      int digit = hex < 128 ? Character.digit(hex, 16) : -1;
      if (digit < 0) {
        throw unexpected("4 hexadecimal digits");
      }
      code = 16 * code + digit;
      at++;
    }
    return (char) code;
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw unexpected(word);
    }
    at += word.length();
    return value;
  }

  private Object number() {
    int start = at;
    take('-');
    if (!take('0')) {
      digits();
    }
    boolean isInteger = true;
    if (take('.')) {
      isInteger = false;
      digits();
    }
    if (take('e') || take('E')) {
      isInteger = false;
      if (!take('+')) {
        take('-');
      }
      digits();
    }
    String number = text.substring(start, at);
    if (isInteger && number.length() - (number.startsWith("-") ? 1 : 0) <= 18) { // fits
      return Long.valueOf(number);
    }
    return Double.valueOf(number);
  }

  private void digits() {
    int start = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (at == start) {
      throw unexpected("a value");
    }
  }

  private void skipSpace() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private char peek() {
    if (at >= text.length()) {
      throw unexpected("more");
    }
    return text.charAt(at);
  }

  private boolean take(char c) {
    boolean isThere = at < text.length() && text.charAt(at) == c;
    at += isThere ? 1 : 0;
    return isThere;
  }

  private void require(char c) {
    if (!take(c)) {
      throw unexpected("'" + c + "'");
    }
  }

  private InvalidInputException unexpected(String expected) {
    String came =
        at >= text.length() ? "the end" : Text.quote(Character.toString(text.codePointAt(at)));
    return wrong("expected %s, got %s".formatted(expected, came));
  }

  private InvalidInputException wrong(String what) {
    return new InvalidInputException("not valid JSON: position %d: %s".formatted(at, what));
  }
}
