package org.ctc4j.cuda;

import java.util.stream.Stream;
import org.ctc4j.Backend;
import org.ctc4j.cli.GoldenTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.Arguments;

/** The cases that PyTorch computed, through {@code ctc loss --backend cuda}. */
@OnDevice
@Tag("ptx")
class CudaGoldenTest extends GoldenTest {
  protected static Stream<Arguments> cases() throws Exception {
    return GoldenTest.cases().filter(arguments -> arguments.get()[1] == Backend.CUDA);
  }

  @AfterEach
  void computedByKernels() {
    TestDriver.assertLaunchesAtLeast(1, "ctc_labels");
    TestDriver.assertNothingLeft();
    TestDriver.assertNoFindings();
  }
}
