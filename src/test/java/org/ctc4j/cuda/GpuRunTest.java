package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ctc4j.bench.Shape;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The stages of benchmarks/gpu/run: their order, limits and what is left when one of them fails or
 * hangs. Java and Python are stand-ins that write down how they were called.
 */
class GpuRunTest {
  private static final Path RUN = Path.of("benchmarks/gpu/run");

  private static final String TORCH_TEST = "benchmarks/gpu/test_time_torch.py";

  /** Writes its arguments to TRACE; hangs, or fails, where they match HANG, or FAIL. */
  private static final String STAND_IN =
      """
      #!/usr/bin/env bash
      echo "$(basename "$0") $*" >>"$TRACE"
      if [[ -n ${HANG:-} && "$*" =~ $HANG ]]; then
        echo "hanging, $$" >>"$TRACE"
        sleep 600
      fi
      if [[ -n ${FAIL:-} && "$*" =~ $FAIL ]]; then
        echo "failing as told"
        exit 7
      fi
      case "$*" in
        *"cli.Main devices") echo "cuda: a stand-in" ;;
        *CopyTimes) printf 'copy\\twithin the device\\t1000\\n' ;;
        *KernelTimes*) printf 'time\\t%s\\tflat\\tloss\\tcuda\\t1\\t1\\t-\\t-\\n' "${*: -1}" ;;
        *time_torch.py*) printf 'time\\t%s\\tflat\\tloss\\tpytorch-%s\\t1\\t1\\t-\\t-\\n' "${@: -2:2}" ;;
        *ConsoleLauncher*) echo "[         3 tests successful      ]" ;;
        *GpuReport*)
          arguments="$*"
          arguments=(${arguments#*GpuReport })
          printf 'the page of %s\\n' "${arguments[-1]}" >"${arguments[0]}.md"
          echo '{}' >"${arguments[0]}.json"
          ;;
      esac
      """;

  @TempDir private Path folder;
  private Path bundle;
  private Path out;
  private Path trace;

  @BeforeEach
  void make() throws IOException {
    bundle = folder.resolve("bundle");
    out = folder.resolve("out");
    trace = Files.createFile(folder.resolve("trace"));
    Files.createDirectories(bundle.resolve("runtime/bin"));
    Files.createDirectories(bundle.resolve("results"));
    Files.createDirectories(folder.resolve("bin"));
    Files.copy(RUN, bundle.resolve("run"));
    Files.writeString(bundle.resolve("commit"), "abc\n");
    executable(bundle.resolve("runtime/bin/java"));
    executable(folder.resolve("bin/python3"));
  }

  private static void executable(Path file) throws IOException {
    Files.writeString(file, STAND_IN);
    assertTrue(file.toFile().setExecutable(true));
  }

  private record Ended(int code, String output) {}

  private Ended run(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(bundle.resolve("run").toString()));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    Map<String, String> variables = builder.environment();
    variables.put("OUT", out.toString());
    variables.put("TRACE", trace.toString());
    variables.put("PATH", folder.resolve("bin") + ":" + variables.get("PATH"));
    variables.remove("LD_LIBRARY_PATH");
    variables.putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("not done: " + Files.readString(output));
    }
    return new Ended(process.exitValue(), Files.readString(output));
  }

  private List<String> calls(String program) throws IOException {
    return Files.readAllLines(trace).stream().filter(line -> line.contains(program)).toList();
  }

  /** How each stage ended. */
  private Map<String, String> outcomes() throws IOException {
    return Files.readAllLines(out.resolve("measurements.tsv")).stream()
        .map(line -> line.split("\t"))
        .filter(parts -> parts[0].equals("stage"))
        .collect(Collectors.toMap(parts -> parts[1], parts -> parts[2]));
  }

  private String page() throws IOException {
    try (Stream<Path> files = Files.list(out)) {
      Path page = files.filter(file -> file.toString().endsWith(".md")).findFirst().orElseThrow();
      return Files.readString(page);
    }
  }

  @Test
  @DisplayName("All stages, figures first, the page before the suites and at the end; a few files")
  void order() throws Exception {
    Ended ended = run(Map.of("FAIL", "no stage fails"));
    Map<String, String> outcomes = outcomes();
    for (String stage : List.of("smoke", "copy", "times", "torch", "contract")) {
      assertEquals("done", outcomes.get(stage), () -> stage + ": " + ended.output);
    }
    List<String> calls = Files.readAllLines(trace);
    int[] order =
        Stream.of(
                "cli.Main devices",
                "cli.Main compare",
                "KernelCheck device-batch",
                "CopyTimes",
                "KernelTimes",
                "ProjectionTimes",
                "time_torch.py",
                "GpuReport",
                "ConsoleLauncher")
            .mapToInt(
                program -> {
                  int at = 0;
                  while (at < calls.size() && !calls.get(at).contains(program)) {
                    at++;
                  }
                  return at;
                })
            .toArray();
    assertTrue(Arrays.equals(order, Arrays.stream(order).sorted().toArray()), calls::toString);
    assertEquals(2, calls("GpuReport").size());
    assertTrue(calls.get(calls.size() - 1).contains("GpuReport"));
    try (Stream<Path> files = Files.list(out)) {
      assertEquals(
          List.of("contract.txt", "json", "log.txt", "md", "measurements.tsv"),
          files
              .map(file -> file.getFileName().toString().replaceFirst("^[0-9-]{11}.*\\.", ""))
              .sorted()
              .toList());
    }
  }

  @Test
  @DisplayName("One stage hangs and one fails: the others and the page survive, nothing runs on")
  void hangAndFailure() throws Exception {
    Ended ended =
        run(
            Map.of("HANG", "CopyTimes", "FAIL", "cli.Main compare"),
            "--limit",
            "copy=2",
            "smoke",
            "copy",
            "times",
            "contract");
    assertEquals(1, ended.code);
    Map<String, String> outcomes = outcomes();
    assertEquals("failed, exit 1", outcomes.get("smoke"));
    assertEquals("ended after 2 s", outcomes.get("copy"));
    assertEquals("done", outcomes.get("times"));
    assertEquals("done", outcomes.get("contract"));
    assertTrue(page().contains("measurements.tsv"), page());
    assertTrue(ended.output.contains("failing as told"), ended.output);
    assertEquals(Shape.SUITE.size(), calls("KernelTimes").size(), "the stage after the hang");
    Matcher hanging = Pattern.compile("hanging, (\\d+)").matcher(Files.readString(trace));
    assertTrue(hanging.find());
    // whoever inherits the orphan has to take note of its end
    ProcessHandle.of(Long.parseLong(hanging.group(1)))
        .ifPresent(
            program ->
                assertDoesNotThrow(
                    () -> program.onExit().get(10, TimeUnit.SECONDS), "the program that hung"));
  }

  @Test
  @DisplayName(
      "One test class, one shape, one of PyTorch's rows fails: the next ones come all the same")
  void withinAStage() throws Exception {
    Ended ended =
        run(
            Map.of("FAIL", "CudaGoldenTest|KernelTimes chars|time_torch.py warp-en native"),
            "times",
            "torch",
            "contract");
    assertEquals(1, ended.code);
    assertTrue(ended.output.contains("CudaGoldenTest: no summary, exit 7"), ended.output);
    assertTrue(ended.output.contains("CudaLossContractTest: 3 successful, exit 0"), ended.output);
    assertEquals(Shape.SUITE.size(), calls("KernelTimes").size());
    List<String> measured = Files.readAllLines(out.resolve("measurements.tsv"));
    assertEquals(
        Shape.SUITE.size() - 1,
        measured.stream().filter(line -> line.contains("\tcuda\t")).count());
    List<String> rows =
        calls("time_torch.py").stream()
            .map(line -> line.substring(line.lastIndexOf(' ') + 1))
            .toList();
    assertEquals(2 * Shape.SUITE.size(), rows.size(), "a process each");
    assertEquals(List.of("native", "cudnn"), rows.stream().distinct().toList());
    assertEquals(
        Shape.SUITE.size(), rows.indexOf("cudnn"), "cuDNN last: it may take the GPU along");
  }

  @Test
  @DisplayName("compute-sanitizer's four tools and Nsight Compute run the programs meant for them")
  void tools() throws Exception {
    assertEquals(1, run(Map.of(), "sanitize", "profile").code, "neither is there");
    assertEquals("failed, exit 1", outcomes().get("sanitize"));
    executable(folder.resolve("bin/compute-sanitizer"));
    executable(folder.resolve("bin/ncu"));
    assertEquals(0, run(Map.of(), "sanitize", "profile").code);
    assertEquals(
        List.of("memcheck", "synccheck", "racecheck", "initcheck"),
        calls("compute-sanitizer").stream()
            .filter(call -> call.contains("org.ctc4j.cuda.KernelCheck"))
            .map(call -> call.replaceFirst(".*--tool (\\w+).*", "$1"))
            .toList());
    assertEquals(1, calls("KernelCheck barriers-only").size());
    assertTrue(calls("ncu ").get(0).contains("org.ctc4j.cuda.KernelProfile warp-en chars"));
  }

  @Test
  @DisplayName("With a limit on all of it the page is still made in time")
  void within() throws Exception {
    run(Map.of("HANG", "KernelTimes"), "--within", "25", "copy", "times", "contract");
    Map<String, String> outcomes = outcomes();
    assertEquals("done", outcomes.get("copy"));
    assertTrue(outcomes.get("times").matches("ended after [1-5] s"), outcomes::toString);
    assertEquals("not begun, the time was up", outcomes.get("contract"));
    assertTrue(page().contains("measurements.tsv"));
  }

  @Test
  @DisplayName("What an earlier run left in results/ is on the page, too")
  void earlierResults() throws Exception {
    Files.writeString(bundle.resolve("results/earlier.tsv"), "copy\twithin the device\t1\n");
    run(Map.of(), "report");
    List<String> report = calls("GpuReport");
    assertEquals(1, report.size(), "once, where it is named as the last");
    assertTrue(report.get(0).contains("earlier.tsv"), report::toString);
  }

  @Test
  @DisplayName("cuBLAS of CUDA 13 through the bridge; that of CUDA 12 where it is")
  void cublas() throws Exception {
    Path libraries = Files.createDirectories(folder.resolve("libraries"));
    Files.createFile(libraries.resolve("libcublas.so.13"));
    Map<String, String> path = Map.of("LD_LIBRARY_PATH", libraries.toString());
    run(path, "times");
    String bridge = "-Dorg.ctc4j.cublas=" + bundle.resolve("cublas12/libcublas.so.12");
    assertTrue(calls("ProjectionTimes").get(0).contains(bridge), () -> "expected " + bridge);
    Files.createFile(libraries.resolve("libcublas.so.12"));
    run(path, "times");
    String own = "-Dorg.ctc4j.cublas=" + libraries.resolve("libcublas.so.12");
    assertTrue(calls("ProjectionTimes").get(1).contains(own), () -> "expected " + own);
  }

  @Test
  @DisplayName("Arguments that it does not know are refused before anything runs")
  void badArguments() throws Exception {
    for (String[] arguments :
        new String[][] {
          {"tiems"},
          {"--limit", "copy"},
          {"--limit", "tiems=3"},
          {"--within", "x"},
          {"--shapes"},
          {"--limits"}
        }) {
      Ended ended = run(Map.of(), arguments);
      assertEquals(2, ended.code, ended.output);
      assertTrue(ended.output.contains("run [--within SECONDS]"), ended.output);
    }
    assertEquals("", Files.readString(trace));
    assertFalse(Files.exists(out));
  }

  /** The words of an array in the script. */
  private static Set<String> words(String array) throws IOException {
    Matcher matcher =
        Pattern.compile("^" + array + "=\\(([^)]*)\\)", Pattern.MULTILINE)
            .matcher(Files.readString(RUN));
    assertTrue(matcher.find(), array);
    return new TreeSet<>(List.of(matcher.group(1).trim().split("\\s+")));
  }

  @Test
  @DisplayName("Its shapes are those of the suite, its classes all that can run on a GPU")
  void nothingIsForgotten() throws IOException {
    assertEquals(
        Shape.SUITE.stream().map(Shape::name).collect(Collectors.toCollection(TreeSet::new)),
        words("shapes"));
    Set<String> classes = new TreeSet<>();
    Path folder = Path.of("src/test/java/org/ctc4j/cuda");
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Pattern.compile("^@OnDevice$", Pattern.MULTILINE)
            .matcher(Files.readString(file))
            .find()) {
          String name = folder.relativize(file).toString().replace('/', '.');
          classes.add(name.replace(".java", ""));
        }
      }
    }
    assertEquals(classes, words("classes"));
  }

  @Test
  @DisplayName("PyTorch's timing runs on the CPU with stubs in the GPU's place")
  void torch() throws Exception {
    Process process =
        new ProcessBuilder(
                "sh", "-c", "command -v python3 >&2 || exit 77; exec python3 " + TORCH_TEST)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("torch").toFile())
            .start();
    assertTrue(process.waitFor(300, TimeUnit.SECONDS));
    String output = Files.readString(folder.resolve("torch"));
    if (process.exitValue() == 77) {
      System.err.println("\n*** NO torch FOR " + TORCH_TEST + ": SKIPPED ***\n");
    }
    assumeTrue(process.exitValue() != 77, output);
    assertEquals(0, process.exitValue(), output);
  }

  @Test
  @DisplayName("gpu-bundle leaves a folder alone that it did not make")
  void foreignFolder() throws Exception {
    Path foreign = Files.createDirectories(folder.resolve("foreign"));
    Files.writeString(foreign.resolve("run"), "mine");
    Process process =
        new ProcessBuilder("scripts/gpu-bundle", foreign.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("refusal").toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(2, process.exitValue());
    assertEquals("mine", Files.readString(foreign.resolve("run")));
    String refusal = Files.readString(folder.resolve("refusal"));
    assertTrue(refusal.contains("not a folder that gpu-bundle made"), refusal);
  }
}
