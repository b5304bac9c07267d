package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages name is there. */
class DocsTest {
  private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]+)[^)]*\\)");
  private static final Pattern SOURCE =
      Pattern.compile(">((?:cpu|cuda)/\\w+\\.java|kernels/\\w+\\.cuh?)");

  static List<Path> pages() throws IOException {
    try (Stream<Path> root = Files.list(Path.of(""));
        Stream<Path> docs = Files.list(Path.of("docs"));
        Stream<Path> parts =
            Stream.of("kernels", "benchmarks", "benchmarks/gpu", "fuzz")
                .map(folder -> Path.of(folder, "README.md"))) {
      return Stream.of(root, docs, parts)
          .flatMap(files -> files)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .toList();
    }
  }

  private static List<String> matches(Pattern pattern, Path file) throws IOException {
    return pattern
        .matcher(Files.readString(file))
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }

  @ParameterizedTest
  @DisplayName("Every link of a page leads to a file")
  @MethodSource("pages")
  void links(Path page) throws IOException {
    for (String link : matches(LINK, page)) {
      assertTrue(Files.exists(page.resolveSibling(link)), page + ": " + link);
    }
  }

  @Test
  @DisplayName("Every page of docs is linked from the README")
  void linked() throws IOException {
    List<String> links = matches(LINK, Path.of("README.md"));
    for (Path page : pages()) {
      assertTrue(
          !page.startsWith("docs") || links.contains(page.toString().replace('\\', '/')),
          page.toString());
    }
  }

  @Test
  @DisplayName("Every file in the picture of the architecture exists")
  void picture() throws IOException {
    List<String> files = matches(SOURCE, Path.of("docs/architecture.svg"));
    assertTrue(files.size() > 10, files.toString());
    for (String file : files) {
      Path folder = Path.of(file.startsWith("kernels/") ? "" : "src/main/java/org/ctc4j");
      assertTrue(Files.exists(folder.resolve(file)), file);
    }
  }
}
