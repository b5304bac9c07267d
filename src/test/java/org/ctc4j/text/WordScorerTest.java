package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcHypothesis;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.ctc4j.UnboundedScorer;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.lm.TextModel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class WordScorerTest {
  private static final double LOG_ZERO = Double.NEGATIVE_INFINITY;
  private static final List<String> WORDS = List.of("one", "on", "no", "none", "e", "eon");

  /** The blank, space or pieces, and of each kind of mark. */
  private static final String[][] TOKENS = {
    {"<blank>", "|", "o", "n", "e", "s"},
    {"<blank>", "▁on", "e", "▁", "n", "o", "▁one", "▁no", "s", "ne"},
    {"<blank>", "on", "##e", "##n", "##o", "no", "##ne", "e", "##s", "o"},
    {"<blank>", "on@@", "e", "n@@", "o", "no", "one", "e@@", "o@@", "n", "s"},
    {"<blank>", "on", "e</w>", "n", "o</w>", "no</w>", "o", "one</w>", "n</w>", "e", "s"},
    {"<blank>", "Ġon", "e", "n", "o", "Ġno", "ne", "Ġe", "Ġ", "s", "Ġo"},
    {"<blank>", "▁on▁e", "e", "▁", "n", "o", "▁one", "▁no▁", "s▁n", "ne", "e▁on▁no"},
    {"<blank>", "Ġon", "e", "n", "oĠn", "Ġno", "ne", "ĠeĠ", "Ġ", "s", "ĠoneĠno"},
  };

  /** Of words together. */
  private static final String[] SPANNING = {"▁on▁no", "ne", "▁e", "e▁on"};

  private final Random random = Seed.random(getClass());
  @TempDir Path folder;

  private TextModel model() {
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(List.of("<s>", "</s>"));
    if (random.nextBoolean()) {
      words.add("<unk>");
    }
    words.remove(random.nextInt(3));
    return TextModel.random(random, words, 1 + random.nextInt(4));
  }

  private int[] labels(Vocabulary vocabulary, int length) {
    return random.ints(length, 1, vocabulary.size()).toArray();
  }

  /** By the definition: word after word. */
  private static double expected(
      TextModel model, List<String> words, Set<String> known, double[] weights) {
    double sum = weights[0] * Math.log(10) * model.log10(words) + weights[1] * words.size();
    for (String word : words) {
      sum += known.contains(word) ? 0 : weights[2];
    }
    return sum;
  }

  @Test
  @DisplayName("Words add what the model says of them, with tokens of every kind")
  void definition() {
    for (int i = 0; i < 70; i++) {
      TextModel text = model();
      NGramModel model = text.read(folder, random);
      Vocabulary vocabulary = Vocabulary.of(List.of(TOKENS[i % TOKENS.length]));
      double[] weights = {random.nextDouble(2), random.nextGaussian(), -random.nextDouble(9)};
      WordScorer open =
          WordScorer.of(model, vocabulary, weights[0], weights[1]).withUnknownWordBonus(weights[2]);
      List<String> allowed = WORDS.subList(0, 4);
      WordScorer closed =
          WordScorer.of(model, Lexicon.of(vocabulary, allowed), weights[0], weights[1]);
      Set<String> known =
          Set.copyOf(WORDS.stream().filter(word -> text.known(word).equals(word)).toList());
      for (int k = 0; k < 300; k++) {
        int[] labels = labels(vocabulary, random.nextInt(9));
        List<String> words = vocabulary.words(labels).stream().map(Vocabulary.Word::text).toList();
        String where = Arrays.toString(labels) + " " + words;
        assertEquals(expected(text, words, known, weights), open.total(labels), 1e-9, where);
        double ofLexicon =
            allowed.containsAll(words)
                ? expected(text, words, Set.copyOf(allowed), weights)
                : LOG_ZERO;
        assertEquals(ofLexicon, closed.total(labels), 1e-9, where);
        assertEquals(words, open.words(labels), where);
      }
    }
  }

  @Test
  @DisplayName("Given spellings alone count; of words that are spelled the same the likelier one")
  void spellings() throws IOException {
    Path arpa =
        Files.writeString(
            folder.resolve("arpa"),
            """
            \\data\\
            ngram 1=6
            ngram 2=2

            \\1-grams:
            -1 <s> -0.5
            -1 </s>
            -1 two
            -2 to -0.25
            -3 go
            -4 <unk>

            \\2-grams:
            -0.5 go to
            -0.25 <s> go

            \\end\\
            """);
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "|", "T", "UW", "AH", "G", "OW"));
    Path file = folder.resolve("lexicon");
    Files.writeString(file, "two\tT UW |\nto T UW\nto T AH\r\n\ngo  G OW\nto T UW\nOW\n");
    Lexicon lexicon = Lexicon.read(file, vocabulary);
    WordScorer scorer = WordScorer.of(NGramModel.read(arpa), lexicon, 1 / Math.log(10), 0);
    assertEquals(-0.5 - 1 - 1, scorer.total(2, 3), 1e-12);
    assertEquals(List.of("two"), scorer.words(2, 3));
    assertEquals(-0.25 - 0.5 - 0.25 - 1, scorer.total(5, 6, 1, 2, 3), 1e-12);
    assertEquals(List.of("go", "to"), scorer.words(5, 6, 1, 2, 3));
    assertEquals(-0.5 - 2 - 0.25 - 1, scorer.total(2, 4, 1), 1e-12);
    assertEquals(List.of("to"), scorer.words(1, 2, 4, 1));
    assertEquals(-0.5 - 4 - 1, scorer.total(6), 1e-12, "not in the model");
    assertEquals(3 / 4.0, scorer.coverage(), 0, "two, to and go, not OW");
    assertEquals(1, WordScorer.of(lexicon, 0).coverage());
    Vocabulary letters = Vocabulary.of(List.of("_", " ", "t", "o"));
    WordScorer spelt = WordScorer.of(NGramModel.read(arpa), letters, 1, 0);
    assertEquals(1 / 3.0, spelt.withUnknownWordBonus(-1).coverage(), 0, "to, not two and go");
    assertEquals(LOG_ZERO, scorer.total(2));
    assertEquals(LOG_ZERO, scorer.total(2, 2, 3));
    assertEquals(LOG_ZERO, scorer.total(5, 6, 2, 3));
    assertEquals(-0.5 - 1, scorer.total(), 1e-12);
    WordScorer alone = WordScorer.of(lexicon, 2);
    assertEquals(4, alone.total(2, 3, 1, 1, 2, 4));
    assertEquals(LOG_ZERO, alone.total(2, 3, 1, 1, 2));
    assertEquals(List.of("go", "GT"), scorer.words(5, 6, 1, 5, 2), "no word of the lexicon");
  }

  @Test
  @DisplayName("A token of several words adds what the model says of each of them")
  void severalWords() throws IOException {
    String arpa =
        """
        \\data\\
        ngram 1=5
        ngram 2=2

        \\1-grams:
        -1 <s> -0.5
        -1.25 </s>
        -2 of -0.25
        -3 the
        -4 there

        \\2-grams:
        -0.75 of the
        -0.125 <s> of

        \\end\\
        """;
    NGramModel model = NGramModel.read(Files.writeString(folder.resolve("arpa"), arpa));
    Vocabulary vocabulary = Vocabulary.of(List.of("_", "▁of▁the", "re", "▁of", "▁the", "▁there▁"));
    double weight = 1 / Math.log(10);
    for (Lexicon lexicon :
        List.of(
            Lexicon.of(vocabulary, List.of("of", "the", "there")),
            Lexicon.ofModel(vocabulary, List.of("of", "the", "there")))) {
      WordScorer scorer = WordScorer.of(model, lexicon, weight, 10);
      assertEquals(20 - 0.125 - 0.75 - 1.25, scorer.total(1), 1e-12);
      assertEquals(scorer.total(3, 4), scorer.total(1), 1e-12);
      assertEquals(20 - 0.125 - 0.25 - 4 - 1.25, scorer.total(1, 2), 1e-12);
      assertEquals(scorer.total(3, 5), scorer.total(1, 2), 1e-12);
      assertEquals(List.of("of", "there", "of", "the"), scorer.words(1, 2, 1));
      assertEquals(LOG_ZERO, scorer.total(1, 2, 2));
      assertEquals(LOG_ZERO, scorer.total(3, 2, 1), "ofre");
    }
    Map<String, List<int[]>> spellings =
        Map.of("of", List.of(new int[] {3}), "the", List.of(new int[] {4}));
    WordScorer spelt = WordScorer.of(model, Lexicon.of(vocabulary, spellings), weight, 10);
    assertEquals(20 - 0.125 - 0.75 - 1.25, spelt.total(3, 4), 1e-12);
    assertEquals(LOG_ZERO, spelt.total(1), "no word's spelling");
    assertEquals(List.of("of", "the"), spelt.words(1));
    assertRefused(
        "lexicon: a spelling of 'of' is not one word",
        () -> Lexicon.of(vocabulary, Map.of("of", List.of(new int[] {1}))));
    assertRefused(
        "lexicon: 'of the', expected a word", () -> Lexicon.of(vocabulary, List.of("of the")));
  }

  @Test
  @DisplayName("A lexicon's word(2) after word is another spelling of it; elsewhere a word")
  void variants() throws IOException {
    Path arpa = folder.resolve("arpa");
    Files.writeString(arpa, "\\data\\\nngram 1=2\n\\1-grams:\n-1 go\n-2 <unk>\n\\end\\\n");
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "|", "G", "OW", "AO", "(", "2", ")"));
    Path file = folder.resolve("lexicon");
    Files.writeString(file, "go G OW\ngo(2) G AO\nto(2) OW\n");
    WordScorer scorer =
        WordScorer.of(NGramModel.read(arpa), Lexicon.read(file, vocabulary), 1 / Math.log(10), 0);
    double end = scorer.total();
    assertEquals(-1, scorer.total(2, 3) - end, 1e-12);
    assertEquals(-1, scorer.total(2, 4) - end, 1e-12);
    assertEquals(List.of("go", "go", "to(2)"), scorer.words(2, 3, 1, 2, 4, 1, 3));
    assertEquals(-2, scorer.total(3) - end, 1e-12, "not in the model");
    Files.writeString(file, "(\n(2)\n");
    Lexicon letters = Lexicon.read(file, vocabulary);
    assertEquals(List.of("(", "(2)"), WordScorer.of(letters, 0).words(5, 1, 5, 6, 7));
  }

  @Test
  @DisplayName("In normal form C words of the model and of a lexicon are tokens' in any form")
  void normalForms() throws IOException {
    String unigrams = "\\data\\\nngram 1=3\n\n\\1-grams:\n-9 <unk>\n-0 </s>\n-1 %s\n\n\\end\\\n";
    for (String word : List.of("\u00e9t\u00e9", "e\u0301te\u0301")) {
      Path arpa = Files.writeString(folder.resolve("arpa"), unigrams.formatted(word));
      Path file = Files.writeString(folder.resolve("lexicon"), word + "\n");
      for (List<String> tokens :
          List.of(
              List.of("_", "\u00e9", "t", "x", " "),
              List.of("_", "e\u0301", "t", "x", " "),
              List.of("_", "e", "t", "\u0301", " "))) {
        Vocabulary vocabulary = Vocabulary.of(tokens).withNfc(true);
        int[] labels = vocabulary.encode(word);
        NGramModel model = NGramModel.read(arpa);
        double weight = 1 / Math.log(10);
        WordScorer open = WordScorer.of(model, vocabulary, weight, 0);
        assertEquals(-1, open.total(labels), 1e-12, tokens + " " + word);
        Lexicon lexicon = Lexicon.read(file, vocabulary);
        assertEquals(-1, WordScorer.of(model, lexicon, weight, 0).total(labels), 1e-12);
        assertEquals(List.of(word), open.words(labels));
      }
    }
  }

  @Test
  @DisplayName("No label adds more than the bound, and the bound changes no output")
  void bounds() {
    for (int i = 0; i < 70; i++) {
      TextModel text = model();
      NGramModel model = text.read(folder, random);
      Vocabulary vocabulary = Vocabulary.of(List.of(TOKENS[i % TOKENS.length]));
      double weight = random.nextDouble(2);
      double bonus = 3 * random.nextGaussian();
      Lexicon lexicon = Lexicon.of(vocabulary, WORDS.subList(0, 4));
      for (WordScorer scorer :
          List.of(
              WordScorer.of(model, vocabulary, weight, bonus),
              WordScorer.of(model, lexicon, weight, bonus),
              WordScorer.of(model, lexicon, weight, bonus).withUnknownWordBonus(1),
              WordScorer.of(lexicon, bonus))) {
        assertBounded(scorer, vocabulary);
        int frames = random.nextInt(25);
        double[] logits = new double[frames * vocabulary.size()];
        Arrays.setAll(logits, k -> 3 * random.nextGaussian());
        FrameTensor tensor = FrameTensor.timeMajor(logits, frames, 1, vocabulary.size());
        BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(1 + random.nextInt(20)).withNBest(20);
        assertEquals(
            outputs(search(tensor, beam, new UnboundedScorer<>(scorer)), vocabulary),
            outputs(search(tensor, beam, scorer), vocabulary));
      }
    }
  }

  private void assertBounded(WordScorer scorer, Vocabulary vocabulary) {
    for (int k = 0; k < 40; k++) {
      WordScorer.State state = scorer.start();
      for (int label : labels(vocabulary, 8)) {
        double bound = scorer.bound(state);
        for (int c = 1; c < vocabulary.size(); c++) {
          assertTrue(scorer.score(state, c) <= bound);
        }
        if (scorer.score(state, label) == LOG_ZERO) {
          break;
        }
        state = scorer.next(state, label);
      }
    }
  }

  private static CtcNBest search(FrameTensor logits, BeamOptions beam, BeamScorer<?> scorer) {
    return CtcDecoder.create().beamSearch(logits, CtcOptions.DEFAULT, beam, scorer).get(0);
  }

  private static List<String> outputs(CtcNBest nBest, Vocabulary vocabulary) {
    List<String> outputs = new ArrayList<>(List.of(nBest.status().toString()));
    for (CtcHypothesis output : nBest.hypotheses()) {
      outputs.add(Arrays.toString(output.labels()) + output + output.added());
    }
    return outputs;
  }

  @Test
  @DisplayName("A search finds what is best of all paths and the model")
  void search() {
    for (int i = 0; i < 40; i++) {
      TextModel text = model();
      NGramModel model = text.read(folder, random);
      String[] tokens = i % 2 == 0 ? new String[] {"|", "o", "n", "e"} : SPANNING;
      Vocabulary vocabulary =
          Vocabulary.of(Stream.concat(Stream.of("<blank>"), Arrays.stream(tokens)).toList());
      WordScorer scorer = WordScorer.of(model, vocabulary, random.nextDouble(2), 1);
      double[] logits = random.doubles(5 * 6, -2, 2).toArray();
      FrameTensor tensor = FrameTensor.timeMajor(logits, 6, 1, 5);
      BeamOptions all = BeamOptions.DEFAULT.withBeamWidth(100_000).withNBest(100_000);
      List<CtcHypothesis> without =
          CtcDecoder.create().beamSearch(tensor, CtcOptions.DEFAULT, all).get(0).hypotheses();
      double best = LOG_ZERO;
      for (CtcHypothesis output : without) {
        best = Math.max(best, output.logProbability() + scorer.total(output.labels()));
      }
      List<CtcHypothesis> got = search(tensor, all, scorer).hypotheses();
      assertEquals(without.size(), got.size());
      assertEquals(best, got.get(0).score(), 1e-9);
    }
  }

  @Test
  @DisplayName("What does not fit is refused")
  void refused() throws IOException {
    Vocabulary vocabulary = Vocabulary.of(List.of(TOKENS[0]));
    NGramModel model = TextModel.random(random, List.of("<s>", "ONE"), 2).read(folder, random);
    assertRefused(
        "language model: the vocabulary spells none of the model's words",
        () -> WordScorer.of(model, vocabulary, 1, 0));
    assertRefused(
        "lexicon: nothing among the vocabulary's tokens parts words: no space, no mark",
        () -> WordScorer.of(model, Vocabulary.of(List.of("<blank>", "a")), 1, 0));
    Lexicon lexicon = Lexicon.of(vocabulary, List.of("one", "one"));
    assertEquals("1 spellings", lexicon.toString());
    for (double weight : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused("language model's weight: ", () -> WordScorer.of(model, lexicon, weight, 0));
    }
    assertRefused("word bonus: ", () -> WordScorer.of(model, lexicon, 1, LOG_ZERO));
    assertRefused(
        "unknown word's bonus: ",
        () -> WordScorer.of(model, lexicon, 1, 0).withUnknownWordBonus(Double.NaN));
    assertRefused("lexicon: expected one word", () -> Lexicon.of(vocabulary, List.of()));
    assertRefused("no token", () -> Lexicon.of(vocabulary, List.of("one", "two")));
    assertRefused(
        "lexicon: 'one on', expected a word", () -> Lexicon.of(vocabulary, List.of("one on")));
    assertRefused("lexicon: a blank, expected a word", () -> Lexicon.of(vocabulary, List.of(" ")));
    for (int[] spelling : new int[][] {{}, {1}, {0}, {2, 0}, {2, 1, 3}}) {
      assertRefused(
          "lexicon: a spelling of 'x' is not one word",
          () -> Lexicon.of(vocabulary, Map.of("x", List.of(spelling))));
    }
    Path file = Files.writeString(folder.resolve("lexicon"), "one o n e\non o m\n");
    assertRefused(
        file + ": line 2: position 1: 'm' is no token", () -> Lexicon.read(file, vocabulary));
    WordScorer scorer = WordScorer.of(lexicon, 0);
    assertRefused(
        "language model: expected the vocabulary's 6 classes, got 3",
        () -> search(FrameTensor.timeMajor(new float[3], 1, 1, 3), BeamOptions.DEFAULT, scorer));
  }

  private static void assertRefused(String message, Executable call) {
    InvalidInputException e = assertThrows(InvalidInputException.class, call, message);
    assertTrue(e.getMessage().startsWith(message), e::getMessage);
  }
}
