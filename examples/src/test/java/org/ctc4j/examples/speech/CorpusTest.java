package org.ctc4j.examples.speech;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.ctc4j.examples.audio.LogitsFile;
import org.ctc4j.examples.audio.Recording;
import org.ctc4j.examples.audio.Utterance;
import org.ctc4j.io.NpzReader;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorpusTest {
  private static final long SEED = 20261126;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "Please try again.  | please try again",
        "Press 1, or 2     | press one or two",
        "l'appel – réessayé | l'appel réessayé",
        "A.M.              | am",
        "'quoted' don’t     | quoted don't",
        "touch-tone        | touch tone",
        "dial 500          | \"\"",
        "press 3           | \"\"",
        "dash [-]          | \"\"",
        "press *           | \"\"",
        "...               | \"\"",
      })
  @DisplayName("Texts are as they are pronounced; those of which that is not known are left out")
  void normalised(String text, String expected) {
    Map<String, String> digits = Map.of("digits/1", "One", "digits/2", "two");
    assertEquals(expected, Sentences.normalised(text, digits));
  }

  @Test
  @DisplayName("Transcripts are read by name, without comments")
  void read() throws IOException {
    Path file = directory.resolve("texts.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      String text = "; a comment: this\n\ndigits/1: one\nvm-x: Press 1: now\nvm-y: Press 1 now.\n";
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(Map.of("digits/1", "one", "vm-y", "press one now"), Sentences.read(file));
  }

  /** Thirty texts, each said twice. */
  private static Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < 60; i++) {
      texts.put("r/" + i, "sentence " + Character.toString('a' + i % 30 % 26) + "x".repeat(i % 30));
    }
    return texts;
  }

  private void record(String name, int samples) throws IOException {
    Path file = directory.resolve(name + ".wav");
    Files.createDirectories(file.getParent());
    byte[] bytes = new byte[2 * samples];
    bytes[1] = 0x40;
    AudioInputStream in =
        new AudioInputStream(
            new ByteArrayInputStream(bytes), new AudioFormat(8000, 16, 1, true, false), samples);
    AudioSystem.write(in, AudioFileFormat.Type.WAVE, file.toFile());
  }

  @Test
  @DisplayName("No sentence is both trained and tested with, however often it was recorded")
  void split() throws IOException {
    Map<String, String> texts = texts();
    for (String name : texts.keySet()) {
      record(name, 8000);
    }
    texts.put("not recorded", "another");
    Set<String> heldOut = Sentences.heldOut(texts, SEED);
    assertEquals(31 / 8, heldOut.size());
    Corpus corpus = new Corpus(texts, heldOut, directory, 0.9, 1);
    Set<String> trained = said(corpus.training(), corpus.vocabulary());
    Set<String> tested = said(corpus.heldOut(), corpus.vocabulary());
    Set<String> both = new HashSet<>(trained);
    both.retainAll(tested);
    assertEquals(Set.of(), both, "seed " + SEED);
    assertTrue(heldOut.containsAll(tested), "seed " + SEED);
    int recorded = corpus.asRecorded().size() + corpus.heldOut().size();
    assertEquals(60, recorded);
    assertEquals(2 * corpus.asRecorded().size(), corpus.training().size());
  }

  private static Set<String> said(List<Utterance> utterances, Vocabulary vocabulary) {
    return utterances.stream().map(u -> vocabulary.text(u.labels())).collect(Collectors.toSet());
  }

  @Test
  @DisplayName("A recording of another rate is refused; a faster one is shorter")
  void recordings() throws IOException {
    record("one", 900);
    float[] samples = Recording.read(directory.resolve("one.wav"), 8000);
    assertEquals(900, samples.length);
    assertEquals(0.5f, samples[0]);
    IOException e =
        assertThrows(IOException.class, () -> Recording.read(directory.resolve("one.wav"), 16000));
    assertTrue(e.getMessage().contains("expected PCM_SIGNED 16000.0 Hz"), e.getMessage());
    assertArrayEquals(new float[] {0, 2, 4}, Recording.atSpeed(new float[] {0, 1, 2, 3, 4, 5}, 2));
    assertArrayEquals(new float[] {0, 0.5f, 1, 1}, Recording.atSpeed(new float[] {0, 1}, 0.5));
  }

  @Test
  @DisplayName("Logits are written as ctc reads them: padded, with targets, lengths and names")
  void logits() throws IOException {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "<space>", "a"));
    List<Utterance> utterances =
        List.of(
            new Utterance("x_1", null, vocabulary.encode("a")),
            new Utterance("y", null, vocabulary.encode("a a")));
    List<float[]> logits = List.of(new float[] {1, 2, 3}, new float[] {4, 5, 6, 7, 8, 9});
    LogitsFile.write(directory, "some", utterances, logits, vocabulary);
    try (NpzReader npz = NpzReader.open(directory.resolve("some.npz"))) {
      assertArrayEquals(new long[] {2, 2, 3}, npz.read("logits").shape());
      assertArrayEquals(
          new float[] {1, 2, 3, 4, 5, 6, 0, 0, 0, 7, 8, 9}, npz.read("logits").floats());
      assertArrayEquals(new int[] {2, 2, 1, 2}, npz.read("targets").ints());
      assertArrayEquals(new int[] {1, 3}, npz.read("target_lengths").ints());
      assertArrayEquals(new int[] {1, 2}, npz.read("input_lengths").ints());
    }
    assertEquals("x_1\ny\n", Files.readString(directory.resolve("some.names")));
    assertEquals("x_1 a\ny a a\n", Files.readString(directory.resolve("some.transcripts")));
    assertEquals("<blank>\n<space>\na\n", Files.readString(directory.resolve("tokens.txt")));
  }
}
