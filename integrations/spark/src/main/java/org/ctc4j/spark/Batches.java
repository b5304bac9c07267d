package org.ctc4j.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.ctc4j.InvalidInputException;

/**
 * The rows of a partition with their results, in their order; no more than one batch is held. A row
 * is valid until the next is asked for.
 */
final class Batches implements Iterator<InternalRow> {
  private final Iterator<Iterator<InternalRow>> pieces;
  private final RowReader reader;
  private final Computation computation;
  private final BatchComputer computer;
  private final ArrayDeque<InternalRow> done = new ArrayDeque<>();
  private final int most; // rows in a batch
  private Iterator<InternalRow> piece = Collections.emptyIterator();
  private long number; // of the next row to be done

  /**
   * @param pieces of the partition. Rows are valid until the next piece is asked for
   */
  Batches(
      Iterator<Iterator<InternalRow>> pieces, RowReader reader, Computation computation, int most) {
    this.pieces = pieces;
    this.reader = reader;
    this.computation = computation;
    this.computer = new BatchComputer(computation.work());
    this.most = most;
  }

  @Override
  public boolean hasNext() {
    while (done.isEmpty()) {
      if (piece.hasNext()) {
        computeBatch();
      } else if (pieces.hasNext()) {
        piece = pieces.next();
      } else {
        return false;
      }
    }
    return true;
  }

  @Override
  public InternalRow next() {
    hasNext();
    return done.remove();
  }

  private void computeBatch() {
    List<InternalRow> batch = new ArrayList<>();
    List<Outcome> outcomes = new ArrayList<>();
    Map<Integer, List<Integer>> byClasses = new LinkedHashMap<>(); // positions in the batch
    List<Utterance> utterances = new ArrayList<>();
    for (long bytes = 0;
        batch.size() < most && bytes < BatchComputer.MOST_BYTES && piece.hasNext(); ) {
      InternalRow row = piece.next();
      batch.add(row);
      try {
        Utterance utterance = reader.read(row);
        byClasses
            .computeIfAbsent(utterance.classes(), c -> new ArrayList<>())
            .add(utterances.size());
        utterances.add(utterance);
        outcomes.add(null);
        bytes += utterance.numbers().remaining();
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

  private InternalRow joined(InternalRow row, Outcome outcome) {
    Computation.Checks checks = computation.checks();
    if (checks.isStrict() && outcome.status() != RowStatus.OK) {
      throw new InvalidInputException(
          "partition %d, row %d: %s: %s"
              .formatted(
                  TaskContext.getPartitionId(), number, outcome.status(), outcome.message()));
    }
    number++;
    if (checks.counts() != null) {
      checks.counts().add(outcome.status());
    }
    return new JoinedRow(row, outcome.row(computation.work().outputs()));
  }
}
