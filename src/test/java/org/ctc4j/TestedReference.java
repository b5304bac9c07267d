package org.ctc4j;

/** The textbook's recursion, in float64. */
final class TestedReference implements TestedBackend {
  @Override
  public Ctc engine(EngineOptions options) {
    return Ctc.create(Backend.REFERENCE, options);
  }

  @Override
  public double lossTolerance() {
    return 1e-12;
  }

  @Override
  public double gradientTolerance() {
    return 1e-10;
  }
}
