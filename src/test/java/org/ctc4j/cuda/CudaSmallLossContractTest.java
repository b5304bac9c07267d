package org.ctc4j.cuda;

import org.ctc4j.SmallLossContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: small losses")
class CudaSmallLossContractTest extends SmallLossContract {
  CudaSmallLossContractTest() {
    super(new TestedCuda());
  }
}
