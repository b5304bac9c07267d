package org.ctc4j.cuda;

import org.ctc4j.LossContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: loss")
class CudaLossContractTest extends LossContract {
  CudaLossContractTest() {
    super(new TestedCuda());
  }
}
