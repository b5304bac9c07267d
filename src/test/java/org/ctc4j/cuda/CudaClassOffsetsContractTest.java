package org.ctc4j.cuda;

import org.ctc4j.ClassOffsetsContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@OnDevice
@Tag("ptx")
@ExtendWith(LaunchWatch.class)
@DisplayName("CUDA: class offsets")
class CudaClassOffsetsContractTest extends ClassOffsetsContract {
  CudaClassOffsetsContractTest() {
    super(new TestedCuda());
  }
}
