package org.ctc4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.Batchifier;
import org.ctc4j.InvalidInputException;

/**
 * Batches of targets of different lengths. The labels of a record are its target, (L), and, where
 * utterances differ in their frames, the number that it uses, a scalar or (1). The labels of a
 * batch are then as {@link org.ctc4j.djl} has them: the targets concatenated, (Σ L<sub>n</sub>),
 * their lengths, (N), int64, and input lengths, (N).
 *
 * <p>For the label side of a dataset: {@code optLabelBatchifier(new TargetsBatchifier())}. For
 * frames of different number DJL has {@link ai.djl.translate.PaddingStackBatchifier}.
 */
public final class TargetsBatchifier implements Batchifier {
  private static final long serialVersionUID = 1;

  @Override
  public NDList batchify(NDList[] records) {
    if (records.length == 0) {
      throw new InvalidInputException("records: expected one or more, got none");
    }
    int arrays = records[0].size();
    NDList targets = new NDList(records.length);
    NDList frames = new NDList(records.length);
    long[] lengths = new long[records.length];
    for (int n = 0; n < records.length; n++) {
      NDList record = records[n];
      if (record.isEmpty() || record.size() > 2 || record.size() != arrays) {
        throw new InvalidInputException(
            "record %d: expected a target%s, got %d arrays"
                .formatted(n, arrays == 2 ? " and a number of frames" : " alone", record.size()));
      }
      NDArray target = record.get(0);
      if (target.getShape().dimension() != 1) {
        throw new InvalidInputException(
            "record %d: expected a target (L), got the shape %s".formatted(n, target.getShape()));
      }
      targets.add(target);
      lengths[n] = target.size();
      if (arrays == 2) {
        if (record.get(1).size() != 1) {
          throw new InvalidInputException(
              "record %d: expected one number of frames, got the shape %s"
                  .formatted(n, record.get(1).getShape()));
        }
        frames.add(record.get(1).reshape(1));
      }
    }
    NDManager manager = targets.get(0).getManager();
    NDList batch = new NDList(NDArrays.concat(targets), manager.create(lengths));
    if (arrays == 2) {
      batch.add(NDArrays.concat(frames));
    }
    return batch;
  }

  @Override
  public NDList[] unbatchify(NDList batch) {
    long[] lengths = batch.get(1).toLongArray();
    NDList[] records = new NDList[lengths.length];
    long start = 0;
    for (int n = 0; n < records.length; n++) {
      records[n] = new NDList(slice(batch.get(0), start, lengths[n]));
      if (batch.size() == 3) {
        records[n].add(batch.get(2).get(n));
      }
      start += lengths[n];
    }
    return records;
  }

  private static NDArray slice(NDArray targets, long start, long length) {
    return length == 0
        ? targets.getManager().create(new Shape(0), targets.getDataType())
        : targets.get(start + ":" + (start + length));
  }
}
