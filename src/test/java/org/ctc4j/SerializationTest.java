package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Transcript;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.VocabularyFormat;
import org.ctc4j.text.VocabularyOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What travels to another process, and what does not. */
class SerializationTest {
  private static final FrameTensor LOGITS =
      FrameTensor.of(new float[] {0, 2, 1, 3, 0, 0, 0, 1, 4, 0, 0, 5}, "NTC", 1, 4, 3);
  private static final Vocabulary VOCABULARY = Vocabulary.of(List.of("<blank>", "a", "é"));

  private static byte[] written(Object object) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    return bytes.toByteArray();
  }

  @SuppressWarnings("unchecked")
  private static <T> T travelled(T object) throws Exception {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(written(object)))) {
      return (T) in.readObject();
    }
  }

  @Test
  @DisplayName("Options and plain results are equal on the other side")
  void records() throws Exception {
    List<Record> records =
        List.of(
            CtcOptions.DEFAULT.withBlank(2).withInput(InputKind.LOG_PROBS),
            CtcOptions.DEFAULT.withLabelPriors(LabelPriors.of(new double[] {-1, -2}, 0.3)),
            BeamOptions.DEFAULT.withBeamWidth(7),
            EngineOptions.DEFAULT.withThreads(3),
            VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.NEMO).withClasses(5),
            new LabelSpan(1, 2, 5, -0.25),
            new BackendReport(Backend.CPU, true, "a processor", ""),
            ErrorCounts.words("now press six", "press sicks"),
            new Vocabulary.Word("now", 0, 3));
    for (Record each : records) {
      assertEquals(each, travelled(each));
    }
  }

  @Test
  @DisplayName("A path has the same frames, labels and spans")
  void path() throws Exception {
    CtcBatch batch = CtcBatch.of(LOGITS, Targets.of(new int[][] {{1, 2}}));
    for (CtcPath path :
        List.of(
            CtcAligner.create(Backend.CPU).align(batch).get(0),
            CtcPath.none(CtcStatus.NOT_FINITE))) {
      CtcPath other = travelled(path);
      assertEquals(path.toString(), other.toString());
      assertArrayEquals(path.labels(), other.labels());
      assertEquals(path.spans(), other.spans());
      for (int t = 0; t < path.frames(); t++) {
        assertEquals(path.state(t), other.state(t));
        assertEquals(path.symbol(t), other.symbol(t));
        assertEquals(path.logProbability(t), other.logProbability(t));
      }
      assertEquals(VOCABULARY.words(path), travelled(VOCABULARY.words(path)));
    }
  }

  @Test
  @DisplayName("An n-best list has the same outputs and texts")
  void nBest() throws Exception {
    CtcNBest nBest =
        CtcDecoder.create()
            .beamSearch(LOGITS, CtcOptions.DEFAULT, BeamOptions.DEFAULT.withNBest(3))
            .get(0);
    CtcNBest other = travelled(nBest);
    assertEquals(nBest.toString(), other.toString());
    assertEquals(3, other.hypotheses().size());
    for (int k = 0; k < 3; k++) {
      CtcHypothesis hypothesis = other.hypotheses().get(k);
      assertArrayEquals(nBest.hypotheses().get(k).labels(), hypothesis.labels());
      assertEquals(nBest.hypotheses().get(k).score(), hypothesis.score());
      assertEquals(nBest.hypotheses().get(k).logProbability(), hypothesis.logProbability());
    }
    Transcript text = VOCABULARY.transcripts(nBest).get(0);
    assertEquals(text.toString(), travelled(text).toString());
  }

  @Test
  @DisplayName("A vocabulary reads and spells as before")
  void vocabulary() throws Exception {
    String decomposed = "ae\u0301";
    for (Vocabulary each :
        List.of(
            VOCABULARY.withNfc(true),
            VOCABULARY.withNfc(true).withJoined(true).withBlank(0),
            Vocabulary.parse(
                "t.json", "{\"a\": 0, \"|\": 1, \"é\": 2}", VocabularyOptions.DEFAULT))) {
      Vocabulary other = travelled(each);
      assertEquals(each.toString(), other.toString());
      assertEquals(each.text(1, 2), other.text(1, 2));
      assertEquals(each.namedBlank(), other.namedBlank());
      assertEquals(each.hasWords(), other.hasWords());
      assertEquals(each.token(2), other.token(2));
      assertEquals(each.role(1), other.role(1));
    }
    assertArrayEquals(new int[] {1, 2}, travelled(VOCABULARY.withNfc(true)).encode(decomposed));
  }

  @Test
  @DisplayName("Engines stay where they are, and an executor says what to do")
  void engines() {
    CtcDecoder decoder = CtcDecoder.create();
    assertThrows(NotSerializableException.class, () -> written(decoder));
    try (Ctc ctc = Ctc.create(Backend.CPU);
        CtcAligner aligner = CtcAligner.create(Backend.CPU)) {
      assertThrows(NotSerializableException.class, () -> written(ctc));
      assertThrows(NotSerializableException.class, () -> written(aligner));
    }
    Exception e =
        assertThrows(
            NotSerializableException.class,
            () -> written(EngineOptions.DEFAULT.withExecutor(Runnable::run)));
    assertTrue(e.getMessage().contains("withExecutor(null)"), e::getMessage);
  }
}
