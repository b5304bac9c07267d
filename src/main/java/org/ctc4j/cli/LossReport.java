package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.ctc4j.Backend;
import org.ctc4j.CpuCtc;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.ProjectedResult;
import org.ctc4j.Reduction;

/** What {@code ctc loss} says. */
final class LossReport {
  private final Backend backend;
  private final String device;
  private final Reduction reduction;
  private final double loss;
  private final double[] losses;
  private final IntFunction<CtcStatus> statuses;
  private final CtcBatch batch;
  private final double milliseconds;

  /**
   * @param batch what the result is of
   */
  LossReport(Ctc ctc, Reduction reduction, CtcResult result, CtcBatch batch, double milliseconds) {
    this.backend = ctc.backend();
    this.device = ctc.device();
    this.reduction = reduction;
    this.loss = result.loss();
    this.losses = result.losses();
    this.statuses = result::status;
    this.batch = batch;
    this.milliseconds = milliseconds;
  }

  LossReport(
      Ctc ctc, Reduction reduction, ProjectedResult result, CtcBatch batch, double milliseconds) {
    this.backend = ctc.backend();
    this.device =
        ctc.device() + (ctc instanceof CpuCtc ? "; matrix products by " + CpuCtc.blas() : "");
    this.reduction = reduction;
    this.loss = result.loss();
    this.losses = result.losses();
    this.statuses = result::status;
    this.batch = batch;
    this.milliseconds = milliseconds;
  }

  /** One object on one line; infinities and NaN are the strings "Infinity", "-Infinity", "NaN". */
  void printJson(PrintWriter out) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("backend", backend.toString());
      json.writeStringField("device", device);
      json.writeStringField("reduction", reduction.name().toLowerCase(Locale.ROOT));
      json.writeNumberField("loss", loss);
      json.writeFieldName("losses");
      json.writeArray(losses, 0, losses.length);
      json.writeArrayFieldStart("statuses");
      for (int n = 0; n < losses.length; n++) {
        json.writeString(statuses.apply(n).name());
      }
      json.writeEndArray();
      writeReasons(json);
      json.writeNumberField("milliseconds", milliseconds);
      json.writeEndObject();
    }
    out.println(text);
  }

  /** Why utterances are not OK, where there are any: null for those that are. */
  private void writeReasons(JsonGenerator json) throws IOException {
    if (IntStream.range(0, losses.length).mapToObj(this::reason).allMatch(Objects::isNull)) {
      return;
    }
    json.writeArrayFieldStart("reasons");
    for (int n = 0; n < losses.length; n++) {
      json.writeString(reason(n));
    }
    json.writeEndArray();
  }

  private String reason(int n) {
    return NoPath.reason(batch, n, statuses.apply(n));
  }

  /**
   * A table for people.
   *
   * @param transcripts of the utterances, or an empty list
   */
  void printTable(List<String> transcripts, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%9s  %8s  %8s  %14s  %-10s%s%n",
        "utterance",
        "frames",
        "labels",
        "loss (nats)",
        "status",
        transcripts.isEmpty() ? "" : "  transcript");
    for (int n = 0; n < losses.length; n++) {
      String row =
          "%9d  %8d  %8d  %14s  %-10s  %s"
              .formatted(
                  n,
                  batch.inputLength(n),
                  batch.targets().length(n),
                  number(losses[n]),
                  statuses.apply(n),
                  reason(n) != null ? reason(n) : transcripts.isEmpty() ? "" : transcripts.get(n));
      out.println(row.stripTrailing());
    }
    out.printf(
        Locale.ROOT,
        "%s %s   %s backend on %s   %s ms%n",
        reduction == Reduction.MEAN ? "mean" : "sum",
        number(loss),
        backend,
        device,
        String.format(Locale.ROOT, milliseconds < 100 ? "%.1f" : "%.0f", milliseconds));
  }

  private static String number(double x) {
    return Double.isFinite(x) ? String.format(Locale.ROOT, "%.6f", x) : Double.toString(x);
  }
}
