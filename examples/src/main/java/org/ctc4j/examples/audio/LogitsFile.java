package org.ctc4j.examples.audio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.ctc4j.io.NpzWriter;
import org.ctc4j.text.Vocabulary;

/**
 * What a model made of utterances, for {@code ctc decode}, {@code ctc align} and others: NAME.npz
 * with logits (T, N, C), targets and lengths; NAME.names, what the utterances are called, a line
 * each; NAME.transcripts, name and text on a line, as Kaldi has them; and tokens.txt.
 */
public final class LogitsFile {
  private LogitsFile() {}

  /**
   * @param logits of each utterance, [t * classes + c]
   */
  public static void write(
      Path directory,
      String name,
      List<Utterance> utterances,
      List<float[]> logits,
      Vocabulary vocabulary)
      throws IOException {
    int size = utterances.size();
    int classes = vocabulary.size();
    int[] inputLengths = logits.stream().mapToInt(one -> one.length / classes).toArray();
    int[] targetLengths = utterances.stream().mapToInt(u -> u.labels().length).toArray();
    int[] targets = utterances.stream().flatMapToInt(u -> Arrays.stream(u.labels())).toArray();
    long frames = Arrays.stream(inputLengths).max().orElse(0);
    Files.createDirectories(directory);
    try (NpzWriter npz = NpzWriter.openCompressed(directory.resolve(name + ".npz"))) {
      npz.addFloats(
          "logits",
          new long[] {frames, size, classes},
          (row, values) -> {
            int t = (int) (row / size);
            int n = (int) (row % size);
            if (t < inputLengths[n]) {
              System.arraycopy(logits.get(n), t * classes, values, 0, classes);
            } else {
              Arrays.fill(values, 0);
            }
          });
      npz.addInts("targets", new long[] {targets.length}, targets);
      npz.addInts("target_lengths", new long[] {size}, targetLengths);
      npz.addInts("input_lengths", new long[] {size}, inputLengths);
      npz.commit();
    }
    Files.write(
        directory.resolve(name + ".names"), utterances.stream().map(Utterance::name).toList());
    Files.write(
        directory.resolve(name + ".transcripts"),
        utterances.stream().map(u -> u.name() + " " + vocabulary.text(u.labels())).toList());
    Files.write(
        directory.resolve("tokens.txt"),
        IntStream.range(0, classes).mapToObj(vocabulary::token).toList());
  }
}
