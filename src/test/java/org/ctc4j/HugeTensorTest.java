package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * More than 2^31 elements: index arithmetic is 64-bit. The file is sparse, so it takes no space.
 */
class HugeTensorTest {
  @Test
  void logitsPastTwoToThe31(@TempDir Path folder) throws Exception {
    int frames = 70_000;
    int classes = 32_000; // 2.24e9 elements
    long size = (long) frames * classes;
    int piece = 1 << 28; // 1 GiB, as much as a buffer of floats may be mapped at once, halved
    Path file = folder.resolve("logits");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      Elements[] pieces = new Elements[(int) ((size + piece - 1) / piece)];
      for (int i = 0; i < pieces.length; i++) {
        long start = (long) i * piece;
        FloatBuffer buffer =
            channel
                .map(FileChannel.MapMode.READ_WRITE, 4 * start, 4 * Math.min(piece, size - start))
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        pieces[i] = Elements.of(buffer);
      }
      Elements all = Elements.concatenation(pieces);
      assertEquals(size, all.length());
      // (N, T, C) with 70 utterances of 1000 frames; the last one alone has frames in use
      FrameTensor logits = FrameTensor.batchMajor(all, 1000, 70, classes);
      logits.set(0, 69, 5, 20);
      logits.set(1, 69, 7, 20);
      int[][] targets = new int[70][0];
      targets[69] = new int[] {5, 7};
      int[] lengths = new int[70];
      lengths[69] = 2;
      double p = Math.exp(20) / (Math.exp(20) + classes - 1);
      for (BackendReport report : Ctc.backends()) {
        if (report.usable() && report.backend() != Backend.CUDA) {
          try (Ctc ctc = Ctc.create(report.backend())) {
            CtcResult got = ctc.loss(CtcBatch.of(logits, Targets.of(targets), lengths));
            assertEquals(-2 * Math.log(p), got.loss(69), 1e-6 * got.loss(69));
            assertEquals(0.0, got.loss(0));
          }
        }
      }
    }
  }
}
