package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sizes that are negative, or overflow in a product, are refused like any other bad argument. */
class HostileSizesTest {
  private static final int MIN = Integer.MIN_VALUE;
  private static final int MAX = Integer.MAX_VALUE;
  private static final long LARGE = Long.MAX_VALUE;
  private static final ElementType FLOAT = ElementType.FLOAT32;
  private static final Elements NONE = Elements.of(new float[0]);
  private static final Elements FORTY = Elements.of(new float[40]);

  /**
   * @param saying what the message must name
   */
  record Call(String name, String saying, Executable call) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final class Calls {
    final List<Call> all = new ArrayList<>();

    void add(String name, String saying, Executable call) {
      all.add(new Call(name, saying, call));
    }
  }

  static List<Call> calls() {
    Calls calls = new Calls();
    for (int bad : new int[] {-1, MIN}) {
      String got = Integer.toString(bad);
      negative(calls, bad, got);
      negativeOnDevice(calls, bad, got);
    }
    overflowing(calls);
    return calls.all;
  }

  private static void negative(Calls calls, int bad, String got) {
    calls.add("timeMajor T " + got, got, () -> FrameTensor.timeMajor(FORTY, bad, 2, 4));
    calls.add("timeMajor N " + got, got, () -> FrameTensor.timeMajor(new float[40], 5, bad, 4));
    calls.add("timeMajor C " + got, got, () -> FrameTensor.timeMajor(new double[40], 5, 2, bad));
    calls.add("timeMajor all " + got, got, () -> FrameTensor.timeMajor(NONE, bad, bad, bad));
    calls.add("batchMajor " + got, got, () -> FrameTensor.batchMajor(FORTY, bad, bad, 4));
    calls.add(
        "strided " + got,
        got,
        () -> FrameTensor.strided(FORTY, 0, bad, 2, 4, new Strides(8, 4, 1)));
    calls.add(
        "offset " + got, got, () -> FrameTensor.strided(FORTY, bad, 5, 2, 4, new Strides(8, 4, 1)));
    calls.add(
        "stride " + got, got, () -> FrameTensor.strided(FORTY, 0, 5, 2, 4, new Strides(8, bad, 1)));
    int[] counts = {2, bad};
    calls.add("packed " + got, got, () -> FrameTensor.packed(FORTY, counts, 20));
    calls.add("packed C " + got, got, () -> FrameTensor.packed(NONE, new int[2], bad));
    calls.add("packed full C " + got, got, () -> FrameTensor.packed(FORTY, new int[] {2}, bad));
    calls.add(
        "packed starts " + got,
        got,
        () -> FrameTensor.packed(FORTY, new long[] {0, bad}, new int[] {2, 2}, 4));
    calls.add("padded width " + got, got, () -> Targets.padded(new int[4], bad, new int[] {1, 1}));
    calls.add("padded " + got, got, () -> Targets.padded(new int[4], 2, new int[] {1, bad}));
    calls.add("concatenated " + got, got, () -> Targets.concatenated(new int[2], counts));
    calls.add("allocate " + got, got, () -> Elements.allocate(FLOAT, bad));
    calls.add("losses " + got, got, () -> CtcResult.ofLosses(bad));
    calls.add("projected losses " + got, got, () -> ProjectedResult.ofLosses(bad));
    calls.add("gradients " + got, got, () -> ProjectedResult.ofGradients(bad, null, FORTY, null));
    calls.add("projection C " + got, got, () -> Projection.of(NONE, null, bad, 4));
    calls.add("projection D " + got, got, () -> Projection.of(NONE, null, bad, bad));
    FrameTensor logits = FrameTensor.timeMajor(FORTY, 5, 2, 4);
    Targets targets = Targets.of(new int[] {1}, new int[] {2});
    calls.add("batch " + got, got, () -> CtcBatch.of(logits, targets, new int[] {bad, 5}));
    calls.add(
        "projected batch " + got,
        got,
        () ->
            ProjectedBatch.of(
                logits, Projection.of(FORTY, null, 10, 4), targets, new int[] {bad, 5}));
    calls.add("threads " + got, got, () -> EngineOptions.DEFAULT.withThreads(bad));
    calls.add("workspace " + got, got, () -> EngineOptions.DEFAULT.withWorkspaceBytes(bad));
    calls.add("blank " + got, got, () -> CtcOptions.DEFAULT.withBlank(bad));
    calls.add("beam " + got, got, () -> BeamOptions.DEFAULT.withBeamWidth(bad));
    calls.add("n-best " + got, got, () -> BeamOptions.DEFAULT.withNBest(bad));
    calls.add("top classes " + got, got, () -> BeamOptions.DEFAULT.withTopClasses(bad));
  }

  private static void negativeOnDevice(Calls calls, int bad, String got) {
    calls.add("device N " + got, got, () -> DeviceTensor.timeMajor(256, FLOAT, bad, 4));
    calls.add("device C " + got, got, () -> DeviceTensor.timeMajor(256, FLOAT, 4, bad));
    calls.add("device both " + got, got, () -> DeviceTensor.timeMajor(256, FLOAT, bad, bad));
    calls.add("device T " + got, got, () -> DeviceTensor.batchMajor(256, FLOAT, bad, 4));
    calls.add("device T, C " + got, got, () -> DeviceTensor.batchMajor(256, FLOAT, bad, bad));
    calls.add("device packed " + got, got, () -> DeviceTensor.packed(256, FLOAT, 256, bad));
    calls.add("device padded N " + got, got, () -> DeviceTargets.padded(256, bad, 4, 256));
    calls.add("device padded L " + got, got, () -> DeviceTargets.padded(256, 2, bad, 256));
    calls.add("device padded both " + got, got, () -> DeviceTargets.padded(256, bad, bad, 256));
    calls.add("device labels " + got, got, () -> DeviceTargets.concatenated(256, bad, 256, 256, 4));
    DeviceTensor logits = DeviceTensor.timeMajor(256, FLOAT, 2, 4);
    DeviceTargets targets = DeviceTargets.padded(256, 2, 3, 256);
    calls.add("device batch T " + got, got, () -> new DeviceBatch(logits, bad, 2, 4, targets, 256));
    calls.add("device batch N " + got, got, () -> new DeviceBatch(logits, 5, bad, 4, targets, 256));
    calls.add("device batch C " + got, got, () -> new DeviceBatch(logits, 5, 2, bad, targets, 256));
    calls.add("device projection " + got, got, () -> new DeviceProjection(256, 0, FLOAT, bad, bad));
  }

  private static void overflowing(Calls calls) {
    String max = Integer.toString(MAX);
    calls.add("timeMajor MAX³", max, () -> FrameTensor.timeMajor(FORTY, MAX, MAX, MAX));
    calls.add(
        "batchMajor 2^64", "65536", () -> FrameTensor.batchMajor(NONE, 1 << 16, 1 << 24, 1 << 24));
    calls.add(
        "frames", max, () -> FrameTensor.strided(FORTY, 0, MAX, 2, 4, new Strides(LARGE, 4, 1)));
    calls.add(
        "utterances",
        max,
        () -> FrameTensor.strided(FORTY, 0, 5, MAX, 4, new Strides(8, LARGE, 1)));
    calls.add(
        "classes", max, () -> FrameTensor.strided(FORTY, 0, 5, 2, MAX, new Strides(8, 4, LARGE)));
    calls.add(
        "offset",
        "(5, 2, 4)",
        () -> FrameTensor.strided(FORTY, LARGE, 5, 2, 4, new Strides(8, 4, 1)));
    calls.add("packed MAX", max, () -> FrameTensor.packed(FORTY, new int[] {MAX, MAX, MAX}, MAX));
    int[] counts = new int[8]; // 8 · 2^30 · 2^31 is 2^64
    Arrays.fill(counts, 1 << 30);
    calls.add("packed 2^63", "1073741824", () -> FrameTensor.packed(NONE, counts, 1 << 30));
    calls.add(
        "packed starts",
        "utterance 1",
        () -> FrameTensor.packed(FORTY, new long[] {0, LARGE}, new int[] {2, 2}, 4));
    calls.add("padded", max, () -> Targets.padded(new int[4], MAX, new int[3]));
    calls.add("allocate", Long.toString(LARGE), () -> Elements.allocate(FLOAT, LARGE));
    calls.add("allocate 2^62", Long.toString(1L << 62), () -> Elements.allocate(FLOAT, 1L << 62));
    calls.add("losses MAX", max, () -> CtcResult.ofLosses(MAX));
    calls.add("projected losses MAX", max, () -> ProjectedResult.ofLosses(MAX));
    calls.add("threads MAX", max, () -> EngineOptions.DEFAULT.withThreads(MAX));
    calls.add("allocate 2^40", Long.toString(1L << 40), () -> Elements.allocate(FLOAT, 1L << 40));
    calls.add("projection", max, () -> Projection.of(FORTY, null, MAX, MAX));
    calls.add("device batch", max, () -> device(MAX, MAX));
    Elements one = Elements.of(new float[1]);
    FrameTensor repeated = FrameTensor.strided(one, 0, MAX, MAX, MAX, new Strides(0, 0, 0));
    calls.add("zeros", max, () -> repeated.zerosLike(FLOAT));
    FrameTensor square =
        FrameTensor.strided(one, 0, 1 << 24, 1 << 22, 1 << 18, new Strides(0, 0, 0));
    calls.add("zeros 2^64", "16777216", () -> square.zerosLike(FLOAT));
    calls.add("gradient", max, () -> CtcResult.ofGradient(repeated));
    calls.add(
        "lossAndGradient",
        max,
        () -> {
          FrameTensor logits = FrameTensor.strided(one, 0, MAX, 2, MAX, new Strides(0, 0, 0));
          try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
            ctc.lossAndGradient(
                CtcBatch.of(logits, Targets.of(new int[0], new int[0])), CtcOptions.DEFAULT);
          }
        });
  }

  private static DeviceBatch device(int frames, int utterances) {
    return new DeviceBatch(
        DeviceTensor.timeMajor(256, FLOAT, 2, 4),
        frames,
        utterances,
        4,
        DeviceTargets.padded(256, 2, 3, 256),
        256);
  }

  @ParameterizedTest
  @MethodSource("calls")
  @DisplayName("Refused, with what came")
  void refused(Call call) {
    Throwable e = assertThrows(Throwable.class, call.call);
    assertTrue(e.getClass() == InvalidInputException.class, e::toString);
    assertTrue(e.getMessage().contains(call.saying), e::getMessage);
    assertTrue(
        e.getMessage().matches("(?s).*(expected|must be|reaches|add up|elements).*"),
        e::getMessage);
  }
}
