package org.ctc4j.cuda;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.SmallPosteriorsContract;
import org.junit.jupiter.api.AfterEach;

/** On a GPU, or the emulated driver. */
@OnDevice
class CudaSmallPosteriorsTest extends SmallPosteriorsContract {
  @Override
  protected Ctc engine() {
    return Ctc.create(Backend.CUDA);
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }

  @Override
  protected double least() {
    return 0x1p-79; // and what rounds to it
  }

  @AfterEach
  void nothingFound() {
    TestDriver.assertNoFindings();
  }
}
