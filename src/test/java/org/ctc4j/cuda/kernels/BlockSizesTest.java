package org.ctc4j.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.Pointer;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.Devices;
import org.ctc4j.cuda.Emulated;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the launchers know of blocks, beside what the kernels were compiled for. */
@Emulated
class BlockSizesTest {
  private static final int MANY = 10_000; // labels: the most warps
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry (\\w+)\\((?:[^.]|\\.(?!maxntid))*\\.maxntid (\\d+)");
  private static final Pattern TIER = Pattern.compile("LANES\\(TYPE, (c\\d+), (\\d+),");
  private static final Pattern LABELS = Pattern.compile("int LANES = (\\d+);");
  private static final int THREADS = 256; // of a block that has several rows

  private record Size(int blocks, int threads) {}

  /** Notes launches instead of making them. */
  private static final class Noted extends Launch {
    final Map<String, Size> sizes = new TreeMap<>();

    Noted() {
      super(null, () -> "nothing");
    }

    @Override
    public void kernel(
        KernelModules.Kernel kernel, int blocks, int threads, int sharedBytes, Pointer arguments) {
      sizes.put(kernel.name(), new Size(blocks, threads));
    }

    @Override
    public void fill(long address, int value, long bytes) {
      // no launch
    }
  }

  @BeforeEach
  void initialise() {
    assertEquals("", Devices.survey().reason());
  }

  @Test
  @DisplayName("Every kernel's largest block is the one that it was compiled for")
  void threads() throws IOException {
    Map<String, Integer> launched = new TreeMap<>();
    launches(1).forEach((kernel, size) -> launched.put(kernel, size.threads));
    Map<String, Integer> compiled = new TreeMap<>();
    for (Path file : ptx()) {
      Matcher entry = ENTRY.matcher(Files.readString(file));
      while (entry.find()) {
        compiled.put(entry.group(1), Integer.parseInt(entry.group(2)));
      }
    }
    assertEquals(compiled, launched);
  }

  @Test
  @DisplayName("Kernels of several rows a block get as many blocks as these rows are")
  void rows() throws IOException {
    Map<String, Integer> lanes = lanes();
    int compared = 0;
    for (int each : Set.copyOf(lanes.values())) {
      int perBlock = THREADS / each;
      Map<String, Size> one = launches(perBlock);
      Map<String, Size> two = launches(perBlock + 1);
      for (String kernel : one.keySet()) {
        String what = kernel.replaceAll("_(f64|f32|f16|bf16)", "");
        if (lanes.getOrDefault(what, 0) == each) {
          boolean paired = what.matches("ctc_(labels|posteriors)"); // rows of two sides
          assertEquals(paired ? 2 : 1, one.get(kernel).blocks, kernel);
          assertEquals(paired ? 3 : 2, two.get(kernel).blocks, kernel);
          assertEquals(THREADS, one.get(kernel).threads, kernel);
          compared++;
        }
      }
    }
    assertEquals(3 * 5 + 2 + 1 + 2 + 2 + 1 + 1 + 1 + 3, compared);
  }

  /** Of each such kernel, how many lanes take a row, as the sources have it. */
  private static Map<String, Integer> lanes() throws IOException {
    Map<String, Integer> lanes = new TreeMap<>();
    for (String kernel :
        List.of(
            "frames_probabilities",
            "posteriors",
            "wildcards_frames",
            "wildcards_gradient",
            "align_frames",
            "align_wildcard_frames",
            "greedy_frames",
            "projection_gather",
            "projection_finish",
            "projection_hidden")) {
      lanes.put("ctc_" + kernel, 32);
    }
    Matcher tier = TIER.matcher(Files.readString(Path.of("kernels/frames.cu")));
    while (tier.find()) {
      lanes.put("ctc_frames_" + tier.group(1), Integer.parseInt(tier.group(2)));
    }
    Matcher labels = LABELS.matcher(Files.readString(Path.of("kernels/labels.cu")));
    assertTrue(labels.find());
    lanes.put("ctc_labels", Integer.parseInt(labels.group(1)));
    return lanes;
  }

  private static Iterable<Path> ptx() throws IOException {
    try (var all = Files.list(Path.of("kernels/ptx"))) {
      return all.filter(path -> path.toString().endsWith(".ptx")).sorted().toList();
    }
  }

  /** Of all kernels, for so many rows, or utterances of one row a side. */
  private static Map<String, Size> launches(int rows) {
    Noted noted = new Noted();
    PrimaryContext context = new PrimaryContext(0);
    try {
      context.whileCurrent(() -> launchAll(rows, noted));
    } finally {
      context.close();
    }
    return noted.sizes;
  }

  private static void launchAll(int rows, Launch launch) {
    KernelModules modules = new KernelModules(75); // none is loaded
    LossArguments arguments = new LossArguments();
    AlignArguments alignment = new AlignArguments();
    new PrepareLauncher(modules).enqueue(rows, arguments, launch);
    LatticeLauncher lattice = new LatticeLauncher(modules);
    for (int labels : new int[] {127, 255, MANY}) {
      for (boolean maySplit : new boolean[] {false, true}) {
        LatticePlan plan = LatticePlan.of(MANY, rows, labels, MANY, maySplit);
        lattice.enqueue(plan, rows, 0, true, arguments, launch);
      }
    }
    new LabelsLauncher(modules).enqueue(rows, 1, arguments, launch);
    OffsetsLauncher offsets = new OffsetsLauncher(modules);
    offsets.enqueueWeights(rows, arguments, launch);
    offsets.enqueueLabels(rows, 1, arguments, launch);
    DeviceTargets targets = DeviceTargets.padded(0, rows, 1, 0);
    try (TargetOffsetsLauncher ofTargets = new TargetOffsetsLauncher(modules)) {
      TargetOffsets one = new TargetOffsets(new double[] {1}, 0, targets, rows);
      ofTargets.enqueue(one, 0, launch);
      ofTargets.enqueueClasses(one, 0, launch);
    }
    new PosteriorsLauncher(modules).enqueue(rows, 1, arguments, launch);
    WildcardsLauncher wildcards = new WildcardsLauncher(modules);
    wildcards.enqueuePrepare(rows, arguments, launch);
    wildcards.enqueueFrames(rows, arguments, launch);
    wildcards.enqueueLattice(rows, MANY, arguments, launch);
    wildcards.enqueueGradient(rows, 1, arguments, launch);
    new SmallLossLauncher(modules).enqueue(rows, arguments, launch);
    for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
      DeviceTensor view = DeviceTensor.timeMajor(0, type, rows, MANY);
      ConsistencyLauncher consistency = new ConsistencyLauncher(modules);
      consistency.enqueue(
          new DeviceConsistencyBatch(view, view, 1, rows, MANY, 0), arguments, launch);
    }
    new ReduceLauncher(modules).enqueue(arguments, launch);
    AlignWildcardsLauncher alignWildcards = new AlignWildcardsLauncher(modules);
    alignWildcards.enqueueFrames(rows, alignment, launch);
    alignWildcards.enqueuePath(rows, MANY, alignment, launch);
    for (ElementType type : ElementType.values()) {
      for (int classes : new int[] {32, 64, 128, 256, 1024, 16384, 16385}) {
        new FramesLauncher(modules).enqueue(type, rows, classes, arguments, launch);
      }
      new FramesLauncher(modules).enqueueProbabilities(rows, arguments, launch);
      new AlignFramesLauncher(modules).enqueue(rows, alignment, launch);
      new AlignPathLauncher(modules).enqueue(type, rows, MANY, alignment, launch);
      ProjectionLauncher.Steps projection =
          new ProjectionLauncher(modules).steps(type, arguments.pointers(), launch);
      projection.targets(rows);
      projection.rows(rows);
      projection.gather(rows);
      projection.sum(rows);
      projection.finish(rows);
      projection.scale();
      projection.gradient(rows);
      projection.bias(rows);
      projection.hidden(rows);
      projection.weights(rows, 1);
    }
    launchDecoding(rows, modules, launch);
    alignment.close();
    arguments.close();
    modules.close();
  }

  private static void launchDecoding(int rows, KernelModules modules, Launch launch) {
    DeviceTensor logits = DeviceTensor.timeMajor(0, ElementType.FLOAT32, rows, MANY);
    DeviceFrames frames = new DeviceFrames(logits, 1, rows, MANY, 0, 0);
    GreedyLauncher greedy = new GreedyLauncher(modules);
    GreedyArguments ofGreedy = new GreedyArguments();
    greedy.enqueueFrames(frames, ofGreedy, launch);
    greedy.enqueuePath(frames, ofGreedy, launch);
    ofGreedy.close();
    BeamOptions widest = BeamOptions.DEFAULT.withBeamWidth(128);
    CallOptions options = CallOptions.ofHost(CtcOptions.DEFAULT);
    BeamArguments ofBeam = new BeamArguments();
    for (DeviceTokens tokens :
        new DeviceTokens[] {null, new DeviceTokens(null, 0, 0, 0, 0, 1, 0, 0)}) {
      BeamCall call = new BeamCall(frames, options, widest, tokens, null);
      new BeamLauncher(modules).enqueue(call, call.workspace(), ofBeam, launch);
    }
    ofBeam.close();
  }
}
