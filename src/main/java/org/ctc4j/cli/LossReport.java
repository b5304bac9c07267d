package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
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
import org.ctc4j.cli.output.JsonObject;

/**
 * What {@code ctc loss} says.
 *
 * @param device what computed
 * @param statuses of the utterances
 * @param batch what the losses are of
 */
record LossReport(
    Backend backend,
    String device,
    Reduction reduction,
    double loss,
    double[] losses,
    IntFunction<CtcStatus> statuses,
    CtcBatch batch,
    double milliseconds) {
  static LossReport of(Ctc ctc, Reduction reduction, CtcResult result, CtcBatch batch, double ms) {
    return new LossReport(
        ctc.backend(),
        ctc.device(),
        reduction,
        result.loss(),
        result.losses(),
        result::status,
        batch,
        ms);
  }

  static LossReport of(
      Ctc ctc, Reduction reduction, ProjectedResult result, CtcBatch batch, double ms) {
    String products = ctc instanceof CpuCtc ? "; matrix products by " + CpuCtc.blas() : "";
    return new LossReport(
        ctc.backend(),
        ctc.device() + products,
        reduction,
        result.loss(),
        result.losses(),
        result::status,
        batch,
        ms);
  }

  /**
   * Prints it.
   *
   * @param transcripts of the utterances, or an empty list; for the table
   */
  void print(boolean asJson, List<String> transcripts, PrintWriter out) {
    if (asJson) {
      out.println(JsonObject.text(this::write));
    } else {
      printTable(transcripts, out);
    }
  }

  private void write(JsonGenerator json) throws IOException {
    json.writeStringField("backend", backend.toString());
    json.writeStringField("device", device);
    json.writeStringField("reduction", reduction.name().toLowerCase(Locale.ROOT));
    json.writeNumberField("loss", loss);
    json.writeFieldName("losses");
    json.writeArray(losses, 0, losses.length);
    JsonObject.array(json, "statuses", each(n -> statuses.apply(n).name()));
    String[] reasons = each(this::reason);
    if (!Arrays.stream(reasons).allMatch(Objects::isNull)) {
      JsonObject.array(json, "reasons", reasons);
    }
    json.writeNumberField("milliseconds", milliseconds);
  }

  private String[] each(IntFunction<String> of) {
    return IntStream.range(0, losses.length).mapToObj(of).toArray(String[]::new);
  }

  /** Why an utterance is not OK; null if it is. */
  private String reason(int n) {
    return NoPath.reason(batch, n, statuses.apply(n));
  }

  private void printTable(List<String> transcripts, PrintWriter out) {
    out.println(
        "utterance    frames    labels     loss (nats)  status    "
            + (transcripts.isEmpty() ? "" : "  transcript"));
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
    return Nats.text(x, 6);
  }
}
