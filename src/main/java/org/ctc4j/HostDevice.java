package org.ctc4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the host's processor calls itself. */
final class HostDevice {
  private static final String NAME = read();

  private HostDevice() {}

  static String name() {
    return NAME;
  }

  private static String read() {
    String processor = System.getProperty("os.arch");
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      processor =
          lines
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .findFirst()
              .orElse(processor);
    } catch (IOException | RuntimeException e) {
      // not Linux: the architecture has to do
    }
    return processor + ", " + Runtime.getRuntime().availableProcessors() + " processors";
  }
}
