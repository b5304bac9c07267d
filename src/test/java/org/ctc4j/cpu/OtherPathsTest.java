package org.ctc4j.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctc4j.Agreement;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.FrameTensor;
import org.ctc4j.Seed;
import org.ctc4j.Targets;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.LossPlaces;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small losses whose digits come from the paths beside the best one. */
class OtherPathsTest {
  private final Kernels kernels = KernelChoice.get().kernels();
  private final Random random = Seed.random(getClass());
  private int[] target;

  /** Logits of deviation 1 about {@code offset}, with a path to the target raised. */
  private float[] logits(int frames, int classes, double margin, double offset) {
    List<Integer> labels = new ArrayList<>();
    float[] x = new float[frames * classes];
    int symbol = 0;
    for (int t = 0; t < frames; t++) {
      int before = symbol;
      symbol = random.nextBoolean() ? symbol : random.nextInt(classes);
      if (symbol != 0 && symbol != before) {
        labels.add(symbol);
      }
      for (int c = 0; c < classes; c++) {
        x[t * classes + c] = (float) (offset + random.nextGaussian() + (c == symbol ? margin : 0));
      }
    }
    target = labels.stream().mapToInt(Integer::intValue).toArray();
    return x;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, 22, 0, 200",
    "9, 3, 20, 0, 200",
    "9, 3, 24, 60, 200",
    "12, 5, 24, -60, 200",
    "100, 30, 22, 0, 20",
    "100, 30, 26, -300, 20",
    "300, 300, 28, 0, 3"
  })
  @DisplayName("Loss to a millionth, gradient to 1e-5 of its norm, without the slower way")
  void small(int frames, int classes, double margin, double offset, int utterances) {
    int exact = 0;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      for (int i = 0; i < utterances; i++) {
        float[] x = logits(frames, classes, margin, offset);
        FrameTensor tensor = FrameTensor.timeMajor(x, frames, 1, classes);
        CtcBatch batch = CtcBatch.of(tensor, Targets.of(new int[][] {target}));
        CtcResult expected = reference.lossAndGradient(batch, CtcOptions.DEFAULT);
        FrameTensor gradient = tensor.zerosLike(ElementType.FLOAT32);
        ForwardBackward u = new ForwardBackward(kernels);
        double loss = loss(u, batch, gradient);
        String what = "utterance %d, seed %d".formatted(i, Seed.of(getClass()));
        exact += u.isExact() ? 1 : 0;
        Agreement.assertLoss(expected.loss(0), loss, 1e-6, () -> what);
        assertEquals(loss, loss(u, batch, null), what);
        checkGradient(expected.gradient(), gradient, what);
      }
    }
    assertTrue(exact > utterances / 2, "by the paths: " + exact + " of " + utterances);
  }

  private static double loss(ForwardBackward u, CtcBatch batch, FrameTensor gradient) {
    LossPlaces places = LossPlaces.of(1, gradient);
    u.begin(new LossCall(batch, CtcOptions.DEFAULT, new double[] {1}, places), 0, 1 << 30);
    u.compute(new Scratch(KernelChoice.get().kernels().another()));
    return places.losses()[0];
  }

  private static void checkGradient(FrameTensor expected, FrameTensor got, String what) {
    double error = 0;
    double norm = 0;
    for (int t = 0; t < got.frames(); t++) {
      for (int c = 0; c < got.classes(); c++) {
        error = Math.hypot(error, expected.get(t, 0, c) - got.get(t, 0, c));
        norm = Math.hypot(norm, expected.get(t, 0, c));
      }
    }
    assertTrue(error <= 1e-5 * norm, what + ": gradient error " + error + " of " + norm);
  }
}
