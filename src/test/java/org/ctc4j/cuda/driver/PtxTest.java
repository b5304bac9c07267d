package org.ctc4j.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The PTX that the jar ships, turned into machine code by the compiler in JCuda's natives: no GPU
 * and no toolkit takes part. Leaves {@code target/kernels.txt}: registers, shared memory and stack
 * of every kernel on every architecture.
 */
class PtxTest {
  /** What the compiler of CUDA 12.0 knows, of the architectures that are supported. */
  private static final int[] ARCHITECTURES = {75, 80, 86, 89, 90};

  private static final Path PTX = Path.of("kernels/ptx");
  private static final Pattern FUNCTION =
      Pattern.compile(
          "Compiling entry function '(\\w+)'.*?(?=Compiling entry|\\z)", Pattern.DOTALL);
  private static final Pattern STACK =
      Pattern.compile(
          "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  private record Usage(int registers, int sharedBytes, int stackBytes, int spillBytes) {}

  /** One file of kernels, and an architecture whose devices would load it. */
  private record Job(String file, int architecture) {
    Path ptx() {
      int chosen = KernelImages.bestFor(file, architecture);
      return PTX.resolve("%s.sm_%d.ptx".formatted(file, chosen));
    }
  }

  @Test
  @DisplayName("The PTX is of the present sources; if not: scripts/build-ptx")
  void notStale() throws Exception {
    List<String> expected = new ArrayList<>();
    for (Path ptx : files()) {
      String file = ptx.getFileName().toString();
      String family = file.substring(0, file.indexOf('.'));
      Path own = PTX.resolve("../" + family + ".cu");
      Path source =
          Files.exists(own) ? own : PTX.resolve("../" + family.replaceAll("_[^_]*$", "") + ".cu");
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String included : included(source)) {
        digest.update(code(PTX.resolve("../" + included)).getBytes(StandardCharsets.UTF_8));
      }
      digest.update(code(source).getBytes(StandardCharsets.UTF_8));
      expected.add(HexFormat.of().formatHex(digest.digest()) + "  " + file);
    }
    assertEquals(expected, Files.readAllLines(PTX.resolve("sources.sha256")));
  }

  private static List<String> included(Path source) throws IOException {
    return Pattern.compile("(?m)^#include \"(.*)\"$")
        .matcher(Files.readString(source))
        .results()
        .map(include -> include.group(1))
        .toList();
  }

  /** Without comments, blank lines and spaces at the ends of lines: these change no PTX. */
  private static String code(Path source) throws IOException {
    return Files.readAllLines(source).stream()
        .map(line -> line.replaceAll("//.*", "").stripTrailing())
        .filter(line -> !line.isEmpty())
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  @Test
  @DisplayName("All files that there are, and no others, are loaded by some device")
  void noFileIsForgotten() throws IOException {
    Set<Path> loaded = new TreeSet<>();
    for (String file : KernelImages.FILES) {
      for (int architecture : ARCHITECTURES) {
        loaded.add(new Job(file, architecture).ptx());
      }
    }
    assertEquals(List.copyOf(loaded), files());
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(PTX)) {
      return all.filter(path -> path.toString().endsWith(".ptx")).sorted().toList();
    }
  }

  @Test
  @DisplayName(
      "What each architecture would load assembles for it; lattices and alignments do not spill")
  void assembles() throws IOException {
    List<Job> jobs = new ArrayList<>();
    for (String file : KernelImages.FILES) {
      for (int architecture : ARCHITECTURES) {
        jobs.add(new Job(file, architecture));
      }
    }
    List<String> report = new ArrayList<>();
    report.add(
        "%-24s %-6s %9s %12s %6s %6s"
            .formatted("kernel", "for", "registers", "shared bytes", "stack", "spills"));
    jobs.parallelStream()
        .map(
            job -> {
              Map<String, Usage> usages = assemble(job.ptx(), job.architecture);
              assertFalse(usages.isEmpty(), job::toString);
              usages.forEach((kernel, usage) -> check(kernel, job.architecture, usage));
              return usages.entrySet().stream().map(entry -> line(job, entry)).toList();
            })
        .forEachOrdered(report::addAll);
    Files.createDirectories(Path.of("target"));
    Files.write(Path.of("target/kernels.txt"), report);
  }

  private static void check(String kernel, int architecture, Usage usage) {
    String what = "%s on sm_%d: %s".formatted(kernel, architecture, usage);
    assertTrue(usage.registers > 0 && usage.registers <= 255, what);
    assertTrue(usage.sharedBytes <= 48 << 10, what);
    if (kernel.startsWith("ctc_lattice") || kernel.startsWith("ctc_align")) {
      assertEquals(0, usage.spillBytes, what);
    }
  }

  private static String line(Job job, Map.Entry<String, Usage> entry) {
    Usage usage = entry.getValue();
    return "%-24s %-6s %9d %12d %6d %6d   from %s"
        .formatted(
            entry.getKey(),
            "sm_" + job.architecture,
            usage.registers,
            usage.sharedBytes,
            usage.stackBytes,
            usage.spillBytes,
            job.ptx().getFileName());
  }

  private static Map<String, Usage> assemble(Path ptx, int architecture) {
    byte[] text = read(ptx);
    CRC32 checksum = new CRC32();
    checksum.update(text);
    String name =
        "%s.%08x.sm_%d.log".formatted(ptx.getFileName(), checksum.getValue(), architecture);
    Path known = Path.of("target/ptx", name); // it takes seconds, and PTX seldom changes
    try {
      if (!Files.exists(known)) {
        String log = compile(ptx, text, architecture);
        Files.createDirectories(known.getParent());
        Files.writeString(known, log);
      }
      return usages(Files.readString(known));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String compile(Path ptx, byte[] text, int architecture) {
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    assertEquals(0, JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length, text));
    try {
      String[] options = {"--gpu-name=sm_" + architecture, "--verbose"};
      int code = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
      assertEquals(
          0, code, () -> "%s for sm_%d: %s".formatted(ptx, architecture, errorLog(compiler)));
      return infoLog(compiler);
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
    }
  }

  private static byte[] read(Path ptx) {
    try {
      byte[] text = Files.readAllBytes(ptx);
      return Arrays.copyOf(text, text.length + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Usage> usages(String log) {
    Map<String, Usage> usages = new TreeMap<>();
    Matcher function = FUNCTION.matcher(log);
    while (function.find()) {
      String text = function.group();
      Matcher stack = STACK.matcher(text);
      Matcher used = USED.matcher(text);
      Matcher shared = SHARED.matcher(text);
      assertTrue(stack.find() && used.find(), text);
      usages.put(
          function.group(1),
          new Usage(
              Integer.parseInt(used.group(1)),
              shared.find() ? Integer.parseInt(shared.group(1)) : 0,
              Integer.parseInt(stack.group(1)),
              Integer.parseInt(stack.group(2)) + Integer.parseInt(stack.group(3))));
    }
    return usages;
  }

  private static String infoLog(nvPTXCompilerHandle compiler) {
    long[] size = {0};
    JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(compiler, size);
    byte[] log = new byte[(int) size[0] + 1];
    JNvPTXCompiler.nvPTXCompilerGetInfoLog(compiler, log);
    return new String(log, 0, (int) size[0], StandardCharsets.US_ASCII);
  }

  private static String errorLog(nvPTXCompilerHandle compiler) {
    long[] size = {0};
    JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size);
    byte[] log = new byte[(int) size[0] + 1];
    JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log);
    return new String(log, 0, (int) size[0], StandardCharsets.US_ASCII);
  }
}
