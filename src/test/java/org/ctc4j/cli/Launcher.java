package org.ctc4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import dev.ludovic.netlib.blas.BLAS;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import me.tongfei.progressbar.ProgressBar;
import org.junit.jupiter.api.Assertions;
import org.knowm.xchart.XYChart;
import picocli.CommandLine;

/**
 * {@code scripts/ctc} in a checkout of its own, with a stand-in for Maven that takes the classes
 * under test for the outcome of the build.
 */
final class Launcher {
  /** Options of a JVM that is over before it would be worth while to optimise. */
  static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final String MAVEN =
      """
      #!/bin/sh
      echo "$@" >>"$STAND_IN/calls"
      while [ "$1" != -f ]; do shift; done
      case $2 in *:*) exit 1;; esac # where it would look for classes
      cd "$(dirname "$2")" || exit
      [ ! -e target/classes/half ] || echo half >>"$STAND_IN/calls"
      archive=target/ctc4j-cli-1/ctc4j-cli-1
      mkdir -p target/classes $archive/lib
      if [ -e "$STAND_IN/die" ]; then
        rm "$STAND_IN/die"
        echo half | tee target/classes/half $archive/lib/half.jar >$archive/lib/ctc4j-1.jar
        kill -KILL $PPID
        exit 1
      fi
      cp -R src/main/dist/bin $archive || exit
      cp "$STAND_IN/ctc4j-1.jar" "$STAND_IN"/lib/*.jar $archive/lib
      """;

  private final Path root;
  private final Path standIn;
  private final Map<String, String> environment = new HashMap<>();

  /**
   * @param root of the checkout, to be made
   * @param standIn a folder for the stand-in, to be made
   */
  Launcher(Path root, Path standIn) throws IOException {
    this.root = root;
    this.standIn = standIn;
    for (String folder : List.of("scripts", "src/main/dist/bin", "kernels/ptx")) {
      Files.createDirectories(root.resolve(folder));
    }
    Files.writeString(root.resolve("pom.xml"), "<project>\n  <version>1</version>\n</project>\n");
    Files.writeString(root.resolve("src/main/source"), "");
    Files.writeString(root.resolve("kernels/ptx/kernel"), "");
    for (String program : List.of("scripts/ctc", "src/main/dist/bin/ctc")) {
      Files.copy(Path.of(program), root.resolve(program), StandardCopyOption.COPY_ATTRIBUTES);
    }
    Files.createDirectories(standIn.resolve("bin"));
    Files.createDirectories(standIn.resolve("lib"));
    program("mvn", MAVEN);
    environment.put("STAND_IN", standIn.toString());
    environment.put("PATH", standIn.resolve("bin") + ":" + System.getenv("PATH"));
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("CTC_JAVA_OPTS", SHORT_LIVED);
  }

  /** Puts the classes under test and the libraries of the command line into a folder. */
  static void makeJars(Path folder) throws IOException {
    String jar = folder.resolve("ctc4j-1.jar").toString();
    ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
    String classes = of(Main.class).toString();
    int status = tool.run(System.out, System.err, "-c", "-0", "-f", jar, "-C", classes, ".");
    Assertions.assertEquals(0, status);
    for (Class<?> part :
        List.of(
            CommandLine.class,
            JsonFactory.class,
            ProgressBar.class,
            XYChart.class,
            JCudaDriver.class,
            BLAS.class)) {
      Path library = of(part);
      Files.copy(library, folder.resolve(library.getFileName()));
    }
  }

  /** With what {@link #makeJars} made. */
  Launcher withJars(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        boolean isLibrary = !file.endsWith("ctc4j-1.jar");
        Files.copy(file, (isLibrary ? lib() : standIn).resolve(file.getFileName()));
      }
    }
    return this;
  }

  Path lib() {
    return standIn.resolve("lib");
  }

  /** With jars of no content, and a program for the JVM. */
  Launcher withFakeJava(String script) throws IOException {
    Files.writeString(standIn.resolve("ctc4j-1.jar"), "whole");
    Files.writeString(standIn.resolve("lib").resolve("library.jar"), "whole");
    program("java", script);
    environment.remove("JAVA_HOME");
    return this;
  }

  static Path of(Class<?> part) {
    try {
      return Path.of(part.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private void program(String name, String text) throws IOException {
    Path file = Files.writeString(standIn.resolve("bin").resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  Launcher with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  Path root() {
    return root;
  }

  Path script() {
    return root.resolve("scripts").resolve("ctc");
  }

  Path standIn() {
    return standIn;
  }

  /** How often Maven has been called. */
  long builds() throws IOException {
    try (var calls = Files.lines(standIn.resolve("calls"))) {
      return calls.filter(line -> line.contains("package")).count();
    }
  }

  /** Starts the script with standard output and error in two files, {@code out} and {@code err}. */
  Process start(Object... args) throws IOException {
    List<String> command = new ArrayList<>(List.of(script().toString()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    List.of("LANG", "LC_ALL", "LC_CTYPE", "JAVA_TOOL_OPTIONS", "CTC_JAVA_OPTS")
        .forEach(builder.environment()::remove);
    builder.environment().remove("JAVA_HOME");
    builder.environment().putAll(environment);
    return builder
        .redirectInput(new java.io.File("/dev/null"))
        .redirectOutput(standIn.resolve("out").toFile())
        .redirectError(standIn.resolve("err").toFile())
        .start();
  }

  /** What is there once the script has ended. */
  Cli run(Object... args) throws Exception {
    Process process = start(args);
    Assertions.assertTrue(process.waitFor(120, TimeUnit.SECONDS), "still running");
    String err = Files.readString(standIn.resolve("err"));
    String out = Files.readString(standIn.resolve("out"));
    return new Cli(process.exitValue(), out, err.replaceAll("(?m)^ctc: building .*\n", ""));
  }
}
