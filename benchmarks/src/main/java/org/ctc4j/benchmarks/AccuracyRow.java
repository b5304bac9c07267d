package org.ctc4j.benchmarks;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * How one implementation does on one workload.
 *
 * @param implementation which one
 * @param shape name of the workload's shape
 * @param agreement with the float64 reference, null if there is no result
 * @param reason why there is none, in one line, null if there is one
 */
public record AccuracyRow(String implementation, String shape, Agreement agreement, String reason) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static AccuracyRow of(String implementation, String shape, Agreement agreement) {
    return new AccuracyRow(implementation, shape, agreement, null);
  }

  static AccuracyRow failed(String implementation, String shape, Throwable cause) {
    return new AccuracyRow(
        implementation, shape, null, cause.toString().lines().findFirst().orElseThrow());
  }

  /** Whether it has computed what the reference has. */
  public boolean agrees() {
    return agreement != null && agreement.holds();
  }

  static void write(List<AccuracyRow> rows, Path file) throws IOException {
    JSON.writeValue(file.toFile(), rows);
  }

  static List<AccuracyRow> read(Path file) throws IOException {
    return JSON.readValue(file.toFile(), new TypeReference<>() {});
  }

  /** In Markdown. */
  static String table(List<AccuracyRow> rows) {
    StringBuilder table = new StringBuilder();
    table.append("| shape | implementation | loss, relative error | gradient, norm ratio |\n");
    table.append("|---|---|---:|---:|\n");
    for (AccuracyRow row : rows) {
      table.append(
          row.agreement != null
              ? String.format(
                  Locale.ROOT,
                  "| %s | %s | %.1e | %.1e |%n",
                  row.shape,
                  row.implementation,
                  row.agreement.lossError(),
                  row.agreement.gradientError())
              : "| %s | %s | – | %s |%n".formatted(row.shape, row.implementation, row.reason));
    }
    return table.toString();
  }
}
