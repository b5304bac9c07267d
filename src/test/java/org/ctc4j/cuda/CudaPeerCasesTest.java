package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.ctc4j.ElementType;
import org.ctc4j.PeerContract;
import org.junit.jupiter.api.AfterEach;

/** On the emulated driver. */
@OnDevice
class CudaPeerCasesTest extends PeerContract {
  @Override
  protected Ctc engine() {
    Ctc engine = Ctc.create(Backend.CUDA);
    assertInstanceOf(CudaCtc.class, engine);
    return engine;
  }

  @Override
  protected double lossRounding(ElementType input) {
    return 1e-7;
  }

  @Override
  protected double gradientRounding(ElementType input) {
    return 1e-7;
  }

  @Override
  protected int utterances() {
    return TestDriver.isGpu() ? super.utterances() : 50;
  }

  @AfterEach
  void nothingFound() {
    TestDriver.assertNoFindings();
  }
}
