package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.lm.NGramModel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of other libraries state about searches with language models. */
class PeerLanguageModelTest {
  /** The n-grams of flashlight/text's data/lm.arpa that the sentence needs. */
  private static final String THE_CAT =
      """
      \\data\\
      ngram 1=8
      ngram 2=2

      \\1-grams:
      -2.348754 </s>
      -99 <s> -0.3371602
      -2.752519 <unk>
      -4.194476 cat
      -4.645894 mat
      -2.724869 on -0.05242699
      -3.333834 sat -0.04239096
      -2.505692 the 0

      \\2-grams:
      -1.059712 <s> the
      -1.162375 on the

      \\end\\
      """;

  private static final String BUGS_BUNNY =
      """
      \\data\\
      ngram 1=5
      ngram 2=5

      \\1-grams:
      -10 <unk> 0
      0 <s> 0
      0 </s> 0
      0 bugs 0
      0 bunny 0

      \\2-grams:
      0 bunny </s>
      -10 bugs </s>
      0 <s> bugs
      -10 <s> bunny
      0 bugs bunny

      \\end\\
      """;

  private static final Vocabulary LETTERS =
      Vocabulary.of(List.of(" ", "b", "g", "n", "s", "u", "y", "<blank>")).withBlank(7);

  @TempDir Path folder;

  private NGramModel model(String arpa) throws IOException {
    return NGramModel.read(Files.writeString(folder.resolve("arpa"), arpa));
  }

  @Test
  @DisplayName("KenLM's probabilities, as flashlight/text's DecoderTest.cpp has them")
  void kenLm() throws IOException {
    NGramModel model = model(THE_CAT);
    double[] stated = {-1.05971, -4.19448, -3.33383, -2.76726, -1.16237, -4.64589};
    List<String> words = List.of("the", "cat", "sat", "on", "the", "mat");
    NGramModel.Context context = model.start();
    for (int i = 0; i < stated.length; i++) {
      int word = model.number(words.get(i));
      assertEquals(stated[i], model.log10Probability(context, word), 1e-5, words.get(i));
      context = model.next(context, word);
    }
    assertEquals(-19.5123, model.log10Probability(words), 5e-5 + 1e-5, "four digits are stated");
  }

  /** The frames of pyctcdecode's tests: {@code bunny} or {@code bugs}, then {@code bunny}. */
  private static FrameTensor bunny() {
    String[] frames = {
      "b",
      "u",
      "g.49 n.51",
      "s.49 _.51",
      "n.51 _.49",
      "y.51 _.49",
      " ",
      "b",
      "u",
      "n",
      "_",
      "n",
      "y"
    };
    FrameTensor logits = FrameTensor.timeMajor(new double[13 * 8], 13, 1, 8);
    for (int t = 0; t < 13; t++) {
      for (int c = 0; c < 8; c++) {
        String token = c == 7 ? "_" : LETTERS.token(c);
        double p = frames[t].equals(token) ? 1 : 1e-15;
        for (String part : frames[t].split(" ")) {
          p = part.startsWith(token + ".") ? Double.parseDouble(part.substring(1)) : p;
        }
        logits.set(t, 0, c, Math.log(p));
      }
    }
    return logits;
  }

  private static CtcHypothesis best(BeamScorer<?> scorer) {
    CtcOptions options = CtcOptions.DEFAULT.withBlank(7).withInput(InputKind.LOGITS);
    return CtcDecoder.create()
        .beamSearch(bunny(), options, BeamOptions.DEFAULT, scorer)
        .get(0)
        .best();
  }

  private static String text(BeamScorer<?> scorer) {
    return LETTERS.text(best(scorer).labels());
  }

  @Test
  @DisplayName("pyctcdecode's test_decoder.py: bugs bunny with a model, bunny bunny without")
  void pyctcdecode() throws IOException {
    NGramModel model = model(BUGS_BUNNY);
    assertEquals("bunny bunny", text(WordScorer.of(model, LETTERS, 0, 0)), "alpha 0");
    assertEquals("bugs bunny", text(WordScorer.of(model, LETTERS, 1, 0)), "alpha 1");
    Lexicon bunny = Lexicon.of(LETTERS, List.of("bunny"));
    WordScorer known = WordScorer.of(model, bunny, 1, 0).withUnknownWordBonus(-10 * Math.log(10));
    assertEquals("bunny bunny", text(known), "only bunny is known, others -10");
    CtcHypothesis defaults = best(WordScorer.of(model, LETTERS, 0.5, 1.5));
    assertEquals("bugs bunny", LETTERS.text(defaults.labels()));
    assertEquals(-2.853399551509947, defaults.logProbability(), 1e-12);
    assertEquals(0.14660044849005294, defaults.score(), 1e-12);
    assertEquals(3, defaults.added(), 1e-12);
  }

  @Test
  @DisplayName("pyctcdecode's hot word bugs is a word: bugs bunny, and no bugsny")
  void hotWord() {
    assertEquals("bugs bunny", text(LETTERS.hotWords(Map.of("bugs", 10.0))));
    BeamScorer<?> hot = LETTERS.hotWords(Map.of("bugs", 10.0));
    assertEquals(40, hot.total(LETTERS.encode("bugs bunny")));
    assertEquals(0, hot.total(LETTERS.encode("bugsny bunny")));
  }

  @Test
  @DisplayName("A trie smeared by the maximum, as flashlight's: a node has its best word's score")
  void smeared() {
    String[] words = {"cat", "catch", "cats", "on", "one", "the"};
    double[] scores = {-4, -5, -3, -1, -2, -0.5};
    SpellingTrie trie =
        new SpellingTrie(Arrays.stream(words).map(Lexicon::utf8).toArray(int[][]::new));
    trie.lookAhead(word -> scores[word]);
    for (String prefix : new String[] {"", "c", "cat", "catc", "cats", "o", "one", "th", "the"}) {
      double expected = Double.NEGATIVE_INFINITY;
      int node = SpellingTrie.ROOT;
      for (int symbol : Lexicon.utf8(prefix)) {
        node = trie.child(node, symbol);
      }
      for (int i = 0; i < words.length; i++) {
        expected = words[i].startsWith(prefix) ? Math.max(expected, scores[i]) : expected;
        assertEquals(
            words[i].equals(prefix),
            trie.firstWord(node) <= i && i < trie.endWord(node),
            prefix + " and " + words[i]);
      }
      assertEquals(expected, trie.ahead(node), prefix);
      assertTrue(trie.child(node, 'x') == SpellingTrie.NONE);
    }
  }
}
