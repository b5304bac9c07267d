package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.BeamOptions;
import org.ctc4j.Collected;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.DeviceException;
import org.ctc4j.EngineOptions;
import org.ctc4j.TestBatch;
import org.ctc4j.text.TokenScorer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong in the driver: a clear exception, nothing leaked, and the decoder goes on. */
@Emulated
class CudaDecoderFaultTest {
  private static final int LAUNCH_OUT_OF_RESOURCES = 701;
  private static final BeamOptions BEAM = BeamOptions.DEFAULT.withBeamWidth(4);

  // not Seed: which call fails depends on the sizes drawn
  private final TestBatch batch = TestBatch.random(new Random(7), 9, 3, 5, 0, 2);
  private final List<CtcPath> paths =
      CtcDecoder.create().greedy(batch.timeMajor(), batch.inputLengths(), batch.options());
  private final List<CtcNBest> outputs =
      CtcDecoder.create()
          .beamSearch(batch.timeMajor(), batch.inputLengths(), batch.options(), BEAM);
  private TokenScorer scorer;
  private List<CtcNBest> scored;
  private CudaTokenScorer there; // on the device, once it is wanted

  @BeforeEach
  void unchecked(@TempDir Path folder) {
    Emulator.set("checking", 0);
    scorer = TokenModelCase.scorer(new Random(3), 5, batch.blank(), 3, folder);
    scored =
        CtcDecoder.create()
            .beamSearch(batch.timeMajor(), batch.inputLengths(), batch.options(), BEAM, scorer);
  }

  @AfterEach
  void nothingIsLeft() {
    Emulator.clearFaults();
    closeScorer();
    assertEquals("", Emulator.leaks());
  }

  private static CudaDecoder cuda() {
    return CudaDecoder.create(0, EngineOptions.DEFAULT);
  }

  private void assertDecodes(CudaDecoder decoder, String what) {
    List<CtcPath> greedy = decoder.greedy(batch.timeMajor(), batch.inputLengths(), batch.options());
    List<CtcNBest> found =
        decoder.beamSearch(batch.timeMajor(), batch.inputLengths(), batch.options(), BEAM);
    for (int n = 0; n < batch.utterances(); n++) {
      assertArrayEquals(paths.get(n).labels(), greedy.get(n).labels(), what);
      assertArrayEquals(outputs.get(n).best().labels(), found.get(n).best().labels(), what);
    }
    assertScores(decoder, what);
  }

  private void assertScores(CudaDecoder decoder, String what) {
    if (there == null) {
      there = CudaTokenScorer.create(0, scorer);
    }
    List<CtcNBest> found =
        decoder.beamSearch(batch.timeMajor(), batch.inputLengths(), batch.options(), BEAM, there);
    for (int n = 0; n < batch.utterances(); n++) {
      assertEquals(scored.get(n).hypotheses().size(), found.get(n).hypotheses().size(), what);
      assertArrayEquals(scored.get(n).best().labels(), found.get(n).best().labels(), what);
    }
  }

  private void closeScorer() {
    if (there != null) {
      there.close();
      there = null;
    }
  }

  /** How often each entry point is called from the creation of a decoder to before its close. */
  private Map<String, Integer> callsOfOneRun() {
    Map<String, Integer> calls = new LinkedHashMap<>();
    Emulator.resetCounts();
    try (CudaDecoder decoder = cuda()) {
      assertDecodes(decoder, "one run");
      for (String line : Emulator.callList().split("\n")) {
        String[] parts = line.split(" ");
        calls.put(parts[0], Integer.parseInt(parts[1]));
      }
    }
    closeScorer();
    // what nobody can do anything about, see CudaFaultTest
    calls.remove("cuCtxPopCurrent_v2");
    calls.keySet().removeIf(call -> call.contains("Free") || call.contains("Destroy"));
    return calls;
  }

  @Test
  @DisplayName("Whichever driver call fails: its name and CUDA's text, no leak, and it goes on")
  void everyCallInTurn() {
    int failures = 0;
    for (Map.Entry<String, Integer> call : callsOfOneRun().entrySet()) {
      for (int n = 1; n <= call.getValue(); n++) {
        Emulator.reset();
        Emulator.set("checking", 0);
        Emulator.fail(call.getKey(), n, LAUNCH_OUT_OF_RESOURCES, false);
        failures += survives(call.getKey(), call.getKey() + " number " + n) ? 1 : 0;
      }
    }
    assertTrue(failures > 20, failures + " failures");
  }

  /** Whether an exception told of the failure. */
  private boolean survives(String call, String what) {
    boolean told = false;
    CudaDecoder decoder = null;
    try {
      decoder = cuda();
      assertDecodes(decoder, what);
    } catch (BackendUnavailableException | DeviceException e) {
      told = true;
      String name = call.replaceAll("_v\\d$", "");
      assertTrue(e.getMessage().contains(name + ": CUDA_ERROR_LAUNCH_OUT"), what + ": " + e);
    }
    if (decoder != null) {
      assertDecodes(decoder, what + ", the call after");
      decoder.close();
    }
    closeScorer();
    assertEquals("", Emulator.leaks(), what);
    return told;
  }

  @Test
  @DisplayName("One utterance that the device has no room for is told, with its shape")
  void noRoom() {
    try (CudaDecoder decoder = cuda()) {
      Emulator.set("memoryBytes", 500);
      DeviceException e =
          assertThrows(
              DeviceException.class,
              () ->
                  decoder.beamSearch(
                      batch.timeMajor(), batch.inputLengths(), batch.options(), BEAM));
      assertTrue(e.isOutOfMemory());
      assertTrue(e.getMessage().contains("a beam search, utterances 0 to 0"), e::getMessage);
    }
  }

  @Test
  @DisplayName("A model that the device has no room for is told, with its size")
  void noRoomForAModel() {
    Emulator.set("memoryBytes", 500);
    BackendUnavailableException e =
        assertThrows(BackendUnavailableException.class, () -> CudaTokenScorer.create(0, scorer));
    assertTrue(e.getMessage().contains("a language model, 3-gram model of"), e::getMessage);
    assertTrue(((DeviceException) e.getCause()).isOutOfMemory());
  }

  @Test
  @DisplayName("A scorer that nobody closes is given back when it is garbage")
  void unclosed() {
    long before = Emulator.gauge("deviceBytes");
    Collected collected = new Collected();
    collected.watch("scorer", CudaTokenScorer.create(0, scorer));
    assertTrue(Emulator.gauge("deviceBytes") > before);
    collected.assertAll(() -> "held by nobody");
    assertTrue(Collected.await(() -> Emulator.gauge("deviceBytes") == before));
  }

  @Test
  @DisplayName("A decoder that is closed says so; closing it twice is harmless")
  void closed() {
    CudaDecoder decoder = cuda();
    assertTrue(decoder.toString().startsWith("cuda decoder on "), decoder::toString);
    decoder.close();
    decoder.close();
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class, () -> decoder.greedy(batch.timeMajor(), batch.options()));
    assertTrue(e.getMessage().contains("decoder"), e::getMessage);
  }
}
