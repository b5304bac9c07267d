package org.ctc4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.ctc4j.CtcOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FollowingPriorsTest {
  /** Utterances of two frames and one, whose used frames give their classes 1/2, 1/4 and 1/4. */
  private static NDArray logits(NDManager manager) {
    float half = (float) Math.log(2);
    return manager.create(
        new float[] {half, 0, 0, half, 0, 0, half, 0, 0, 0, 9, 0}, new Shape(2, 2, 3));
  }

  private static NDList labels(NDManager manager) {
    return new NDList(
        manager.create(new int[] {1, 2}, new Shape(2, 1)),
        manager.create(new int[] {1, 1}),
        manager.create(new int[] {2, 1}));
  }

  @Test
  @DisplayName("What a hundred steps gave to each class is the prior in the next hundred")
  void followed() {
    try (NDManager manager = NDManager.newBaseManager()) {
      FollowingPriors priors = new FollowingPriors(CtcOptions.DEFAULT, 0.5);
      for (int step = 1; step <= 250; step++) {
        boolean changed = priors.add(logits(manager), labels(manager));
        assertEquals(step % 100 == 0, changed, "step " + step);
        if (step < 100) {
          assertSame(CtcOptions.DEFAULT, priors.options(), "step " + step);
        } else {
          double[] expected = {Math.log(2) / 2, Math.log(4) / 2, Math.log(4) / 2};
          assertArrayEquals(expected, priors.options().offsets(3), 1e-6, "step " + step);
        }
      }
    }
  }

  @Test
  @DisplayName("Of scale 0 there are none")
  void none() {
    try (NDManager manager = NDManager.newBaseManager()) {
      FollowingPriors priors = new FollowingPriors(CtcOptions.DEFAULT, 0);
      for (int step = 1; step <= 100; step++) {
        assertFalse(priors.add(logits(manager), labels(manager)));
      }
      assertSame(CtcOptions.DEFAULT, priors.options());
    }
  }
}
