package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.ElementType;
import org.ctc4j.PeerContract;

/** On the implementation that the build names; see the executions in pom.xml. */
class CpuPeerCasesTest extends PeerContract {
  @Override
  protected Ctc engine() {
    String wanted = System.getProperty(KernelChoice.PROPERTY);
    Ctc ctc = Ctc.create(Backend.CPU);
    assertTrue(wanted != null && ctc.device().contains(wanted), wanted + ", got " + ctc.device());
    return ctc;
  }

  @Override
  protected double lossRounding(ElementType input) {
    return input == ElementType.FLOAT32 ? 1e-7 : 1e-14;
  }

  /** Of the sweeps; what is less comes from the complement. */
  @Override
  protected double lossFloor(double loss) {
    return loss < 1e-7 ? 0 : 1e-15;
  }

  @Override
  protected double gradientRounding(ElementType input) {
    return input == ElementType.FLOAT32 ? 1e-7 : 1e-13;
  }
}
