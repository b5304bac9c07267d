package org.ctc4j.cuda.host;

import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;

import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.NGramScorer;
import org.ctc4j.cuda.driver.DeviceLayout;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.PinnedMemory;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.cuda.kernels.DeviceTokens;

/** Copies a language model over tokens to the device, and holds it there. */
public final class HostTokens implements AutoCloseable {
  private static final int PIECE = 1 << 20; // numbers that are copied at once

  /** So that no search can add up to Infinity: it has 4096 frames at most. */
  private static final double MOST_BONUS = 1e300;

  private final DeviceMemory memory;
  private final DeviceTokens tokens;

  /**
   * The context must be current, here and in {@link #close}.
   *
   * @throws InvalidInputException if the kernels cannot take such a scorer
   * @throws org.ctc4j.DeviceException if the driver refuses; nothing is held then
   */
  public HostTokens(NGramScorer<?> scorer) {
    if (scorer.bonus() > MOST_BONUS) {
      throw new InvalidInputException(
          "token bonus: expected at most %s on a GPU, got %s"
              .formatted(MOST_BONUS, scorer.bonus()));
    }
    NGramTable table = new NGramTable(scorer);
    int[] words = IntStream.range(0, scorer.classes()).map(c -> word(scorer, c)).toArray();
    DeviceLayout layout = new DeviceLayout();
    long arcs = layout.next(4L * table.arcs.length);
    long states = layout.next(4L * table.states.length);
    long unigrams = layout.next(4L * table.unigrams.length);
    long ofLabels = layout.next(4L * words.length);
    memory = new DeviceMemory(layout.bytes(), () -> doing(scorer));
    long at = memory.address();
    try (Upload upload = new Upload(() -> doing(scorer))) {
      upload.copy(table.arcs, at + arcs);
      upload.copy(table.states, at + states);
      upload.copy(table.unigrams, at + unigrams);
      upload.copy(words, at + ofLabels);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
    tokens =
        new DeviceTokens(
            scorer,
            at + arcs,
            at + states,
            at + unigrams,
            at + ofLabels,
            table.arcs.length / 4,
            table.start,
            table.end);
  }

  private static String doing(NGramScorer<?> scorer) {
    return "a language model, " + scorer;
  }

  private static int word(NGramScorer<?> scorer, int label) {
    int word = scorer.word(label);
    if (word < NGramScorer.NOTHING || word >= scorer.count(1)) {
      throw new InvalidInputException(
          "language model: expected a word in [0, %d) of label %d, UNKNOWN or NOTHING, got %d"
              .formatted(scorer.count(1), label, word));
    }
    return word;
  }

  /** Numbers on their way to the device. */
  private static final class Upload implements AutoCloseable {
    private final Supplier<String> doing;
    private final PinnedMemory staging;
    private final Stream stream;

    Upload(Supplier<String> doing) {
      this.doing = doing;
      staging = new PinnedMemory(4 * PIECE, doing);
      try {
        stream = new Stream();
      } catch (RuntimeException e) {
        staging.close();
        throw e;
      }
    }

    void copy(int[] numbers, long to) {
      for (int from = 0; from < numbers.length; from += PIECE) {
        int count = Math.min(PIECE, numbers.length - from);
        long at = to + 4L * from;
        staging.buffer().asIntBuffer().put(0, numbers, from, count);
        Driver.call(
            "cuMemcpyHtoDAsync",
            doing,
            () ->
                cuMemcpyHtoDAsync(
                    DeviceMemory.pointer(at), staging.pointer(0), 4L * count, stream.handle()));
        stream.await(doing);
      }
    }

    @Override
    public void close() {
      stream.close();
      staging.close();
    }
  }

  public DeviceTokens tokens() {
    return tokens;
  }

  /** Of device memory. */
  public long bytes() {
    return memory.bytes();
  }

  @Override
  public void close() {
    memory.close();
  }
}
