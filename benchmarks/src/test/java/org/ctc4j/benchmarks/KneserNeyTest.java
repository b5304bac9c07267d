package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.lm.NGramModel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KneserNeyTest {
  @TempDir Path folder;

  @Test
  @DisplayName("After every context the probabilities of all words and the end sum to 1")
  void sums() throws Exception {
    List<String> sentences = List.of("a b c", "a b", "b", "c a b a b", "d e a", "a b c d e");
    Path file = folder.resolve("arpa");
    NGramModel model = NGramModel.read(Files.writeString(file, KneserNey.arpa(sentences, 3)));
    for (String words : new String[] {"a", "a b", "b c", "e d", "d e", "what"}) {
      NGramModel.Context context = model.start();
      for (String word : words.split(" ")) {
        context = model.next(context, model.number(word));
      }
      double sum = 0;
      for (int w = 0; w < model.words(); w++) {
        sum += model.word(w).equals("<s>") ? 0 : Math.pow(10, model.log10Probability(context, w));
      }
      assertEquals(1, sum, 1e-5, words);
    }
    assertTrue(
        model.log10Probability(List.of("a", "b")) > model.log10Probability(List.of("b", "a")));
  }
}
