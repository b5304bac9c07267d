package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.ctc4j.consumer.ModulePathProbe;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The library as a module, with and without the modules that it can do without. */
@Emulated
class ModulePathTest {
  private static final List<String> WORKS =
      List.of(
          "module org.ctc4j",
          "cpu losses: OK",
          "cpu projection: OK",
          "cuda losses: OK",
          "cuda projection: OK");

  /** Paths of jars that an application adds, as far as this platform has them. */
  private static final String JARS = ".*/(org/jcuda|dev/ludovic)/.*";

  private final Path driver = EmulatorBuild.library();

  @Test
  @DisplayName("All on the module path, and named: losses and projections on CPU and GPU")
  void named() throws Exception {
    String added = "org.ctc4j,jcuda,dev.ludovic.netlib.blas";
    assertEquals(WORKS, probe("target/classes" + File.pathSeparator + jars(), added, ""));
  }

  @Test
  @DisplayName("The library on the module path and the other jars on the class path: the same")
  void mixed() throws Exception {
    assertEquals(WORKS, probe("target/classes", "org.ctc4j", jars()));
  }

  @Test
  @DisplayName("Jars that no module requires, or that are not there: told, with what to add")
  void notNamed() throws Exception {
    String jcuda =
        "the cuda backend cannot be used: org.jcuda:jcuda is not on the module path;"
            + " add org.jcuda:jcuda:12.6.0, org.jcuda:jcuda-natives:12.6.0:linux-x86_64 there,"
            + " and --add-modules jcuda where no module requires it";
    List<String> told =
        List.of(
            "module org.ctc4j",
            "cpu losses: OK",
            "cpu projection: the cpu backend cannot be used: a projection is multiplied by"
                + " netlib's BLAS, and dev.ludovic.netlib:blas is not on the module path;"
                + " add dev.ludovic.netlib:blas:3.2.0 there,"
                + " and --add-modules dev.ludovic.netlib.blas where no module requires it",
            "cuda losses: " + jcuda,
            "cuda projection: " + jcuda);
    assertEquals(told, probe("target/classes" + File.pathSeparator + jars(), "org.ctc4j", ""));
    assertEquals(told, probe("target/classes", "org.ctc4j", ""));
  }

  private static String jars() {
    return Arrays.stream(
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(File.pathSeparator))
        .filter(entry -> entry.matches(JARS))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** What {@link ModulePathProbe} prints. */
  private List<String> probe(String modulePath, String modules, String classPath) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED,"
                    + (modules.contains("jcuda") ? "jcuda,jcublas," : "")
                    + "org.ctc4j",
                "-Dorg.ctc4j.cublas=" + EmulatorBuild.cublas(driver)));
    command.addAll(List.of("--module-path", modulePath, "--add-modules", modules));
    command.addAll(List.of("-cp", "target/test-classes" + File.pathSeparator + classPath));
    command.addAll(List.of(ModulePathProbe.class.getName(), driver.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.lines().toList();
  }
}
