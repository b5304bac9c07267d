package org.ctc4j.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;

/**
 * What a reader needs to judge a result, and to repeat it.
 *
 * @param date of the run
 * @param processor model and number of processors
 * @param gpu name, memory and driver, or why the cuda backend cannot be used
 * @param jdk vendor and version
 * @param os name and version
 * @param libraries version of each library on the class path that was measured or measured with
 * @param commit of ctc4j
 * @param command that was run
 */
record Machine(
    String date,
    String processor,
    String gpu,
    String jdk,
    String os,
    Map<String, String> libraries,
    String commit,
    String command) {

  /** This one. */
  static Machine here(String commit, String command) throws IOException {
    return new Machine(
        LocalDate.now().toString(),
        report(Backend.REFERENCE).device(),
        gpuName(),
        System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        libraryVersions(),
        commit,
        command);
  }

  private static String gpuName() {
    BackendReport cuda = report(Backend.CUDA);
    return cuda.usable() ? cuda.device() : "not used: " + cuda.reason();
  }

  private static BackendReport report(Backend backend) {
    return Ctc.backends().stream()
        .filter(report -> report.backend() == backend)
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, String> libraryVersions() throws IOException {
    Map<String, String> versions = new LinkedHashMap<>();
    putVersion(versions, "ctc4j", "org.ctc4j", "ctc4j");
    putVersion(versions, "JMH", "org.openjdk.jmh", "jmh-core");
    putVersion(versions, "PyTorch (bytedeco)", "org.bytedeco", "pytorch");
    putVersion(versions, "TensorFlow-Java", "org.tensorflow", "tensorflow-core-api");
    putVersion(versions, "ND4J", "org.nd4j", "nd4j-native");
    return versions;
  }

  /** Maven leaves the version in every jar; peers may be absent. */
  private static void putVersion(
      Map<String, String> versions, String label, String group, String artifact)
      throws IOException {
    String path = "/META-INF/maven/%s/%s/pom.properties".formatted(group, artifact);
    try (InputStream in = Machine.class.getResourceAsStream(path)) {
      if (in != null) {
        Properties properties = new Properties();
        properties.load(in);
        versions.put(label, properties.getProperty("version"));
      }
    }
  }

  /** A list in Markdown. */
  String list() {
    StringBuilder list = new StringBuilder();
    list.append("- Date: ").append(date).append('\n');
    list.append("- Processor: ").append(processor).append('\n');
    list.append("- GPU: ").append(gpu).append('\n');
    list.append("- JDK: ").append(jdk).append('\n');
    list.append("- OS: ").append(os).append('\n');
    libraries.forEach((name, version) -> list.append("- %s: %s\n".formatted(name, version)));
    list.append("- Commit: ").append(commit).append('\n');
    list.append("- Command: `").append(command).append("`\n");
    return list.toString();
  }
}
