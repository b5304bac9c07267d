package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: consistency")
class ReferenceConsistencyContractTest extends ConsistencyContract {
  ReferenceConsistencyContractTest() {
    super(new TestedReference());
  }
}
