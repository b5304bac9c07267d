package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.ctc4j.bench.Floor;
import org.ctc4j.bench.Shape;
import org.ctc4j.benchmarks.Prediction.Logits;

/**
 * Makes floor.md: below what time no GPU gets, for every shape of the suite, and what the kernels
 * take of a multiprocessor.
 *
 * <pre>
 * FloorPage                                    the page, on standard output
 * FloorPage COPY_GB/S NANOSECONDS_PER_FRAME    the same for a GPU of which these were measured
 * </pre>
 */
final class FloorPage {
  /** A GPU, as far as the floor goes. */
  record Gpu(String name, Floor floor) {
    Gpu(String name, double copyGigabytesPerSecond, double nanosecondsPerFrame) {
      this(name, new Floor(copyGigabytesPerSecond, nanosecondsPerFrame));
    }
  }

  static final List<Gpu> ASSUMED =
      List.of(new Gpu("A100", 1800, 60), new Gpu("H100", 3000, 50), new Gpu("H200", 4300, 50));

  static final String INSTRUCTIONS = "src/test/resources/org/ctc4j/cuda/instructions.txt";

  private static final List<Prediction.Gpu> PREDICTED =
      List.of(
          new Prediction.Gpu("A100", "sm_80", 108, 1.41, 1800),
          new Prediction.Gpu("H100", "sm_90", 132, 1.755, 3000),
          new Prediction.Gpu("H200", "sm_90", 132, 1.755, 4300));

  private static final int FEWEST_MULTIPROCESSORS = 108;

  private FloorPage() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 0 && args.length != 2) {
      System.err.println("usage: FloorPage [COPY_GB/S NANOSECONDS_PER_FRAME]");
      System.exit(2);
    }
    List<Gpu> gpus =
        args.length == 0
            ? ASSUMED
            : List.of(
                new Gpu("measured", Double.parseDouble(args[0]), Double.parseDouble(args[1])));
    System.out.print(page(Path.of(".."), gpus));
  }

  /**
   * @param root of the project
   */
  static String page(Path root, List<Gpu> gpus) throws IOException {
    Path ptx = root.resolve("kernels/ptx");
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # The floor

        What loss and gradient cost a GPU at least, from float32 logits in device memory. Computed, not measured: made by
        `java -cp target/benchmarks.jar org.ctc4j.benchmarks.FloorPage` of the suite's shapes, of `cycles.txt` and
        `resources.txt` of `kernels/ptx` and of the instructions that the tests count; a test holds this page to them. With the copy bandwidth and the time of a frame that were measured on a GPU as
        arguments, the same command makes the page of that GPU.

            floor       = max(bytes / copy bandwidth, T · time of a frame) + launches · %.0f µs
            as launched = bytes / copy bandwidth + T · time of a frame + launches · %.0f µs

        *Bytes*: every used logit read once, every entry of the gradient written once; of a ragged batch the utterances use
        three quarters of the frames on average. *Chain*: the frames of which each needs the one before; alpha and beta walk
        at the same time and meet, so it is T, whatever N, as long as the GPU holds all blocks of the lattice at once.
        *Launches*: five, with or without the reduced loss; three more where several blocks share an utterance, which are in what is predicted below, not in the floor.
        *Workspace traffic*: label probabilities, written once and read three times, and rows of states, written
        twice and read twice. For few classes it is far more than the logits; L2 and the length of the chain hide it or do not,
        so it stands here and not in the floor. The kernels run one after the other: *as launched* is what they could reach,
        the floor what any program could.

        """
            .formatted(Floor.MICROSECONDS_PER_LAUNCH, Floor.MICROSECONDS_PER_LAUNCH));
    page.append("| GPU | copy, GB/s | a frame, ns |\n|---|---:|---:|\n");
    for (Gpu gpu : gpus) {
      page.append(
          "| %s | %.0f | %.0f |\n"
              .formatted(
                  gpu.name, gpu.floor.copyGigabytesPerSecond(), gpu.floor.nanosecondsPerFrame()));
    }
    if (gpus == ASSUMED) {
      page.append(
          """

          Assumed: nine tenths of the data sheets' bandwidth; a frame as the chain of one shuffle and some fifteen
          instructions of 4 to 5 cycles each, 90 cycles. Neither has been measured.
          """);
    }
    page.append("\n## Shapes of the suite\n\n");
    page.append("| shape | T×N×C×L | read, MB | written, MB | workspace traffic, MB | chain |");
    page.append(" launches | frames by | lattice by |");
    for (Gpu gpu : gpus) {
      page.append(" %s: floor, µs | as launched, µs |".formatted(gpu.name));
    }
    page.append("\n|---|---|---:|---:|---:|---:|---:|---|---|")
        .append("---:|---:|".repeat(gpus.size()))
        .append('\n');
    for (Shape shape : Shape.SUITE) {
      page.append(row(shape, gpus));
    }
    if (gpus == ASSUMED) {
      Prediction prediction = new Prediction(ptx, root.resolve(INSTRUCTIONS));
      page.append(predicted(prediction));
      page.append(peaked(prediction));
    }
    page.append("\n## Kernels\n\n");
    page.append(
        "Occupancy: warps that a multiprocessor holds at once, of 64. The lattice lives in ");
    page.append(
        "registers: its occupancy bounds how many utterances a GPU takes at once, not its speed.");
    page.append("\n\n");
    page.append("| kernel | threads |");
    List<String> architectures = List.of("sm_80", "sm_90");
    for (String architecture : architectures) {
      page.append(
          " %s: registers | shared, B | spills, B | blocks | occupancy |".formatted(architecture));
    }
    page.append("\n|---|---:|").append("---:|---:|---:|---:|---:|".repeat(2)).append('\n');
    List<KernelResources> all = KernelResources.read(ptx.resolve("resources.txt"));
    for (String kernel : all.stream().map(KernelResources::kernel).distinct().toList()) {
      page.append("| %s | %d |".formatted(kernel, threads(kernel)));
      for (String architecture : architectures) {
        KernelResources one =
            all.stream()
                .filter(r -> r.kernel().equals(kernel) && r.architecture().equals(architecture))
                .findFirst()
                .orElseThrow();
        page.append(
            " %d | %d | %d | %d | %.0f%% |"
                .formatted(
                    one.registers(),
                    one.sharedBytes(),
                    one.spillBytes(),
                    one.blocks(threads(kernel)),
                    100 * one.occupancy(threads(kernel))));
      }
      page.append('\n');
    }
    return page.toString();
  }

  private static String predicted(Prediction prediction) {
    StringBuilder section = new StringBuilder();
    section.append(
        """

        ## Predicted

        What the shipped kernels will take, to be held against the first run on a GPU. *Lattice*: T frames, and those by which the
        last warp begins behind the first, half of them at the cycles of the walk that stores and half at those of the walk that
        meets it (`kernels/ptx/cycles.txt`: machine code that ptxas makes, replayed with its own stall counts by
        `gpu/loop_cycles.py`, a load taking 270 cycles). *Frames*: the longer of
        copying and of issuing, at two instructions a cycle and multiprocessor, those that the tests count of the PTX. *Labels*:
        likewise, issuing alone. *Launches*: %.0f µs each, five, or eight where several blocks share an utterance. Clocks: A100 1.41 GHz, H100 and H200 1.755 GHz.

        """
            .formatted(Floor.MICROSECONDS_PER_LAUNCH));
    section.append("| shape | launches, µs |");
    for (Prediction.Gpu gpu : PREDICTED) {
      section.append(" %s: frames | lattice | labels | **total, µs** |".formatted(gpu.name()));
    }
    section.append("\n|---|---:|").append("---:|---:|---:|---:|".repeat(PREDICTED.size()));
    for (Shape shape : Shape.SUITE) {
      double launches = prediction.of(shape, PREDICTED.get(0), Logits.FLAT).launches();
      section.append(String.format(Locale.ROOT, "\n| %s | %.0f |", shape.name(), launches));
      for (Prediction.Gpu gpu : PREDICTED) {
        Prediction.Parts parts = prediction.of(shape, gpu, Logits.FLAT);
        section.append(
            String.format(
                Locale.ROOT,
                " %.1f | %.1f | %.1f | %.0f |",
                parts.frames(),
                parts.lattice(),
                parts.labels(),
                parts.total()));
      }
    }
    return section.append('\n').toString();
  }

  private static String peaked(Prediction prediction) {
    StringBuilder section = new StringBuilder();
    section.append(
        """

        ## Predicted, of peaked logits

        Logits of a model that is sure (the classes of one path raised by 20), as above: states are float64 then, frames have E in
        float64, too, and `ctc_small_loss` finds nothing to do. What an A100 adds or multiplies in float64 is taken to
        be there after 10 cycles, of which others have measured 6 to 8. *More*: than of flat logits.

        """);
    section.append("| shape |");
    for (Prediction.Gpu gpu : PREDICTED) {
      section.append(
          " %s: frames | lattice | labels | **total, µs** | more |".formatted(gpu.name()));
    }
    section.append("\n|---|").append("---:|---:|---:|---:|---:|".repeat(PREDICTED.size()));
    for (Shape shape : Shape.SUITE) {
      section.append("\n| %s |".formatted(shape.name()));
      for (Prediction.Gpu gpu : PREDICTED) {
        Prediction.Parts parts = prediction.of(shape, gpu, Logits.PEAKED);
        section.append(
            String.format(
                Locale.ROOT,
                " %.1f | %.1f | %.1f | %.0f | %.0f%% |",
                parts.frames(),
                parts.lattice(),
                parts.labels(),
                parts.total(),
                100 * (parts.total() / prediction.of(shape, gpu, Logits.FLAT).total() - 1)));
      }
    }
    return section.append('\n').toString();
  }

  private static String row(Shape shape, List<Gpu> gpus) {
    StringBuilder row = new StringBuilder();
    row.append(
        String.format(
            Locale.ROOT,
            "| %s | %d×%d×%d×%d%s | %.2f | %.2f | %.2f | %d | %d | %s | %s |",
            shape.name(),
            shape.frames(),
            shape.utterances(),
            shape.classes(),
            shape.labels(),
            shape.ragged() ? " ragged" : "",
            Floor.bytesRead(shape) / 1e6,
            Floor.bytesWritten(shape) / 1e6,
            workspaceTraffic(shape) * Floor.usedShare(shape) / 1e6,
            shape.frames(),
            Floor.LAUNCHES,
            framesKernel(shape.classes()),
            LatticeChoice.of(shape, FEWEST_MULTIPROCESSORS)));
    for (Gpu gpu : gpus) {
      row.append(
          String.format(
              Locale.ROOT,
              " %.1f | %.1f |",
              gpu.floor.microseconds(shape),
              gpu.floor.asLaunchedMicroseconds(shape)));
    }
    return row.append('\n').toString();
  }

  private static double workspaceTraffic(Shape shape) {
    double frames = (double) shape.frames() * shape.utterances();
    double symbols = frames * (Math.min(shape.labels(), shape.classes() - 1) + 1) * 8;
    double rows = frames * 2 * (shape.labels() + 1) * 8;
    return 4 * symbols + 4 * rows;
  }

  /** As FramesLauncher chooses for float32. */
  static String framesKernel(int classes) {
    for (int most : new int[] {32, 64, 128, 256, 1024, 16384}) {
      if (classes <= most) {
        return "c" + most;
      }
    }
    return "any";
  }

  /** Of a block; of kernels whose blocks grow with L or C, the most. */
  private static int threads(String kernel) {
    if (kernel.matches("ctc_frames_.*_(c16384|any)")) {
      return 1024;
    }
    if (kernel.matches("ctc_lattice_split_(store|consume)|ctc_target_offsets")) {
      return 128;
    }
    if (kernel.equals("ctc_small_loss")) {
      return 384;
    }
    return kernel.startsWith("ctc_consistency_f") ? 512 : 256;
  }
}
