package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Wildcards;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WildcardSpellingTest {
  private static final int F = Wildcards.FRAMES;
  private static final int L = Wildcards.LABELS;

  private final Vocabulary letters = Vocabulary.of(List.of("<blank>", "a", "b", "c", "|"));
  private final Vocabulary pieces = Vocabulary.of(List.of("<blank>", "▁a", "b", "▁", "▁ca", "a"));

  @Test
  @DisplayName(
      "A mark is any frames; the space token is wanted once around it, before what follows")
  void marks() {
    assertArrayEquals(new int[] {1, F, 4, 2}, letters.encode("a * b", "*", false));
    assertArrayEquals(new int[] {F, 1, 4, 2, F}, letters.encode(" * a b *", "*", false));
    assertArrayEquals(new int[] {1, F, 4, 2}, letters.encode("a * *  * b", "*", false));
    assertArrayEquals(new int[] {F}, letters.encode("*", "*", false));
    assertArrayEquals(new int[] {}, letters.encode("", "*", false));
    assertArrayEquals(new int[] {1, F, 4}, pieces.encode("a <any> ca", "<any>", false));
  }

  @Test
  @DisplayName("Characters without a token are any labels, one for those in a row")
  void unknown() {
    assertArrayEquals(new int[] {1, L, 2, 4, L, 3}, letters.encode("a12b 3c", null, true));
    assertArrayEquals(new int[] {1, L, 2}, letters.encode("aéb", null, true));
    assertArrayEquals(new int[] {L, 4, 1}, letters.encode("\uD83D\uDE00 a", null, true));
    assertArrayEquals(new int[] {1, L, 2, 3, L, 5}, pieces.encode("a9b 8a", null, true));
    assertThrows(InvalidInputException.class, () -> letters.encode("a1b", null, false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "abc", "ca  b", "a|b", "", "b a c a"})
  @DisplayName("Without marks and unknown characters the labels are those of the text")
  void plain(String text) {
    assertArrayEquals(letters.encode(text), letters.encode(text, null, false));
    assertArrayEquals(letters.encode(text), letters.encode(text, "*", true));
  }

  @Test
  @DisplayName("Wildcards are stars in a text: of frames a word, of labels a part of one")
  void text() {
    int[] labels = {F, 4, 1, L, 2, F, 4, 3};
    assertEquals("* a*b * c", letters.text(labels));
    assertEquals(
        List.of("*", "a*b", "*", "c"),
        letters.words(labels).stream().map(Vocabulary.Word::text).toList());
    assertEquals("a * b", Vocabulary.of(List.of("_", "a", "b")).text(1, F, 2));
    assertEquals("*", letters.token(F));
    assertThrows(InvalidInputException.class, () -> letters.text(-1));
    assertThrows(InvalidInputException.class, () -> letters.token(-1));
  }
}
