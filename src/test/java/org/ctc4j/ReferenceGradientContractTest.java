package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: gradient")
class ReferenceGradientContractTest extends GradientContract {
  ReferenceGradientContractTest() {
    super(new TestedReference());
  }
}
