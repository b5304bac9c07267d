package org.ctc4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.ctc4j.io.NpzWriter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpzRowsTest {
  @TempDir private Path folder;

  private void write(String name, long[] logits, long[] targets, int... labels) throws Exception {
    try (NpzWriter npz = NpzWriter.open(folder.resolve(name))) {
      npz.addFloats("logits", logits, new float[28]);
      npz.addInts("targets", targets, labels);
      npz.commit();
    }
  }

  @Test
  @DisplayName(
      "Targets of one utterance may be (L), padded or not; they are as long as without padding")
  void oneUtterance() throws Exception {
    write("a.npz", new long[] {7, 4}, new long[] {3}, 2, 1, 1);
    write("b.npz", new long[] {7, 1, 4}, new long[] {5}, 2, 1, 1, -1, -1);
    write("c.npz", new long[] {7, 1, 4}, new long[] {1, 4}, 2, 1, 1, -100);
    try (SparkSession spark = LocalSpark.inProcess().getOrCreate()) {
      List<Row> rows = NpzRows.read(spark, folder.toString(), "TNC").collectAsList();
      assertEquals(3, rows.size());
      for (Row row : rows) {
        assertEquals(List.of(2, 1, 1), row.getList(row.fieldIndex("targets")));
        assertEquals(7, row.<Integer>getAs("frames"));
      }
    }
  }
}
