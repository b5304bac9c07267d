package org.ctc4j;

import org.junit.jupiter.api.DisplayName;

@DisplayName("CPU: alignment with wildcards")
class CpuWildcardAlignerTest extends WildcardAlignerContract {
  @Override
  protected CtcAligner aligner(EngineOptions options) {
    return CtcAligner.create(Backend.CPU, options);
  }
}
