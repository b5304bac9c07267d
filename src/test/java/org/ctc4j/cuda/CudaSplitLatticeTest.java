package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.ctc4j.HostileBatch;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.cuda.kernels.SplitLattices;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several blocks an utterance beside one. */
@OnDevice
@Tag("ptx")
class CudaSplitLatticeTest {
  private final long seed = Seed.of(getClass());

  @AfterEach
  void nothingIsFound() {
    TestDriver.assertNoFindings();
    TestDriver.assertNothingLeft();
  }

  private static CtcResult computed(TestBatch batch, EngineOptions options) {
    try (Ctc ctc = Ctc.create(Backend.CUDA, options)) {
      return ctc.lossAndGradient(batch.batch(), batch.options());
    }
  }

  /** One utterance of so many labels, up to the most. */
  private TestBatch drawn(int frames, int mostLabels, int fewestLabels) {
    Random random = new Random(seed);
    TestBatch batch = TestBatch.random(random, frames, 1, 6, mostLabels, 2);
    while (batch.targets()[0].length < fewestLabels) {
      batch = TestBatch.random(random, frames, 1, 6, mostLabels, 2);
    }
    return batch;
  }

  /** In blocks of every size; logarithms, for a deviation of 1e7, in some. */
  @Test
  @DisplayName("The same bits as of one block, whatever the size of blocks and their order")
  void sameBits() {
    Random random = new Random(seed);
    for (double deviation : new double[] {2, 300, 1e7}) {
      TestBatch batch = TestBatch.random(random, 260, 2, 9, 100, deviation);
      CtcResult whole = computed(batch, EngineOptions.DEFAULT);
      for (int warps = 1; warps <= 4; warps++) {
        int order = warps;
        TestDriver.set("seed", order);
        CtcResult split = SplitLattices.of(warps, () -> computed(batch, EngineOptions.DEFAULT));
        TestDriver.assertLaunchesAtLeast(order, "ctc_lattice_split_consume");
        Agreement.assertSameBits(
            whole,
            split,
            () -> "%d warps, deviation %s, seed %d".formatted(order, deviation, seed));
      }
    }
  }

  @Test
  @DisplayName("The same bits as of one block, of batches made to hurt")
  void hostile() {
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      for (int i = 0; i < TestDriver.shareOf(40); i++) {
        HostileBatch hostile = HostileBatch.of(seed + i);
        CtcResult whole = ctc.lossAndGradient(hostile.batch(), hostile.options());
        TestDriver.set("seed", i);
        CtcResult split =
            SplitLattices.of(1, () -> ctc.lossAndGradient(hostile.batch(), hostile.options()));
        Agreement.assertSameBits(whole, split, () -> "seed " + seed);
      }
    }
  }

  @Test
  @DisplayName("The same bits with less memory, in segments")
  void segments() {
    TestBatch drawn = drawn(200, 70, 40);
    CtcResult whole = computed(drawn, EngineOptions.DEFAULT);
    SplitLattices.of(
        1,
        () -> {
          TestDriver.resetCounts();
          EngineOptions little = EngineOptions.DEFAULT.withWorkspaceBytes(2 * bytesOf(drawn) / 2);
          Agreement.assertSameBits(whole, computed(drawn, little), () -> "seed " + seed);
          TestDriver.assertLaunchesAtLeast(2, "ctc_lattice_split_store");
          TestDriver.assertLaunches(1, "ctc_lattice_split_meet");
          return null;
        });
  }

  /** Of the workspace; of host batches there are two. */
  private static long bytesOf(TestBatch batch) {
    try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT)) {
      int labels = batch.targets()[0].length;
      return ctc.workspaceBytes(batch.frames(), 1, batch.classes(), labels, true);
    }
  }

  @Test
  @DisplayName("Devices split what their multiprocessors take at once")
  void multiprocessors() {
    TestBatch batch = drawn(500, 300, 180);
    TestDriver.set("multiprocessors", 1);
    CtcResult one = computed(batch, EngineOptions.DEFAULT);
    TestDriver.assertLaunches(0, "ctc_lattice_split_store");
    TestDriver.set("multiprocessors", 132);
    CtcResult many = computed(batch, EngineOptions.DEFAULT);
    TestDriver.assertLaunchesAtLeast(1, "ctc_lattice_split_store");
    Agreement.assertSameBits(one, many, () -> "seed " + seed);
  }

  @Test
  @DisplayName("Calls that follow each other on streams do not see each other's edges")
  void streams() {
    Random random = new Random(seed);
    TestBatch first = TestBatch.random(random, 150, 2, 6, 60, 2);
    TestBatch second = TestBatch.random(random, 90, 3, 6, 40, 2);
    SplitLattices.of(
        1,
        () -> {
          try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
              PrimaryContext context = new PrimaryContext(0)) {
            context.whileCurrent(() -> enqueueInTurn(ctc, List.of(first, second)));
          }
          return null;
        });
  }

  /** On each stream a batch, another and the first again, with nothing waited for in between. */
  private void enqueueInTurn(CudaCtc ctc, List<TestBatch> batches) {
    try (DeviceTestBatch one = new DeviceTestBatch(batches.get(0));
        DeviceTestBatch other = new DeviceTestBatch(batches.get(1));
        DeviceTestBatch oneMore = new DeviceTestBatch(batches.get(0));
        DeviceTestBatch otherMore = new DeviceTestBatch(batches.get(1));
        Stream left = new Stream();
        Stream right = new Stream()) {
      for (DeviceTestBatch[] pair :
          new DeviceTestBatch[][] {{one, otherMore}, {other, oneMore}, {one, otherMore}}) {
        enqueue(ctc, pair[0], left);
        enqueue(ctc, pair[1], right);
      }
      left.await(() -> "split batches");
      right.await(() -> "split batches");
      for (DeviceTestBatch device : List.of(one, other, oneMore, otherMore)) {
        CtcResult expected = computed(device.host, EngineOptions.DEFAULT);
        double[] losses = device.losses();
        for (int n = 0; n < losses.length; n++) {
          assertEquals(expected.loss(n), losses[n], "seed " + seed);
        }
      }
    }
  }

  private static void enqueue(CudaCtc ctc, DeviceTestBatch device, Stream stream) {
    long address = StreamAddress.of(stream.handle());
    ctc.enqueue(device.batch, device.host.options(), device.result, address);
  }
}
