package org.ctc4j.cuda;

import org.ctc4j.ConsistencyContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: consistency")
class CudaConsistencyContractTest extends ConsistencyContract {
  CudaConsistencyContractTest() {
    super(new TestedCuda());
  }
}
