package org.ctc4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.text.BreakIterator;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcStatus;
import org.ctc4j.CtcStream;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelSpan;
import org.ctc4j.text.Vocabulary;

/**
 * Decodes frames as they come. Text is printed as soon as no later frame can change it; the line
 * ends when nothing has been said for a while.
 */
final class StreamDecoding {
  /** So many frames without a label end an utterance. */
  static final int ENDPOINT_FRAMES = 50;

  /** Looked for every so many frames, wherever the input is cut. */
  private static final int PIECE_FRAMES = 10;

  private static final char REPLACEMENT = '\ufffd';

  private final CtcStream stream;
  private final Vocabulary vocabulary;
  private final SoftmaxCheck softmax;
  private final PrintWriter out;
  private final BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
  private int[] finals = {}; // the labels of this utterance that cannot change
  private String printed = ""; // of this utterance
  private long before; // frames of the utterances that have ended

  /**
   * @param softmax is shown each frame
   */
  StreamDecoding(CtcStream stream, Vocabulary vocabulary, SoftmaxCheck softmax, PrintWriter out) {
    this.stream = stream;
    this.vocabulary = vocabulary;
    this.softmax = softmax;
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
      for (int i = 0; i < numbers.length; i += classes) {
        softmax.add(numbers, i, classes);
      }
      add(FrameTensor.timeMajor(numbers, count / frameBytes, 1, classes));
    } while (count == bytes.length && !out.checkError()); // a reader that went away needs no more
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
    } else if (stream.finalSpans() > finals.length) {
      printFinals();
    }
  }

  private void printFinals() {
    int[] fresh =
        stream.spans(finals.length).stream()
            .limit(stream.finalSpans() - finals.length)
            .mapToInt(LabelSpan::label)
            .toArray();
    finals = IntStream.concat(Arrays.stream(finals), Arrays.stream(fresh)).toArray();
    String text = vocabulary.text(finals);
    int whole = text.length();
    while (whole > 0 && text.charAt(whole - 1) == REPLACEMENT) { // bytes that others complete
      whole--;
    }
    characters.setText(text.substring(0, whole));
    int last = Math.max(0, characters.preceding(whole)); // an accent may still come
    if (last > printed.length()) {
      print(text.substring(0, last));
    }
  }

  private void end() {
    CtcNBest nBest = stream.nBest();
    if (!nBest.hypotheses().isEmpty()) {
      print(vocabulary.text(nBest.best().labels()));
    }
    if (!printed.isEmpty()) {
      out.println();
      out.flush();
    }
    printed = "";
    finals = new int[0];
    before += stream.frames();
    stream.reset();
  }

  /** Prints what is new of the text of this utterance. */
  private void print(String text) {
    if (!text.startsWith(printed)) {
      throw new IllegalStateException("'%s' does not begin with '%s'".formatted(text, printed));
    }
    out.print(text.substring(printed.length()));
    out.flush();
    printed = text;
  }
}
