package org.ctc4j.cuda;

import org.ctc4j.Agreement;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.EngineOptions;
import org.ctc4j.SameBitsContract;
import org.ctc4j.Seed;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: same bits")
class CudaSameBitsContractTest extends SameBitsContract {
  CudaSameBitsContractTest() {
    super(new TestedCuda());
  }

  @Test
  @DisplayName("A batch too large for the workspace goes through in chunks")
  void chunks() {
    TestBatch batch = TestBatch.random(Seed.random(getClass()), 40, 5, 6, 8, 2);
    TestedCuda cuda = new TestedCuda();
    try (Ctc whole = cuda.engine(EngineOptions.DEFAULT);
        Ctc chunked = cuda.engine(EngineOptions.DEFAULT.withWorkspaceBytes(1))) {
      CtcResult expected = whole.lossAndGradient(batch.batch(), batch.options());
      TestDriver.resetCounts();
      CtcResult got = chunked.lossAndGradient(batch.batch(), batch.options());
      TestDriver.assertLaunches(5, "ctc_prepare");
      Agreement.assertSameBits(expected, got, () -> "in chunks");
    }
  }
}
