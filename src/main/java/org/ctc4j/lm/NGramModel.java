package org.ctc4j.lm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import org.ctc4j.InvalidInputException;
import org.ctc4j.NGramScorer;
import org.ctc4j.io.Text;

/**
 * An n-gram language model with backoff, of any order, as ARPA files have them: log10 of p(word |
 * the words before it), to the bit of a float as in the file, added in float64.
 *
 * <pre>{@code
 * NGramModel model = NGramModel.read(Path.of("words.arpa.gz"));
 * double log10 = model.log10Probability(List.of("to", "mute", "yourself"));   // </s> included
 * model.quantised().write(Path.of("words.lm"));                                // to be read at once
 * }</pre>
 *
 * <p>A model that was {@linkplain #write written} is mapped into memory, so that it opens at once
 * whatever its size, and processes share it. In memory an n-gram takes 16 bytes, 8 in the highest
 * order; quantised 10 and 5. At most 2³¹ − 9 n-grams of an order.
 *
 * <p>A sentence begins after {@code <s>} and ends with {@code </s>}; a model without the first
 * begins with no context, one without the second adds nothing at the end. A word that is not in the
 * model counts as {@code <unk>} (or {@code <UNK>}), whose log10 probability is −100 where the file
 * does not have it, as in KenLM.
 *
 * <p>Immutable, thread-safe.
 */
public final class NGramModel {
  /** Of {@code <unk>} where a model has none. */
  private static final double UNKNOWN = -100;

  private static final int NO_WORD = -1;
  private static final Context NO_CONTEXT = new Context(new int[0]);

  final Words words;
  final Level[] levels;
  private final int unknown;
  private final int end;
  private final Context start;

  /** The last words of a beginning, as far as a model looks back. Immutable. */
  public static final class Context {
    private final int[] nodes; // of the last word, the last two, …; −1 where there is no n-gram

    private Context(int[] nodes) {
      this.nodes = nodes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Context context && Arrays.equals(nodes, context.nodes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(nodes);
    }

    /** "context of 2 words". */
    @Override
    public String toString() {
      return "context of %d words".formatted(nodes.length);
    }
  }

  NGramModel(Words words, Level[] levels) {
    this.words = words;
    this.levels = levels;
    int lower = words.find("<unk>");
    unknown = lower >= 0 ? lower : words.find("<UNK>");
    end = words.find("</s>");
    int begin = words.find("<s>");
    start = begin < 0 ? NO_CONTEXT : next(NO_CONTEXT, begin);
  }

  /**
   * Reads an ARPA file, as it is or compressed with gzip, or opens a model that was {@linkplain
   * #write written}: what it is shows in its first bytes.
   *
   * @throws IOException if it cannot be read
   * @throws InvalidInputException if it is neither; the message says where
   */
  public static NGramModel read(Path file) throws IOException {
    return BinaryFile.isOne(file) ? BinaryFile.open(file) : readArpa(file); // or a pipe
  }

  /**
   * Reads an ARPA file, as it is or compressed with gzip. Every n-gram's context must be an n-gram,
   * too. Takes 32 bytes of memory for an n-gram until it is read.
   *
   * @throws IOException if it cannot be read
   * @throws InvalidInputException if it is none; the message says in which line
   */
  public static NGramModel readArpa(Path file) throws IOException {
    return new ArpaReader(file).read();
  }

  /**
   * Writes a file that {@link #read} opens. What was there stays until the new file is whole.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    BinaryFile.write(this, file);
  }

  /** The same with probabilities and backoffs each rounded to one of 256 values for every order. */
  public NGramModel quantised() {
    return new NGramModel(words, Arrays.stream(levels).map(Level::quantised).toArray(Level[]::new));
  }

  /** The longest n-gram's number of words. */
  public int order() {
    return levels.length;
  }

  /** How many n-grams of so many words there are. */
  public int count(int n) {
    if (n < 1 || n > levels.length) {
      throw new InvalidInputException(
          "n-grams: expected an order in [1, %d], got %d".formatted(levels.length, n));
    }
    return levels[n - 1].count();
  }

  /** Gives out all n-grams of so many words, in the order of their numbers. */
  public void forEach(int n, NGramScorer.NGrams to) {
    int all = count(n);
    Level level = levels[n - 1];
    if (n == 1) {
      for (int i = 0; i < all; i++) {
        give(level, i, 0, i, to);
      }
      return;
    }
    Level contexts = levels[n - 2];
    for (int context = 0; context < contexts.count(); context++) {
      int end = contexts.end(context, level);
      for (int i = contexts.firsts().get(context); i < end; i++) {
        give(level, i, context, level.words().get(i), to);
      }
    }
  }

  private static void give(Level level, int i, int context, int word, NGramScorer.NGrams to) {
    float backoff = level.backoffs() == null ? 0 : level.backoffs().get(i);
    to.take(i, context, word, level.probs().get(i), backoff);
  }

  /** The number of words, {@code <s>}, {@code </s>} and {@code <unk>} among them. */
  public int words() {
    return words.count();
  }

  /** Word i, in the order of their UTF-8. */
  public String word(int i) {
    if (i < 0 || i >= words.count()) {
      throw new InvalidInputException(
          "word: expected a number in [0, %d), got %d".formatted(words.count(), i));
    }
    return words.get(i);
  }

  /** Whether the model has a word itself. */
  public boolean has(String word) {
    return words.find(word) >= 0;
  }

  /** The number of a word; of one that is not there that of {@code <unk>}, or −1 without that. */
  public int number(String word) {
    int found = words.find(word);
    return found >= 0 ? found : unknown;
  }

  /** The beginning of a sentence. */
  public Context start() {
    return start;
  }

  /** No context: what follows is looked up as if nothing was before it. */
  public Context none() {
    return NO_CONTEXT;
  }

  /**
   * log10 p(word | context).
   *
   * @param word its {@linkplain #number number}
   */
  public double log10Probability(Context context, int word) {
    double backoffs = 0;
    for (int k = context.nodes.length; k > 0; k--) {
      int node = context.nodes[k - 1];
      if (node >= 0) {
        int found = find(k, node, word);
        if (found >= 0) {
          return backoffs + levels[k].probs().get(found);
        }
        backoffs += levels[k - 1].backoffs().get(node);
      }
    }
    return backoffs + (word == NO_WORD ? UNKNOWN : levels[0].probs().get(word));
  }

  /** log10 of the probability that the sentence ends here. */
  public double log10End(Context context) {
    return end == NO_WORD ? 0 : log10Probability(context, end);
  }

  /** The context one word later. */
  public Context next(Context context, int word) {
    int longest = Math.min(context.nodes.length, levels.length - 2);
    if (levels.length == 1 || word == NO_WORD) {
      return NO_CONTEXT;
    }
    int[] nodes = new int[longest + 1];
    nodes[0] = word;
    int length = 1;
    for (int k = 1; k <= longest; k++) {
      int node = context.nodes[k - 1];
      nodes[k] = node < 0 ? -1 : find(k, node, word);
      length = nodes[k] < 0 ? length : k + 1;
    }
    return new Context(length == nodes.length ? nodes : Arrays.copyOf(nodes, length));
  }

  private int find(int order, int node, int word) {
    return word == NO_WORD ? -1 : levels[order - 1].find(node, word, levels[order]);
  }

  /** log10 p(sentence), its end included. */
  public double log10Probability(Collection<String> sentence) {
    Context context = start;
    double sum = 0;
    for (String word : sentence) {
      sum += log10Probability(context, number(word));
      context = next(context, number(word));
    }
    return sum + log10End(context);
  }

  /** "3-gram model of 200003 words, 200453 n-grams". */
  @Override
  public String toString() {
    long sum = Arrays.stream(levels).mapToLong(Level::count).sum();
    return "%d-gram model of %d words, %d n-grams".formatted(order(), words.count(), sum);
  }

  static InvalidInputException refused(Path file, String what) {
    return new InvalidInputException(Text.printable(file.toString()) + ": " + what);
  }
}
