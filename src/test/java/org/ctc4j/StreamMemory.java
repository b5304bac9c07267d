package org.ctc4j;

import java.util.SplittableRandom;

/**
 * An hour of frames 20 ms apart through streams of one decoder, greedy and with a beam, in a JVM of
 * little memory. Prints the number of final labels of each.
 */
final class StreamMemory {
  private static final int FRAMES = 180_000;
  private static final int CLASSES = 32;
  private static final int PIECE = 50;

  private StreamMemory() {}

  public static void main(String[] args) {
    CtcDecoder decoder = CtcDecoder.create(EngineOptions.DEFAULT.withThreads(1));
    CtcStream greedy = decoder.stream(CLASSES, CtcOptions.DEFAULT);
    CtcStream beam =
        decoder.stream(
            CLASSES, CtcOptions.DEFAULT, BeamOptions.DEFAULT.withBeamWidth(8).withNBest(8));
    SplittableRandom random = new SplittableRandom(1);
    for (int t = 0; t < FRAMES; t += PIECE) {
      FrameTensor piece = piece(random);
      greedy.add(piece);
      beam.add(piece);
    }
    System.out.println(greedy.finalSpans());
    System.out.println(beam.finalSpans());
    System.out.println(greedy.nBest());
    System.out.println(beam.nBest());
  }

  /** As of a model that is sure, but for one frame in eight; a label every eighth frame. */
  private static FrameTensor piece(SplittableRandom random) {
    float[] logits = new float[PIECE * CLASSES];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    for (int t = 0; t < PIECE; t++) {
      int symbol = random.nextInt(8) == 0 ? random.nextInt(CLASSES) : 0;
      logits[t * CLASSES + symbol] += random.nextInt(8) == 0 ? 3 : 9;
    }
    return FrameTensor.timeMajor(logits, PIECE, 1, CLASSES);
  }
}
