package org.ctc4j.cuda;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.LargeScoresContract;
import org.junit.jupiter.api.AfterEach;

/** On a GPU, or the emulated driver. */
@OnDevice
class CudaLargeScoresTest extends LargeScoresContract {
  @Override
  protected Ctc engine() {
    return Ctc.create(Backend.CUDA);
  }

  @AfterEach
  void nothingFound() {
    TestDriver.assertNoFindings();
  }
}
