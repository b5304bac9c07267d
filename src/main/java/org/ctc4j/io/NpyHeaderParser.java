package org.ctc4j.io;

import java.text.ParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the header of a {@code .npy}: a Python dictionary literal with the keys descr,
 * fortran_order and shape, each once, in any order. Nothing else of Python is understood, but for
 * the long integers of Python 2.
 */
final class NpyHeaderParser {
  private static final char END = '\uffff'; // not a character in any text

  private final String text;
  private int at;
  private final Map<String, Object> values = new HashMap<>();

  private NpyHeaderParser(String text) {
    this.text = text;
  }

  static NpyHeader parse(String text, int version) throws ParseException {
    return new NpyHeaderParser(text).parse(version);
  }

  private NpyHeader parse(int version) throws ParseException {
    expect('{');
    while (peek() != '}') {
      pair();
      if (peek() != '}') {
        expect(',');
      }
    }
    expect('}');
    if (peek() != END) {
      throw unexpected("nothing more");
    }
    for (String key : List.of("descr", "fortran_order", "shape")) {
      if (!values.containsKey(key)) {
        throw error("key '" + key + "' is missing");
      }
    }
    try {
      boolean fortranOrder = (boolean) values.get("fortran_order");
      long[] shape = (long[]) values.get("shape");
      return new NpyHeader((String) values.get("descr"), fortranOrder, shape, version);
    } catch (IllegalArgumentException e) {
      throw error(e.getMessage());
    }
  }

  private void pair() throws ParseException {
    String key = string();
    expect(':');
    if (values.containsKey(key)) {
      throw error("key '" + key + "' comes twice");
    }
    values.put(
        key,
        switch (key) {
          case "descr" -> descr();
          case "fortran_order" -> bool();
          case "shape" -> tuple();
          default -> throw error("unknown key " + Text.quote(key));
        });
  }

  private String descr() throws ParseException {
    if (peek() == '[' || peek() == '(') {
      throw error(
          "structured dtype %s is not supported, expected plain numbers"
              .formatted(Text.brief(text.substring(at))));
    }
    return string();
  }

  private boolean bool() throws ParseException {
    peek();
    for (boolean value : new boolean[] {true, false}) {
      String literal = value ? "True" : "False";
      if (text.startsWith(literal, at)) {
        at += literal.length();
        return value;
      }
    }
    throw unexpected("True or False");
  }

  private long[] tuple() throws ParseException {
    expect('(');
    List<Long> values = new ArrayList<>();
    boolean comma = true;
    while (peek() != ')') {
      if (!comma) {
        throw unexpected("',' or ')'");
      }
      values.add(integer());
      comma = peek() == ',';
      if (comma) {
        at++;
      }
    }
    if (values.size() == 1 && !comma) {
      throw unexpected("',' after the only dimension"); // (3) is a number in Python
    }
    expect(')');
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private long integer() throws ParseException {
    int start = peek() == '-' ? at + 1 : at;
    int end = start;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    if (end == start) {
      throw unexpected("a number");
    }
    String literal = text.substring(at, end);
    try {
      long value = Long.parseLong(literal);
      boolean isLong = end < text.length() && text.charAt(end) == 'L';
      at = isLong ? end + 1 : end;
      return value;
    } catch (NumberFormatException e) {
      throw error("dimension " + Text.brief(literal) + " does not fit 64 bits");
    }
  }

  /** Between two quotes of a kind. Escapes are not understood, and no key or dtype needs one. */
  private String string() throws ParseException {
    char quote = peek();
    if (quote != '\'' && quote != '"') {
      throw unexpected("a string");
    }
    int end = text.indexOf(quote, at + 1);
    if (end < 0) {
      throw error("string without end: " + Text.brief(text.substring(at)));
    }
    String value = text.substring(at + 1, end);
    at = end + 1;
    return value;
  }

  /** The next character that is not white space, left where it is. */
  private char peek() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : END;
  }

  private void expect(char c) throws ParseException {
    if (peek() != c) {
      throw unexpected("'" + c + "'");
    }
    at++;
  }

  private ParseException unexpected(String expected) {
    String got = at < text.length() ? Text.quote(text.substring(at)) : "the end";
    return error("expected " + expected + " at character " + at + ", got " + got);
  }

  private ParseException error(String message) {
    return new ParseException(message, at);
  }
}
