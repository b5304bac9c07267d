package org.ctc4j.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Ints;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzReader;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Lexicon;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.VocabularyOptions;
import org.ctc4j.text.WordScorer;

/**
 * Word errors on the command line's sample of real speech, which its model had not heard, without a
 * language model and with a 3-gram of other sentences of the same kind, and the processor time of a
 * call on one thread; as tables in Markdown. The model's weight and the word bonus are chosen for
 * each recording as they are best for the seven others. What the language model knows of is: the
 * texts of Debian's asterisk-core-sounds-en, less every sentence that is one of the sample's, has
 * one within it, or is within one; the lexicon has their words and those of Debian's wamerican.
 */
final class WordErrors {
  private static final Path TEXTS =
      Path.of("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz");
  private static final Path DICTIONARY = Path.of("/usr/share/dict/words");
  private static final String SAMPLE = "/org/ctc4j/cli/sample/";
  private static final double[] WEIGHTS = {0.5, 1, 1.5, 2, 2.5, 3};
  private static final double[] WORD_BONUSES = {0, 1.5, 3};
  private static final long WARM_UP_NANOS = 2_000_000_000L;

  private final CtcDecoder decoder = CtcDecoder.create(EngineOptions.DEFAULT.withThreads(1));
  private final Vocabulary vocabulary;
  private final FrameTensor logits;
  private final int[] inputLengths;
  private final List<String> said;

  private WordErrors() throws IOException {
    vocabulary =
        Vocabulary.parse(
            "tokens.txt",
            new String(sample("tokens.txt"), StandardCharsets.UTF_8),
            VocabularyOptions.DEFAULT);
    try (NpzReader npz = NpzReader.open("speech.npz", sample("speech.npz"))) {
      NpyArray array = npz.read("logits");
      logits = FrameTensor.of(array.floats(), "TNC", Ints.of(array.shape()));
      inputLengths = npz.read("input_lengths").toIntsExact();
      int[] targets = npz.read("targets").toIntsExact();
      int[] targetLengths = npz.read("target_lengths").toIntsExact();
      said = new ArrayList<>();
      int padded = targets.length / targetLengths.length;
      for (int n = 0; n < targetLengths.length; n++) {
        int start = n * padded;
        said.add(vocabulary.text(Arrays.copyOfRange(targets, start, start + targetLengths[n])));
      }
    }
  }

  private static byte[] sample(String name) throws IOException {
    try (InputStream in = CtcDecoder.class.getResourceAsStream(SAMPLE + name)) {
      return in.readAllBytes();
    }
  }

  /**
   * @param args a folder for what peers/lexicon_decoder.cpp reads, or none
   */
  public static void main(String[] args) throws IOException {
    WordErrors errors = new WordErrors();
    List<String> sentences = errors.otherSentences();
    Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("ctc4j");
    Path arpa = folder.resolve("model.arpa");
    Files.writeString(arpa, KneserNey.arpa(sentences, 3));
    Set<String> words = words(sentences);
    errors.table(NGramModel.read(arpa), sentences, words);
    if (args.length > 0) {
      errors.writeForPeer(folder, words);
    }
  }

  /** Spellings and log-probabilities that end with the space. */
  private void writeForPeer(Path folder, Set<String> words) throws IOException {
    int[] space = vocabulary.labels(List.of("<space>"));
    List<String> lines = new ArrayList<>();
    for (String word : words) {
      String labels = Arrays.toString(vocabulary.encode(word)).replaceAll("[\\[\\],]", "");
      lines.add(word + " " + labels + " " + space[0]);
    }
    Files.write(folder.resolve("lexicon"), lines);
    int classes = logits.classes();
    int frames = Arrays.stream(inputLengths).map(length -> length + 1).sum();
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + 4 * said.size() + 4 * frames * classes)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(said.size()).putInt(classes);
    for (int n = 0; n < said.size(); n++) {
      bytes.putInt(inputLengths[n] + 1);
      for (int t = 0; t < inputLengths[n]; t++) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
          sum += Math.exp(logits.get(t, n, c));
        }
        for (int c = 0; c < classes; c++) {
          bytes.putFloat((float) (logits.get(t, n, c) - Math.log(sum)));
        }
      }
      for (int c = 0; c < classes; c++) {
        bytes.putFloat(c == space[0] ? 0 : -1000);
      }
    }
    Files.write(folder.resolve("log-probs"), bytes.array());
  }

  private static Set<String> words(List<String> sentences) throws IOException {
    Set<String> words = new TreeSet<>();
    sentences.forEach(sentence -> words.addAll(List.of(sentence.split(" "))));
    try (var lines = Files.lines(DICTIONARY)) {
      lines.filter(word -> word.matches("[a-z']+")).forEach(words::add);
    }
    return words;
  }

  private void table(NGramModel model, List<String> sentences, Set<String> words) {
    Lexicon lexicon = Lexicon.of(vocabulary, words);
    System.out.printf(
        Locale.ROOT,
        "%d sentences, %s; %s; %d words said%n%n",
        sentences.size(),
        model,
        lexicon,
        said.stream().mapToInt(text -> text.split(" ").length).sum());
    System.out.println("| search | word errors | rate |\n|---|---:|---:|");
    BeamOptions beam = BeamOptions.DEFAULT;
    print("greedy", ErrorCounts.words(said, greedy()));
    print("beam 100", ErrorCounts.words(said, search(beam, null)));
    WordScorer wordsAlone = WordScorer.of(lexicon, 0);
    print("beam 100, lexicon", ErrorCounts.words(said, search(beam, wordsAlone)));
    WordScorer closed = WordScorer.of(model, lexicon, 1.5, 1.5);
    BeamOptions near = beam.withBeamThreshold(15);
    chosen("beam 100, 3-gram", beam, (w, b) -> WordScorer.of(model, vocabulary, w, b));
    chosen("beam 100, 3-gram and lexicon", beam, (w, b) -> WordScorer.of(model, lexicon, w, b));
    chosen("the same, threshold 15 nats", near, (w, b) -> WordScorer.of(model, lexicon, w, b));
    WordScorer light = WordScorer.of(model, vocabulary, 0.5, 1.5); // as the command line, not told
    print("3-gram, weight 0.5, bonus 1.5", ErrorCounts.words(said, search(beam, light)));
    WordScorer lightAndClosed = WordScorer.of(model, lexicon, 0.5, 1.5);
    print("3-gram and lexicon, likewise", ErrorCounts.words(said, search(beam, lightAndClosed)));
    System.out.println();
    System.out.println(
        "| 3-gram and lexicon, weight 1.5, bonus 1.5 | median, ms | best, ms |\n|---|---:|---:|");
    time("beam 100", () -> search(beam, closed));
    time("beam 100, as if the scorer had no bound", () -> search(beam, new Unbounded<>(closed)));
    time("beam 100, threshold 15 nats", () -> search(near, closed));
    time("beam 100, no model", () -> search(beam, null));
    System.out.println();
    search(beam, closed).forEach(System.out::println);
  }

  private interface Scorers {
    WordScorer of(double weight, double wordBonus);
  }

  /** Weight and bonus of every recording are those that are best for the others. */
  private void chosen(String what, BeamOptions beam, Scorers scorers) {
    List<ErrorCounts[]> all = new ArrayList<>();
    for (double weight : WEIGHTS) {
      for (double wordBonus : WORD_BONUSES) {
        List<String> texts = search(beam, scorers.of(weight, wordBonus));
        ErrorCounts[] counts = new ErrorCounts[texts.size()];
        Arrays.setAll(counts, n -> ErrorCounts.words(said.get(n), texts.get(n)));
        all.add(counts);
      }
    }
    ErrorCounts sum = ErrorCounts.NONE;
    for (int n = 0; n < said.size(); n++) {
      int left = n;
      ErrorCounts[] best =
          all.stream().min(Comparator.comparingLong(counts -> errors(counts, left))).orElseThrow();
      sum = sum.plus(best[n]);
    }
    print(what, sum);
  }

  private static long errors(ErrorCounts[] counts, int without) {
    long sum = 0;
    for (int n = 0; n < counts.length; n++) {
      sum += n == without ? 0 : counts[n].errors();
    }
    return sum;
  }

  /** Those that are no sentence of the sample, nor a part of one, nor have one within them. */
  private List<String> otherSentences() throws IOException {
    List<String> sentences = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(TEXTS)), StandardCharsets.UTF_8))) {
      for (String line : in.lines().toList()) {
        int colon = line.indexOf(':');
        if (colon > 0 && !line.startsWith(";")) {
          String text = line.substring(colon + 1).replaceAll("\\[.*?\\]|<.*?>", " ");
          for (String part : text.toLowerCase(Locale.ROOT).split("[.!?;:]")) {
            sentences.add(part.replaceAll("[^a-z']+", " ").strip());
          }
        }
      }
    }
    return sentences.stream().filter(this::isOther).toList();
  }

  private boolean isOther(String sentence) {
    String padded = " " + sentence + " ";
    return !sentence.isEmpty()
        && said.stream().noneMatch(s -> padded.contains(" " + s + " "))
        && said.stream().noneMatch(s -> (" " + s + " ").contains(padded));
  }

  private List<String> greedy() {
    return decoder.greedy(logits, inputLengths, CtcOptions.DEFAULT).stream()
        .map(CtcPath::labels)
        .map(vocabulary::text)
        .collect(Collectors.toList());
  }

  private List<String> search(BeamOptions beam, BeamScorer<?> scorer) {
    List<CtcNBest> nBests =
        scorer == null
            ? decoder.beamSearch(logits, inputLengths, CtcOptions.DEFAULT, beam)
            : decoder.beamSearch(logits, inputLengths, CtcOptions.DEFAULT, beam, scorer);
    return nBests.stream()
        .map(n -> n.hypotheses().isEmpty() ? "" : vocabulary.text(n.best().labels()))
        .toList();
  }

  private static void print(String what, ErrorCounts errors) {
    System.out.printf(
        Locale.ROOT, "| %s | %d | %.1f %% |%n", what, errors.errors(), 100 * errors.rate());
  }

  /** Processor time of a call: the median and the best of nine. */
  private static void time(String what, Runnable call) {
    long end = System.nanoTime() + WARM_UP_NANOS;
    while (System.nanoTime() < end) {
      call.run();
    }
    double[] times = new double[9];
    for (int i = 0; i < times.length; i++) {
      long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      call.run();
      times[i] = 1e-6 * (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start);
    }
    Arrays.sort(times);
    System.out.printf(
        Locale.ROOT, "| %s | %.3g | %.3g |%n", what, times[times.length / 2], times[0]);
  }

  /** A scorer as if its bound were not known. */
  private record Unbounded<S>(BeamScorer<S> scorer) implements BeamScorer<S> {
    @Override
    public S start() {
      return scorer.start();
    }

    @Override
    public double score(S state, int label) {
      return scorer.score(state, label);
    }

    @Override
    public S next(S state, int label) {
      return scorer.next(state, label);
    }

    @Override
    public double end(S state) {
      return scorer.end(state);
    }
  }
}
