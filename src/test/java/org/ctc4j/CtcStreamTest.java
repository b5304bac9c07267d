package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctc4j.lm.NGramModel;
import org.ctc4j.lm.TextModel;
import org.ctc4j.text.Lexicon;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.WordScorer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A stream gives what one call gives, wherever it is cut. */
class CtcStreamTest {
  private static final int ALL = Integer.MAX_VALUE;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);
  private final CtcDecoder decoder = CtcDecoder.create();

  private String replay() {
    return "-Dctc4j.seed=" + seed;
  }

  private FrameTensor noise(int frames, int classes, double deviation) {
    float[] logits = new float[frames * classes];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (deviation * random.nextGaussian());
    }
    return FrameTensor.timeMajor(logits, frames, 1, classes);
  }

  /** Frames from … of an utterance, as a tensor of another layout. */
  private static FrameTensor piece(FrameTensor of, int n, int from, int count) {
    return FrameTensor.strided(
        of.elements(),
        of.index(from, n, 0),
        count,
        1,
        of.classes(),
        new Strides(of.frameStride(), 0, of.classStride()));
  }

  private static void add(CtcStream stream, FrameTensor logits, int size) {
    for (int t = 0; t < logits.frames(); t += Math.min(size, logits.frames() - t)) {
      stream.add(piece(logits, 0, t, Math.min(size, logits.frames() - t)));
    }
  }

  private static void assertSame(CtcNBest expected, CtcNBest got, String where) {
    assertEquals(expected.status(), got.status(), where);
    assertEquals(expected.hypotheses().size(), got.hypotheses().size(), where);
    for (int i = 0; i < expected.hypotheses().size(); i++) {
      CtcHypothesis one = expected.hypotheses().get(i);
      CtcHypothesis other = got.hypotheses().get(i);
      assertArrayEquals(one.labels(), other.labels(), where);
      assertEquals(one.logProbability(), other.logProbability(), where);
      assertEquals(one.score(), other.score(), where);
      assertEquals(one.added(), other.added(), where);
    }
  }

  @ParameterizedTest
  @EnumSource(InputKind.class)
  @DisplayName(
      "Pieces of 1, 7, 100 and all frames: the same bits as one call, of any type and kind")
  void pieces(InputKind input) {
    for (ElementType type : ElementType.values()) {
      TestBatch drawn = TestBatch.random(random, 230, 1, 9, 0, 2).withAllFrames();
      FrameTensor p = CtcContract.softmax(drawn.timeMajor(), type);
      FrameTensor numbers = input == InputKind.PROBABILITIES ? p : CtcContract.logarithms(p);
      CtcOptions options = CtcOptions.DEFAULT.withBlank(3).withInput(input);
      BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(7).withNBest(7).withTopClasses(6);
      HotWords hot = HotWords.of(List.of(new int[] {1, 2}, new int[] {4}), 1.5);
      CtcPath path = decoder.greedy(numbers, options).get(0);
      CtcNBest plain = decoder.beamSearch(numbers, options, beam).get(0);
      CtcNBest scored = decoder.beamSearch(numbers, options, beam, hot).get(0);
      for (int size : new int[] {1, 7, 100, ALL}) {
        String where = input + ", " + type + ", " + size + " " + replay();
        CtcStream greedy = decoder.stream(9, options);
        add(greedy, numbers, size);
        assertEquals(path.spans(), greedy.spans(0), where);
        assertArrayEquals(path.labels(), greedy.nBest().best().labels(), where);
        assertEquals(path.logProbability(), greedy.nBest().best().logProbability(), where);
        CtcStream stream = decoder.stream(9, options, beam);
        add(stream, numbers, size);
        assertSame(plain, stream.nBest(), where);
        assertSame(plain, stream.nBest(), where + ", again");
        stream = decoder.stream(9, options, beam, hot);
        add(stream, numbers, size);
        assertSame(scored, stream.nBest(), where);
      }
    }
  }

  @Test
  @DisplayName("The same with a language model, a lexicon, hot phrases, and all of them")
  void models(@TempDir Path folder) {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "<space>", "a", "b", "c"));
    List<String> words = List.of("a", "ab", "ba", "cab");
    List<String> entries = new ArrayList<>(words);
    entries.addAll(List.of("<s>", "</s>", "<unk>"));
    NGramModel model = TextModel.random(random, entries, 3).read(folder, random);
    Lexicon lexicon = Lexicon.of(vocabulary, words);
    BeamScorer<?> hot = vocabulary.hotWords(Map.of("ab cab", 2.0, "ba", 1.0));
    List<BeamScorer<?>> scorers =
        List.of(
            WordScorer.of(model, vocabulary, 1, 0.5),
            WordScorer.of(model, lexicon, 0.7, 1),
            TokenScorer.of(model, vocabulary, 0.5, 0.1),
            hot,
            WordScorer.of(model, lexicon, 0.7, 1).plus(hot));
    FrameTensor logits = noise(150, 5, 2.5);
    for (BeamOptions beam :
        List.of(
            BeamOptions.DEFAULT.withBeamWidth(20).withNBest(5),
            BeamOptions.DEFAULT.withBeamWidth(20).withNBest(5).withBeamThreshold(8))) {
      for (BeamScorer<?> scorer : scorers) {
        CtcNBest expected = decoder.beamSearch(logits, CtcOptions.DEFAULT, beam, scorer).get(0);
        for (int size : new int[] {1, 7, 100, ALL}) {
          CtcStream stream = decoder.stream(5, CtcOptions.DEFAULT, beam, scorer);
          add(stream, logits, size);
          assertSame(expected, stream.nBest(), scorer + ", " + size + " " + replay());
        }
      }
    }
  }

  /** Of so many frames the greedy output is started anew, twice, and tries are cleared. */
  @Test
  void longNarrowBeamsAreThoseOfOneCall() {
    for (int width : new int[] {1, 2, 5}) {
      FrameTensor logits = noise(700, 1100, 1.5);
      for (int t = 0; t < 700; t++) {
        for (int c = 0; c < 5; c++) {
          logits.set(t, 0, c, logits.get(t, 0, c) + 6);
        }
      }
      BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(width).withNBest(9).withTopClasses(1100);
      CtcNBest expected = decoder.beamSearch(logits, CtcOptions.DEFAULT, beam).get(0);
      CtcStream stream = decoder.stream(1100, CtcOptions.DEFAULT, beam);
      for (int t = 0; t < 700; t += 50) {
        stream.add(piece(logits, 0, t, 50));
        stream.nBest(); // a look changes nothing
        stream.spans(stream.finalSpans());
      }
      assertSame(expected, stream.nBest(), width + " " + replay());
      assertWellFormed(stream);
    }
  }

  private void assertWellFormed(CtcStream stream) {
    int end = 0;
    for (LabelSpan span : stream.spans(0)) {
      assertTrue(span.start() >= end && span.end() > span.start(), span + " " + replay());
      assertTrue(span.end() <= stream.frames(), span + " " + replay());
      end = span.end();
    }
  }

  @Test
  void whatIsFinalNeverChangesAndGrows() {
    for (int width : new int[] {1, 4, 12}) {
      FrameTensor logits = noise(600, 6, 4);
      BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(width);
      CtcStream[] streams = {
        decoder.stream(6, CtcOptions.DEFAULT), decoder.stream(6, CtcOptions.DEFAULT, beam)
      };
      for (CtcStream stream : streams) {
        List<LabelSpan> finals = new ArrayList<>();
        for (int t = 0; t < 600; t++) {
          stream.add(piece(logits, 0, t, 1));
          List<LabelSpan> spans = stream.spans(0);
          assertTrue(stream.finalSpans() >= finals.size(), replay());
          assertTrue(stream.finalSpans() <= spans.size(), replay());
          assertEquals(finals, spans.subList(0, finals.size()), replay());
          assertEquals(
              spans.subList(finals.size(), spans.size()), stream.spans(finals.size()), replay());
          finals = spans.subList(0, stream.finalSpans());
          assertWellFormed(stream);
          int end = spans.isEmpty() ? 0 : spans.get(spans.size() - 1).end();
          assertEquals(t + 1 - end, stream.trailingBlanks(), replay());
        }
        int[] all = stream.nBest().best().labels();
        for (int i = 0; i < finals.size(); i++) {
          assertEquals(finals.get(i).label(), all[i], replay());
        }
        assertTrue(stream != streams[0] || finals.size() > all.length - 2, replay());
      }
    }
  }

  @Test
  @DisplayName("The spans of a beam that loses nothing are those of the best path to its output")
  void spans() {
    BeamOptions everything = BeamOptions.DEFAULT.withBeamWidth(1_000_000);
    for (int i = 0; i < 50; i++) {
      FrameTensor logits = noise(1 + random.nextInt(8), 4, 3);
      CtcStream stream = decoder.stream(4, CtcOptions.DEFAULT, everything);
      stream.add(logits);
      int[] labels = stream.nBest().best().labels();
      CtcPath path =
          CtcAligner.create(Backend.CPU).align(CtcBatch.of(logits, Targets.of(labels))).get(0);
      List<LabelSpan> got = stream.spans(0);
      assertEquals(path.spans().size(), got.size(), replay());
      for (int k = 0; k < got.size(); k++) {
        LabelSpan expected = path.spans().get(k);
        assertEquals(expected.label(), got.get(k).label(), replay());
        assertEquals(expected.start(), got.get(k).start(), replay());
        assertEquals(expected.end(), got.get(k).end(), replay());
        assertEquals(expected.logProbability(), got.get(k).logProbability(), 1e-12, replay());
      }
    }
  }

  @Test
  @DisplayName("NaN makes the stream not finite, and it tells in which frame; reset begins anew")
  void notFinite() {
    FrameTensor logits = noise(20, 3, 1);
    FrameTensor bad = noise(20, 3, 1);
    bad.set(6, 0, 1, Double.NaN);
    for (CtcStream stream :
        List.of(
            decoder.stream(3, CtcOptions.DEFAULT),
            decoder.stream(3, CtcOptions.DEFAULT, BeamOptions.DEFAULT))) {
      stream.add(logits);
      stream.add(bad);
      stream.add(logits);
      assertEquals(60, stream.frames());
      assertEquals(CtcStatus.NOT_FINITE, stream.status());
      assertEquals(26, stream.firstNotFinite());
      assertEquals("NOT_FINITE after 60 frames: frame 26 is not finite", stream.toString());
      assertEquals("NOT_FINITE", stream.nBest().toString());
      assertEquals(List.of(), stream.spans(0));
      stream.reset();
      assertEquals("OK after 0 frames", stream.toString());
      assertEquals(-1, stream.firstNotFinite());
      stream.add(logits);
      assertEquals(CtcStatus.OK, stream.nBest().status());
    }
  }

  @Test
  void aFrameOfNothingMakesItInfeasible() {
    float nothing = Float.NEGATIVE_INFINITY;
    FrameTensor logits = FrameTensor.timeMajor(new float[] {0, 1, nothing, nothing, 0, 1}, 3, 1, 2);
    for (CtcStream stream :
        List.of(
            decoder.stream(2, CtcOptions.DEFAULT),
            decoder.stream(2, CtcOptions.DEFAULT, BeamOptions.DEFAULT))) {
      stream.add(piece(logits, 0, 0, 1));
      assertEquals(CtcStatus.OK, stream.status());
      stream.add(piece(logits, 0, 1, 2));
      assertEquals(CtcStatus.INFEASIBLE, stream.status());
      assertEquals("INFEASIBLE", stream.nBest().toString());
      assertEquals(List.of(), stream.spans(0));
    }
  }

  @Test
  @DisplayName("A piece that is refused names the frame of the stream, and leaves it as it was")
  void refused() {
    CtcOptions options = CtcOptions.DEFAULT.withInput(InputKind.PROBABILITIES);
    CtcStream stream = decoder.stream(2, options, BeamOptions.DEFAULT);
    stream.add(FrameTensor.timeMajor(new float[] {0.5f, 0.5f, 0.9f, 0.1f}, 2, 1, 2));
    String before = stream.nBest().toString();
    FrameTensor wrong = FrameTensor.timeMajor(new float[] {0, 1, 3, 0}, 2, 1, 2);
    assertEquals(
        "logits: frame 3 of the stream: class 0 has probability 3.0, expected a number in [0, 1];"
            + " are these logits? input LOGITS takes them",
        assertThrows(InvalidInputException.class, () -> stream.add(wrong)).getMessage());
    assertEquals(2, stream.frames());
    assertEquals(before, stream.nBest().toString());
    refuses("piece: expected 2 classes, got (T, N, C) = (1, 1, 3)", stream, noise(1, 3, 1));
    refuses(
        "piece: expected one utterance, got (T, N, C) = (1, 2, 2)",
        stream,
        FrameTensor.timeMajor(new float[4], 1, 2, 2));
    assertThrows(InvalidInputException.class, () -> stream.add(wrong, 0, 3));
    assertThrows(InvalidInputException.class, () -> stream.spans(-1));
    assertThrows(
        InvalidInputException.class, () -> decoder.stream(2, CtcOptions.DEFAULT.withBlank(2)));
    assertThrows(InvalidInputException.class, () -> decoder.stream(0, CtcOptions.DEFAULT));
  }

  private static void refuses(String message, CtcStream stream, FrameTensor piece) {
    assertEquals(
        message, assertThrows(InvalidInputException.class, () -> stream.add(piece)).getMessage());
  }

  @Test
  @DisplayName("Utterances of a batch go to streams of their own")
  void batches() {
    TestBatch drawn = TestBatch.random(random, 60, 3, 5, 0, 3);
    FrameTensor logits = drawn.timeMajor();
    BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(5).withNBest(5);
    List<CtcNBest> expected =
        decoder.beamSearch(logits, drawn.inputLengths(), drawn.options(), beam);
    CtcStream[] streams = new CtcStream[3];
    Arrays.setAll(streams, n -> decoder.stream(5, drawn.options(), beam));
    for (int n = 0; n < 3; n++) {
      streams[n].add(logits, n, drawn.inputLengths()[n]);
    }
    for (int n = 0; n < 3; n++) {
      assertSame(expected.get(n), streams[n].nBest(), replay());
    }
  }

  @Test
  @DisplayName("An hour of frames, greedily and with a beam, in a JVM of 64 MB")
  void memory() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                StreamMemory.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    String[] lines = output.split("\\R");
    assertTrue(Integer.parseInt(lines[0]) > 20_000, output); // final labels, greedy
    assertTrue(Integer.parseInt(lines[1]) > 20_000, output); // with a beam
    assertTrue(lines[2].startsWith("OK: best of 1:"), output);
    assertTrue(lines[3].startsWith("OK: best of 8:"), output);
  }
}
