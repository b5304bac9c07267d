package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.bench.Shape;
import org.ctc4j.cli.output.JsonObject;

/** What {@code ctc bench} says. */
final class BenchReport {
  /**
   * One measurement.
   *
   * @param frames used by all utterances together
   * @param logits that are read, in all
   * @param milliseconds of one call, median
   */
  record Row(
      Shape shape,
      Backend backend,
      BenchCommand.BenchMode mode,
      double milliseconds,
      long frames,
      long logits) {
    Row(Shape shape, CtcBatch batch, Backend backend, BenchCommand.BenchMode mode, double ms) {
      this(shape, backend, mode, ms, usedFrames(batch), usedFrames(batch) * shape.classes());
    }

    private static long usedFrames(CtcBatch batch) {
      return IntStream.range(0, batch.utterances()).mapToLong(batch::inputLength).sum();
    }

    double utterancesPerSecond() {
      return shape.utterances() / milliseconds * 1e3;
    }

    double framesPerSecond() {
      return frames / milliseconds * 1e3;
    }

    /** Logits read and, with a gradient, gradient written. */
    double gigabytesPerSecond() {
      int passes = mode == BenchCommand.BenchMode.GRADIENT ? 2 : 1;
      return passes * (double) Float.BYTES * logits / milliseconds / 1e6;
    }
  }

  private final int threads;
  private final double copyGigabytesPerSecond;
  private final List<String> devices = new ArrayList<>();
  private final List<Row> rows = new ArrayList<>();

  BenchReport(int threads, double copyGigabytesPerSecond, List<Ctc> engines) {
    this.threads = threads;
    this.copyGigabytesPerSecond = copyGigabytesPerSecond;
    for (Ctc ctc : engines) {
      devices.add(ctc.backend() + ": " + ctc.device());
    }
  }

  void add(Row row) {
    rows.add(row);
  }

  List<Row> rows() {
    return rows;
  }

  /** Devices, threads and JVM, for a caption. */
  String machine() {
    return "%s; %d thread%s; Java %s"
        .formatted(
            String.join("; ", devices),
            threads,
            threads == 1 ? "" : "s",
            System.getProperty("java.version"));
  }

  void printTable(PrintWriter out) {
    out.println(machine());
    out.printf(Locale.ROOT, "copying memory: %.1f GB/s read + written%n%n", copyGigabytesPerSecond);
    out.println(
        "shape               T     N      C     L  backend   mode             ms utterances/s     frames/s     GB/s of copy");
    for (Row row : rows) {
      Shape shape = row.shape();
      out.printf(
          Locale.ROOT,
          "%-14s %6d %5d %6d %5d  %-9s %-8s %10.3f %12.0f %12.0f %8.2f %6.0f%%%n",
          shape.name(),
          shape.frames(),
          shape.utterances(),
          shape.classes(),
          shape.labels(),
          row.backend(),
          row.mode(),
          row.milliseconds(),
          row.utterancesPerSecond(),
          row.framesPerSecond(),
          row.gigabytesPerSecond(),
          100 * row.gigabytesPerSecond() / copyGigabytesPerSecond);
    }
  }

  void printJson(PrintWriter out) {
    out.println(JsonObject.text(this::write));
  }

  private void write(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("machine");
    JsonObject.array(json, "devices", devices.toArray(String[]::new));
    json.writeStringField("java", System.getProperty("java.version"));
    json.writeStringField("os", System.getProperty("os.name"));
    json.writeNumberField("processors", Runtime.getRuntime().availableProcessors());
    json.writeNumberField("copy_gigabytes_per_second", copyGigabytesPerSecond);
    json.writeEndObject();
    JsonObject.array(json, "results", rows, row -> write(json, row));
  }

  private void write(JsonGenerator json, Row row) throws IOException {
    json.writeStringField("shape", row.shape().name());
    json.writeNumberField("T", row.shape().frames());
    json.writeNumberField("N", row.shape().utterances());
    json.writeNumberField("C", row.shape().classes());
    json.writeNumberField("L", row.shape().labels());
    json.writeStringField("backend", row.backend().toString());
    json.writeNumberField("threads", threads);
    json.writeStringField("mode", row.mode().toString());
    json.writeNumberField("milliseconds", row.milliseconds());
    json.writeNumberField("utterances_per_second", row.utterancesPerSecond());
    json.writeNumberField("frames_per_second", row.framesPerSecond());
    json.writeNumberField("gigabytes_per_second", row.gigabytesPerSecond());
  }
}
