package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaAligner;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceException;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceLabels;
import org.ctc4j.DeviceNBest;
import org.ctc4j.DevicePaths;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.text.TokenScorer;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** After {@code prepare} a call can be captured, though no such call was enqueued before. */
@OnDevice
class CudaPrepareTest {
  private static final CtcOptions OPTIONS = CtcOptions.DEFAULT;
  private static final CtcOptions OFFSETS = OPTIONS.withBlankPenalty(1);

  /** What a result has places for. */
  private enum Outputs {
    LOSSES,
    REDUCED_AND_GRADIENT,
    POSTERIORS,
    ALL
  }

  @RegisterExtension final DeviceStream gpu = new DeviceStream();

  /** One utterance of a type, its logits all 0. */
  private static DeviceBatch batch(
      DeviceArrays arrays, ElementType type, int frames, int classes, int labels) {
    int[] target = new int[labels];
    for (int i = 0; i < labels; i++) {
      target[i] = 1 + i % 2;
    }
    return new DeviceBatch(
        DeviceTensor.timeMajor(arrays.of(new double[frames * classes]), type, 1, classes),
        frames,
        1,
        classes,
        DeviceTargets.padded(arrays.of(target), 1, labels, arrays.of(labels)),
        arrays.of(frames));
  }

  private static DeviceResult result(DeviceArrays arrays, DeviceBatch batch, Outputs outputs) {
    int frames = batch.frames();
    int classes = batch.classes();
    int states = 2 * batch.targets().maxLength() + 1;
    boolean gradient = outputs == Outputs.REDUCED_AND_GRADIENT || outputs == Outputs.ALL;
    DeviceResult result =
        new DeviceResult(
            arrays.allocate(8),
            arrays.allocate(4),
            gradient ? arrays.allocate(8) : 0,
            gradient ? place(arrays, frames, classes) : null);
    return outputs == Outputs.POSTERIORS || outputs == Outputs.ALL
        ? result
            .withPosteriors(place(arrays, frames, classes))
            .withStatePosteriors(place(arrays, frames, states))
        : result;
  }

  private static DeviceTensor place(DeviceArrays arrays, int frames, int entries) {
    return DeviceTensor.timeMajor(
        arrays.allocate(4L * frames * entries), ElementType.FLOAT32, 1, entries);
  }

  /** Captures calls in a graph and launches it. The device has done all when this returns. */
  private void captured(Runnable calls) {
    CUgraph graph = new CUgraph();
    CUgraphExec exec = new CUgraphExec();
    int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL;
    Driver.call("cuStreamBeginCapture", () -> cuStreamBeginCapture(gpu.stream().handle(), mode));
    try {
      calls.run();
    } finally {
      Driver.code(() -> cuStreamEndCapture(gpu.stream().handle(), graph));
    }
    Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
    Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, gpu.stream().handle()));
    gpu.stream().await(() -> "a graph");
    Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
    Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
  }

  @ParameterizedTest(name = "{0}, C = {1}, L = {2}")
  @CsvSource({
    "FLOAT32, 5, 3",
    "FLOAT64, 33, 128",
    "FLOAT16, 257, 256",
    "BFLOAT16, 1025, 3",
    "FLOAT32, 8193, 3"
  })
  @DisplayName(
      "Every element type, tier and set of outputs, on an engine that computed nothing yet")
  void losses(ElementType type, int classes, int labels) {
    int frames = labels + 1;
    for (Outputs outputs : Outputs.values()) {
      try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT)) {
        gpu.whileCurrent(
            () -> {
              try (DeviceArrays arrays = new DeviceArrays()) {
                DeviceBatch batch = batch(arrays, type, frames, classes, labels);
                DeviceResult result = result(arrays, batch, outputs);
                ctc.prepare(batch, result, gpu.address());
                captured(() -> ctc.enqueue(batch, OPTIONS, result, gpu.address()));
                // every path has the same probability, so the loss is that of any number of them
                double loss = DeviceArrays.doubles(result.losses(), 1)[0];
                ctc.enqueue(batch, OPTIONS, result, gpu.address());
                assertEquals(DeviceArrays.doubles(result.losses(), 1)[0], loss, outputs.toString());
                assertTrue(loss > 0 && loss <= frames * Math.log(classes), () -> "loss " + loss);
                captured(() -> ctc.enqueue(batch, OFFSETS, result, gpu.address()));
                double moved = DeviceArrays.doubles(result.losses(), 1)[0];
                ctc.enqueue(batch, OFFSETS, result, gpu.address());
                assertEquals(DeviceArrays.doubles(result.losses(), 1)[0], moved);
                assertTrue(moved > loss, () -> "a penalty took %s to %s".formatted(loss, moved));
              }
            });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("Alignment of every element type")
  void alignment(ElementType type) {
    try (CudaAligner aligner = CudaAligner.create(0, EngineOptions.DEFAULT)) {
      gpu.whileCurrent(
          () -> {
            try (DeviceArrays arrays = new DeviceArrays()) {
              DeviceBatch batch = batch(arrays, type, 9, 5, 4);
              DevicePaths paths =
                  new DevicePaths(
                      arrays.allocate(4 * 9),
                      arrays.allocate(8 * 9),
                      arrays.allocate(8),
                      arrays.allocate(4));
              aligner.prepare(batch, gpu.address());
              captured(() -> aligner.enqueue(batch, OPTIONS, paths, gpu.address()));
              captured(() -> aligner.enqueue(batch, OFFSETS, paths, gpu.address()));
              assertEquals(
                  -9 * Math.log(5),
                  DeviceArrays.doubles(paths.scores(), 1)[0],
                  1e-9,
                  "nine frames");
            }
          });
    }
  }

  @Test
  @DisplayName("Decoding: greedily, with a beam, and with a language model")
  void decoding(@TempDir Path folder) {
    Vocabulary vocabulary = Vocabulary.of(List.of("<blank>", "a", "b", "c", "d"));
    String arpa = "\\data\\\nngram 1=1\n\n\\1-grams:\n-1\ta\n\n\\end\\\n";
    TokenScorer scorer = TokenScorer.of(TokenModelCase.read(arpa, folder), vocabulary, 1, 0);
    BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(3);
    try (CudaDecoder decoder = CudaDecoder.create(0, EngineOptions.DEFAULT);
        CudaTokenScorer there = CudaTokenScorer.create(0, scorer)) {
      gpu.whileCurrent(
          () -> {
            try (DeviceArrays arrays = new DeviceArrays()) {
              DeviceFrames frames = DeviceFrames.of(batch(arrays, ElementType.FLOAT32, 9, 5, 4));
              DeviceLabels labels =
                  new DeviceLabels(arrays.allocate(4 * 9), arrays.allocate(4), arrays.allocate(4));
              decoder.prepareGreedy(frames, gpu.address());
              captured(() -> decoder.enqueueGreedy(frames, OPTIONS, labels, null, gpu.address()));
              assertEquals(0, DeviceArrays.ints(labels.lengths(), 1)[0], "all alike: blanks");
              DeviceNBest found =
                  new DeviceNBest(
                      arrays.allocate(4 * 9),
                      arrays.allocate(4),
                      arrays.allocate(8),
                      arrays.allocate(4),
                      arrays.allocate(4));
              decoder.prepareBeamSearch(frames, beam, gpu.address());
              captured(
                  () -> decoder.enqueueBeamSearch(frames, OPTIONS, beam, found, gpu.address()));
              double alone = DeviceArrays.doubles(found.scores(), 1)[0];
              decoder.enqueueBeamSearch(frames, OPTIONS, beam, found, gpu.address());
              assertEquals(DeviceArrays.doubles(found.scores(), 1)[0], alone);
              decoder.prepareBeamSearch(frames, beam, there, gpu.address());
              captured(
                  () ->
                      decoder.enqueueBeamSearch(
                          frames, OPTIONS, beam, there, found, gpu.address()));
              double scored = DeviceArrays.doubles(found.scores(), 1)[0];
              decoder.enqueueBeamSearch(frames, OPTIONS, beam, there, found, gpu.address());
              assertEquals(DeviceArrays.doubles(found.scores(), 1)[0], scored);
              assertTrue(scored < 0 && alone < 0, () -> "%s, %s".formatted(alone, scored));
            }
          });
    }
  }

  @Test
  @DisplayName("Unprepared, the same capture fails: what prepare does is needed")
  void unprepared() {
    try (CudaCtc ctc = CudaCtc.create(0, EngineOptions.DEFAULT)) {
      gpu.whileCurrent(
          () -> {
            try (DeviceArrays arrays = new DeviceArrays()) {
              DeviceBatch batch = batch(arrays, ElementType.FLOAT32, 4, 5, 3);
              DeviceResult result = result(arrays, batch, Outputs.LOSSES);
              assertThrows(
                  DeviceException.class,
                  () -> captured(() -> ctc.enqueue(batch, OPTIONS, result, gpu.address())));
            }
          });
    }
  }
}
