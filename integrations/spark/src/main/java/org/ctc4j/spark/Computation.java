package org.ctc4j.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.ctc4j.ElementType;

/**
 * How the rows of a plan are computed.
 *
 * @param type of binary logits
 * @param names of the columns, for messages
 * @param batchSize how many rows a call of the library gets, or {@link #AS_THE_TASK_NEEDS}
 * @param checks what happens to a row when it is done
 */
record Computation(Work work, ElementType type, Columns names, int batchSize, Checks checks)
    implements Serializable {
  /** Batch size: 64 on a GPU, else the processors of the task. */
  static final int AS_THE_TASK_NEEDS = 0;

  private static final int GPU_BATCH_SIZE = 64;

  /**
   * @param isStrict whether a row whose status is not OK fails its task
   * @param counts null: none
   */
  record Checks(boolean isStrict, CtcCounts counts) implements Serializable {}

  /** In a task. */
  int taskBatchSize(int processors) {
    if (batchSize != AS_THE_TASK_NEEDS) {
      return batchSize;
    }
    return Engines.isOnGpu(work.engine()) ? GPU_BATCH_SIZE : processors;
  }

  /**
   * @param arguments logits, classes, targets (empty where there are none) and, unless all frames
   *     are used, frames; bound to the rows
   */
  RowReader reader(List<Expression> arguments) {
    return new RowReader(arguments, names, type, work.vocabulary());
  }

  /** As Spark shows it in a plan. */
  @Override
  public String toString() {
    return work.outputs().toString();
  }
}
