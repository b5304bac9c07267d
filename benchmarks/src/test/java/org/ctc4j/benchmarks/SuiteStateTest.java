package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.ctc4j.bench.Shape;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;

/** The suite is named in three places; this holds them together. */
class SuiteStateTest {
  /** JMH wants the names as constants. */
  @Test
  void benchmarksRunTheSuite() throws NoSuchFieldException {
    String[] names = SuiteState.class.getField("shape").getAnnotation(Param.class).value();
    assertArrayEquals(Shape.SUITE.stream().map(Shape::name).toArray(), names);
  }

  /** So does the script, which does not run on a JVM. */
  @Test
  void pythonScriptRunsTheSuite() throws IOException {
    String script = Files.readString(Path.of("peers", "time_peers.py"));
    for (Shape shape : Shape.SUITE) {
      String line =
          "\"%s\": (%d, %d, %d, %d, %s),"
              .formatted(
                  shape.name(),
                  shape.frames(),
                  shape.utterances(),
                  shape.classes(),
                  shape.labels(),
                  shape.ragged() ? "True" : "False");
      assertTrue(script.contains(line), line);
    }
  }
}
