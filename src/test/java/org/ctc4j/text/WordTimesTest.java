package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.FrameTensor;
import org.ctc4j.LabelSpan;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** When words are said, and how much of an n-best says them. */
class WordTimesTest {
  private static FrameTensor peaked(int classes, int... path) {
    float[] logits = new float[path.length * classes];
    for (int t = 0; t < path.length; t++) {
      logits[classes * t + path[t]] = 3;
    }
    return FrameTensor.timeMajor(logits, path.length, 1, classes);
  }

  @Test
  @DisplayName("A word is from the first frame of its first label to the last of its last")
  void words() {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "▁h", "i", "▁"));
    int[] frames = {0, 1, 1, 0, 2, 2, 0, 3, 3, 2, 0};
    CtcPath path =
        CtcDecoder.create()
            .greedy(peaked(4, frames), new int[] {frames.length}, CtcOptions.DEFAULT)
            .get(0);
    List<WordSpan> words = vocabulary.words(path);
    assertEquals(List.of("hi", "i"), words.stream().map(WordSpan::text).toList());
    WordSpan hi = words.get(0);
    assertEquals(1, hi.start());
    assertEquals(6, hi.end());
    assertEquals(0.02, hi.startSeconds(0.02));
    assertEquals(0.12, hi.endSeconds(0.02));
    assertEquals(path.spans().subList(0, 2), hi.labels());
    double p = Math.exp(3) / (Math.exp(3) + 3);
    assertEquals(p, hi.confidence(), 1e-12);
    assertEquals(9, words.get(1).start());
    assertEquals(List.of(), Vocabulary.of(List.of("<blank>", "x", "y", "z")).words(path));
  }

  private static CtcPath path(int classes, int... frames) {
    return CtcDecoder.create()
        .greedy(peaked(classes, frames), new int[] {frames.length}, CtcOptions.DEFAULT)
        .get(0);
  }

  @Test
  @DisplayName("Words of one token share its frames evenly, and blanks beside it where it has few")
  void sharedFrames() {
    Vocabulary vocabulary = Vocabulary.of(List.of("_", "▁of▁the", "re", "▁a▁b▁c"));
    assertSaid(List.of("of 0-2", "the 2-4"), vocabulary, 1, 1, 1, 1, 0);
    assertSaid(List.of("of 0-1", "the 1-3"), vocabulary, 1, 1, 1, 0);
    assertSaid(List.of("of 1-2", "there 2-6"), vocabulary, 0, 1, 0, 0, 2, 2, 0);
    assertSaid(List.of("of 1-2", "the 2-3"), vocabulary, 0, 1, 0);
    assertSaid(List.of("of 0-1", "there 1-3"), vocabulary, 0, 1, 2, 0);
    assertSaid(List.of("of 0-0", "there 0-2"), vocabulary, 1, 2);
    assertSaid(List.of("a 1-2", "b 2-3", "c 3-4"), vocabulary, 0, 0, 3, 0);
    assertSaid(List.of("of 0-1", "the 1-2", "a 2-2", "b 2-3", "c 3-4"), vocabulary, 1, 0, 3, 0);
    CtcPath path = path(4, 0, 1, 0, 2);
    WordSpan there = vocabulary.words(path).get(1);
    assertEquals(path.spans(), there.labels());
    double p = Math.exp(3) / (Math.exp(3) + 3);
    assertEquals(p, there.confidence(), 1e-12);
    assertEquals(p, vocabulary.words(path(4, 1, 2)).get(0).confidence(), 1e-12, "without a frame");
  }

  private static void assertSaid(List<String> expected, Vocabulary vocabulary, int... frames) {
    List<WordSpan> words = vocabulary.words(path(vocabulary.size(), frames));
    assertEquals(
        expected, words.stream().map(w -> w.text() + " " + w.start() + "-" + w.end()).toList());
  }

  @Test
  @DisplayName("Of random paths no word begins before another has ended, and none lacks a frame")
  void sharedFramesOfRandomPaths() {
    Random random = Seed.random(getClass());
    Vocabulary vocabulary = Vocabulary.of(List.of("_", "▁a▁b", "c", "d▁e▁f", "▁", "▁g", "h▁"));
    for (int round = 0; round < 500; round++) {
      int[] frames = random.ints(1 + random.nextInt(20), 0, 7).toArray();
      Arrays.setAll(frames, t -> random.nextInt(3) == 0 ? frames[t] : 0);
      CtcPath path = path(7, frames);
      List<WordSpan> words = vocabulary.words(path);
      String what = Arrays.toString(frames) + words;
      int end = 0;
      for (WordSpan word : words) {
        assertTrue(word.start() >= end && word.end() >= word.start(), what);
        end = word.end();
      }
      assertTrue(end <= frames.length, what);
      for (LabelSpan span : path.spans()) { // a frame of a label is one of a word that has it
        List<WordSpan> own = words.stream().filter(w -> w.labels().contains(span)).toList();
        for (int t = span.start(); t < span.end() && !own.isEmpty(); t++) {
          int frame = t;
          assertTrue(own.stream().anyMatch(w -> w.start() <= frame && frame < w.end()), what);
        }
        boolean isTight = span.frames() < own.size();
        for (WordSpan word : own) {
          assertTrue(isTight || word.end() > word.start(), what);
        }
      }
    }
  }

  @Test
  @DisplayName("Texts agree in as many words as the alignment with the fewest edits has right")
  void agreement() {
    Random random = Seed.random(getClass());
    for (int round = 0; round < 2000; round++) {
      int[] words = random.ints(random.nextInt(8), 0, 3).toArray();
      int[] other = random.ints(random.nextInt(8), 0, 3).toArray();
      WordShares shares = new WordShares(words);
      shares.add(other, 0.5);
      double[] agreed = shares.shares();
      String what = Arrays.toString(words) + Arrays.toString(other) + Arrays.toString(agreed);
      assertEquals(
          ErrorCounts.labels(words, other).correct(), 2 * Arrays.stream(agreed).sum(), what);
      int at = 0; // what agrees is in the other, in that order
      for (int i = 0; i < words.length; i++) {
        if (agreed[i] > 0) {
          while (at < other.length && other[at] != words[i]) {
            at++;
          }
          assertTrue(at++ < other.length, what);
        }
      }
      shares.add(words, 0.25);
      for (double share : shares.shares()) {
        assertTrue(share == 0.25 || share == 0.75, what);
      }
    }
  }

  @Test
  @DisplayName("A word's share is the probability of the texts that have it, of that of all")
  void shares() {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "▁go", "▁no", "▁on"));
    double[] p = {0.1, 0.2, 0.3, 0.4};
    double[] q = {0.05, 0.05, 0.2, 0.7};
    float[] logits = new float[12];
    for (int c = 0; c < 4; c++) {
      logits[c] = (float) Math.log(p[c]);
      logits[4 + c] = c == 0 ? 9 : -9; // the blank between them
      logits[8 + c] = (float) Math.log(q[c]);
    }
    logits[4] = 40;
    CtcNBest nBest =
        CtcDecoder.create()
            .beamSearch(
                FrameTensor.timeMajor(logits, 3, 1, 4),
                new int[] {3},
                CtcOptions.DEFAULT,
                BeamOptions.DEFAULT.withNBest(100))
            .get(0);
    List<Transcript> transcripts = vocabulary.transcripts(nBest);
    Transcript best = transcripts.get(0);
    assertEquals("on on", best.text());
    // first on of "on on": those with on first, or with on alone, which is the nearest to both
    double[] shares = vocabulary.wordShares(transcripts, 0);
    assertEquals(2, shares.length);
    double first = p[3] * (q[1] + q[2] + q[3]);
    double last = q[3] * (p[1] + p[2] + p[3]);
    double alone = p[3] * q[0] + q[3] * p[0];
    assertEquals(first + last + alone, shares[0] + shares[1], 1e-5);
    assertTrue(shares[0] >= first - 1e-5 && shares[1] >= last - 1e-5);
    assertArrayEquals(new double[] {1}, vocabulary.wordShares(List.of(find(transcripts, "go")), 0));
  }

  private static Transcript find(List<Transcript> transcripts, String text) {
    return transcripts.stream().filter(t -> t.text().equals(text)).findFirst().get();
  }
}
