package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code scripts/ctc}: when it builds, and how it calls the JVM. */
class LauncherTest {
  /** A JVM that says how it was called, and where the jars of its class path are. */
  private static final String TELLING =
      """
      #!/bin/sh
      case "$*" in *-version*) echo 'openjdk version "17.0.1"' >&2; exit;; esac
      while [ "$1" != -cp ]; do shift; done
      IFS=:
      set -f
      for entry in $2; do
        set +f
        case $entry in */\\*) entry=$entry.jar;; esac
        for jar in $entry; do echo "$(basename "$jar") $(cat "$jar")"; done
      done
      """;

  @TempDir static Path jars; // of the classes under test, and what they need
  @TempDir Path folder;

  @BeforeAll
  static void makeJars() throws IOException {
    Launcher.makeJars(jars);
  }

  private Launcher launcher() throws IOException {
    return new Launcher(folder.resolve("checkout"), folder.resolve("stand-in"));
  }

  private Launcher telling() throws IOException {
    return launcher().withFakeJava(TELLING);
  }

  private static void assertWhole(Launcher ctc) throws Exception {
    assertEquals("ctc4j-1.jar whole\nlibrary.jar whole\n", ctc.run().succeeded().out());
  }

  @Test
  void oneBuildIsEnough() throws Exception {
    Launcher ctc = telling();
    assertWhole(ctc);
    assertWhole(ctc);
    assertEquals(1, ctc.builds());
  }

  @ParameterizedTest
  @ValueSource(strings = {"pom.xml", "src/main/source", "kernels/ptx/kernel", "kernels/ptx"})
  void whatTheBuildReadsMakesItAnew(String source) throws Exception {
    Launcher ctc = telling();
    assertWhole(ctc);
    FileTime later = FileTime.from(Instant.now().plusSeconds(2));
    Files.setLastModifiedTime(ctc.root().resolve(source), later);
    assertWhole(ctc);
    assertEquals(2, ctc.builds());
  }

  @Test
  void anInterruptedBuildIsRepaired() throws Exception {
    Launcher ctc = telling();
    for (boolean first : new boolean[] {true, false}) {
      Files.writeString(ctc.standIn().resolve("die"), "");
      Cli killed = ctc.run();
      assertEquals(137, killed.exitCode(), killed.err());
      assertWhole(ctc);
      assertFalse(Files.readString(ctc.standIn().resolve("calls")).contains("half"));
      FileTime later = FileTime.from(Instant.now().plusSeconds(first ? 2 : 4));
      Files.setLastModifiedTime(ctc.root().resolve("pom.xml"), later);
    }
  }

  @Test
  void aFailedBuildIsToldAndTriedAgain() throws Exception {
    Launcher ctc = telling();
    Path jar = ctc.standIn().resolve("ctc4j-1.jar");
    Files.delete(jar);
    Cli failed = ctc.run();
    assertEquals(3, failed.exitCode(), failed.err());
    assertTrue(failed.err().contains("the build failed"), failed.err());
    Files.writeString(jar, "whole");
    assertWhole(ctc);
  }

  @Test
  void aFolderThatTakesNothingIsNoFailedComparison() throws Exception {
    Launcher ctc = telling();
    Files.writeString(ctc.root().resolve("target"), "a file");
    assertEquals(3, ctc.run().exitCode());
  }

  @Test
  void noJarOfAnEarlierBuildStays() throws Exception {
    Launcher ctc = telling();
    Path old = Files.writeString(ctc.lib().resolve("old.jar"), "old");
    assertEquals(
        "ctc4j-1.jar whole\nlibrary.jar whole\nold.jar old\n", ctc.run().succeeded().out());
    Files.delete(old);
    FileTime later = FileTime.from(Instant.now().plusSeconds(2));
    Files.setLastModifiedTime(ctc.root().resolve("pom.xml"), later);
    assertWhole(ctc);
  }

  /**
   * Then a signal to the script is one to the JVM, and none computes on when the script is gone.
   */
  @Test
  void theJvmTakesTheScriptsPlace() throws Exception {
    Launcher ctc =
        launcher()
            .withFakeJava(
                "#!/bin/sh\n[ $1 != -version ] || exit\necho $$ >\"$STAND_IN/pid.new\"\n"
                    + "mv \"$STAND_IN/pid.new\" \"$STAND_IN/pid\"\nexec sleep 100\n");
    Process process = ctc.start("loss");
    Path pid = ctc.standIn().resolve("pid");
    try {
      await(() -> Files.exists(pid));
      assertEquals(process.pid(), Long.parseLong(Files.readString(pid).strip()));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void optionsOfTheJvmAreWordsAsTheyStand() throws Exception {
    Launcher ctc =
        launcher()
            .withFakeJava("#!/bin/sh\n[ $1 != -version ] || exit\nprintf '%s\\n' \"$@\"\n")
            .with("CTC_JAVA_OPTS", "-Da=*  -Db=1\n-Dc=$HOME");
    String out = ctc.run("loss", "a b", "*").succeeded().out();
    assertTrue(out.contains("\n-Da=*\n-Db=1\n-Dc=$HOME\n"), out);
    assertTrue(out.endsWith("\nloss\na b\n*\n"), out);
  }

  // With a real JVM

  /** All that are installed here. */
  static Stream<Path> jvms() throws IOException {
    Path places = Path.of("/usr/lib/jvm");
    Path own = Path.of(System.getProperty("java.home")).toRealPath();
    try (Stream<Path> found = Files.isDirectory(places) ? Files.list(places) : Stream.empty()) {
      Stream<Path> others =
          found.filter(
              jvm -> Files.isExecutable(jvm.resolve("bin/java")) && !Files.isSymbolicLink(jvm));
      return Stream.concat(Stream.of(own), others).distinct().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("jvms")
  void nothingIsSaidThatNobodyAskedFor(Path jvm) throws Exception {
    Launcher ctc =
        launcher().withJars(jars).with("JAVA_HOME", jvm.toString()).with("CTC_JAVA_OPTS", "");
    Path png = folder.resolve("x.png");
    Object[][] commands = {
      {"loss"}, {"devices"}, {"bench", "--shape", "8x1x4x2", "--mode", "loss", "--plot", png},
    };
    for (Object[] command : commands) {
      assertEquals("", ctc.run(command).succeeded().err(), command[0].toString());
    }
  }

  @Test
  void allOfStandardErrorIsThereAtTheEnd() throws Exception {
    Launcher ctc = launcher().withJars(jars);
    for (int run = 0; run < 4; run++) {
      ctc.run("loss", "none.npz").refused("none.npz: no such file");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a:b", "a *", "ä b:"})
  void aCheckoutOfAnyName(String name) throws Exception {
    Path root = folder.resolve(name).resolve("checkout");
    Launcher ctc = new Launcher(root, folder.resolve("stand-in")).withJars(jars);
    ctc.run("loss").succeeded();
    assertEquals(1, ctc.builds());
  }

  /** Containers have LC_ALL=C or nothing; names and texts are UTF-8 nevertheless. */
  @ParameterizedTest
  @MethodSource("jvms")
  void textIsUtf8WhateverTheLocale(Path jvm) throws Exception {
    Launcher ctc = launcher().withJars(jars).with("JAVA_HOME", jvm.toString());
    Path data = Path.of(folder.toString(), "données");
    String hot = "été";
    shell("mkdir", data);
    Path tokens = folder.resolve("tokens");
    Files.writeString(tokens, "<blank>\né\nt\n<space>\n");
    shell("cp", tokens, data + "/jetons.txt");
    NpzFile batch = new NpzFile().floats("logits", "(3, 1, 4)", 0, 9, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0);
    shell("cp", batch.write(folder.resolve("in.npz")), data + "/in.npz");
    for (String locale : List.of("C", "POSIX", "")) {
      ctc.with("LC_ALL", locale).with("LANG", locale);
      Object[] args = {
        "decode", data + "/in.npz", "--tokens", data + "/jetons.txt", "--beam", 5, "--hot-word", hot
      };
      String out = ctc.run(args).succeeded().out();
      assertTrue(out.contains(hot), out);
    }
    ctc.run("loss", "é:ü").refused("é:ü: no such file");
  }

  /** Arabic, Marathi and others have digits of their own. */
  @Test
  void numbersAreAlikeInEveryLocale() throws Exception {
    Launcher ctc = launcher().withJars(jars);
    Path out = Files.createDirectory(folder.resolve("out"));
    Object[][] commands = {
      {
        "align", "--ctm", folder.resolve("words.ctm"), "--srt", out, "--ass", out, "--textgrid", out
      },
      {"decode", "--json", "--csv", folder.resolve("words.csv"), "--vtt", out},
      {"explain"},
      {"loss", "--blank", 99},
    };
    for (Object[] command : commands) {
      ctc.with("CTC_JAVA_OPTS", Launcher.SHORT_LIVED);
      Cli expected = ctc.run(command);
      List<String> expectedFiles = contents(folder);
      for (String country : List.of("ar -Duser.country=EG", "mr -Duser.country=IN")) {
        ctc.with("CTC_JAVA_OPTS", Launcher.SHORT_LIVED + " -Duser.language=" + country);
        assertEquals(expected, ctc.run(command));
        assertEquals(expectedFiles, contents(folder));
      }
    }
  }

  private static List<String> contents(Path folder) throws IOException {
    List<String> contents = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted().toList()) {
        boolean isOutput = file.toString().matches(".*(ctm|csv|srt|ass|vtt|TextGrid)");
        if (isOutput) {
          contents.add(file + "\n" + Files.readString(file));
        }
      }
    }
    return contents;
  }

  /** As a container has it whose file system is read-only. */
  @Test
  void noFolderForTemporaryFilesIsNeeded() throws Exception {
    Path none = folder.resolve("none");
    Launcher ctc =
        launcher()
            .withJars(jars)
            .with("TMPDIR", none.toString())
            .with("CTC_JAVA_OPTS", Launcher.SHORT_LIVED + " -Djava.io.tmpdir=" + none);
    for (Object[] command :
        new Object[][] {
          {"loss"}, {"decode", "--beam", 5}, {"align", "--csv", "/dev/null", "--json"}, {"explain"}
        }) {
      ctc.run(command).succeeded();
    }
    Path grad = folder.resolve("grad.npz");
    ctc.run("loss", "--grad", grad).succeeded();
    assertTrue(Files.size(grad) > 1000);
  }

  /** The JVM of this test may have a locale of ASCII, in which these names cannot be written. */
  private static void shell(Object... command) throws Exception {
    StringBuilder script = new StringBuilder();
    for (Object word : command) {
      script.append('\'').append(word).append("' ");
    }
    Process process =
        new ProcessBuilder("sh").inheritIO().redirectInput(ProcessBuilder.Redirect.PIPE).start();
    process.getOutputStream().write(script.toString().getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    assertEquals(0, process.waitFor());
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalLeavesNoTemporaryFile(String signal) throws Exception {
    assumeFalse(isIgnored(signal), () -> "who started this has SIG" + signal + " ignored");
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Launcher ctc = launcher().withJars(jars).with("CTC_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
    ctc.run("--version").succeeded();
    Path pipe = folder.resolve("pipe");
    shell("mkfifo", pipe);
    Process process = ctc.start("loss", "--grad", pipe); // waits for a reader
    try {
      await(() -> started(temporary));
      shell("kill", "-" + signal, process.pid());
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertFalse(started(temporary));
      assertTrue(process.exitValue() > 128, "exit code " + process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  /** As nohup has SIGHUP: what is ignored stays so in the processes that are started. */
  private static boolean isIgnored(String signal) throws IOException {
    int number = Map.of("HUP", 1, "INT", 2, "TERM", 15).get(signal);
    String mask =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> line.substring("SigIgn:".length()).strip())
            .findFirst()
            .orElseThrow();
    return (Long.parseUnsignedLong(mask, 16) >> (number - 1) & 1) == 1;
  }

  private static boolean started(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.getFileName().toString().startsWith(".ctc4j-"));
    }
  }

  /** 1 would say that a comparison failed. */
  @Test
  void errorsOfTheJvmAreInternal() throws Exception {
    Launcher ctc = launcher().withJars(jars);
    Path jackson = Launcher.of(com.fasterxml.jackson.core.JsonFactory.class).getFileName();
    Files.delete(ctc.lib().resolve(jackson));
    Cli failed = ctc.run("compare", "--json");
    assertEquals(70, failed.exitCode(), failed.err());
    assertEquals(1, failed.err().lines().count(), failed.err());
    assertTrue(failed.err().contains("CTC_JAVA_OPTS=-Dorg.ctc4j.cli.trace=true"), failed.err());
    Cli traced = ctc.with("CTC_JAVA_OPTS", "-Dorg.ctc4j.cli.trace=true").run("compare", "--json");
    assertEquals(70, traced.exitCode(), traced.err());
    assertTrue(traced.err().contains("\tat org.ctc4j.cli."), traced.err());
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void await(Condition condition) throws Exception {
    for (int i = 0; !condition.holds(); i++) {
      assertTrue(i < 3000, "waited for too long");
      Thread.sleep(20);
    }
  }
}
