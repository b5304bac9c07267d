package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: statuses")
class ReferenceStatusContractTest extends StatusContract {
  ReferenceStatusContractTest() {
    super(new TestedReference());
  }
}
