package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.ctc4j.CtcBatch;
import org.ctc4j.InvalidInputException;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;

/**
 * A batch as the arrays of an npz file: {@code logits} or {@code hidden}, {@code targets}, {@code
 * input_lengths}, {@code target_lengths}, or what else they are called. Everything that can be
 * wrong with them is refused here or by the batch, by name.
 *
 * @param name stands for the file in messages
 * @param batch views of the arrays; hidden states are in the place of logits
 * @param shape of the logits or hidden states as the file has it; of a single utterance's (T, C) as
 *     the layout has it
 * @param hasTargets whether those of the batch are of the file; else they are empty
 * @param names of the utterances; null if the file has none
 * @param boxes (N, 4) of the utterances' lines in a page; null if the file has none
 */
record BatchFile(
    String name,
    CtcBatch batch,
    int[] shape,
    boolean hasTargets,
    List<String> names,
    double[][] boxes) {

  /**
   * Reads the file that was named, or the sample.
   *
   * @param err told of arrays that are not used
   */
  static BatchFile read(InputOptions options, PrintWriter err) throws IOException {
    return new BatchReader(options, "logits", err).read(BatchReader.Wanted.NEEDED);
  }

  /** As {@link #read}, without its targets: those of the batch are empty. */
  static BatchFile readLogits(InputOptions options, PrintWriter err) throws IOException {
    return new BatchReader(options, "logits", err).read(BatchReader.Wanted.NOT_AT_ALL);
  }

  /** The same, named together with the file of its projection in messages. */
  BatchFile with(Path projection) {
    return new BatchFile(name + " with " + projection, batch, shape, hasTargets, names, boxes);
  }

  /** The hidden states with what makes logits of them. */
  ProjectedBatch projected(Projection projection) {
    int[] lengths = NBestSearch.inputLengths(batch);
    return named(() -> ProjectedBatch.of(batch.logits(), projection, batch.targets(), lengths));
  }

  /** Computes with the batch; returns how many milliseconds that took. */
  double compute(Runnable work) {
    long start = System.nanoTime();
    during(
        "computing",
        () -> {
          work.run();
          return null;
        });
    return (System.nanoTime() - start) / 1e6;
  }

  /** Does something with the batch, with a sign of life on the terminal if it takes long. */
  <T> T during(String task, Supplier<T> work) {
    return named(() -> Progress.during(task, work));
  }

  /** What is refused is told with the name of the file. */
  <T> T named(Supplier<T> work) {
    try {
      return work.get();
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }
}
