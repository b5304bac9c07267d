package org.ctc4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.ctc4j.bench.Shape;

/**
 * Makes OUT.json and OUT.md, the tables that people read, of what a run has left.
 *
 * <pre>
 * Report OUT COMMIT COMMAND JMH.json [AGREEMENT.json ACCURACY.json]
 * </pre>
 *
 * <p>JMH.json is what JMH writes with {@code -rf json}, the others what {@code Accuracy} writes for
 * the suite and for long utterances. A peer's time is shown if the peer is known to agree with the
 * reference on that shape; losing rows are shown like any other.
 *
 * @param machine where and how
 * @param results the times
 * @param agreement of ctc4j and its peers with the reference on what was timed
 * @param accuracy of ctc4j and its peers on long utterances
 */
record Report(
    Machine machine,
    List<Timing> results,
    List<AccuracyRow> agreement,
    List<AccuracyRow> accuracy) {
  private static final List<String> OURS = List.of("vector", "scalar", "reference");
  private static final List<String> ON_GPU = List.of("cuda", "cuda-device");
  private static final List<String> PEERS = List.of("PyTorch", "TensorFlow", "ND4J");

  public static void main(String[] args) throws IOException {
    boolean withPeers = args.length == 6;
    if (!withPeers && args.length != 4) {
      System.err.println(
          "usage: Report OUT COMMIT COMMAND JMH.json [AGREEMENT.json ACCURACY.json]");
      System.exit(2);
    }
    Report report =
        new Report(
            Machine.here(args[1], args[2]),
            Timing.read(Path.of(args[3])),
            withPeers ? AccuracyRow.read(Path.of(args[4])) : List.of(),
            withPeers ? AccuracyRow.read(Path.of(args[5])) : List.of());
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(Path.of(args[0] + ".json").toFile(), report);
    Files.writeString(Path.of(args[0] + ".md"), report.markdown());
  }

  String markdown() {
    StringBuilder page = new StringBuilder("# Benchmark results\n\n");
    page.append(machine.list());
    if (has("gradient")) {
      page.append("\n## Loss and gradient\n\n");
      page.append("Median milliseconds from float32 logits to the gradient with respect to them; ");
      page.append("in parentheses how many times as fast as PyTorch with as many threads.\n\n");
      page.append(table("gradient"));
    }
    if (has("loss")) {
      page.append("\n## Loss alone\n\nMedian milliseconds.\n\n").append(table("loss"));
    }
    if (!agreement.isEmpty()) {
      page.append("\n## Agreement with the float64 reference on these inputs\n\n");
      page.append(AccuracyRow.table(agreement));
    }
    if (!accuracy.isEmpty()) {
      page.append("\n## Accuracy on long utterances, logits of deviation 3\n\n");
      page.append(AccuracyRow.table(accuracy));
    }
    return page.toString();
  }

  private boolean isMeasured(String implementation) {
    return results.stream().anyMatch(timing -> timing.implementation().equals(implementation));
  }

  private boolean has(String mode) {
    return results.stream().anyMatch(timing -> timing.mode().equals(mode));
  }

  private String table(String mode) {
    List<String> columns = new ArrayList<>(OURS);
    ON_GPU.stream().filter(this::isMeasured).forEach(columns::add);
    boolean withPeers = mode.equals("gradient") && !agreement.isEmpty();
    if (withPeers) {
      columns.addAll(PEERS);
    }
    StringBuilder table = new StringBuilder("| shape | T×N×C×L | logits | threads |");
    columns.forEach(column -> table.append(" %s |".formatted(column)));
    table.append("\n|---|---|---|---:|").append("---:|".repeat(columns.size())).append('\n');
    Set<String> notes = new LinkedHashSet<>();
    for (Timing row : rows(mode)) {
      table.append(
          "| %s | %d×%d×%d×%d | %s | %d |"
              .formatted(
                  row.shape(),
                  row.frames(),
                  row.utterances(),
                  row.classes(),
                  row.labels(),
                  row.logits(),
                  row.threads()));
      for (String column : columns) {
        table.append(" %s |".formatted(cell(row, column, notes)));
      }
      table.append('\n');
    }
    if (!notes.isEmpty()) {
      table.append('\n');
      notes.forEach(note -> table.append("- %s\n".formatted(note)));
    }
    return table.toString();
  }

  /** One timing for each shape, kind of logits and threads, in the order that the suite has. */
  private List<Timing> rows(String mode) {
    List<Timing> rows = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    for (Timing timing : results) {
      if (timing.mode().equals(mode) && seen.add(timing.inputs())) {
        rows.add(timing);
      }
    }
    List<String> suite = Shape.SUITE.stream().map(Shape::name).toList();
    rows.sort(
        Comparator.<Timing>comparingInt(row -> suite.indexOf(row.shape()))
            .thenComparing(Timing::shape)
            .thenComparing(Timing::logits)
            .thenComparingInt(Timing::threads));
    return rows;
  }

  private String cell(Timing row, String column, Set<String> notes) {
    if (PEERS.contains(column)) {
      Optional<String> objection = objection(column, row.shape());
      if (objection.isPresent()) {
        notes.add("%s, %s: %s".formatted(column, row.shape(), objection.get()));
        return "–";
      }
    }
    Optional<Timing> timing = find(row, column);
    if (timing.isEmpty()) {
      return "–";
    }
    double milliseconds = timing.get().milliseconds();
    boolean comparable = row.mode().equals("gradient") && !column.equals("PyTorch");
    return find(row, "PyTorch")
        .filter(pytorch -> comparable && objection("PyTorch", row.shape()).isEmpty())
        .map(
            pytorch ->
                number(milliseconds) + " (" + number(pytorch.milliseconds() / milliseconds) + "×)")
        .orElse(number(milliseconds));
  }

  private Optional<Timing> find(Timing row, String implementation) {
    return results.stream()
        .filter(timing -> timing.implementation().equalsIgnoreCase(implementation))
        .filter(timing -> timing.mode().equals(row.mode()))
        .filter(timing -> timing.inputs().equals(row.inputs()))
        .findFirst();
  }

  /** Why a peer's time on a shape is not to be shown. */
  private Optional<String> objection(String peer, String shape) {
    Optional<AccuracyRow> row =
        agreement.stream()
            .filter(r -> r.implementation().equals(peer) && r.shape().equals(shape))
            .findFirst();
    if (row.isEmpty()) {
      return Optional.of("not compared with the reference");
    }
    if (row.get().reason() != null) {
      return Optional.of(row.get().reason());
    }
    return row.get().agrees() ? Optional.empty() : Optional.of("disagrees with the reference");
  }

  /** Three significant digits. */
  private static String number(double value) {
    int digits = Math.max(0, 2 - (int) Math.floor(Math.log10(value)));
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
