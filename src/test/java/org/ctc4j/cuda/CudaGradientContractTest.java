package org.ctc4j.cuda;

import org.ctc4j.GradientContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: gradient")
class CudaGradientContractTest extends GradientContract {
  CudaGradientContractTest() {
    super(new TestedCuda());
  }
}
