package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CudaAligner;
import org.ctc4j.PeerAlignerContract;
import org.junit.jupiter.api.AfterEach;

/** On the emulated driver. */
@OnDevice
class CudaPeerAlignerTest extends PeerAlignerContract {
  @Override
  protected CtcAligner aligner() {
    CtcAligner aligner = CtcAligner.create(Backend.CUDA);
    assertInstanceOf(CudaAligner.class, aligner);
    return aligner;
  }

  @AfterEach
  void nothingFound() {
    TestDriver.assertNoFindings();
  }
}
