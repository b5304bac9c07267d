package org.ctc4j.cuda;

import org.ctc4j.InputContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: inputs")
class CudaInputContractTest extends InputContract {
  CudaInputContractTest() {
    super(new TestedCuda());
  }
}
