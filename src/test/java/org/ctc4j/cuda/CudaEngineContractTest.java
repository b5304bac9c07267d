package org.ctc4j.cuda;

import org.ctc4j.EngineContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: the engine")
class CudaEngineContractTest extends EngineContract {
  CudaEngineContractTest() {
    super(new TestedCuda());
  }
}
