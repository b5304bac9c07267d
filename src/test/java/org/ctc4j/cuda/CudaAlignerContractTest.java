package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.AlignerContract;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CudaAligner;
import org.ctc4j.EngineOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;

/** The contract of alignment, on the emulated driver. */
@Emulated
class CudaAlignerContractTest extends AlignerContract {
  private static long launches;

  @Override
  protected CtcAligner aligner(EngineOptions options) {
    CtcAligner aligner = CtcAligner.create(Backend.CUDA, options);
    assertInstanceOf(CudaAligner.class, aligner);
    assertTrue(aligner.device().startsWith("Emulated GPU 0"), aligner::device);
    return aligner;
  }

  @AfterEach
  void countLaunches() {
    launches += Emulator.launches("ctc_align_path_f32") + Emulator.launches("ctc_align_path_f64");
    assertEquals("", Emulator.finding());
  }

  @AfterAll
  static void theKernelsRan() {
    assertTrue(launches > 0, "no kernel was launched: something else aligned");
  }
}
