package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: projections")
class ReferenceProjectionContractTest extends ProjectionContract {
  @Override
  protected Ctc engine(EngineOptions options) {
    return Ctc.create(Backend.REFERENCE, options);
  }

  @Override
  protected double tolerance() {
    return 1e-6; // of results in float32; for the rest see the brute force
  }
}
