package org.ctc4j.examples.ocr;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.awt.geom.Rectangle2D;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.Ints;
import org.ctc4j.Targets;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.VocabularyFormat;
import org.ctc4j.text.VocabularyOptions;
import org.ctc4j.text.WordSpan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A real model's softmax, as ONNX Runtime leaves it, and the model's own dictionary. */
class RecognizerTest {
  private static final BeamOptions BEAM = BeamOptions.DEFAULT.withNBest(5);

  private static Recognizer recognizer;
  private static List<PrintedLine> lines;

  @BeforeAll
  static void load() throws OrtException {
    try {
      recognizer = new Recognizer();
      lines = new ArrayList<>();
      for (String text : Ocr.LINES) {
        lines.add(PrintedLine.of(text));
      }
    } catch (IOException | UnsatisfiedLinkError | ExceptionInInitializerError e) {
      abort("SKIPPED, no model: " + e);
    } catch (NoFontException e) {
      abort("SKIPPED, no font: " + e.getMessage());
    }
  }

  @AfterAll
  static void close() throws OrtException {
    if (recognizer != null) {
      recognizer.close();
    }
  }

  static List<PrintedLine> lines() {
    return lines;
  }

  private static Reading read(PrintedLine line) throws OrtException {
    return Reading.of(
        recognizer.probabilities(line.image()), recognizer.vocabulary(), recognizer.options());
  }

  @Test
  @DisplayName("The dictionary, as it comes, is recognised: blank, characters, space")
  void dictionary() {
    Vocabulary vocabulary = recognizer.vocabulary();
    assertEquals(VocabularyFormat.PADDLE_OCR, vocabulary.format());
    assertEquals(6625, vocabulary.size());
    assertEquals(0, vocabulary.blank().getAsInt());
    assertEquals(" ", vocabulary.token(6624));
  }

  @ParameterizedTest
  @DisplayName("Printed text is read without an error, by the greedy path and by the beam search")
  @MethodSource("lines")
  void text(PrintedLine line) throws OrtException {
    Reading reading = read(line);
    assertEquals(line.text(), reading.greedy());
    assertEquals(line.text(), reading.beam());
    assertTrue(reading.probability() > 0 && reading.probability() <= 1, reading::toString);
  }

  @ParameterizedTest
  @DisplayName("Every character has a box, in order, inside the line, around where it was printed")
  @MethodSource("lines")
  void boxes(PrintedLine line) throws OrtException {
    List<CharacterBox> boxes = read(line).boxes();
    assertEquals(line.text().length(), boxes.size());
    double left = 0;
    for (int i = 0; i < boxes.size(); i++) {
      CharacterBox box = boxes.get(i);
      assertEquals(line.text().substring(i, i + 1), box.text());
      assertTrue(box.confidence() > 0 && box.confidence() <= 1, box::toString);
      Rectangle2D place = box.place();
      assertTrue(place.getMinX() >= left && place.getWidth() > 0, box::toString);
      assertTrue(place.getMaxX() <= line.image().getWidth(), box::toString);
      double middle = (line.edges()[i] + line.edges()[i + 1]) / 2;
      double half = Recognizer.FRAME_PIXELS / 2.0; // what a frame leaves open
      assertTrue(
          place.getMinX() - half <= middle && middle <= place.getMaxX() + half,
          () -> "%s, printed around %s".formatted(box, middle));
      left = place.getMaxX();
    }
  }

  @Test
  @DisplayName("The model writes where ctc4j reads: the numbers are those of a copy")
  void noCopy() throws OrtException {
    PrintedLine line = lines.get(0);
    FrameTensor tensor = recognizer.probabilities(line.image());
    FloatBuffer memory = (FloatBuffer) tensor.elements().storage();
    assertTrue(memory.isDirect());
    try (OnnxTensor pixels = recognizer.input(line.image());
        OrtSession.Result result = recognizer.session().run(Map.of("x", pixels))) {
      FloatBuffer copy = ((OnnxTensor) result.get(0)).getFloatBuffer();
      assertEquals(copy.remaining(), tensor.elements().length());
      assertEquals(copy, memory);
    }
  }

  @ParameterizedTest
  @DisplayName("Loss and gradient of what was printed are those of the reference")
  @MethodSource("lines")
  void loss(PrintedLine line) throws OrtException {
    FrameTensor tensor = recognizer.probabilities(line.image());
    int[] labels = recognizer.vocabulary().encode(line.text());
    CtcBatch batch = CtcBatch.of(tensor, Targets.of(labels));
    try (Ctc cpu = Ctc.create(Backend.CPU);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      CtcResult result = cpu.lossAndGradient(batch, recognizer.options());
      CtcResult expected = reference.lossAndGradient(batch, recognizer.options());
      assertEquals(CtcStatus.OK, result.status(0));
      assertEquals(expected.loss(0), result.loss(0), 1e-6 * expected.loss(0));
      assertTrue(result.loss(0) > 0, () -> "loss " + result.loss(0));
      double square = 0;
      double difference = 0;
      for (int t = 0; t < tensor.frames(); t++) {
        double posteriors = 0;
        for (int c = 0; c < tensor.classes(); c++) {
          double gradient = result.gradient().get(t, 0, c);
          double textbook = expected.gradient().get(t, 0, c);
          posteriors -= tensor.get(t, 0, c) * gradient;
          square += textbook * textbook;
          difference += (gradient - textbook) * (gradient - textbook);
        }
        assertEquals(1, posteriors, 1e-6, "frame " + t); // the gradient is −posterior / p
      }
      assertTrue(difference <= 1e-10 * square, difference + " of " + square);
    }
  }

  @ParameterizedTest
  @DisplayName("No text of the beam is likelier than its loss says")
  @MethodSource("lines")
  void beam(PrintedLine line) throws OrtException {
    FrameTensor tensor = recognizer.probabilities(line.image());
    CtcNBest outputs = CtcDecoder.create().beamSearch(tensor, recognizer.options(), BEAM).get(0);
    assertEquals(BEAM.nBest(), outputs.hypotheses().size());
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      outputs
          .hypotheses()
          .forEach(
              output -> {
                CtcBatch batch = CtcBatch.of(tensor, Targets.of(output.labels()));
                double loss = ctc.loss(batch, recognizer.options()).loss(0);
                assertTrue(output.logProbability() <= -loss + 1e-6, output + ", loss " + loss);
              });
    }
  }

  /** README's lines, but for white space and comments. */
  private static void readme(OrtSession session, OnnxTensor input, Path file) throws Exception {
    // README:
    try (OrtSession.Result outputs = session.run(Map.of("x", input))) {
      OnnxTensor output = (OnnxTensor) outputs.get(0);
      FrameTensor logits =
          FrameTensor.of(
              Elements.of(output.getFloatBuffer()), "NTC", Ints.of(output.getInfo().getShape()));
      Vocabulary vocabulary =
          Vocabulary.read(file, VocabularyOptions.DEFAULT.withClasses(logits.classes()));
      CtcOptions options = CtcOptions.DEFAULT.withBlank(vocabulary.blank().orElse(0));
      CtcPath path = CtcDecoder.create().greedy(logits, options).get(0);
      for (WordSpan word : vocabulary.words(path)) {
        System.out.printf(
            "%s, %.2f to %.2f s%n", word.text(), word.startSeconds(0.02), word.endSeconds(0.02));
      }
    }
    // .
  }

  @Test
  @DisplayName("README's lines from ONNX Runtime's output to words and times are these, and run")
  void readmeLines(@TempDir Path directory) throws Exception {
    String source =
        Files.readString(Path.of("src/test/java/org/ctc4j/examples/ocr/RecognizerTest.java"));
    String body = source.substring(source.indexOf("// README:\n"), source.indexOf("// .\n"));
    assertTrue(dense(Files.readString(Path.of("../README.md"))).contains(dense(body)), body);

    PrintedLine line = lines.get(1);
    Path file = directory.resolve("keys.txt");
    try (InputStream in = getClass().getResourceAsStream("/models/ppocr_keys_v1.txt")) {
      Files.copy(in, file);
    }
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try (OnnxTensor input = recognizer.input(line.image())) {
      readme(recognizer.session(), input, file);
    } finally {
      System.setOut(before);
    }
    CtcPath path =
        CtcDecoder.create()
            .greedy(recognizer.probabilities(line.image()), recognizer.options())
            .get(0);
    List<WordSpan> words = recognizer.vocabulary().words(path);
    assertEquals(line.text(), words.stream().map(WordSpan::text).collect(joining(" ")));
    List<String> expected =
        words.stream()
            .map(
                word ->
                    "%s, %.2f to %.2f s"
                        .formatted(word.text(), word.startSeconds(0.02), word.endSeconds(0.02)))
            .toList();
    assertEquals(expected, out.toString(StandardCharsets.UTF_8).lines().toList());
  }

  /** Without comments and white space. */
  private static String dense(String code) {
    return code.replaceAll("(?<!:)//[^\n]*", "").replaceAll("\\s+", "");
  }
}
