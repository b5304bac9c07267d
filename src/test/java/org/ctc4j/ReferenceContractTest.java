package org.ctc4j;

class ReferenceContractTest extends CtcContract {
  @Override
  protected Ctc engine(EngineOptions options) {
    return Ctc.create(Backend.REFERENCE, options);
  }

  @Override
  protected double lossTolerance() {
    return 1e-12;
  }

  @Override
  protected double gradientTolerance() {
    return 1e-10;
  }
}
