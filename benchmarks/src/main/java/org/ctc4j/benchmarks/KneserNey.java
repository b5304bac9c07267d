package org.ctc4j.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Estimates n-gram models with interpolated modified Kneser-Ney smoothing, after Chen and Goodman
 * (1998). For the texts of benchmarks, which are small: all is held in maps, by words with a blank
 * between them.
 */
final class KneserNey {
  private static final double[] FEW = {0, 0.5, 1, 1.5}; // where counts of counts give no discounts

  private final int order;
  private final List<Map<String, Integer>> counts = new ArrayList<>(); // of order n, at n − 1
  private final List<Map<String, Double>> probs = new ArrayList<>();
  private final Map<String, Double> backoffs = new HashMap<>(); // of contexts

  private KneserNey(int order) {
    this.order = order;
  }

  /**
   * The model of some sentences as an ARPA file.
   *
   * @param sentences words between single blanks
   */
  static String arpa(List<String> sentences, int order) {
    KneserNey estimate = new KneserNey(order);
    estimate.count(sentences);
    for (int n = 1; n <= order; n++) {
      estimate.weigh(n);
    }
    return estimate.text();
  }

  private void count(List<String> sentences) {
    for (int n = 1; n <= order; n++) {
      counts.add(new TreeMap<>());
    }
    for (String sentence : sentences) {
      List<String> words = List.of(("<s> " + sentence + " </s>").split(" "));
      for (int end = 2; end <= words.size(); end++) {
        for (int n = 1; n <= Math.min(order, end); n++) {
          String nGram = String.join(" ", words.subList(end - n, end));
          counts.get(n - 1).merge(nGram, 1, Integer::sum);
        }
      }
    }
    for (int n = 1; n < order; n++) { // how many words are before it, but at the beginning
      Map<String, Integer> before = new HashMap<>();
      counts.get(n).keySet().forEach(longer -> before.merge(rest(longer), 1, Integer::sum));
      counts
          .get(n - 1)
          .replaceAll((nGram, count) -> nGram.startsWith("<s> ") ? count : before.get(nGram));
    }
  }

  private static String context(String nGram) {
    return nGram.substring(0, Math.max(0, nGram.lastIndexOf(' ')));
  }

  private static String rest(String nGram) {
    return nGram.substring(nGram.indexOf(' ') + 1);
  }

  /** Of what is counted once, twice, and more often. */
  private double[] discounts(int n) {
    double[] of = new double[5];
    counts.get(n - 1).values().stream().filter(c -> c < 5).forEach(c -> of[c]++);
    double[] discounts = new double[4];
    for (int k = 1; k <= 3; k++) {
      double discount = k - (k + 1) * of[1] / (of[1] + 2 * of[2]) * of[k + 1] / of[k];
      discounts[k] = discount > 0 && discount < k ? discount : FEW[k];
    }
    return discounts;
  }

  private void weigh(int n) {
    double[] discounts = discounts(n);
    Map<String, Integer> sums = new HashMap<>();
    Map<String, Double> taken = new HashMap<>();
    counts
        .get(n - 1)
        .forEach(
            (nGram, count) -> {
              sums.merge(context(nGram), count, Integer::sum);
              taken.merge(context(nGram), discounts[Math.min(count, 3)], Double::sum);
            });
    sums.forEach((context, sum) -> backoffs.put(context, taken.get(context) / sum));
    double uniform = 1.0 / (counts.get(0).size() + 1); // the unknown word is one, too
    Map<String, Double> level = new TreeMap<>();
    counts
        .get(n - 1)
        .forEach(
            (nGram, count) -> {
              double lower = n == 1 ? uniform : probs.get(n - 2).get(rest(nGram));
              String context = context(nGram);
              double own = (count - discounts[Math.min(count, 3)]) / sums.get(context);
              level.put(nGram, own + backoffs.get(context) * lower);
            });
    if (n == 1) {
      level.put("<unk>", backoffs.get("") * uniform);
      level.put("<s>", 1e-99);
    }
    probs.add(level);
  }

  private String text() {
    StringBuilder text = new StringBuilder("\\data\\\n");
    for (int n = 1; n <= order; n++) {
      text.append("ngram %d=%d\n".formatted(n, probs.get(n - 1).size()));
    }
    for (int n = 1; n <= order; n++) {
      text.append("\n\\%d-grams:\n".formatted(n));
      probs
          .get(n - 1)
          .forEach(
              (nGram, prob) -> {
                text.append(String.format(Locale.ROOT, "%.7f\t%s", Math.log10(prob), nGram));
                Double backoff = backoffs.get(nGram);
                text.append(
                    backoff == null
                        ? "\n"
                        : String.format(Locale.ROOT, "\t%.7f%n", Math.log10(backoff)));
              });
    }
    return text.append("\n\\end\\\n").toString();
  }
}
