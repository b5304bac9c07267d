package org.ctc4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcStatus;
import org.ctc4j.CtcStream;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;

/** Decodes frames as they come, and prints a line whenever nothing has been said for a while. */
final class StreamDecoding {
  /** So many frames without a label end an utterance. */
  static final int ENDPOINT_FRAMES = 50;

  /** Looked for every so many frames, wherever the input is cut. */
  private static final int PIECE_FRAMES = 10;

  private final CtcStream stream;
  private final Vocabulary vocabulary;
  private final PrintWriter out;
  private long before; // frames of the utterances that have ended

  StreamDecoding(CtcStream stream, Vocabulary vocabulary, PrintWriter out) {
    this.stream = stream;
    this.vocabulary = vocabulary;
    this.out = out;
  }

  /**
   * @param in float32 numbers, little-endian, frame after frame
   */
  void decode(InputStream in) throws IOException {
    int classes = vocabulary.size();
    int frameBytes = Math.multiplyExact(classes, Float.BYTES);
    byte[] bytes = new byte[Math.multiplyExact(PIECE_FRAMES, frameBytes)];
    int count;
    do {
      count = in.readNBytes(bytes, 0, bytes.length);
      if (count % frameBytes != 0) {
        throw new InvalidInputException(
            "standard input: expected frames of %d float32 numbers, %d bytes, got %d bytes in the end"
                .formatted(classes, frameBytes, count % frameBytes));
      }
      float[] numbers = new float[count / Float.BYTES];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
      add(FrameTensor.timeMajor(numbers, count / frameBytes, 1, classes));
    } while (count == bytes.length);
    end();
  }

  private void add(FrameTensor piece) {
    stream.add(piece);
    if (stream.status() != CtcStatus.OK) {
      int frame = stream.firstNotFinite();
      throw new InvalidInputException(
          frame >= 0
              ? "standard input: frame %d has NaN or +Infinity".formatted(before + frame)
              : "standard input: no output is possible in frames %d to %d"
                  .formatted(before, before + stream.frames() - 1));
    }
    if (stream.trailingBlanks() >= ENDPOINT_FRAMES) {
      end();
    }
  }

  private void end() {
    CtcNBest nBest = stream.nBest();
    if (!nBest.hypotheses().isEmpty() && nBest.best().labels().length > 0) {
      out.println(vocabulary.text(nBest.best().labels()));
      out.flush();
    }
    before += stream.frames();
    stream.reset();
  }
}
