package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: same bits")
class ReferenceSameBitsContractTest extends SameBitsContract {
  ReferenceSameBitsContractTest() {
    super(new TestedReference());
  }
}
