package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.ctc4j.BeamScorer;
import org.ctc4j.HotWords;
import org.ctc4j.InvalidInputException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WholeWordsTest {
  /** Every label that might come is no better than the bound. */
  private static <S> double total(BeamScorer<S> scorer, int... labels) {
    S state = scorer.start();
    double total = 0;
    for (int label : labels) {
      double bound = scorer.bound(state);
      assertTrue(bound < Double.POSITIVE_INFINITY);
      for (int other = 1; other < 4; other++) {
        assertTrue(scorer.score(state, other) <= bound);
      }
      total += scorer.score(state, label);
      state = scorer.next(state, label);
    }
    return total + scorer.end(state);
  }

  @Test
  @DisplayName("A hot word counts as a word, not within one; a phrase as words")
  void byHand() {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", " ", "o", "n", "e", "s"));
    BeamScorer<?> hot = vocabulary.hotWords(List.of("one", "no one", "no"), 2);
    for (String[] pair :
        new String[][] {
          {"one", "6"},
          {"ones", "0"},
          {"none", "0"},
          {"one one", "12"},
          {"so one so", "6"},
          {"no one", "22"},
          {"no ones", "4"},
          {"noone", "0"},
          {"no no one", "26"},
          {"sono one", "6"}
        }) {
      assertEquals(Double.parseDouble(pair[1]), total(hot, vocabulary.encode(pair[0])), pair[0]);
    }
    assertEquals(6, total(hot, 1, 1, 2, 3, 4, 1, 1), "spaces at the ends");
  }

  @Test
  @DisplayName("Pieces of every kind")
  void pieces() {
    String[][] vocabularies = {
      {"<blank>", "▁on", "e", "▁one", "s", "▁"},
      {"<blank>", "on", "##e", "one", "##s"},
      {"<blank>", "on@@", "e", "one", "s", "one@@"},
      {"<blank>", "on", "e</w>", "one</w>", "s</w>", "one"}
    };
    for (String[] tokens : vocabularies) {
      Vocabulary vocabulary = Vocabulary.of(List.of(tokens));
      BeamScorer<?> hot = vocabulary.hotWords(List.of("one"), 1);
      assertEquals(1, total(hot, vocabulary.encode("one")), tokens[1]);
      assertEquals(2, total(hot, vocabulary.encode("one one")), tokens[1]);
      assertEquals(1, total(hot, vocabulary.encode("one ones")), tokens[1]);
      assertEquals(0, total(hot, vocabulary.encode("ones ones")), tokens[1]);
    }
  }

  @Test
  @DisplayName("Tokens of several words: as texts are spelled, from one word's beginning to an end")
  void severalWords() {
    Vocabulary vocabulary =
        Vocabulary.of(List.of("<blank>", "▁of▁the", "▁the", "re", "▁of", "s▁the", "▁of▁"));
    BeamScorer<?> hot = vocabulary.hotWords(Map.of("of the", 1.0, "the", 2.0));
    assertEquals(1, total(hot, 1));
    assertEquals(0, total(hot, 1, 3), "of there");
    assertEquals(1 + 2, total(hot, 1, 2), "of the the");
    assertEquals(0, total(hot, 2, 5), "thes the");
    assertEquals(2, total(hot, 2, 6), "the of");
    assertEquals(2, total(hot, 6, 2), "of the");
    assertEquals(0, total(hot, 6, 3), "of re");
    BeamScorer<?> ofs = vocabulary.hotWords(List.of("of", "of there"), 1);
    assertEquals(1, total(ofs, 4, 2), "of the");
    assertEquals(0, total(ofs, 4, 5), "ofs the");
    assertEquals(2, total(ofs, 1, 3), "of there");
  }

  @Test
  @DisplayName("What has no marks among pieces that have counts anywhere")
  void anywhere() {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "▁on", "東", "京", "都"));
    BeamScorer<?> hot = vocabulary.hotWords(List.of("東京", "京都", "on"), 1);
    assertEquals(4, total(hot, 2, 3, 4));
    assertEquals(2, total(hot, 3, 4, 2));
    assertEquals(1, total(hot, 1));
    assertEquals(2, total(hot, 1, 2, 3), "'on' goes on");
  }

  @Test
  @DisplayName("Random texts: the sum over all words that are hot, however labels come")
  void random() {
    long seed = Long.getLong("ctc4j.seed", System.getenv("CI") == null ? System.nanoTime() : 5);
    Random random = new Random(seed);
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", " ", "a", "b"));
    for (int i = 0; i < 300; i++) {
      List<String> hotTexts = new ArrayList<>();
      for (int k = 0; k < 3; k++) {
        hotTexts.add(text(random, 1 + random.nextInt(3)));
      }
      String text = text(random, 6);
      Map<String, Double> bonuses = new TreeMap<>();
      hotTexts.forEach(hot -> bonuses.put(hot, random.nextGaussian()));
      double expected = 0;
      for (String hot : bonuses.keySet()) {
        for (int at = 0; at + hot.length() <= text.length(); at++) {
          boolean isHere = (" " + text + " ").startsWith(" " + hot + " ", at);
          expected += isHere ? bonuses.get(hot) * hot.length() : 0;
        }
      }
      BeamScorer<?> scorer = vocabulary.hotWords(bonuses);
      double got = total(scorer, vocabulary.encode(text));
      assertEquals(expected, got, 1e-9, "seed " + seed + ": " + hotTexts + " in " + text);
    }
  }

  private static String text(Random random, int words) {
    List<String> list = new ArrayList<>();
    for (int i = 0; i < words; i++) {
      list.add(List.of("a", "b", "ab", "ba").get(random.nextInt(4)));
    }
    return String.join(" ", list);
  }

  @Test
  @DisplayName("What cannot be is refused; without words hot words count anywhere")
  void arguments() {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", " ", "a"));
    assertThrows(InvalidInputException.class, () -> vocabulary.hotWords(List.of(" "), 1));
    assertThrows(InvalidInputException.class, () -> vocabulary.hotWords(List.of("b"), 1));
    assertThrows(InvalidInputException.class, () -> vocabulary.hotWords(List.of("a"), Double.NaN));
    BeamScorer<?> hot = vocabulary.hotWords(List.of("a"), 1);
    assertThrows(InvalidInputException.class, () -> hot.check(4, 0));
    assertThrows(InvalidInputException.class, () -> hot.check(3, 2));
    BeamScorer<?> phrase = vocabulary.hotWords(List.of("a a"), 1);
    assertThrows(InvalidInputException.class, () -> phrase.check(3, 1), "the blank is within");
    hot.check(3, 0);
    Vocabulary phonemes = Vocabulary.of(List.of("<blank>", "AA", "T"));
    assertInstanceOf(HotWords.class, phonemes.hotWords(List.of("AA T"), 1));
  }
}
