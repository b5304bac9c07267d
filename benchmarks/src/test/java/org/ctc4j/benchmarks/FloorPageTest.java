package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.ctc4j.bench.Shape;
import org.ctc4j.benchmarks.Prediction.Logits;
import org.junit.jupiter.api.Test;

class FloorPageTest {
  private static final Path ROOT = Path.of("..");

  /** If this fails: java -cp target/benchmarks.jar org.ctc4j.benchmarks.FloorPage > floor.md */
  @Test
  void thePageIsOfThePresentKernelsAndShapes() throws IOException {
    assertEquals(Files.readString(Path.of("floor.md")), FloorPage.page(ROOT, FloorPage.ASSUMED));
  }

  /** If this fails: benchmarks/gpu/loop_cycles.py --write */
  @Test
  void theCyclesAreOfThePresentPtx() throws Exception {
    List<String> expected = new ArrayList<>();
    try (Stream<Path> files = Files.list(ROOT.resolve("kernels/ptx"))) {
      for (Path file : files.sorted().toList()) {
        if (file.getFileName().toString().matches("(lattice_|align_f\\d).*\\.ptx")) {
          byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
          expected.add("# %s  %s".formatted(HexFormat.of().formatHex(sum), file.getFileName()));
        }
      }
    }
    List<String> kept =
        Files.readAllLines(ROOT.resolve("kernels/ptx/cycles.txt")).stream()
            .filter(line -> line.matches("# [0-9a-f]{64} .*"))
            .sorted(Comparator.comparing(line -> line.substring(66)))
            .toList();
    assertEquals(expected, kept);
  }

  /** The page has no time for it: it returns at once, as of flat logits. */
  @Test
  void smallLossesOfPeakedLogitsAreNotComputedTwice() throws IOException {
    Prediction prediction =
        new Prediction(ROOT.resolve("kernels/ptx"), ROOT.resolve(FloorPage.INSTRUCTIONS));
    for (Shape shape : Shape.SUITE) {
      double flat = prediction.instructions(shape, Logits.FLAT, "ctc_small_loss");
      double peaked = prediction.instructions(shape, Logits.PEAKED, "ctc_small_loss");
      assertTrue(peaked <= flat, shape.name() + ": " + peaked + " a frame, flat " + flat);
    }
  }

  /** 65,536 registers, 2048 threads, 32 blocks; CUDA allocates registers by 8 a thread. */
  @Test
  void blocksThatAMultiprocessorHolds() {
    assertEquals(1, new KernelResources("k", "sm_90", 153, 4776, 0, 0).blocks(256));
    assertEquals(6, new KernelResources("k", "sm_90", 153, 4776, 0, 0).blocks(64));
    assertEquals(5, new KernelResources("k", "sm_80", 48, 0, 0, 0).blocks(256));
    assertEquals(5, new KernelResources("k", "sm_80", 41, 0, 0, 0).blocks(256));
    assertEquals(8, new KernelResources("k", "sm_80", 32, 0, 0, 0).blocks(256));
    assertEquals(32, new KernelResources("k", "sm_80", 16, 0, 0, 0).blocks(32));
    assertEquals(3, new KernelResources("k", "sm_80", 16, 48 << 10, 0, 0).blocks(64));
    assertEquals(0.625, new KernelResources("k", "sm_80", 48, 0, 0, 0).occupancy(256));
  }

  private static String lattice(int frames, int utterances, int labels) {
    Shape shape = Shape.of("%dx%dx64x%d".formatted(frames, utterances, labels));
    return LatticeChoice.of(shape, 132).toString();
  }

  /** The choices repeat those of the library, which it does not show. */
  @Test
  void choicesAreTheLibrarys() throws IOException {
    String readme = Files.readString(Path.of("../kernels/README.md"));
    assertTrue(readme.contains("| ≤ 128 | `ctc_lattice_p1` | ⌈pairs / 32⌉ |"));
    assertEquals("p1, 2 × 4 warps", lattice(3000, 4, 127));
    assertTrue(readme.contains("| ≤ 256 | `ctc_lattice_p2` | ⌈pairs / 64⌉ |"));
    assertEquals("p2, 2 × 3 warps", lattice(200, 4, 128));
    assertTrue(readme.contains("| more | `ctc_lattice_p4` | min(4, ⌈pairs / 128⌉)"));
    assertEquals("p4, 2 × 4 warps", lattice(3000, 128, 400));
    assertTrue(readme.contains("⌈N / M⌉ · tiles · c · (T + 2 · chunk · W)"));
    assertTrue(readme.contains("⌈N · B / M⌉ · 130 · (T + 64 · B) + 14,000"));
    assertEquals("split, 2 × 4 blocks of 4 warps", lattice(3000, 33, 400));
    assertEquals("split, 2 × 118 blocks of 4 warps", lattice(90_000, 1, 15_000));
    assertEquals("c1024", FloorPage.framesKernel(257));
    assertEquals("any", FloorPage.framesKernel(16385));
  }
}
