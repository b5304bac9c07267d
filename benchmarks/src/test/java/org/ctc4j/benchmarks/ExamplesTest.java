package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The examples in the library's documentation are those of src/examples, which {@code mvn -P
 * examples compile} compiles.
 */
class ExamplesTest {
  private static final Path EXAMPLES = Path.of("src/examples/java/org/ctc4j/examples");

  @Test
  void whatIsDocumentedIsWhatIsCompiled() throws IOException {
    String documented = Files.readString(Path.of("../src/main/java/org/ctc4j/CudaCtc.java"));
    List<String> blocks = new ArrayList<>();
    Matcher block =
        Pattern.compile("<pre>\\{@code\\n(.*?)\\n \\* }</pre>", Pattern.DOTALL).matcher(documented);
    while (block.find()) {
      blocks.add(block.group(1).replaceAll("(?m)^ \\* ?", "    "));
    }
    assertEquals(2, blocks.size());
    assertTrue(Files.readString(EXAMPLES.resolve("PyTorchTensors.java")).contains(blocks.get(0)));
    assertTrue(Files.readString(EXAMPLES.resolve("Nd4jArrays.java")).contains(blocks.get(1)));
  }
}
