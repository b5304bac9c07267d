package org.ctc4j.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelSpan;
import scala.collection.mutable.ArraySeq;

/** Adds results to the rows of a partition, batch by batch: no more than one batch is held. */
final class RowsFunction implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  /** Batch size: 64 on a GPU, else the processors of the task. */
  static final int AS_THE_TASK_NEEDS = 0;

  private static final int GPU_BATCH_SIZE = 64;

  private final RowReader reader;
  private final Work work;
  private final int batchSize;
  private final boolean isStrict;
  private final CtcCounts counts;

  /**
   * @param counts null: none
   */
  RowsFunction(RowReader reader, Work work, int batchSize, boolean isStrict, CtcCounts counts) {
    this.reader = reader;
    this.work = work;
    this.batchSize = batchSize;
    this.isStrict = isStrict;
    this.counts = counts;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new Batches(rows);
  }

  /** Rows with their results, in their order. */
  private final class Batches implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final BatchComputer computer = new BatchComputer(work);
    private final ArrayDeque<Row> done = new ArrayDeque<>();
    private final int most; // rows in a batch
    private long number; // of the next row to be done

    Batches(Iterator<Row> rows) {
      this.rows = rows;
      this.most = batchSize == AS_THE_TASK_NEEDS ? taskBatchSize() : batchSize;
    }

    private int taskBatchSize() {
      return Engines.isOnGpu(work.engine()) ? GPU_BATCH_SIZE : TaskContext.get().cpus();
    }

    @Override
    public boolean hasNext() {
      if (done.isEmpty() && rows.hasNext()) {
        computeBatch();
      }
      return !done.isEmpty();
    }

    @Override
    public Row next() {
      hasNext();
      return done.remove();
    }

    private void computeBatch() {
      List<Row> batch = new ArrayList<>();
      List<Outcome> outcomes = new ArrayList<>();
      Map<Integer, List<Integer>> byClasses = new LinkedHashMap<>(); // positions in the batch
      List<Utterance> utterances = new ArrayList<>();
      for (long bytes = 0;
          batch.size() < most && bytes < BatchComputer.MOST_BYTES && rows.hasNext(); ) {
        Row row = rows.next();
        batch.add(row);
        try {
          Utterance utterance = reader.read(row);
          byClasses
              .computeIfAbsent(utterance.classes(), c -> new ArrayList<>())
              .add(utterances.size());
          utterances.add(utterance);
          outcomes.add(null);
          bytes += utterance.numbers().length;
        } catch (InvalidInputException e) {
          utterances.add(null);
          outcomes.add(Outcome.invalid(e.getMessage()));
        }
      }
      for (List<Integer> positions : byClasses.values()) {
        Outcome[] computed = computer.compute(positions.stream().map(utterances::get).toList());
        for (int i = 0; i < computed.length; i++) {
          outcomes.set(positions.get(i), computed[i]);
        }
      }
      for (int i = 0; i < batch.size(); i++) {
        done.add(joined(batch.get(i), outcomes.get(i)));
      }
    }

    private Row joined(Row row, Outcome outcome) {
      if (isStrict && outcome.status() != RowStatus.OK) {
        throw new InvalidInputException(
            "partition %d, row %d: %s: %s"
                .formatted(
                    TaskContext.getPartitionId(), number, outcome.status(), outcome.message()));
      }
      number++;
      if (counts != null) {
        counts.add(outcome.status());
      }
      Object[] values = new Object[row.size() + work.outputs().size() + 2];
      int at = 0;
      for (; at < row.size(); at++) {
        values[at] = row.get(at);
      }
      values[at++] = outcome.status().name();
      values[at++] = outcome.message();
      for (CtcOutput output : work.outputs()) {
        values[at++] = value(output, outcome);
      }
      return RowFactory.create(values);
    }
  }

  private static Object value(CtcOutput output, Outcome outcome) {
    Outcome.Decoded decoded = outcome.decoded();
    return switch (output) {
      case LOSS -> outcome.loss();
      case ALIGNMENT -> outcome.alignment() == null ? null : spans(outcome.alignment());
      case LABELS -> decoded == null ? null : ArraySeq.make(decoded.labels());
      case TEXT -> decoded == null ? null : decoded.text();
      case CONFIDENCE -> decoded == null ? null : decoded.confidence();
    };
  }

  /** As Spark itself has arrays in rows, for functions that come next. */
  private static ArraySeq<Row> spans(List<LabelSpan> spans) {
    Row[] rows = new Row[spans.size()];
    for (int i = 0; i < rows.length; i++) {
      LabelSpan span = spans.get(i);
      rows[i] =
          RowFactory.create(span.label(), span.start(), span.end(), span.meanLogProbability());
    }
    return ArraySeq.make(rows);
  }
}
