package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A gradient is refused where it overlaps what is read, in whatever pieces both lie. */
class OverlapTest {
  private static final int T = 6;
  private static final int C = 4;
  private static final int SIZE = T * C; // of one tensor
  private static final int PIECE = SIZE / 2;

  /**
   * @param logits elements, of which {@link #SIZE} from {@code logitsAt} on are used
   */
  record Places(
      String name,
      Elements logits,
      int logitsAt,
      Elements gradient,
      int gradientAt,
      boolean apart) {
    @Override
    public String toString() {
      return name;
    }

    FrameTensor of(Elements elements, int offset) {
      return FrameTensor.strided(elements, offset, T, 1, C, new Strides(C, C, 1));
    }
  }

  static List<Places> places() {
    List<Places> all = new ArrayList<>();
    float[] a = new float[PIECE];
    float[] b = new float[5 * SIZE];
    Elements part = Elements.of(FloatBuffer.wrap(b, 0, PIECE)); // b[0 … 12)
    Elements logits = Elements.concatenation(Elements.of(a), part);
    for (int at : new int[] {0, 5, PIECE - 1, PIECE, PIECE + 1, 2 * SIZE}) {
      boolean apart = at >= PIECE;
      all.add(new Places("second piece, from " + at, logits, 0, Elements.of(b), at, apart));
      Elements slice = Elements.of(FloatBuffer.wrap(b, at, SIZE).slice());
      all.add(new Places("second piece, slice from " + at, logits, 0, slice, 0, apart));
      all.add(new Places("gradient in pieces, from " + at, Elements.of(b), at, logits, 0, apart));
      Elements other =
          Elements.concatenation(
              Elements.of(new float[PIECE]), Elements.of(FloatBuffer.wrap(b, at, PIECE)));
      all.add(new Places("both in pieces, from " + at, logits, 0, other, 0, apart));
      FloatBuffer moved = FloatBuffer.wrap(b).position(at).slice().limit(SIZE);
      all.add(
          new Places(
              "two buffers, from " + at,
              Elements.of(moved),
              0,
              Elements.of(b),
              SIZE + at + 5,
              true));
      all.add(
          new Places(
              "two buffers, one element, from " + at,
              Elements.of(moved),
              0,
              Elements.of(FloatBuffer.wrap(b).position(SIZE + at - 1)),
              0,
              false));
    }
    Elements twice = Elements.concatenation(Elements.of(a), part, Elements.of(new float[PIECE]));
    all.add(
        new Places(
            "the piece that is not used",
            twice,
            PIECE,
            Elements.concatenation(Elements.of(a), Elements.of(new float[PIECE])),
            0,
            true));
    DoubleBuffer direct = ByteBuffer.allocateDirect(8 * 3 * SIZE).asDoubleBuffer();
    Elements later = Elements.of(direct.position(SIZE));
    Elements earlier = Elements.of(direct.position(0));
    all.add(new Places("one direct buffer, apart", later, 0, earlier, 0, true));
    all.add(new Places("one direct buffer, overlapping", later, 0, earlier, 1, false));
    return all;
  }

  @ParameterizedTest
  @MethodSource("places")
  @DisplayName("A gradient, and posteriors, beside logits")
  void beside(Places places) {
    FrameTensor logits = places.of(places.logits, places.logitsAt);
    FrameTensor place = places.of(places.gradient, places.gradientAt);
    CtcBatch batch = CtcBatch.of(logits, Targets.of(new int[] {1, 2}));
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      check(
          places.apart,
          "gradient: it overlaps the logits in memory",
          () -> ctc.compute(batch, CtcOptions.DEFAULT, CtcResult.ofGradient(place)));
      check(
          places.apart,
          "posteriors: it overlaps the logits in memory",
          () ->
              ctc.compute(batch, CtcOptions.DEFAULT, CtcResult.ofLosses(1).withPosteriors(place)));
    }
  }

  @Test
  @DisplayName("Gradients of a projection in the weight's own array")
  void projection() {
    float[] memory = new float[4 * C];
    Elements weight =
        Elements.concatenation(
            Elements.of(new float[2]), Elements.of(FloatBuffer.wrap(memory, 0, 2)));
    ProjectedBatch batch =
        ProjectedBatch.of(
            FrameTensor.timeMajor(new float[T], T, 1, 1),
            Projection.of(weight, null, C, 1),
            Targets.of(new int[] {1, 2}));
    for (int at : new int[] {0, 1, 2, 7}) {
      Elements gradient = Elements.of(FloatBuffer.wrap(memory, at, C));
      try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
        check(
            at >= 2,
            "weight gradient: it overlaps the weight in memory",
            () ->
                ctc.compute(
                    batch,
                    CtcOptions.DEFAULT,
                    ProjectedResult.ofGradients(1, null, gradient, null)));
      }
    }
  }

  private static void check(boolean fine, String message, Runnable call) {
    if (fine) {
      assertDoesNotThrow(call::run);
    } else {
      assertEquals(message, assertThrows(InvalidInputException.class, call::run).getMessage());
    }
  }
}
