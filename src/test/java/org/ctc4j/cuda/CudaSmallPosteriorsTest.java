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

  @AfterEach
  void nothingFound() {
    TestDriver.assertNoFindings();
  }
}
