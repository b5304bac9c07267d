package org.ctc4j.cuda;

import java.nio.file.Path;

/**
 * What runs the kernels behind the emulated driver: {@code -Dctc4j.engine=ptx} interprets the PTX
 * that is shipped; by default their sources are compiled for the CPU, which is faster.
 */
enum Engine {
  SOURCES("target/emulator"),
  PTX("target/emulator-ptx");

  static final String PROPERTY = "ctc4j.engine";

  static final Engine CHOSEN = of(System.getProperty(PROPERTY, "sources"));

  /** Where it is built. */
  final Path target;

  Engine(String target) {
    this.target = Path.of(target);
  }

  private static Engine of(String name) {
    return switch (name) {
      case "sources" -> SOURCES;
      case "ptx" -> PTX;
      default ->
          throw new IllegalStateException(
              "-D%s: expected sources or ptx, got %s".formatted(PROPERTY, name));
    };
  }
}
