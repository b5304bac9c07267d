package org.ctc4j.cuda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.ctc4j.CudaCtc;
import org.ctc4j.bench.Shape;

/**
 * Makes OUT.json and OUT.md of what the stages of a run on a GPU left, in the form of
 * benchmarks/results. A stage that failed or was ended is named, and what it left is taken.
 *
 * <pre>
 * GpuReport OUT COMMIT COMMAND DRIVER MEASUREMENTS...
 * </pre>
 *
 * <p>MEASUREMENTS are files of {@link Measurements}.
 */
public final class GpuReport {
  private final Map<String, String> machine = new LinkedHashMap<>();
  private final Measurements measured = new Measurements();

  private GpuReport() {}

  public static void main(String... args) throws IOException {
    GpuReport report = new GpuReport();
    report.machine.put("date", LocalDate.now().toString());
    report.machine.put("gpu", devices());
    report.machine.put("driver", args[3]);
    report.machine.put("processor", processor());
    report.machine.put("jdk", System.getProperty("java.vendor") + " " + Runtime.version());
    report.machine.put(
        "os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    report.machine.put("commit", args[1]);
    report.machine.put("command", args[2]);
    for (int i = 4; i < args.length; i++) {
      report.measured.read(Path.of(args[i]));
    }
    report.writeJson(Path.of(args[0] + ".json"));
    GpuPage page = new GpuPage(report.machine, report.measured);
    Files.writeString(Path.of(args[0] + ".md"), page.text());
  }

  /** A page is made also where the driver has failed since. */
  private static String devices() {
    StringJoiner names = new StringJoiner("; ");
    CudaCtc.devices().forEach(device -> names.add(device.toString()));
    return names.length() == 0 ? "none that the driver shows now" : names.toString();
  }

  private static String processor() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    String count = ", " + Runtime.getRuntime().availableProcessors() + " processors";
    if (!Files.isReadable(file)) {
      return System.getProperty("os.arch") + count;
    }
    return Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).trim())
            .findFirst()
            .orElse(System.getProperty("os.arch"))
        + count;
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
      for (String library : measured.libraries) {
        json.writeString(library);
      }
      json.writeEndArray();
      json.writeEndObject();
      json.writeArrayFieldStart("stages");
      for (Measurements.Stage stage : measured.stages) {
        json.writeStartObject();
        json.writeStringField("stage", stage.name());
        json.writeStringField("outcome", stage.outcome());
        json.writeNumberField("seconds", stage.seconds());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeObjectFieldStart("copyGigabytesPerSecond");
      for (Measurements.Copy copy : measured.copies) {
        writeNumber(json, copy.what(), copy.gigabytesPerSecond());
      }
      json.writeEndObject();
      json.writeArrayFieldStart("results");
      for (Measurements.Time time : measured.times) {
        json.writeStartObject();
        writeShape(json, time.shape());
        json.writeStringField("logits", time.logits());
        json.writeStringField("implementation", time.implementation());
        json.writeStringField("mode", time.mode());
        writeNumber(json, "milliseconds", time.median());
        writeNumber(json, "fastestMilliseconds", time.fastest());
        writeNumber(json, "lossRelativeError", time.lossError());
        writeNumber(json, "gradientNormRatio", time.gradientError());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("kernels");
      for (Measurements.Kernel kernel : measured.kernels) {
        json.writeStartObject();
        writeShape(json, kernel.shape());
        json.writeStringField("logits", kernel.logits());
        json.writeStringField("kernel", kernel.name());
        writeNumber(json, "milliseconds", kernel.median());
        writeNumber(json, "fastestMilliseconds", kernel.fastest());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("projections");
      for (Measurements.Projection projection : measured.projections) {
        json.writeStartObject();
        json.writeStringField("TxNxCxLxD", projection.sizes());
        json.writeStringField("type", projection.type());
        writeNumber(json, "milliseconds", projection.milliseconds());
        writeNumber(json, "productsMilliseconds", projection.products());
        json.writeNumberField("workspaceBytes", projection.workspaceBytes());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static void writeShape(JsonGenerator json, Shape shape) throws IOException {
    json.writeStringField("shape", shape.name());
    json.writeNumberField("T", shape.frames());
    json.writeNumberField("N", shape.utterances());
    json.writeNumberField("C", shape.classes());
    json.writeNumberField("L", shape.labels());
  }

  /** Null if it was not measured. */
  private static void writeNumber(JsonGenerator json, String name, double number)
      throws IOException {
    if (Double.isNaN(number)) {
      json.writeNullField(name);
    } else if (Double.isInfinite(number)) {
      json.writeStringField(name, Double.toString(number));
    } else {
      json.writeNumberField(name, number);
    }
  }
}
