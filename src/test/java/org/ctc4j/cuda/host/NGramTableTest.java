package org.ctc4j.cuda.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.ctc4j.Seed;
import org.ctc4j.cuda.TokenModelCase;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NGramTableTest {
  private final Random random = Seed.random(getClass());
  @TempDir Path folder;

  /** A walk along the links, arcs looked for one by one. */
  private record Walk(NGramTable table, int order, double log10, int state) {
    static Walk from(NGramTable table, int order, int start) {
      return new Walk(table, order, 0, start);
    }

    Walk with(int word) {
      double backoffs = 0;
      for (int at = state; at > 0; at = table.states[2 * at + 1]) {
        for (int arc = 0; word >= 0 && arc < table.arcs.length; arc += 4) {
          if (table.arcs[arc] == at && table.arcs[arc + 1] == word) {
            return with(backoffs, table.arcs[arc + 2], table.arcs[arc + 3]);
          }
        }
        backoffs += Float.intBitsToFloat(table.states[2 * at]);
      }
      return word < 0
          ? new Walk(table, order, backoffs - 100, 0)
          : with(backoffs, table.unigrams[word], order > 1 ? 1 + word : 0);
    }

    private Walk with(double backoffs, int bits, int next) {
      return new Walk(table, order, backoffs + Float.intBitsToFloat(bits), next);
    }
  }

  private static TokenScorer scorer(NGramModel model, List<String> tokens) {
    return TokenScorer.of(model, Vocabulary.of(tokens), 1, 0);
  }

  @ParameterizedTest(name = "order {0}")
  @ValueSource(ints = {1, 2, 3, 4, 5})
  @DisplayName("What the links and arcs give is what the model gives, to the bit")
  void walks(int order) {
    List<String> tokens = IntStream.range(0, 5).mapToObj(i -> "t" + i).toList();
    for (int i = 0; i < 10; i++) {
      NGramModel model = TokenModelCase.model(random, tokens, order, folder);
      NGramTable table = new NGramTable(scorer(model, tokens));
      NGramModel.Context context = model.start();
      Walk walk = Walk.from(table, order, table.start);
      for (int k = 0; k < 60; k++) {
        int word = model.number(tokens.get(random.nextInt(5)));
        Walk next = walk.with(word);
        assertEquals(model.log10Probability(context, word), next.log10);
        double end = table.end < 0 ? 0 : walk.with(table.end).log10;
        assertEquals(model.log10End(context), end);
        context = model.next(context, word);
        walk = next;
      }
    }
  }

  @ParameterizedTest(name = "order {0}")
  @ValueSource(ints = {1, 3})
  @DisplayName("A quantised model is taken as it is")
  void quantised(int order) {
    List<String> tokens = IntStream.range(0, 6).mapToObj(i -> "t" + i).toList();
    NGramModel model = TokenModelCase.model(random, tokens, order, folder).quantised();
    NGramTable table = new NGramTable(scorer(model, tokens));
    int word = model.number("t0");
    assertEquals(
        model.log10Probability(model.start(), word),
        Walk.from(table, order, table.start).with(word).log10);
  }
}
