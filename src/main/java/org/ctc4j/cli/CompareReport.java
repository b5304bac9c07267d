package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.ctc4j.BackendReport;
import org.ctc4j.cli.output.JsonObject;

/** What {@code ctc compare} says. */
record CompareReport(List<Comparison> comparisons, List<BackendReport> notRun, double tolerance) {
  boolean passed() {
    return comparisons.stream().allMatch(comparison -> comparison.passes(tolerance));
  }

  void printTable(PrintWriter out) {
    for (Comparison comparison : comparisons) {
      out.printf("%s on %s%n", comparison.backend(), comparison.device());
      out.printf(
          "%9s  %16s  %16s  %10s  %10s  %-34s  %s%n",
          "utterance",
          "reference",
          comparison.backend(),
          "loss error",
          "grad error",
          "largest difference at (t, n, c)",
          "status");
      for (Comparison.Row row : comparison.rows()) {
        out.printf(
            Locale.ROOT,
            "%9d  %16.9g  %16.9g  %10.2g  %10.2g  %-34s  %s%n",
            row.utterance(),
            row.reference(),
            row.loss(),
            row.lossError(),
            row.gradient().error(),
            place(row.gradient().worst()),
            row.status() == row.referenceStatus()
                ? row.status()
                : row.status() + ", expected " + row.referenceStatus());
      }
      out.printf(
          Locale.ROOT,
          "%s: largest loss error %.2g, gradient error %.2g, statuses %s, tolerance %.2g%n%n",
          comparison.passes(tolerance) ? "PASS" : "FAIL",
          comparison.lossError(),
          comparison.gradientError(),
          comparison.statusesAgree() ? "agree" : "differ",
          tolerance);
    }
    for (BackendReport report : notRun) {
      out.printf("%s was not run: %s%n", report.backend(), report.reason());
    }
    if (comparisons.isEmpty()) {
      out.println("nothing was compared with the reference");
    }
  }

  void printJson(PrintWriter out) {
    out.println(
        JsonObject.text(
            json -> {
              json.writeBooleanField("passed", passed());
              json.writeNumberField("tolerance", tolerance);
              JsonObject.array(json, "comparisons", comparisons, each -> write(json, each));
              JsonObject.array(json, "not_run", notRun, each -> write(json, each));
            }));
  }

  private static void write(JsonGenerator json, BackendReport report) throws IOException {
    json.writeStringField("backend", report.backend().toString());
    json.writeStringField("reason", report.reason());
  }

  private void write(JsonGenerator json, Comparison comparison) throws IOException {
    json.writeStringField("backend", comparison.backend());
    json.writeStringField("device", comparison.device());
    json.writeBooleanField("passed", comparison.passes(tolerance));
    json.writeNumberField("loss_error", comparison.lossError());
    json.writeNumberField("gradient_error", comparison.gradientError());
    JsonObject.array(json, "utterances", comparison.rows(), row -> write(json, row));
  }

  private static void write(JsonGenerator json, Comparison.Row row) throws IOException {
    json.writeNumberField("utterance", row.utterance());
    json.writeNumberField("reference_loss", row.reference());
    json.writeNumberField("loss", row.loss());
    json.writeNumberField("loss_error", row.lossError());
    json.writeNumberField("gradient_error", row.gradient().error());
    json.writeStringField("reference_status", row.referenceStatus().name());
    json.writeStringField("status", row.status().name());
    Comparison.Place worst = row.gradient().worst();
    if (worst != null) {
      json.writeObjectFieldStart("largest_difference");
      json.writeNumberField("t", worst.frame());
      json.writeNumberField("n", worst.utterance());
      json.writeNumberField("c", worst.label());
      json.writeNumberField("difference", worst.difference());
      json.writeEndObject();
    }
  }

  private static String place(Comparison.Place place) {
    return place == null
        ? "none"
        : String.format(
            Locale.ROOT,
            "%.2g at (%d, %d, %d)",
            place.difference(),
            place.frame(),
            place.utterance(),
            place.label());
  }
}
