package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcResult;
import org.ctc4j.Reduction;

/** What {@code ctc loss} says. */
final class LossReport {
  private final Ctc ctc;
  private final Reduction reduction;
  private final CtcResult result;
  private final double milliseconds;

  LossReport(Ctc ctc, Reduction reduction, CtcResult result, double milliseconds) {
    this.ctc = ctc;
    this.reduction = reduction;
    this.result = result;
    this.milliseconds = milliseconds;
  }

  /** One object on one line; infinities and NaN are the strings "Infinity", "-Infinity", "NaN". */
  void printJson(PrintWriter out) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("backend", ctc.backend().toString());
      json.writeStringField("device", ctc.device());
      json.writeStringField("reduction", reduction.name().toLowerCase(Locale.ROOT));
      json.writeNumberField("loss", result.loss());
      json.writeFieldName("losses");
      json.writeArray(result.losses(), 0, result.utterances());
      json.writeArrayFieldStart("statuses");
      for (int n = 0; n < result.utterances(); n++) {
        json.writeString(result.status(n).name());
      }
      json.writeEndArray();
      json.writeNumberField("milliseconds", milliseconds);
      json.writeEndObject();
    }
    out.println(text);
  }

  /**
   * A table for people.
   *
   * @param transcripts of the utterances, or an empty list
   */
  void printTable(CtcBatch batch, List<String> transcripts, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%9s  %8s  %8s  %14s  %-10s%s%n",
        "utterance",
        "frames",
        "labels",
        "loss (nats)",
        "status",
        transcripts.isEmpty() ? "" : "  transcript");
    for (int n = 0; n < result.utterances(); n++) {
      String row =
          "%9d  %8d  %8d  %14s  %-10s  %s"
              .formatted(
                  n,
                  batch.inputLength(n),
                  batch.targets().length(n),
                  number(result.loss(n)),
                  result.status(n),
                  transcripts.isEmpty() ? "" : transcripts.get(n));
      out.println(row.stripTrailing());
    }
    out.printf(
        Locale.ROOT,
        "%s %s   %s backend on %s   %s ms%n",
        reduction == Reduction.MEAN ? "mean" : "sum",
        number(result.loss()),
        ctc.backend(),
        ctc.device(),
        String.format(Locale.ROOT, milliseconds < 100 ? "%.1f" : "%.0f", milliseconds));
  }

  private static String number(double loss) {
    return Double.isFinite(loss) ? String.format(Locale.ROOT, "%.6f", loss) : Double.toString(loss);
  }
}
