package org.ctc4j.examples.audio;

import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * Leaves out bands of filters and stretches of time, another each time, so that a model learns to
 * do without; after Park et al., "SpecAugment" (Interspeech 2019). In place of what is left out
 * stands the mean of the utterance.
 */
public final class SpecAugment implements UnaryOperator<Utterance> {
  private static final int MASKS = 2; // of each kind
  private static final int MOST_FILTERS = 6;
  private static final int MOST_FRAMES = 20;

  /** Of an utterance's frames that one mask may leave out, in place of fewer. */
  private static final double MOST_TIME = 0.08;

  private final Random random;

  public SpecAugment(long seed) {
    random = new Random(seed);
  }

  @Override
  public Utterance apply(Utterance utterance) {
    Features features = utterance.features();
    int frames = features.frames();
    int filters = features.filters();
    float[] values = features.copy();
    float mean = features.mean();
    for (int mask = 0; mask < MASKS; mask++) {
      int height = random.nextInt(MOST_FILTERS + 1);
      int bottom = random.nextInt(filters - height + 1);
      fill(values, filters, new Area(0, frames, bottom, bottom + height), mean);
      int width = random.nextInt(Math.min(MOST_FRAMES, (int) (frames * MOST_TIME)) + 1);
      int start = random.nextInt(frames - width + 1);
      fill(values, filters, new Area(start, start + width, 0, filters), mean);
    }
    return new Utterance(utterance.name(), Features.of(values, filters), utterance.labels());
  }

  private record Area(int start, int end, int bottom, int top) {}

  private static void fill(float[] values, int filters, Area area, float value) {
    for (int t = area.start; t < area.end; t++) {
      for (int f = area.bottom; f < area.top; f++) {
        values[t * filters + f] = value;
      }
    }
  }
}
