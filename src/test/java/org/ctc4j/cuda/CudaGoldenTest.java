package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.ctc4j.Backend;
import org.ctc4j.cli.GoldenTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.provider.Arguments;

/** The cases that PyTorch computed, through {@code ctc loss --backend cuda}. */
@Emulated
class CudaGoldenTest extends GoldenTest {
  protected static Stream<Arguments> cases() throws Exception {
    return GoldenTest.cases().filter(arguments -> arguments.get()[1] == Backend.CUDA);
  }

  @AfterEach
  void computedByKernels() {
    assertTrue(Emulator.launches("ctc_labels") > 0);
    assertEquals("", Emulator.leaks());
    assertEquals("", Emulator.finding());
  }
}
