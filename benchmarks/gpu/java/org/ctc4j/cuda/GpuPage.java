package org.ctc4j.cuda;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.ctc4j.bench.Floor;
import org.ctc4j.bench.Shape;

/** The page of a run on a GPU, in Markdown. */
final class GpuPage {
  /** What the floor page assumes of a frame, in nanoseconds. */
  private static final double ASSUMED_FRAME = 50;

  private static final String PEER = "pytorch-native-device";
  private static final String OURS = "cuda-device";
  private static final String REPLAYED = "cuda-graph-device";
  private static final String LATTICE = "ctc_lattice";

  private final Map<String, String> machine;
  private final Measurements measured;
  private final StringBuilder page = new StringBuilder();

  GpuPage(Map<String, String> machine, Measurements measured) {
    this.machine = machine;
    this.measured = measured;
  }

  String text() {
    page.append("# Benchmark results on a GPU\n\n");
    machine.forEach((name, value) -> page.append("- %s: %s\n".formatted(name, value)));
    measured.libraries.forEach(library -> page.append("- %s\n".formatted(library)));
    addStages();
    addCopies();
    for (String logits : List.of("flat", "peaked")) {
      addTimes(logits, "gradient", "Loss and gradient, %s logits".formatted(logits));
      addTimes(logits, "loss", "Loss alone, %s logits".formatted(logits));
    }
    addAccuracy();
    addFloor();
    for (String logits : List.of("flat", "peaked")) {
      addKernels(logits);
    }
    addProjections();
    if (!measured.unreadable.isEmpty()) {
      page.append("\n## Lines that were not understood\n\n");
      measured.unreadable.forEach(line -> page.append("    %s\n".formatted(line)));
    }
    return page.toString();
  }

  private void addStages() {
    page.append("\n## Stages\n\n| stage | outcome | s |\n|---|---|---:|\n");
    for (Measurements.Stage stage : measured.stages) {
      page.append("| %s | %s | %d |\n".formatted(stage.name(), stage.outcome(), stage.seconds()));
    }
  }

  private void addCopies() {
    if (measured.copies.isEmpty()) {
      return;
    }
    page.append("\n## Copying\n\nWithin the device, bytes read and written are counted.\n\n");
    page.append("| copy | GB/s |\n|---|---:|\n");
    for (Measurements.Copy copy : measured.copies) {
      page.append(
          "| %s | %s |\n".formatted(copy.what(), number(copy.gigabytesPerSecond(), "%.1f")));
    }
  }

  private List<Measurements.Time> times(String logits, String mode) {
    return measured.times.stream()
        .filter(time -> time.logits().equals(logits) && time.mode().equals(mode))
        .toList();
  }

  private static OptionalDouble median(
      List<Measurements.Time> rows, Shape shape, String implementation) {
    return rows.stream()
        .filter(row -> row.shape().equals(shape) && row.implementation().equals(implementation))
        .mapToDouble(Measurements.Time::median)
        .filter(median -> !Double.isNaN(median))
        .findFirst();
  }

  private void addTimes(String logits, String mode, String title) {
    List<Measurements.Time> rows = times(logits, mode);
    if (rows.isEmpty()) {
      return;
    }
    List<String> columns = rows.stream().map(Measurements.Time::implementation).distinct().toList();
    page.append("\n## %s\n\n".formatted(title));
    page.append("Median milliseconds; in parentheses how many times as fast as ");
    page.append("`%s`. `-device`: from device memory to device memory, by CUDA ".formatted(PEER));
    page.append("events, on copies that exceed the L2 (`-l2`: on one); else from host memory to ");
    page.append("host memory.\n\n");
    page.append("| shape | T×N×C×L |");
    columns.forEach(column -> page.append(" %s |".formatted(column)));
    page.append("\n|---|---|").append("---:|".repeat(columns.size())).append('\n');
    for (Shape shape : rows.stream().map(Measurements.Time::shape).distinct().toList()) {
      page.append("| %s | %s |".formatted(shape.name(), sizes(shape)));
      OptionalDouble peer = median(rows, shape, PEER);
      for (String column : columns) {
        OptionalDouble median = median(rows, shape, column);
        page.append(" ").append(number(median.orElse(Double.NaN), "%.4f"));
        boolean compared = column.endsWith("-device") && !column.equals(PEER);
        if (compared && median.isPresent() && peer.isPresent()) {
          page.append(number(peer.getAsDouble() / median.getAsDouble(), " (%.1f×)"));
        }
        page.append(" |");
      }
      page.append('\n');
    }
  }

  private void addAccuracy() {
    List<Measurements.Time> rows =
        measured.times.stream().filter(time -> !Double.isNaN(time.gradientError())).toList();
    if (rows.isEmpty()) {
      return;
    }
    page.append("\n## Accuracy of what was timed\n\n");
    page.append("Worst relative error of a loss, and norm ratio of the gradient's error: ctc4j ");
    page.append("beside its float64 reference, PyTorch beside its own float64.\n\n");
    page.append("| shape | logits | implementation | loss | gradient |\n|---|---|---|---:|---:|\n");
    for (Measurements.Time row : rows) {
      page.append(
          "| %s | %s | %s | %s | %s |\n"
              .formatted(
                  row.shape().name(),
                  row.logits(),
                  row.implementation(),
                  number(row.lossError(), "%.1e"),
                  number(row.gradientError(), "%.1e")));
    }
  }

  private OptionalDouble copyGigabytesPerSecond() {
    return measured.copies.stream()
        .filter(copy -> copy.what().equals("within the device"))
        .mapToDouble(Measurements.Copy::gigabytesPerSecond)
        .findFirst();
  }

  /** Nanoseconds that the recursions took for a frame, launch included. */
  private OptionalDouble latticeFrame(Shape shape) {
    return measured.kernels.stream()
        .filter(kernel -> kernel.shape().equals(shape) && kernel.logits().equals("flat"))
        .filter(kernel -> kernel.name().startsWith(LATTICE))
        .mapToDouble(kernel -> kernel.median() * 1e6 / shape.frames())
        .findFirst();
  }

  private void addFloor() {
    List<Measurements.Time> rows = times("flat", "gradient");
    OptionalDouble copy = copyGigabytesPerSecond();
    if (rows.isEmpty() || copy.isEmpty()) {
      return;
    }
    page.append("\n## Beside the floor\n\n");
    page.append("Microseconds. *Floor*: see benchmarks/floor.md, with the copy bandwidth ");
    page.append("measured here and %.0f ns a frame. *As launched*: ".formatted(ASSUMED_FRAME));
    page.append("with the time of a frame that the lattice took here. *Share of copying*: the ");
    page.append("bytes read once and written once, by the time, of the bandwidth.\n\n");
    page.append("| shape | MB | floor | ns a frame | as launched | measured | in a graph |");
    page.append(" by floor | share of copying |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    Floor assumed = new Floor(copy.getAsDouble(), ASSUMED_FRAME);
    for (Shape shape : rows.stream().map(Measurements.Time::shape).distinct().toList()) {
      double bytes = Floor.bytesRead(shape) + Floor.bytesWritten(shape);
      double frame = latticeFrame(shape).orElse(Double.NaN);
      double ours = 1e3 * median(rows, shape, OURS).orElse(Double.NaN);
      double replayed = 1e3 * median(rows, shape, REPLAYED).orElse(Double.NaN);
      double best = Double.isNaN(replayed) ? ours : Math.min(ours, replayed);
      double floor = assumed.microseconds(shape);
      page.append(
          "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n"
              .formatted(
                  shape.name(),
                  number(bytes / 1e6, "%.2f"),
                  number(floor, "%.1f"),
                  number(frame, "%.0f"),
                  number(
                      new Floor(copy.getAsDouble(), frame).asLaunchedMicroseconds(shape), "%.1f"),
                  number(ours, "%.1f"),
                  number(replayed, "%.1f"),
                  number(best / floor, "%.1f×"),
                  number(100 * bytes / best / 1e3 / copy.getAsDouble(), "%.0f%%")));
    }
  }

  private void addKernels(String logits) {
    List<Measurements.Kernel> rows =
        measured.kernels.stream().filter(kernel -> kernel.logits().equals(logits)).toList();
    if (rows.isEmpty()) {
      return;
    }
    page.append("\n## Kernels, %s logits\n\n".formatted(logits));
    page.append("Median microseconds of each kernel of a call for loss and gradient, the gap ");
    page.append("before it included.\n\n");
    Set<String> families = new LinkedHashSet<>();
    rows.forEach(row -> families.add(family(row.name())));
    page.append("| shape |");
    families.forEach(family -> page.append(" %s |".formatted(family)));
    page.append("\n|---|").append("---:|".repeat(families.size())).append('\n');
    for (Shape shape : rows.stream().map(Measurements.Kernel::shape).distinct().toList()) {
      page.append("| %s |".formatted(shape.name()));
      for (String family : families) {
        page.append(
            rows.stream()
                .filter(row -> row.shape().equals(shape) && family(row.name()).equals(family))
                .findFirst()
                .map(row -> " %s |".formatted(number(1e3 * row.median(), "%.1f")))
                .orElse(" – |"));
      }
      page.append('\n');
    }
  }

  /** "frames" of ctc_frames_f32_c1024. */
  private static String family(String kernel) {
    return kernel.split("_")[1];
  }

  private void addProjections() {
    if (measured.projections.isEmpty()) {
      return;
    }
    page.append("\n## Hidden states and a projection\n\nMedian milliseconds.\n\n");
    page.append("| T×N×C×L×D | type | call | its products | ratio | workspace, MiB |\n");
    page.append("|---|---|---:|---:|---:|---:|\n");
    for (Measurements.Projection row : measured.projections) {
      page.append(
          "| %s | %s | %s | %s | %s | %d |\n"
              .formatted(
                  row.sizes().replace('x', '×'),
                  row.type(),
                  number(row.milliseconds(), "%.3f"),
                  number(row.products(), "%.3f"),
                  number(row.milliseconds() / row.products(), "%.2f"),
                  row.workspaceBytes() >> 20));
    }
  }

  private static String sizes(Shape shape) {
    return "%d×%d×%d×%d"
        .formatted(shape.frames(), shape.utterances(), shape.classes(), shape.labels());
  }

  private static String number(double number, String format) {
    return Double.isNaN(number) ? "–" : String.format(Locale.ROOT, format, number);
  }
}
