package org.ctc4j.cuda.driver;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.ctc4j.host.Platform;

/** Where the dynamic linker finds a library, as far as that can be told without loading one. */
final class DynamicLinker {
  private static final List<String> DEFAULT =
      List.of(
          "/lib/x86_64-linux-gnu",
          "/usr/lib/x86_64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/lib",
          "/usr/lib");

  private DynamicLinker() {}

  /**
   * @param name the library's own, "libcuda.so.1" or "nvcuda.dll" for example
   */
  static boolean finds(String name) {
    if (Platform.HERE.isWindows()) {
      Path system = Path.of(System.getenv("SystemRoot"), "System32");
      return Stream.concat(Stream.of(system), libraryPath().stream())
          .anyMatch(directory -> Files.exists(directory.resolve(name)));
    }
    return Stream.concat(libraryPath().stream(), DEFAULT.stream().map(Path::of))
            .anyMatch(directory -> Files.exists(directory.resolve(name)))
        || contains("/etc/ld.so.cache", "/" + name + '\0')
        || contains("/proc/self/maps", "/" + name.replaceFirst("\\d+$", "")); // there already
  }

  /** The directories of {@code LD_LIBRARY_PATH}, on Windows of {@code PATH}. */
  static List<Path> libraryPath() {
    String path = System.getenv(Platform.HERE.isWindows() ? "PATH" : "LD_LIBRARY_PATH");
    return Arrays.stream((path == null ? "" : path).split(File.pathSeparator))
        .filter(entry -> !entry.isEmpty())
        .map(Path::of)
        .toList();
  }

  private static boolean contains(String file, String text) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of(file));
      return new String(bytes, StandardCharsets.ISO_8859_1).contains(text);
    } catch (IOException e) {
      return false;
    }
  }
}
