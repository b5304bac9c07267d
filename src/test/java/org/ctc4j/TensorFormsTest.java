package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors, labels and lengths of the forms that callers have. */
class TensorFormsTest {
  private static final int T = 3;
  private static final int N = 2;
  private static final int C = 4;

  private final long seed = Seed.of(getClass());
  private final Random random = new Random(seed);

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(InvalidInputException.class, call).getMessage());
  }

  private static int[] sizes(String axes) {
    return axes.chars().map(axis -> axis == 'T' ? T : axis == 'N' ? N : C).toArray();
  }

  /** Where frame t, utterance n, class c is in dense data of these axes. */
  private static int[] place(String axes, int t, int n, int c) {
    return axes.chars().map(axis -> axis == 'T' ? t : axis == 'N' ? n : c).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TNC", "NTC", "NCT", "TCN", "CTN", "CNT"})
  @DisplayName("Axes in any order, flat or nested, and back to an array")
  void axes(String axes) {
    int[] sizes = sizes(axes);
    float[] data = new float[T * N * C];
    float[][][] nested = new float[sizes[0]][sizes[1]][sizes[2]];
    double[] doubles = new double[data.length];
    for (int i = 0; i < data.length; i++) {
      data[i] = random.nextFloat();
      doubles[i] = data[i];
      nested[i / sizes[2] / sizes[1]][i / sizes[2] % sizes[1]][i % sizes[2]] = data[i];
    }
    List<FrameTensor> tensors =
        List.of(
            FrameTensor.of(data, axes, sizes),
            FrameTensor.of(doubles, axes, sizes),
            FrameTensor.of(Elements.of(data), axes, sizes),
            FrameTensor.of(nested, axes));
    for (FrameTensor tensor : tensors) {
      assertEquals(T, tensor.frames());
      assertEquals(N, tensor.utterances());
      assertEquals(C, tensor.classes());
      for (int t = 0; t < T; t++) {
        for (int n = 0; n < N; n++) {
          for (int c = 0; c < C; c++) {
            int[] at = place(axes, t, n, c);
            assertEquals(nested[at[0]][at[1]][at[2]], tensor.get(t, n, c));
          }
        }
      }
      assertArrayEquals(data, tensor.toFloatArray());
    }
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      FrameTensor logits = FrameTensor.of(data, axes, sizes);
      CtcResult result = ctc.lossAndGradient(CtcBatch.of(logits, Targets.of(new int[N][0])));
      float[] gradient = result.gradient().toFloatArray();
      assertEquals(
          result.gradient().get(1, 1, 2), FrameTensor.of(gradient, axes, sizes).get(1, 1, 2));
      assertEquals(N, result.count(CtcStatus.OK));
      assertEquals(0, result.count(CtcStatus.INFEASIBLE));
    }
  }

  @Test
  @DisplayName("What does not agree is told, with what was expected and what came")
  void refusals() {
    float[] data = new float[24];
    String letters = "axes: expected the letters T, N and C in their order, NTC for instance, got ";
    for (String axes : new String[] {"", "NT", "NTT", "BTC", "NTCC", "ntc"}) {
      refused(letters + "'" + axes + "'", () -> FrameTensor.of(data, axes, 2, 3, 4));
    }
    refused(
        "sizes: expected 3, one for each of (N, T, C), got 2",
        () -> FrameTensor.of(data, "NTC", 2, 12));
    refused(
        "(N, C, T) = (2, 4, 5) is 40 elements, got 24", () -> FrameTensor.of(data, "NCT", 2, 4, 5));
    refused(
        "expected T ≥ 0, N ≥ 0 and C ≥ 1, got (T, N, C) = (-3, 2, 4)",
        () -> FrameTensor.of(data, "NTC", 2, -3, 4));
    int most = Integer.MAX_VALUE;
    refused(
        "(T, N, C) = (%d, %d, %d) is %d elements, got 24"
            .formatted(most, most, most, Long.MAX_VALUE),
        () -> FrameTensor.of(data, "TNC", most, most, most));
    refused(
        "data[1]: expected 2 elements, as the first has, got 1",
        () -> FrameTensor.of(new float[][][] {{{1}, {2}}, {{3}}}, "NTC"));
    refused(
        "data[0][1]: expected 1 elements, as the first has, got 2",
        () -> FrameTensor.of(new float[][][] {{{1}, {2, 3}}}, "NTC"));
    refused(
        "expected T ≥ 0, N ≥ 0 and C ≥ 1, got (T, N, C) = (0, 0, 0)",
        () -> FrameTensor.of(new float[0][][], "NTC"));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("Bytes with a type, in the order of their buffer; halves as short[]")
  void bytes(ElementType type) {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(6 * type.bytes() + 3).order(order);
      buffer.position(2).limit(2 + 6 * type.bytes());
      Elements elements = Elements.of(buffer, type);
      assertEquals(6, elements.length());
      assertEquals(type, elements.type());
      elements.set(1, 1.5);
      elements.set(5, -2);
      assertArrayEquals(new float[] {0, 1.5f, 0, 0, 0, -2}, elements.toFloatArray());
      int signByte = 2 + 5 * type.bytes() + (order == ByteOrder.BIG_ENDIAN ? 0 : type.bytes() - 1);
      assertEquals((byte) 0xc0, buffer.get(signByte), "of -2");
      buffer.limit(buffer.limit() + 1);
      refused(
          "buffer: expected a multiple of %d bytes, for %s, got %d"
              .formatted(type.bytes(), type, 6 * type.bytes() + 1),
          () -> Elements.of(buffer, type));
    }
    short[] bits = {0, 0x3c00, (short) 0x8000};
    assertEquals(1, Elements.float16(bits).get(1));
    assertEquals(0x1p-7, Elements.bfloat16(bits).get(1));
    Elements.float16(bits).set(0, 1);
    assertEquals(0x3c00, bits[0]);
  }

  @Test
  @DisplayName("Packed tensors and concatenations become arrays, too")
  void packed() {
    Elements pieces =
        Elements.concatenation(
            Elements.of(new float[] {1, 2, 3, 4}), Elements.of(new float[] {5, 6}));
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, pieces.toFloatArray());
    FrameTensor packed = FrameTensor.packed(pieces, new long[] {4, 0}, new int[] {1, 2}, 2);
    assertArrayEquals(new float[] {5, 6, 1, 2, 3, 4}, packed.toFloatArray());
  }

  @Test
  @DisplayName("Labels and lengths of long[] and IntBuffer")
  void ints() {
    assertArrayEquals(new int[] {3, -1}, Ints.of(new long[] {3, -1}));
    refused(
        "element 1 is 5000000000, expected a number in [-2147483648, 2147483647]",
        () -> Ints.of(new long[] {3, 5_000_000_000L}));
    IntBuffer buffer = IntBuffer.wrap(new int[] {9, 1, 2, 9}).position(1).limit(3);
    assertArrayEquals(new int[] {1, 2}, Ints.of(buffer));
    assertEquals(2, buffer.remaining());
    assertArrayEquals(new int[] {1, 2}, Ints.of(buffer.asReadOnlyBuffer()));
  }

  @Test
  @DisplayName("Without lengths all frames are used, without options the default ones")
  void defaults() {
    TestBatch drawn = TestBatch.random(random, 6, 3, 4, 2, 2);
    FrameTensor logits = drawn.timeMajor();
    CtcOptions options = CtcOptions.DEFAULT;
    int[] all = {6, 6, 6};
    Targets targets = Targets.of(new int[] {1}, new int[] {2, 3}, new int[0]);
    CtcBatch batch = CtcBatch.of(logits, targets);
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      CtcResult expected = ctc.lossAndGradient(batch, options);
      Agreement.assertSameBits(expected, ctc.lossAndGradient(batch), () -> "lossAndGradient");
      assertArrayEquals(expected.losses(), ctc.loss(batch).losses());
      assertArrayEquals(
          ctc.posteriors(batch, options).posteriors().toFloatArray(),
          ctc.posteriors(batch).posteriors().toFloatArray());
      assertArrayEquals(
          ctc.statePosteriors(batch, options).statePosteriors().toFloatArray(),
          ctc.statePosteriors(batch).statePosteriors().toFloatArray());
      Projection projection = Projection.of(Elements.of(new float[20]), null, 5, 4);
      ProjectedBatch projected = ProjectedBatch.of(logits, projection, targets);
      assertArrayEquals(ctc.loss(projected, options).losses(), ctc.loss(projected).losses());
      assertEquals(3, ctc.lossAndGradient(projected).count(CtcStatus.OK));
    }
    try (CtcAligner aligner = CtcAligner.create()) {
      assertEquals(
          aligner.align(batch, options).get(1).logProbability(),
          aligner.align(batch).get(1).logProbability());
    }
    CtcDecoder decoder = CtcDecoder.create();
    int[] lengths = {6, 2, 0};
    String expected = decoder.greedy(logits, all, options).toString();
    assertEquals(expected, decoder.greedy(logits).toString());
    assertEquals(expected, decoder.greedy(logits, options).toString());
    assertEquals(
        decoder.greedy(logits, lengths, options).toString(),
        decoder.greedy(logits, lengths).toString());
    BeamOptions beam = BeamOptions.DEFAULT;
    String outputs = decoder.beamSearch(logits, all, options, beam).toString();
    assertEquals(outputs, decoder.beamSearch(logits).toString());
    assertEquals(outputs, decoder.beamSearch(logits, options, beam).toString());
    assertEquals(
        decoder.beamSearch(logits, lengths, options, beam).toString(),
        decoder.beamSearch(logits, lengths).toString());
    HotWords words = HotWords.of(List.of(new int[] {1, 2}), 3);
    assertEquals(
        decoder.beamSearch(logits, all, options, beam, words).toString(),
        decoder.beamSearch(logits, options, beam, words).toString());
  }
}
