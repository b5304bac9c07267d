package org.ctc4j.examples.speech;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/** What is said in Asterisk's recordings, as it is pronounced, and which of it is held out. */
final class Sentences {
  /** One sentence in so many is held out. */
  private static final int HELD_OUT_OF = 8;

  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  /** What is not spoken, or not as it is written. */
  private static final Pattern UNSPOKEN = Pattern.compile("[\\[\\](){}<>*#@+=/&%$_:]");

  private Sentences() {}

  /**
   * Reads lines "name: text", ";" before a comment.
   *
   * @param file with gzip
   * @return texts by name, normalised; those left out of which it is not known how they are spoken
   */
  static Map<String, String> read(Path file) throws IOException {
    Map<String, String> written = new LinkedHashMap<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int colon = line.indexOf(':');
        if (!line.startsWith(";") && colon > 0) {
          written.put(line.substring(0, colon).strip(), line.substring(colon + 1));
        }
      }
    }
    Map<String, String> spoken = new TreeMap<>();
    written.forEach(
        (name, text) -> {
          String words = normalised(text, written);
          if (!words.isEmpty()) {
            spoken.put(name, words);
          }
        });
    return spoken;
  }

  /**
   * Small letters, apostrophes and single spaces; a number from 0 to 9 is the word that the
   * recording of this digit says.
   *
   * @return empty if it is not known how the text is spoken
   */
  static String normalised(String text, Map<String, String> texts) {
    Matcher numbers = NUMBER.matcher(text);
    StringBuilder words = new StringBuilder();
    while (numbers.find()) {
      String word = texts.getOrDefault("digits/" + numbers.group(), "");
      if (numbers.group().length() > 1 || NUMBER.matcher(word).find() || word.isBlank()) {
        return "";
      }
      numbers.appendReplacement(words, Matcher.quoteReplacement(word));
    }
    numbers.appendTail(words);
    if (UNSPOKEN.matcher(words).find()) {
      return "";
    }
    return Normalizer.normalize(words, Normalizer.Form.NFC)
        .toLowerCase(Locale.ROOT)
        .replace('’', '\'')
        .replaceAll("\\.(?=\\p{L}\\.)", "") // a.m. is one word
        .replaceAll("[^\\p{L}']+", " ")
        .replaceAll("(?<!\\p{L})'|'(?!\\p{L})", "")
        .strip();
  }

  /** The sentences, each once however often it is recorded, that are not trained with. */
  static Set<String> heldOut(Map<String, String> texts, long seed) {
    List<String> sentences = new ArrayList<>(new TreeSet<>(texts.values()));
    Collections.shuffle(sentences, new Random(seed));
    return Set.copyOf(sentences.subList(0, sentences.size() / HELD_OUT_OF));
  }
}
