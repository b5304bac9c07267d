package org.ctc4j;

import org.ctc4j.cpu.CpuBackend;

/** Engines on backends that a test has made to its own measure. */
public final class Engines {
  private Engines() {}

  public static Ctc of(CpuBackend backend) {
    return new CpuCtc(backend);
  }
}
