package org.ctc4j.cuda;

import org.ctc4j.WildcardContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: wildcards")
class CudaWildcardContractTest extends WildcardContract {
  CudaWildcardContractTest() {
    super(new TestedCuda());
  }
}
