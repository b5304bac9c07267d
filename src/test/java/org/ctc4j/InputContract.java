package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layouts, element types, forms of targets: what a batch may be made of. */
public abstract class InputContract extends CtcContract {
  protected InputContract(TestedBackend backend) {
    super(backend);
  }

  @Test
  @DisplayName("Any blank index in [0, C)")
  void anyBlank() {
    for (int blank = 0; blank < 5; blank++) {
      TestBatch drawn = TestBatch.random(random, 20, 3, 5, 0, 2);
      int[][] targets = new int[3][];
      for (int n = 0; n < 3; n++) {
        targets[n] = TestBatch.randomTarget(random, 3 * n, 5, blank);
      }
      TestBatch batch =
          new TestBatch(drawn.logits(), targets, drawn.inputLengths(), drawn.classes(), blank);
      assertMatchesReference(batch.batch(), batch.options(), "blank " + blank);
    }
  }

  @Test
  @DisplayName("Layouts (T,N,C) and (N,T,C) and any strides")
  void layouts() {
    int frames = 17;
    int classes = 7;
    TestBatch batch = TestBatch.random(random, frames, 3, classes, 6, 2);
    CtcResult expected = reference(batch.batch(), batch.options());
    int size = frames * 3 * classes;
    ElementType type = ctc.gradientType(ElementType.FLOAT32);
    FrameTensor[] tensors = {
      FrameTensor.batchMajor(new float[size], frames, 3, classes),
      // Fortran order of (T, N, C)
      FrameTensor.strided(
          Elements.of(new float[size]), 0, frames, 3, classes, new Strides(1, frames, frames * 3L)),
      // rows padded to 10, an offset of 5, every second element
      FrameTensor.strided(
          Elements.of(new float[2 * 10 * frames * 3 + 5]),
          5,
          frames,
          3,
          classes,
          new Strides(60, 20, 2)),
    };
    for (FrameTensor tensor : tensors) {
      CtcResult got = ctc.lossAndGradient(batch.batch(batch.fill(tensor)), batch.options());
      assertMatches(expected, got, "layout");
      CtcResult own =
          CtcResult.ofGradient(
              FrameTensor.timeMajor(Elements.allocate(type, size), frames, 3, classes));
      ctc.compute(batch.batch(tensor), batch.options(), own);
      Agreement.assertSameBits(got, own, () -> where("another layout for the gradient"));
    }
  }

  @Test
  @DisplayName("Packed (ragged) logits with offsets")
  void packed() {
    TestBatch batch = TestBatch.random(random, 15, 4, 6, 5, 2);
    int[] lengths = batch.inputLengths();
    int total = Arrays.stream(lengths).sum() * 6;
    CtcResult padded = ctc.lossAndGradient(batch.batch(), batch.options());

    FrameTensor dense = FrameTensor.packed(Elements.of(new float[total]), lengths, 6);
    CtcResult got =
        ctc.lossAndGradient(
            CtcBatch.of(batch.fill(dense), Targets.of(batch.targets())), batch.options());
    long[] backwards = new long[4];
    for (int n = 2; n >= 0; n--) {
      backwards[n] = backwards[n + 1] + 6L * lengths[n + 1] + 3;
    }
    FrameTensor scattered =
        FrameTensor.packed(Elements.of(new float[total + 9]), backwards, lengths, 6);
    CtcResult again =
        ctc.lossAndGradient(
            CtcBatch.of(batch.fill(scattered), Targets.of(batch.targets())), batch.options());
    Agreement.assertSameBits(got, again, () -> where("offsets"));
    for (int n = 0; n < 4; n++) {
      assertEquals(padded.loss(n), got.loss(n), where("packed, utterance " + n));
      for (int t = 0; t < lengths[n]; t++) {
        for (int c = 0; c < 6; c++) {
          assertEquals(padded.gradient().get(t, n, c), got.gradient().get(t, n, c));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("float32, float64, float16, bfloat16 in, heap or direct; sums wider than the input")
  void elementTypes(ElementType type) {
    TestBatch batch = TestBatch.random(random, 200, 3, 300, 30, 4);
    int size = 200 * 3 * 300;
    ByteBuffer direct =
        ByteBuffer.allocateDirect(size * type.bytes()).order(ByteOrder.nativeOrder());
    Elements offHeap =
        switch (type) {
          case FLOAT64 -> Elements.of(direct.asDoubleBuffer());
          case FLOAT32 -> Elements.of(direct.asFloatBuffer());
          case FLOAT16 -> Elements.float16(direct.asShortBuffer());
          case BFLOAT16 -> Elements.bfloat16(direct.asShortBuffer());
        };
    CtcResult[] results = new CtcResult[2];
    Elements[] places = {Elements.allocate(type, size), offHeap};
    for (int i = 0; i < 2; i++) {
      FrameTensor tensor = batch.fill(FrameTensor.timeMajor(places[i], 200, 3, 300));
      assertMatchesReference(batch.batch(tensor), batch.options(), type.name());
      results[i] = ctc.lossAndGradient(batch.batch(tensor), batch.options());
    }
    Agreement.assertSameBits(results[0], results[1], () -> where("heap and direct " + type));
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "BFLOAT16"})
  @DisplayName("A gradient may be written in 16 bits: the float32 gradient, rounded once")
  void halfGradient(ElementType type) {
    TestBatch batch = TestBatch.random(random, 12, 2, 5, 4, 2);
    CtcResult single = CtcResult.ofGradient(FrameTensor.timeMajor(new float[12 * 2 * 5], 12, 2, 5));
    ctc.compute(batch.batch(), batch.options(), single);
    CtcResult half =
        CtcResult.ofGradient(FrameTensor.timeMajor(Elements.allocate(type, 12 * 2 * 5), 12, 2, 5));
    ctc.compute(batch.batch(), batch.options(), half);
    double unit = type == ElementType.FLOAT16 ? 0x1p-11 : 0x1p-8;
    for (int i = 0; i < 12 * 2 * 5; i++) {
      double expected = single.gradient().elements().get(i);
      double got = half.gradient().elements().get(i);
      assertEquals(expected, got, Math.abs(expected) * unit * 1.01 + 0x1p-25);
    }
  }

  @Test
  @DisplayName("Targets padded (N, Lmax), concatenated, or int[][]; padding is never read")
  void targetForms() {
    TestBatch batch = TestBatch.random(random, 25, 4, 6, 9, 2);
    int[] lengths = Arrays.stream(batch.targets()).mapToInt(target -> target.length).toArray();
    int[] padded = new int[4 * 9];
    Arrays.fill(padded, -77);
    int[] concatenated = new int[Arrays.stream(lengths).sum()];
    int next = 0;
    for (int n = 0; n < 4; n++) {
      System.arraycopy(batch.targets()[n], 0, padded, n * 9, lengths[n]);
      System.arraycopy(batch.targets()[n], 0, concatenated, next, lengths[n]);
      next += lengths[n];
    }
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    Targets[] forms = {
      Targets.padded(padded, 9, lengths), Targets.concatenated(concatenated, lengths)
    };
    for (Targets form : forms) {
      CtcBatch again = CtcBatch.of(batch.timeMajor(), form, batch.inputLengths());
      CtcResult got = ctc.lossAndGradient(again, batch.options());
      Agreement.assertSameBits(expected, got, () -> where("targets"));
    }
  }

  @Test
  @DisplayName("Buffers count from position to limit, in their own byte order")
  void bufferViews() {
    TestBatch batch = TestBatch.random(random, 6, 2, 4, 2, 2);
    CtcResult expected = ctc.lossAndGradient(batch.batch(), batch.options());
    int size = 6 * 2 * 4;
    FloatBuffer swapped =
        ByteBuffer.allocate(4 * (size + 10)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    swapped.position(3).limit(3 + size);
    FrameTensor tensor = FrameTensor.timeMajor(Elements.of(swapped), 6, 2, 4);
    swapped.clear(); // the view keeps what it was given
    CtcResult got = ctc.lossAndGradient(batch.batch(batch.fill(tensor)), batch.options());
    Agreement.assertSameBits(expected, got, () -> where("buffer view"));
    FrameTensor readOnly =
        FrameTensor.timeMajor(
            Elements.float16(ShortBuffer.allocate(size).asReadOnlyBuffer()), 6, 2, 4);
    assertArrayEquals(
        new int[] {2}, new int[] {ctc.loss(batch.batch(readOnly), batch.options()).utterances()});
  }
}
