package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("Reference: wildcards")
class ReferenceWildcardContractTest extends WildcardContract {
  ReferenceWildcardContractTest() {
    super(new TestedReference());
  }
}
