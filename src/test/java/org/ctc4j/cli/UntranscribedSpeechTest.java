package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ctc4j.Ints;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Forty recordings joined to one, ten of which nobody transcribed. */
class UntranscribedSpeechTest {
  private static final int RECORDINGS = 40;
  private static final double FRAME = 0.02;

  @TempDir private Path folder;

  /** Of 8: each five times, no two alike next to each other or but one. */
  private static int piece(int i) {
    return (3 * i + i / 8) % 8;
  }

  private static boolean isTranscribed(int i) {
    return i % 4 != 1;
  }

  /** Start and end of each transcribed word in frames, as its recording alone has them. */
  private record Expected(List<int[]> words, float[] logits, int frames) {}

  private static Expected join() throws Exception {
    float[] sample;
    int[] lengths;
    int classes;
    try (NpzReader npz = Sample.open()) {
      NpyArray array = npz.read("logits"); // (T, N, C)
      sample = array.floats().clone();
      classes = Ints.of(array.shape())[2];
      lengths = npz.read("input_lengths").toIntsExact();
    }
    JsonNode alone = Cli.run("align", "--json").json().get("utterances");
    List<int[]> words = new ArrayList<>();
    int frames = 0;
    float[] logits = new float[RECORDINGS * 200 * classes];
    for (int i = 0; i < RECORDINGS; i++) {
      int n = piece(i);
      for (JsonNode word : alone.get(n).get("words")) {
        if (isTranscribed(i)) {
          words.add(
              new int[] {frames + word.get("start").asInt(), frames + word.get("end").asInt()});
        }
      }
      for (int t = 0; t < lengths[n]; t++, frames++) {
        int from = (t * lengths.length + n) * classes;
        System.arraycopy(sample, from, logits, frames * classes, classes);
      }
    }
    return new Expected(words, Arrays.copyOf(logits, frames * classes), frames);
  }

  /** How far each word is off, in seconds. */
  private double[] errors(Expected expected, String mark) throws Exception {
    List<String> transcripts = Sample.transcripts();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < RECORDINGS; i++) {
      text.append(isTranscribed(i) ? transcripts.get(piece(i)) : mark).append(' ');
    }
    Path texts = Files.writeString(folder.resolve("text"), text);
    Path tokens = folder.resolve("tokens.txt");
    try (var in = Sample.class.getResourceAsStream("sample/tokens.txt")) {
      Files.write(tokens, in.readAllBytes());
    }
    String shape =
        "(%d, 1, %d)".formatted(expected.frames, expected.logits.length / expected.frames);
    Path npz =
        new NpzFile().floats("logits", shape, expected.logits).write(folder.resolve("long.npz"));
    List<Object> command =
        new ArrayList<>(
            List.of("align", npz, "--tokens", tokens, "--transcripts", texts, "--json"));
    if (!mark.isEmpty()) {
      command.addAll(List.of("--star", mark));
    }
    JsonNode utterance = Cli.run(command.toArray()).json().get("utterances").get(0);
    List<JsonNode> words = new ArrayList<>();
    for (JsonNode word : utterance.get("words")) {
      if (!word.get("word").asText().equals("*")) {
        words.add(word);
      }
    }
    assertEquals(expected.words.size(), words.size());
    double[] errors = new double[words.size()];
    for (int i = 0; i < errors.length; i++) {
      int start = Math.abs(words.get(i).get("start").asInt() - expected.words.get(i)[0]);
      int end = Math.abs(words.get(i).get("end").asInt() - expected.words.get(i)[1]);
      errors[i] = FRAME * Math.max(start, end);
    }
    return errors;
  }

  private static long above(double[] errors, double seconds) {
    return Arrays.stream(errors).filter(error -> error > seconds + 1e-9).count();
  }

  @Test
  void withStarsNoWordIsOffByMoreThanATenthOfASecond() throws Exception {
    Expected expected = join();
    double[] without = errors(expected, "");
    double[] with = errors(expected, "*");
    double worst = Arrays.stream(without).max().orElseThrow();
    assertTrue(above(without, 0.1) >= 15 && worst > 1, "without stars words should be far off");
    assertEquals(0, above(with, 0.1), Arrays.toString(with));
  }
}
