package org.ctc4j.cli.output;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A strict parser of CSV after RFC 4180. */
public final class CsvFile {
  private final String text;
  private int at;

  private CsvFile(String text) {
    this.text = text;
  }

  /** The records, each by the names of the columns. */
  public static List<Map<String, String>> records(String text) {
    CsvFile csv = new CsvFile(text);
    List<String> head = csv.line();
    List<Map<String, String>> records = new ArrayList<>();
    while (csv.at < text.length()) {
      List<String> line = csv.line();
      Interval.require(line.size() == head.size(), "a record of " + line.size() + " fields");
      Map<String, String> record = new LinkedHashMap<>();
      for (int i = 0; i < line.size(); i++) {
        Interval.require(record.put(head.get(i), line.get(i)) == null, "a column twice");
      }
      records.add(record);
    }
    return records;
  }

  private List<String> line() {
    List<String> fields = new ArrayList<>();
    do {
      fields.add(peek() == '"' ? quoted() : plain());
    } while (take(","));
    Interval.require(take("\r\n"), "no end of the line at " + at);
    return fields;
  }

  private String quoted() {
    StringBuilder field = new StringBuilder();
    at++;
    while (peek() != '"' || text.startsWith("\"\"", at)) {
      at += peek() == '"' ? 1 : 0;
      field.append(text.charAt(at++));
    }
    at++;
    return field.toString();
  }

  private String plain() {
    int start = at;
    while (",\r\n\"".indexOf(peek()) < 0) {
      at++;
    }
    return text.substring(start, at);
  }

  private char peek() {
    Interval.require(at < text.length(), "ends too early");
    return text.charAt(at);
  }

  private boolean take(String expected) {
    boolean isThere = text.startsWith(expected, at);
    at += isThere ? expected.length() : 0;
    return isThere;
  }
}
