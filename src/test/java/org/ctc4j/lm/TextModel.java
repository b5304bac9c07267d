package org.ctc4j.lm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** An n-gram model as maps of texts: what {@link NGramModel} is checked against. */
public final class TextModel {
  private final List<Map<List<String>, float[]>> levels = new ArrayList<>(); // of order n, at n − 1

  /** N-grams drawn so that every context is there, and suffixes need not be. */
  public static TextModel random(Random random, List<String> words, int order) {
    TextModel model = new TextModel();
    for (int n = 1; n <= order; n++) {
      Map<List<String>, float[]> level = new HashMap<>();
      for (List<String> context : n == 1 ? List.of(List.<String>of()) : model.contexts(n - 1)) {
        for (String word : words) {
          if (n == 1 || random.nextInt(3) == 0) {
            List<String> nGram = new ArrayList<>(context);
            nGram.add(word);
            float backoff = random.nextInt(3) == 0 ? 0 : (float) random.nextGaussian();
            level.put(nGram, new float[] {(float) -random.nextDouble(5), backoff});
          }
        }
      }
      model.levels.add(level);
    }
    return model;
  }

  private List<List<String>> contexts(int n) {
    return levels.get(n - 1).keySet().stream()
        .filter(nGram -> !nGram.get(n - 1).equals("</s>"))
        .sorted((a, b) -> a.toString().compareTo(b.toString()))
        .toList();
  }

  /**
   * The words of each n-gram, and log10 p and backoff, which is 0 of those of the highest order.
   */
  public Map<List<String>, List<Float>> nGrams() {
    Map<List<String>, List<Float>> all = new HashMap<>();
    for (int n = 1; n <= levels.size(); n++) {
      boolean isLast = n == levels.size();
      levels.get(n - 1).forEach((text, is) -> all.put(text, List.of(is[0], isLast ? 0 : is[1])));
    }
    return all;
  }

  /** log10 p(word | context), by the definition. */
  public double log10(List<String> context, String word) {
    int longest = Math.min(context.size(), levels.size() - 1);
    return backedOff(context.subList(context.size() - longest, context.size()), known(word));
  }

  private double backedOff(List<String> context, String word) {
    List<String> nGram = new ArrayList<>(context);
    nGram.add(word);
    float[] found = levels.get(context.size()).get(nGram);
    if (found != null) {
      return found[0];
    }
    if (context.isEmpty()) {
      return -100; // no <unk>
    }
    float[] backoff = levels.get(context.size() - 1).get(context);
    return (backoff == null ? 0 : backoff[1]) + backedOff(context.subList(1, context.size()), word);
  }

  /** log10 of a sentence, from {@code <s>} to {@code </s>}. */
  public double log10(List<String> sentence) {
    List<String> context = new ArrayList<>(List.of("<s>"));
    double sum = 0;
    for (String word : sentence) {
      sum += log10(context, word);
      context.add(known(word));
    }
    return sum + log10(context, "</s>");
  }

  /** The word itself, or the unknown one. */
  public String known(String word) {
    return levels.get(0).containsKey(List.of(word)) ? word : "<unk>";
  }

  /** As an ARPA file, n-grams in any order. */
  public String arpa(Random random) {
    StringBuilder text = new StringBuilder("\\data\\\n");
    for (int n = 1; n <= levels.size(); n++) {
      text.append("ngram %d=%d\n".formatted(n, levels.get(n - 1).size()));
    }
    for (int n = 1; n <= levels.size(); n++) {
      text.append("\n\\%d-grams:\n".formatted(n));
      Map<Integer, String> lines = new TreeMap<>();
      for (Map.Entry<List<String>, float[]> entry : levels.get(n - 1).entrySet()) {
        float backoff = entry.getValue()[1];
        String end = backoff == 0 || n == levels.size() ? "" : "\t" + backoff;
        String line = entry.getValue()[0] + "\t" + String.join(" ", entry.getKey()) + end + "\n";
        while (lines.putIfAbsent(random.nextInt(), line) != null) {
          // another place
        }
      }
      lines.values().forEach(text::append);
    }
    return text.append("\n\\end\\\n").toString();
  }

  public NGramModel read(Path folder, Random random) {
    try {
      Path file = folder.resolve("model%x.arpa".formatted(random.nextLong()));
      return NGramModel.read(Files.writeString(file, arpa(random)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
