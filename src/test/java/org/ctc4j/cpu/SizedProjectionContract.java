package org.ctc4j.cpu;

import org.ctc4j.Ctc;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.Engines;
import org.ctc4j.NearlyCertainCase;
import org.ctc4j.ProjectionContract;

/** The contract with batches cut in ways that meet all borders, by a BLAS that is named. */
abstract class SizedProjectionContract extends ProjectionContract {
  private final ProjectionTiling tiling;
  private final String blas;

  SizedProjectionContract(ProjectionTiling tiling, String blas) {
    this.tiling = tiling;
    this.blas = blas;
  }

  @Override
  protected Ctc engine(EngineOptions options) {
    return Engines.of(
        new CpuBackend(
            options, KernelChoice.get().orThrow(), tiling, Blas.choose(blas), LossTask.SMALL));
  }

  /**
   * The longest, and long ones more and less certain, {@link CpuProjectionContractTest} has: 1000
   * frames are as many pieces as any.
   */
  @Override
  protected boolean isPromised(NearlyCertainCase one, ElementType type) {
    return one.frames() < 1000 || one.frames() == 1000 && one.margin() == 40;
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }
}
