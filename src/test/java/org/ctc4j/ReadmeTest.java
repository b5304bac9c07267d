package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What README.md says of builds, which scripts/consumers tries. */
class ReadmeTest {
  @Test
  @DisplayName("What is to be added to a Maven project is what a project of src/it adds")
  void maven() throws IOException {
    StringBuilder projects = new StringBuilder();
    for (String project : new String[] {"losses", "gpu", "projection", "modular"}) {
      projects.append(dense(Path.of("src/it", project, "pom.xml")));
    }
    List<String> blocks = blocks("xml");
    assertEquals(3, blocks.size());
    for (String block : blocks) {
      assertTrue(projects.indexOf(block.replaceAll("\\s+", "")) >= 0, block);
    }
  }

  @Test
  @DisplayName(
      "Versions of Gradle's lines, and of all others, are those that the library is built with")
  void versions() throws Exception {
    List<String> built = Pom.dependencies();
    Pattern artifact = Pattern.compile("[\\w.]+\\.\\w+:[\\w-]+:\\d[\\w.-]*(:[\\w-]+)?");
    List<String> said = artifact.matcher(readme()).results().map(MatchResult::group).toList();
    assertTrue(said.size() >= 6, said::toString);
    for (String each : said) {
      assertTrue(built.contains(each), () -> each + " in " + built);
    }
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(readme())
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  private static String readme() throws IOException {
    return Files.readString(Path.of("README.md"));
  }

  private static String dense(Path file) throws IOException {
    return Files.readString(file).replaceAll("\\s+", "");
  }
}
