package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Everything that the command line writes goes where it is told to, and nowhere else. */
class OutputTest {
  @TempDir Path folder;

  /** Every output there is. */
  enum Output {
    LOSS_GRAD("loss", "%in", "--grad"),
    PROJECTED_GRAD("loss", "%hidden", "--projection", "%weight", "--grad"),
    POSTERIORS_OUT("posteriors", "%in", "--out"),
    EXPLAIN_PLOT("explain", "%in", "--plot"),
    BENCH_PLOT("bench", "--shape", "8x1x4x2", "--mode", "loss", "--backend", "reference", "--plot"),
    ALIGN_CTM("align", "%in", "--frame-shift", "0.02", "--ctm"),
    ALIGN_TEXTGRID("align", "%in", "--frame-shift", "0.02", "--textgrid"),
    ALIGN_CSV("align", "%in", "--csv"),
    DECODE_JSONL("decode", "%in", "--jsonl"),
    MODEL_OUT("model", "%model", "--out");

    private static final String ARPA = "\\data\\\nngram 1=1\n\n\\1-grams:\n-1 word\n\n\\end\\\n";

    private final List<String> words;

    Output(String... words) {
      this.words = List.of(words);
    }

    /** Where it is written: for a folder of TextGrids that of the first utterance. */
    Path place(Path folder) {
      return folder.resolve(this == ALIGN_TEXTGRID ? "utterance-0.TextGrid" : "out");
    }

    Cli run(Path folder, Path place) throws IOException {
      Path in = input(folder);
      Path hidden = folder.resolve("hidden.npz");
      Path weight = folder.resolve("weight.npz");
      NpzFile.valid().without("logits").floats("hidden", "(6, 2, 4)", new float[48]).write(hidden);
      new NpzFile().floats("weight", "(4, 4)", new float[16]).write(weight);
      Map<String, Path> inputs =
          Map.of("%in", in, "%model", in, "%hidden", hidden, "%weight", weight);
      List<Object> args = new ArrayList<>();
      for (String word : words) {
        args.add(inputs.containsKey(word) ? inputs.get(word) : word);
      }
      args.add(this == ALIGN_TEXTGRID ? place.getParent() : place);
      return Cli.run(args.toArray());
    }

    /** Whether there is an input that could be the output. */
    boolean reads() {
      return this != BENCH_PLOT;
    }

    /** The file it reads first. */
    Path input(Path folder) throws IOException {
      Path in = folder.resolve(this == MODEL_OUT ? "model.arpa" : "in.npz");
      if (this == PROJECTED_GRAD) {
        return folder.resolve("hidden.npz");
      }
      if (Files.exists(in)) {
        return in;
      }
      return this == MODEL_OUT ? Files.writeString(in, ARPA) : NpzFile.valid().write(in);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNewFileAppearsAlone(Output output) throws IOException {
    Path out = Files.createDirectory(folder.resolve("o"));
    output.run(folder, output.place(out)).succeeded();
    assertWritten(output.place(out));
    assertNoTemporaries();
  }

  @ParameterizedTest
  @EnumSource
  void aLinkIsFollowedAlsoToWhatIsNotThereYet(Output output) throws IOException {
    Path out = Files.createDirectory(folder.resolve("o"));
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path file = elsewhere.resolve("file");
    Path middle = Files.createSymbolicLink(elsewhere.resolve("middle"), Path.of("file"));
    Path link = Files.createSymbolicLink(output.place(out), Path.of("..", "elsewhere", "middle"));
    for (int run = 0; run < 2; run++) { // the file is there the second time
      output.run(folder, link).succeeded();
      assertTrue(Files.isSymbolicLink(link) && Files.isSymbolicLink(middle));
      assertWritten(file);
    }
    assertNoTemporaries();
  }

  @ParameterizedTest
  @EnumSource
  void linksInACircleAreRefused(Output output) throws IOException {
    Path out = Files.createDirectory(folder.resolve("o"));
    Path link = output.place(out);
    Files.createSymbolicLink(link, out.resolve("other"));
    Files.createSymbolicLink(out.resolve("other"), link);
    output.run(folder, link).refused("lead nowhere");
    assertTrue(Files.isSymbolicLink(link));
  }

  @ParameterizedTest
  @EnumSource
  void aPipeIsWrittenTo(Output output) throws Exception {
    Path out = Files.createDirectory(folder.resolve("o"));
    Path pipe = output.place(out);
    shell("mkfifo '" + pipe + "'");
    CompletableFuture<byte[]> reader =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readAllBytes(pipe);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    output.run(folder, pipe).succeeded();
    assertFalse(Files.isRegularFile(pipe), "replaced");
    byte[] got = reader.get(20, TimeUnit.SECONDS);
    if (output != Output.BENCH_PLOT) { // which has times in it
      output.run(folder, output.place(Files.createDirectory(folder.resolve("p")))).succeeded();
      assertArrayEquals(Files.readAllBytes(output.place(folder.resolve("p"))), got);
    }
    assertTrue(got.length > 50);
    assertNoTemporaries();
  }

  @ParameterizedTest
  @EnumSource
  void aDeviceIsWrittenToAlsoThroughALink(Output output) throws Exception {
    Path device = folder.resolve("null"); // never the machine's own, which root could replace
    assumeTrue(shell("mknod '" + device + "' c 1 3 && echo >'" + device + "'"));
    Path out = Files.createDirectory(folder.resolve("o"));
    Files.createSymbolicLink(output.place(out), device);
    output.run(folder, output.place(out)).succeeded();
    assertTrue(
        Files.readAttributes(device, java.nio.file.attribute.BasicFileAttributes.class).isOther());
    assertTrue(Files.isSymbolicLink(output.place(out)));
  }

  @ParameterizedTest
  @EnumSource
  void aFullDeviceIsToldAndStays(Output output) throws Exception {
    Path device = folder.resolve("full");
    assumeTrue(shell("mknod '" + device + "' c 1 7 && ! echo x >'" + device + "'"));
    Path out = Files.createDirectory(folder.resolve("o"));
    Files.createSymbolicLink(output.place(out), device);
    output.run(folder, output.place(out)).refused("cannot write", "No space left on device");
    assertTrue(
        Files.readAttributes(device, java.nio.file.attribute.BasicFileAttributes.class).isOther());
    assertNoTemporaries();
  }

  @ParameterizedTest
  @EnumSource
  void whoMayReadAFileStays(Output output) throws IOException {
    Path out = Files.createDirectory(folder.resolve("o"));
    Path file = Files.writeString(output.place(out), "before");
    // a benchmark takes a second, and its picture is written as that of explain is
    List<String> modes =
        output == Output.BENCH_PLOT
            ? List.of("rwxr-x---")
            : List.of("rw-------", "rw-rw-r--", "rwxr-x---");
    for (String mode : modes) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      output.run(folder, file).succeeded();
      assertWritten(file);
      assertEquals(mode, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whoOwnsAFileStays(Output output) throws Exception {
    Path out = Files.createDirectory(folder.resolve("o"));
    Path file = Files.writeString(output.place(out), "before");
    assumeTrue(shell("chown 1:2 '" + file + "'")); // root may
    output.run(folder, file).succeeded();
    assertWritten(file);
    assertEquals(1, Files.getAttribute(file, "unix:uid"));
    assertEquals(2, Files.getAttribute(file, "unix:gid"));
  }

  @ParameterizedTest
  @EnumSource
  void theInputIsNoOutputByAnyName(Output output) throws IOException {
    assumeTrue(output.reads());
    Path o = Files.createDirectory(folder.resolve("o"));
    output.run(folder, output.place(o)).succeeded(); // makes the inputs
    Path input = output.input(folder);
    byte[] before = Files.readAllBytes(input);
    List<Path> names = new ArrayList<>();
    if (output != Output.ALIGN_TEXTGRID) { // whose files have names of their own
      names.add(input);
      names.add(folder.resolve("o").resolve("..").resolve(input.getFileName()));
      Path aside = Files.createSymbolicLink(folder.resolve("aside"), folder);
      names.add(aside.resolve(input.getFileName()));
    }
    Path soft = Files.createDirectory(folder.resolve("soft"));
    names.add(Files.createSymbolicLink(output.place(soft), input));
    Path hard = Files.createDirectory(folder.resolve("hard"));
    names.add(Files.createLink(output.place(hard), input));
    for (Path name : names) {
      output.run(folder, name).refused("expected a file of its own", "the input " + input);
      assertArrayEquals(before, Files.readAllBytes(input), name.toString());
    }
  }

  @Test
  void otherInputsAreNoOutputsEither() throws IOException {
    Path in = NpzFile.valid().write(folder.resolve("in.npz"));
    Path tokens = Files.writeString(folder.resolve("tokens"), "_\na\nb\nc\n");
    Path texts = Files.writeString(folder.resolve("texts"), "ab\nc\n");
    String part = "expected a file of its own";
    Object[] align = {"align", in, "--frame-shift", 1, "--tokens", tokens, "--transcripts", texts};
    for (Path input : List.of(tokens, texts)) {
      Cli.run(with(align, "--ctm", input)).refused(part, "the input " + input);
    }
    Cli.run("explain", in, "--tokens", tokens, "--plot", tokens).refused(part);
    assertEquals("_\na\nb\nc\n", Files.readString(tokens));
    Path grid = folder.resolve("utterance-1.TextGrid");
    Cli.run(with(align, "--ctm", grid, "--textgrid", folder)).refused(part, "what --ctm writes");
    assertFalse(Files.exists(grid));
    Files.createSymbolicLink(grid, folder.resolve("utterance-0.TextGrid"));
    Cli.run(with(align, "--textgrid", folder)).refused(part, "what --textgrid writes");
    assertFalse(Files.exists(grid));
  }

  private static Object[] with(Object[] args, Object... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray();
  }

  @ParameterizedTest
  @EnumSource
  void whatCannotBeWrittenIsRefusedBeforeTheWork(Output output) throws IOException {
    Path none = folder.resolve("none");
    Path isFile = Files.writeString(folder.resolve("file"), "x");
    Path isFolder = Files.createDirectory(folder.resolve("o"));
    Files.createDirectory(output.place(isFolder));
    for (Path folderOfPlace : List.of(none, isFile, isFolder)) {
      output.run(folder, output.place(folderOfPlace)).refused("folder");
    }
    // the work would find this out later
    if (output == Output.LOSS_GRAD || output == Output.EXPLAIN_PLOT || output == Output.ALIGN_CTM) {
      Path bad =
          NpzFile.valid().ints("targets", "(2, 2)", 9, 9, 9, 9).write(folder.resolve("in.npz"));
      output.run(folder, output.place(none)).refused("there is no folder " + none);
      output.run(folder, folder.resolve("left")).refused(bad.toString());
      assertFalse(Files.exists(folder.resolve("left")));
      Path kept = Files.writeString(folder.resolve("kept"), "before");
      output.run(folder, kept).refused(bad.toString());
      assertEquals("before", Files.readString(kept));
    }
    assertNoTemporaries();
  }

  @ParameterizedTest
  @EnumSource
  void whatMayNotBeWrittenIsToldWithTheReason(Output output) throws IOException {
    Path out = Files.createDirectory(folder.resolve("o"));
    Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeTrue(!Files.isWritable(out)); // root writes all
    output.run(folder, output.place(out)).refused("takes no file", "permission denied");
  }

  private static void assertWritten(Path file) throws IOException {
    assertTrue(Files.isRegularFile(file), file + " was not written");
    assertTrue(Files.size(file) > 50, file + " has " + Files.size(file) + " bytes");
  }

  /** Those of other JVMs, in the folder that all share, go away by themselves. */
  private void assertNoTemporaries() throws IOException {
    Set<Path> left = temporaries();
    for (int i = 0; i < 1000 && !left.isEmpty(); i++) {
      LockSupport.parkNanos(20_000_000);
      left.retainAll(temporaries());
    }
    assertEquals(Set.of(), left);
  }

  private Set<Path> temporaries() throws IOException {
    Set<Path> found = new HashSet<>();
    Path shared = Path.of(System.getProperty("java.io.tmpdir"));
    // of the shared one names only: what another JVM has there may go before it is looked at
    try (Stream<Path> own = Files.walk(folder);
        Stream<Path> others = Files.list(shared)) {
      Stream.concat(own, others)
          .filter(file -> file.getFileName().toString().startsWith(".ctc4j-"))
          .forEach(found::add);
    }
    return found;
  }

  private static boolean shell(String command) throws Exception {
    return new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor() == 0;
  }
}
