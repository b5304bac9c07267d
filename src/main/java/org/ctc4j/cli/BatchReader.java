package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import org.ctc4j.CtcBatch;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.ctc4j.io.NpyArray;
import org.ctc4j.io.NpzFormatException;
import org.ctc4j.io.NpzReader;

/** Reads a {@link BatchFile}. */
final class BatchReader {
  private static final String NAMES = "names";
  private static final String BOXES = "boxes";

  private final InputOptions options;
  private final ArrayOptions arrays;
  private final boolean isLogits;
  private final String frames;
  private final String name;
  private final PrintWriter err;

  /** Whether targets are read; those of the batch are empty if not. */
  enum Wanted {
    NEEDED,
    /** And can be read: a note if not. */
    WHERE_THERE,
    NOT_AT_ALL
  }

  /**
   * @param frames what the array of frames is called where nobody said otherwise
   * @param err told of arrays that are not used
   */
  BatchReader(InputOptions options, String frames, PrintWriter err) {
    this.options = options;
    this.arrays = options.arrays;
    this.isLogits = frames.equals("logits");
    this.frames = arrays.logits == null ? frames : arrays.logits;
    this.name = InputFile.name(options.file);
    this.err = err;
  }

  BatchFile read(Wanted targets) throws IOException {
    try (NpzReader npz = InputFile.open(options, frames)) {
      arrays.require(npz, frames, "--logits");
      try (Progress progress = Progress.ofBytes("reading", npz.header(frames).dataBytes())) {
        return read(npz, targets, progress::bytes);
      }
    } catch (InvalidInputException e) {
      throw new InvalidInputException(name + ": " + e.getMessage());
    }
  }

  private BatchFile read(NpzReader npz, Wanted wanted, LongConsumer bytesRead) throws IOException {
    TargetArrays targetArrays = new TargetArrays(npz, options);
    String lengths = arrays.inputLengths == null ? "input_lengths" : arrays.inputLengths;
    Set<String> used = new HashSet<>(targetArrays.names());
    used.addAll(Set.of(frames, lengths, NAMES, BOXES));
    Messages.noteUnused(name, npz, used, err);
    // small arrays first: what is wrong with them is told before gigabytes are read
    FloatArrays.requireType(npz.header(frames), frames, options.bfloat16);
    FrameShape shape = new FrameShape(sizes(npz), options.layout);
    boolean hasLengths = npz.contains(lengths) || arrays.inputLengths != null;
    if (!hasLengths && !targetArrays.areThere()) {
      noteIfSwapped(shape);
    }
    int utterances = shape.utterances();
    int[] inputLengths =
        hasLengths
            ? TargetArrays.vector(npz.read(lengths), lengths, utterances)
            : TargetArrays.filled(utterances, shape.frames());
    shape.requireOneEach(lengths, inputLengths.length);
    Targets read = targets(targetArrays, shape, wanted);
    Targets targets = read == null ? Targets.of(new int[utterances][0]) : read;
    List<String> names = names(npz, utterances);
    double[][] boxes = boxes(npz, utterances);
    NpyArray array = npz.read(frames, bytesRead);
    FrameTensor tensor =
        options.layout.view(
            FloatArrays.elements(array), shape.sizes(), array.header().fortranOrder());
    CtcBatch batch = CtcBatch.of(tensor, targets, inputLengths);
    lookAt(batch);
    return new BatchFile(name, batch, shape.sizes(), read != null, names, boxes);
  }

  private int[] sizes(NpzReader npz) throws IOException {
    String classes = isLogits ? "C" : "D";
    int rank = npz.header(frames).rank() == 2 ? 2 : 3;
    String axes =
        rank == 2
            ? "(T, %s)".formatted(classes)
            : "(T, N, %1$s) or (N, T, %1$s)".formatted(classes);
    return FloatArrays.shape(npz.header(frames), frames, rank, axes);
  }

  /** Where nothing else tells the number of utterances: they are seldom more than frames. */
  private void noteIfSwapped(FrameShape shape) {
    if (shape.frames() < shape.utterances()) {
      Messages.note(
          err,
          "%s: %s are read as %d utterances of %d frames; if it is the other way round: --layout %s"
              .formatted(name, frames, shape.utterances(), shape.frames(), shape.layout().other()));
    }
  }

  /** Null where they are not wanted, or there are none and they need not be there. */
  private Targets targets(TargetArrays arrays, FrameShape shape, Wanted wanted) throws IOException {
    if (wanted == Wanted.NEEDED || wanted == Wanted.WHERE_THERE && arrays.areNamed()) {
      return arrays.read(shape);
    }
    if (wanted == Wanted.NOT_AT_ALL || !arrays.areThere()) {
      return null;
    }
    return orNote("targets are no references", () -> arrays.read(shape));
  }

  /** Null if there are none, or none that can be names. */
  private List<String> names(NpzReader npz, int utterances) throws IOException {
    return npz.contains(NAMES)
        ? orNote(
            "array 'names' is not used",
            () -> UtteranceNames.checked(List.of(npz.read(NAMES).strings()), utterances))
        : null;
  }

  /** Null if there are none, or none that can be boxes. */
  private double[][] boxes(NpzReader npz, int utterances) throws IOException {
    return npz.contains(BOXES)
        ? orNote("array 'boxes' is not used", () -> BoxArray.read(npz.read(BOXES), utterances))
        : null;
  }

  /** Reads an array that there need not be. */
  private interface Reading<T> {
    T read() throws IOException;
  }

  /** Null, and a note, if it cannot be what it should. */
  private <T> T orNote(String otherwise, Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (InvalidInputException | NpzFormatException e) {
      Messages.note(err, "%s: %s: %s".formatted(name, otherwise, e.getMessage()));
      return null;
    }
  }

  private void lookAt(CtcBatch batch) {
    FrameTensor logits = batch.logits();
    float[] row = new float[logits.classes()];
    SoftmaxCheck softmax = new SoftmaxCheck();
    for (int n = 0; n < batch.utterances(); n++) {
      for (int t = 0; t < batch.inputLength(n); t++) {
        logits.elements().read(logits.index(t, n, 0), logits.classStride(), row, 0, row.length);
        refuseNan(row, n, t);
        softmax.add(row, 0, row.length);
      }
    }
    if (isLogits) {
      softmax.note(options, "%s: each frame of %s".formatted(name, frames), err);
    }
  }

  /**
   * A NaN in a file is a mistake upstream; the library would report the utterance as NOT_FINITE.
   */
  private void refuseNan(float[] row, int n, int t) {
    for (int c = 0; c < row.length; c++) {
      if (Float.isNaN(row[c])) {
        throw new InvalidInputException(
            "%s: utterance %d has NaN at frame %d, %s %d, expected a number in [-Infinity, Infinity]"
                .formatted(frames, n, t, isLogits ? "class" : "dimension", c));
      }
    }
  }
}
