package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.lm.TextModel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenScorerTest {
  private final Random random = Seed.random(getClass());
  @TempDir Path folder;

  @Test
  @DisplayName("Every label adds what the model says of its token, and no more than the bound")
  void definition() {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "▁a", "b", "▁", "c", "<s>"));
    for (int i = 0; i < 20; i++) {
      List<String> words = List.of("<s>", "</s>", "<unk>", "▁a", "b", "▁");
      TextModel text = TextModel.random(random, words, 1 + random.nextInt(4));
      NGramModel model = text.read(folder, random);
      double weight = random.nextDouble(2) / Math.log(10);
      TokenScorer scorer = TokenScorer.of(model, vocabulary, weight, 0.5);
      int[] labels = random.ints(random.nextInt(9), 1, 5).toArray();
      List<String> tokens = Arrays.stream(labels).mapToObj(vocabulary::token).toList();
      double log10 = 0;
      NGramModel.Context context = scorer.start();
      for (int label : labels) {
        log10 +=
            Math.min(0, model.log10Probability(context, model.number(vocabulary.token(label))));
        assertTrue(scorer.score(context, label) <= scorer.bound(context));
        assertEquals(0, scorer.score(context, 5), "control");
        context = scorer.next(context, label);
      }
      log10 += Math.min(0, model.log10End(context));
      assertEquals(weight * Math.log(10) * log10 + 0.5 * labels.length, scorer.total(labels), 1e-9);
      assertEquals(text.log10(tokens), model.log10Probability(tokens), 1e-9);
    }
  }

  @Test
  @DisplayName("In normal form C a token that the model has in that form is the model's")
  void normalForm() {
    TextModel text = TextModel.random(random, List.of("<s>", "</s>", "\u00e9"), 1);
    NGramModel model = text.read(folder, random);
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "e\u0301"));
    assertRefused("language model: has none", () -> TokenScorer.of(model, vocabulary, 1, 0));
    TokenScorer scorer = TokenScorer.of(model, vocabulary.withNfc(true), 1 / Math.log(10), 0);
    assertEquals(text.log10(List.of("\u00e9")), scorer.total(1), 1e-9);
    assertEquals(1, scorer.coverage());
    Vocabulary four = Vocabulary.of(List.of("<blank>", "</s>", "\u00e9", "t", "\u00c9", "x"));
    assertEquals(0.25, TokenScorer.of(model, four, 1, 0).coverage());
  }

  @Test
  @DisplayName("What does not fit is refused")
  void refused() {
    NGramModel model = TextModel.random(random, List.of("<s>", "a"), 2).read(folder, random);
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "a"));
    assertRefused(
        "language model: has none",
        () -> TokenScorer.of(model, Vocabulary.of(List.of("<blank>", "b")), 1, 0));
    assertRefused("language model's weight", () -> TokenScorer.of(model, vocabulary, -1, 0));
    assertRefused("token bonus", () -> TokenScorer.of(model, vocabulary, 1, Double.NaN));
    assertRefused(
        "language model: expected the vocabulary's 2 classes, got 3",
        () -> TokenScorer.of(model, vocabulary, 1, 0).check(3, 0));
  }

  private static void assertRefused(String message, Runnable call) {
    InvalidInputException e = assertThrows(InvalidInputException.class, call::run, message);
    assertTrue(e.getMessage().startsWith(message), e::getMessage);
  }
}
