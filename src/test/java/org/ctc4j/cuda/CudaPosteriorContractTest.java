package org.ctc4j.cuda;

import org.ctc4j.PosteriorContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: posteriors")
class CudaPosteriorContractTest extends PosteriorContract {
  CudaPosteriorContractTest() {
    super(new TestedCuda());
  }
}
