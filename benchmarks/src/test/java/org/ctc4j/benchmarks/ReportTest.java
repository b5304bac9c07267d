package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
  private static final Machine MACHINE =
      new Machine("2026-01-01", "cpu", "gpu", "jdk", "os", Map.of("JMH", "1"), "abc", "run");

  private static Timing chars(String implementation, String mode, double milliseconds) {
    return new Timing("chars", 400, 32, 32, 80, "flat", implementation, 2, mode, milliseconds, 1);
  }

  private static String gradientRow(List<AccuracyRow> agreement) {
    List<Timing> results =
        List.of(
            chars("vector", "gradient", 2),
            chars("vector", "loss", 1),
            chars("scalar", "gradient", 5),
            chars("pytorch", "gradient", 100),
            chars("nd4j", "gradient", 400));
    return new Report(MACHINE, results, agreement, List.of())
        .markdown()
        .lines()
        .filter(line -> line.startsWith("| chars | 400×32×32×80 | flat |"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void ratiosAreToPyTorch() {
    List<AccuracyRow> agreement =
        List.of(
            AccuracyRow.of("PyTorch", "chars", new Agreement(1e-6, 1e-4)),
            AccuracyRow.of("ND4J", "chars", new Agreement(1e-6, 1e-4)));
    assertEquals(
        "| chars | 400×32×32×80 | flat | 2 | 2.00 (50.0×) | 5.00 (20.0×) | – | 100 | – | 400 (0.250×) |",
        gradientRow(agreement));
  }

  @Test
  void timesOfAPeerThatDisagreesAreNotShown() {
    List<AccuracyRow> agreement =
        List.of(
            AccuracyRow.of("PyTorch", "chars", new Agreement(0.5, 1)),
            AccuracyRow.failed("ND4J", "chars", new IllegalStateException("no")));
    assertEquals(
        "| chars | 400×32×32×80 | flat | 2 | 2.00 | 5.00 | – | – | – | – |",
        gradientRow(agreement));
  }

  @Test
  void reasonsAreTold() {
    List<AccuracyRow> agreement =
        List.of(AccuracyRow.failed("ND4J", "chars", new IllegalStateException("too long")));
    List<Timing> results = List.of(chars("nd4j", "gradient", 400));
    String page = new Report(MACHINE, results, agreement, List.of()).markdown();
    assertTrue(page.contains("- ND4J, chars: java.lang.IllegalStateException: too long"), page);
    assertTrue(page.contains("- PyTorch, chars: not compared with the reference"), page);
    assertFalse(page.contains("400 |\n"), page);
  }

  @Test
  void readsWhatJmhWrites(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("jmh.json");
    Files.writeString(
        file,
        """
        [{"benchmark": "org.ctc4j.benchmarks.CtcBenchmark.loss",
          "params": {"implementation": "scalar", "shape": "chars", "logits": "flat", "threads": "2"},
          "primaryMetric": {"score": 9, "scoreUnit": "ms/op",
            "scorePercentiles": {"0.0": 1.0, "50.0": 3.5}}},
         {"benchmark": "org.ctc4j.benchmarks.PeerBenchmark.gradient",
          "params": {"peer": "nd4j", "shape": "chars", "logits": "flat", "threads": "2"},
          "primaryMetric": {"score": 9, "scoreUnit": "ms/op",
            "scorePercentiles": {"0.0": 1.0, "50.0": 70.0}}}]
        """);
    assertEquals(
        List.of(chars("scalar", "loss", 3.5), chars("nd4j", "gradient", 70)), Timing.read(file));
  }

  @Test
  void readsWhatAccuracyWrites(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("accuracy.json");
    List<AccuracyRow> rows =
        List.of(
            AccuracyRow.of("ctc4j", "chars", new Agreement(1e-7, 1e-6)),
            AccuracyRow.failed("ND4J", "chars", new IllegalStateException("no")));
    AccuracyRow.write(rows, file);
    assertEquals(rows, AccuracyRow.read(file));
  }
}
