package org.ctc4j.spark;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.ctc4j.CtcBatch;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;

/** Ragged utterances of a seed, as rows and as a batch of the library. */
final class Corpus {
  static final int CLASSES = 12;
  static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.LongType, false)
          .add("logits", DataTypes.BinaryType)
          .add("frames", DataTypes.IntegerType)
          .add("classes", DataTypes.IntegerType)
          .add("targets", DataTypes.createArrayType(DataTypes.IntegerType));

  final List<Item> items;

  /**
   * @param logits (T, C), with two frames more than are used
   */
  record Item(long id, float[] logits, int frames, int[] targets) implements Serializable {
    static Item of(long seed, long id) {
      Random random = new Random(seed * 1_000_003 + id);
      int frames = 20 + random.nextInt(40);
      float[] logits = new float[(frames + 2) * CLASSES];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = 3 * (float) random.nextGaussian();
      }
      int[] targets = random.ints(random.nextInt(9), 1, CLASSES).toArray();
      return new Item(id, logits, frames, targets);
    }

    byte[] bytes() {
      byte[] bytes = new byte[logits.length * Float.BYTES];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(logits);
      return bytes;
    }

    Row row() {
      return RowFactory.create(id, bytes(), frames, CLASSES, targets);
    }
  }

  Corpus(long seed, int count) {
    items = IntStream.range(0, count).mapToObj(id -> Item.of(seed, id)).toList();
  }

  Dataset<Row> rows(SparkSession spark) {
    return spark.createDataFrame(items.stream().map(Item::row).toList(), SCHEMA);
  }

  /** All in one call of the library. */
  CtcBatch batch() {
    int total = items.stream().mapToInt(item -> item.logits.length).sum();
    float[] all = new float[total];
    int[] counts = new int[items.size()];
    int[] used = new int[items.size()];
    List<int[]> targets = new ArrayList<>();
    int at = 0;
    for (int n = 0; n < items.size(); n++) {
      Item item = items.get(n);
      System.arraycopy(item.logits, 0, all, at, item.logits.length);
      at += item.logits.length;
      counts[n] = item.logits.length / CLASSES;
      used[n] = item.frames;
      targets.add(item.targets);
    }
    FrameTensor logits = FrameTensor.packed(Elements.of(all), counts, CLASSES);
    return CtcBatch.of(logits, Targets.of(targets.toArray(int[][]::new)), used);
  }
}
