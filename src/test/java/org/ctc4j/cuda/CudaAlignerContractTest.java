package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Random;
import org.ctc4j.AlignerContract;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CudaAligner;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract of alignment. */
@OnDevice
@DisplayName("CUDA: alignment")
class CudaAlignerContractTest extends AlignerContract {
  private static final long MOST_EMULATED = 10_000_000; // utterances · frames · labels
  private static long launches;

  @Override
  protected CtcAligner aligner(EngineOptions options) {
    CtcAligner aligner = CtcAligner.create(Backend.CUDA, options);
    assertInstanceOf(CudaAligner.class, aligner);
    TestDriver.assertDevice(aligner.device());
    return aligner;
  }

  @ParameterizedTest(name = "{0} × {1} frames, {2} labels, workspace {3}")
  @CsvSource({
    "4, 90, 20, 1000000000",
    "4, 90, 20, 1",
    "64, 400, 80, 1000000000",
    "8, 3000, 1200, 1000000000",
    "8, 3000, 1200, 1",
    "1, 90000, 15000, 1000000000",
    "1, 90000, 15000, 1"
  })
  @DisplayName("Whole numbers, which tie often: the host's path, state by state")
  void asOnTheHost(int utterances, int frames, int labels, long workspaceBytes) {
    boolean isSmall = (long) utterances * frames * labels <= MOST_EMULATED;
    assumeTrue(isSmall || TestDriver.isGpu(), "takes too long on the emulated driver");
    int classes = 32;
    Random random = Seed.random(getClass());
    float[] logits = new float[utterances * frames * classes];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = random.nextInt(6);
    }
    int[][] targets = new int[utterances][];
    for (int n = 0; n < utterances; n++) {
      targets[n] = TestBatch.randomTarget(random, labels, classes, 0);
    }
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.batchMajor(logits, frames, utterances, classes), Targets.of(targets));
    List<CtcPath> expected = CtcAligner.create(Backend.CPU).align(batch, CtcOptions.DEFAULT);
    try (CtcAligner aligner = aligner(EngineOptions.DEFAULT.withWorkspaceBytes(workspaceBytes))) {
      List<CtcPath> got = aligner.align(batch, CtcOptions.DEFAULT);
      for (int n = 0; n < utterances; n++) {
        assertEquals(expected.get(n).status(), got.get(n).status());
        for (int t = 0; t < got.get(n).frames(); t++) {
          assertEquals(expected.get(n).state(t), got.get(n).state(t), "frame " + t);
        }
      }
    }
  }

  @AfterEach
  void countLaunches() {
    launches +=
        TestDriver.launches("ctc_align_path_f32") + TestDriver.launches("ctc_align_path_f64");
    TestDriver.assertNoFindings();
  }

  @AfterAll
  static void theKernelsRan() {
    assertTrue(
        launches > 0 || !TestDriver.isEmulated(), "no kernel was launched: something else aligned");
  }
}
