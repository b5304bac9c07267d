package org.ctc4j.cuda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.bench.Shape;

/**
 * Makes OUT.json and OUT.md of times on a GPU, in the form of benchmarks/results.
 *
 * <pre>
 * GpuReport OUT COMMIT COMMAND DRIVER TIMES...
 * </pre>
 *
 * <p>TIMES are files of lines as {@link #HEADER} names their parts, by tabs; lines that begin with
 * {@code #} name libraries, a time of {@code -} was not measured.
 */
public final class GpuReport {
  static final String HEADER = "shape\tmode\timplementation\tmedian\tfastest";

  private record Time(
      Shape shape, String mode, String implementation, double median, double fastest) {}

  private final Map<String, String> machine = new LinkedHashMap<>();
  private final List<String> libraries = new ArrayList<>();
  private final List<Time> times = new ArrayList<>();

  private GpuReport() {}

  public static void main(String... args) throws IOException {
    GpuReport report = new GpuReport();
    try (Ctc ctc = Ctc.create(Backend.CUDA);
        Ctc reference = Ctc.create(Backend.REFERENCE)) {
      report.machine.put("date", LocalDate.now().toString());
      report.machine.put("gpu", ctc.device());
      report.machine.put("driver", args[3]);
      report.machine.put("processor", reference.device());
    }
    String version = System.getProperty("java.vendor") + " " + Runtime.version();
    report.machine.put("jdk", version);
    report.machine.put(
        "os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    report.machine.put("commit", args[1]);
    report.machine.put("command", args[2]);
    for (int i = 4; i < args.length; i++) {
      report.read(Path.of(args[i]));
    }
    report.writeJson(Path.of(args[0] + ".json"));
    Files.writeString(Path.of(args[0] + ".md"), report.markdown());
  }

  private void read(Path file) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("#")) {
        libraries.add(line.substring(1).trim());
      } else if (!line.isEmpty() && !line.equals(HEADER)) {
        String[] parts = line.split("\t");
        if (parts.length != 5) {
          throw new IOException(file + ": expected five parts, got: " + line);
        }
        if (!parts[3].equals("-")) {
          times.add(
              new Time(
                  Shape.of(parts[0]),
                  parts[1],
                  parts[2],
                  Double.parseDouble(parts[3]),
                  Double.parseDouble(parts[4])));
        }
      }
    }
  }

  private void writeJson(Path file) throws IOException {
    try (Writer writer = Files.newBufferedWriter(file);
        JsonGenerator json =
            new JsonFactory()
                .createGenerator(writer)
                .setPrettyPrinter(new DefaultPrettyPrinter())) {
      json.writeStartObject();
      json.writeObjectFieldStart("machine");
      for (Map.Entry<String, String> entry : machine.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeArrayFieldStart("libraries");
      for (String library : libraries) {
        json.writeString(library);
      }
      json.writeEndArray();
      json.writeEndObject();
      json.writeArrayFieldStart("results");
      for (Time time : times) {
        json.writeStartObject();
        json.writeStringField("shape", time.shape.name());
        json.writeNumberField("T", time.shape.frames());
        json.writeNumberField("N", time.shape.utterances());
        json.writeNumberField("C", time.shape.classes());
        json.writeNumberField("L", time.shape.labels());
        json.writeStringField("implementation", time.implementation);
        json.writeStringField("mode", time.mode);
        json.writeNumberField("milliseconds", time.median);
        json.writeNumberField("fastestMilliseconds", time.fastest);
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private String markdown() {
    StringBuilder page = new StringBuilder("# Benchmark results on a GPU\n\n");
    machine.forEach((name, value) -> page.append("- %s: %s\n".formatted(name, value)));
    libraries.forEach(library -> page.append("- %s\n".formatted(library)));
    page.append("\nMedian milliseconds. `-device`: from device memory to device memory, by CUDA ");
    page.append("events; else from host memory to host memory.\n");
    for (String mode : new String[] {"gradient", "loss"}) {
      List<Time> rows = times.stream().filter(time -> time.mode.equals(mode)).toList();
      List<String> columns = rows.stream().map(Time::implementation).distinct().toList();
      if (rows.isEmpty()) {
        continue;
      }
      page.append(mode.equals("loss") ? "\n## Loss alone\n\n" : "\n## Loss and gradient\n\n");
      page.append("| shape | T×N×C×L |");
      columns.forEach(column -> page.append(" %s |".formatted(column)));
      page.append("\n|---|---|").append("---:|".repeat(columns.size())).append('\n');
      for (Shape shape : rows.stream().map(Time::shape).distinct().toList()) {
        page.append(
            "| %s | %d×%d×%d×%d |"
                .formatted(
                    shape.name(),
                    shape.frames(),
                    shape.utterances(),
                    shape.classes(),
                    shape.labels()));
        for (String column : columns) {
          page.append(
              rows.stream()
                  .filter(time -> time.shape.equals(shape) && time.implementation.equals(column))
                  .findFirst()
                  .map(time -> String.format(Locale.ROOT, " %.3f |", time.median))
                  .orElse(" – |"));
        }
        page.append('\n');
      }
    }
    return page.toString();
  }
}
