package org.ctc4j.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.lm.TextModel;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;

/** Random models over the tokens of a vocabulary. */
public final class TokenModelCase {
  private TokenModelCase() {}

  /**
   * So many tokens, of which some are not in the model, as often as not without an unknown word, a
   * beginning or an end; some n-grams are forbidden.
   */
  public static NGramModel model(Random random, List<String> tokens, int order, Path folder) {
    List<String> words = new ArrayList<>();
    for (String word : List.of("<s>", "</s>", "<unk>")) {
      if (random.nextBoolean()) {
        words.add(word);
      }
    }
    words.add(tokens.get(0));
    for (String token : tokens) {
      if (!words.contains(token) && random.nextInt(5) > 0) {
        words.add(token);
      }
    }
    String arpa = TextModel.random(random, words, order).arpa(random);
    return read(
        arpa.lines()
            .map(line -> forbids(random, line) ? line.replaceFirst("^[^\t]+", "-inf") : line)
            .collect(Collectors.joining("\n", "", "\n")),
        folder);
  }

  private static boolean forbids(Random random, String line) {
    return line.contains("\t") && random.nextInt(20) == 0;
  }

  static NGramModel read(String arpa, Path folder) {
    try {
      return NGramModel.read(Files.writeString(folder.resolve("tokens.arpa"), arpa));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** So many tokens, one of them the blank, and one that is no text. */
  public static List<String> tokens(int classes, int blank) {
    List<String> tokens = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      tokens.add(c == blank ? "<blank>" : c == (blank + 2) % classes ? "<pad>" : "t" + c);
    }
    return tokens;
  }

  /** A scorer of a random model for so many classes. */
  static TokenScorer scorer(Random random, int classes, int blank, int order, Path folder) {
    List<String> tokens = tokens(classes, blank);
    List<String> texts = tokens.stream().filter(token -> token.startsWith("t")).toList();
    NGramModel model = model(random, texts, order, folder);
    double weight = random.nextInt(4) == 0 ? 0 : random.nextDouble();
    return TokenScorer.of(model, Vocabulary.of(tokens), weight, random.nextGaussian());
  }
}
