package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
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

  /** As {@link #read}, with hidden states in place of logits. */
  static BatchFile readHidden(InputOptions options, PrintWriter err) throws IOException {
    return new BatchReader(options, "hidden", err).read(BatchReader.Wanted.NEEDED);
  }

  /** As {@link #read}, without its targets: those of the batch are empty. */
  static BatchFile readLogits(InputOptions options, PrintWriter err) throws IOException {
    return new BatchReader(options, "logits", err).read(BatchReader.Wanted.NOT_AT_ALL);
  }

  /** As {@link #read}, with its targets where there are any that can be read; a note if not. */
  static BatchFile readDecodable(InputOptions options, PrintWriter err) throws IOException {
    return new BatchReader(options, "logits", err).read(BatchReader.Wanted.WHERE_THERE);
  }

  /** The same, named together with the file of its projection in messages. */
  BatchFile with(Path projection) {
    return new BatchFile(name + " with " + projection, batch, shape, hasTargets, names, boxes);
  }

  /** The hidden states with what makes logits of them. */
  ProjectedBatch projected(Projection projection) {
    try {
      int[] lengths = new int[batch.utterances()];
      Arrays.setAll(lengths, batch::inputLength);
      return ProjectedBatch.of(batch.logits(), projection, batch.targets(), lengths);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  /** Computes the batch, with a sign of life on the terminal if it takes long. */
  void compute(Ctc ctc, CtcOptions options, CtcResult result, String task) {
    during(task, () -> ctc.compute(batch, options, result));
  }

  /** Does something with the batch; what is refused is told with the name of the file. */
  void during(String task, Runnable work) {
    try {
      Progress.during(task, work);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }
}
