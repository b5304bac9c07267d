package org.ctc4j.cuda;

import org.ctc4j.StatusContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: statuses")
class CudaStatusContractTest extends StatusContract {
  CudaStatusContractTest() {
    super(new TestedCuda());
  }
}
