package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.LargeScoresContract;

/** On the implementation that the build names; see the executions in pom.xml. */
class CpuLargeScoresTest extends LargeScoresContract {
  @Override
  protected Ctc engine() {
    String wanted = System.getProperty(KernelChoice.PROPERTY);
    Ctc ctc = Ctc.create(Backend.CPU);
    assertTrue(wanted != null && ctc.device().contains(wanted), wanted + ", got " + ctc.device());
    return ctc;
  }
}
