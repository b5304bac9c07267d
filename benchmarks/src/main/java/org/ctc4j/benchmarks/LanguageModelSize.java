package org.ctc4j.benchmarks;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.ctc4j.lm.NGramModel;

/**
 * How long a large n-gram model takes to be read from an ARPA file, to be written, and to be opened
 * again. The model is drawn: 1% of its n-grams are words, each followed by 33 others, each of these
 * pairs by two.
 *
 * <pre>{@code java -Xmx6g … org.ctc4j.benchmarks.LanguageModelSize 100000000 folder}</pre>
 */
final class LanguageModelSize {
  private static final int FOLLOWERS = 33;
  private static final int LOOKUPS = 1_000_000;

  private final int words;
  private final Random random = new Random(20261126);

  private LanguageModelSize(int nGrams) {
    words = nGrams / (1 + FOLLOWERS * 3);
  }

  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("expected a number of n-grams and a folder");
      System.exit(2);
    }
    LanguageModelSize size = new LanguageModelSize(Integer.parseInt(args[0]));
    Path arpa = Path.of(args[1], "drawn.arpa");
    Path written = Path.of(args[1], "drawn.lm");
    size.write(arpa);
    long start = System.nanoTime();
    NGramModel model = NGramModel.read(arpa);
    print("reading " + Files.size(arpa) + " bytes of ARPA", start);
    System.out.println(model);
    start = System.nanoTime();
    model.quantised().write(written);
    print("quantising and writing " + Files.size(written) + " bytes", start);
    start = System.nanoTime();
    model.write(written);
    print("writing " + Files.size(written) + " bytes", start);
    start = System.nanoTime();
    NGramModel opened = NGramModel.read(written);
    print("opening", start);
    start = System.nanoTime();
    double first = size.lookups(opened);
    print(LOOKUPS + " words looked up in what was opened", start);
    if (size.lookups(model) != first) {
      throw new IllegalStateException("what was opened differs");
    }
    Files.delete(arpa);
    Files.delete(written);
  }

  private static void print(String what, long start) {
    System.out.printf("%10.3f s  %s%n", (System.nanoTime() - start) / 1e9, what);
  }

  /** The sum of log10 p over words drawn, each after the one before it. */
  private double lookups(NGramModel model) {
    Random drawn = new Random(1);
    NGramModel.Context context = model.start();
    double sum = 0;
    int word = 0;
    for (int i = 0; i < LOOKUPS; i++) {
      word =
          drawn.nextInt(4) == 0 ? drawn.nextInt(words) : follower(word, drawn.nextInt(FOLLOWERS));
      int number = model.number(name(word));
      sum += model.log10Probability(context, number);
      context = model.next(context, number);
    }
    return sum;
  }

  private static String name(int word) {
    return "w" + Integer.toString(word, Character.MAX_RADIX);
  }

  private int follower(int word, int i) {
    return (int) ((word * 31L + i * 7919L) % words);
  }

  private void write(Path arpa) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(arpa)) {
      List<Long> counts = List.of(1L, (long) FOLLOWERS, 2L * FOLLOWERS);
      out.write("\\data\\\n");
      for (int n = 1; n <= counts.size(); n++) {
        out.write("ngram %d=%d\n".formatted(n, words * counts.get(n - 1)));
      }
      out.write("\n\\1-grams:\n");
      for (int w = 0; w < words; w++) {
        line(out, name(w), true);
      }
      out.write("\n\\2-grams:\n");
      for (int w = 0; w < words; w++) {
        for (int i = 0; i < FOLLOWERS; i++) {
          line(out, name(w) + " " + name(follower(w, i)), true);
        }
      }
      out.write("\n\\3-grams:\n");
      for (int w = 0; w < words; w++) {
        for (int i = 0; i < FOLLOWERS; i++) {
          int second = follower(w, i);
          String pair = name(w) + " " + name(second) + " ";
          line(out, pair + name(follower(second, i)), false);
          line(out, pair + name(follower(second, (i + 1) % FOLLOWERS)), false);
        }
      }
      out.write("\n\\end\\\n");
    }
  }

  private void line(BufferedWriter out, String words, boolean hasBackoff) throws IOException {
    out.write("-" + random.nextInt(10) + "." + random.nextInt(100_000) + "\t" + words);
    out.write(hasBackoff ? "\t-0." + random.nextInt(100_000) + "\n" : "\n");
  }
}
