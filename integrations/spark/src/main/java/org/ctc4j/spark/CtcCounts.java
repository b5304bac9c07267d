package org.ctc4j.spark;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.util.AccumulatorV2;

/**
 * How many rows of each status there were: an accumulator that counts each row once, although a
 * task that is repeated, because its executor was lost, say, computes its rows again. It tells the
 * counts of the last stage that computed the rows.
 *
 * <pre>{@code
 * CtcCounts counts = CtcCounts.register(spark.sparkContext());
 * SparkCtc.of(rows).withCounts(counts).compute(CtcOutput.LOSS).write().parquet(path);
 * System.out.println(counts);                             // OK: 1998, INFEASIBLE: 2
 * }</pre>
 */
public final class CtcCounts extends AccumulatorV2<RowStatus, Map<RowStatus, Long>> {
  private static final long serialVersionUID = 1L;
  private static final int STATUSES = RowStatus.values().length;

  private int stage = -1;
  private final HashMap<Integer, long[]> byPartition = new HashMap<>(); // of the stage

  private CtcCounts() {}

  /** A new one, which the Spark application's user interface shows. */
  public static CtcCounts register(SparkContext context) {
    CtcCounts counts = new CtcCounts();
    context.register(counts, "ctc4j: rows by status");
    return counts;
  }

  /** How many rows have a status. */
  public long count(RowStatus status) {
    return byPartition.values().stream().mapToLong(counts -> counts[status.ordinal()]).sum();
  }

  /** The statuses that there are, with their numbers of rows. */
  @Override
  public Map<RowStatus, Long> value() {
    Map<RowStatus, Long> counts = new EnumMap<>(RowStatus.class);
    for (RowStatus status : RowStatus.values()) {
      if (count(status) > 0) {
        counts.put(status, count(status));
      }
    }
    return counts;
  }

  /** "OK: 1998, INFEASIBLE: 2". */
  @Override
  public String toString() {
    return value().toString().replaceAll("[{}]", "").replace("=", ": ");
  }

  /** In a task. */
  @Override
  public void add(RowStatus status) {
    TaskContext task = TaskContext.get();
    stage = task.stageId();
    byPartition.computeIfAbsent(task.partitionId(), p -> new long[STATUSES])[status.ordinal()]++;
  }

  @Override
  public boolean isZero() {
    return byPartition.isEmpty();
  }

  @Override
  public CtcCounts copy() {
    CtcCounts copy = new CtcCounts();
    copy.merge(this);
    return copy;
  }

  @Override
  public void reset() {
    stage = -1;
    byPartition.clear();
  }

  @Override
  public void merge(AccumulatorV2<RowStatus, Map<RowStatus, Long>> other) {
    CtcCounts counts = (CtcCounts) other;
    if (counts.stage > stage) {
      byPartition.clear();
      stage = counts.stage;
    }
    if (counts.stage == stage) {
      counts.byPartition.forEach((partition, each) -> byPartition.put(partition, each.clone()));
    }
  }
}
