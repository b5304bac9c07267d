package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How much of the PTX ran in the JVMs of the execution {@code ptx}, which is over. */
@Tag("ptx-coverage")
class PtxCoverageTest {
  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");

  private static final Path LEFT = Path.of("target/ptx-coverage");

  /** A line of {@link Emulator#coverage}. */
  private record Function(String program, String name, long launches, String instructions) {
    static Function of(String line) {
      String[] words = line.split(" ");
      return new Function(words[0], words[1], Long.parseLong(words[3]), words[4]);
    }

    /** The same in another JVM. */
    Function and(Function other) {
      StringBuilder either = new StringBuilder(instructions);
      for (int i = 0; i < either.length(); i++) {
        if (other.instructions.charAt(i) == '1') {
          either.setCharAt(i, '1');
        }
      }
      return new Function(program, name, launches + other.launches, either.toString());
    }

    long ran() {
      return instructions.chars().filter(digit -> digit == '1').count();
    }
  }

  /** Of all JVMs. */
  private static List<Function> functions() throws IOException {
    Map<String, Function> functions = new TreeMap<>();
    try (Stream<Path> files = Files.list(LEFT)) {
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          Function function = Function.of(line);
          functions.merge(function.program + " " + function.name, function, Function::and);
        }
      }
    }
    return List.copyOf(functions.values());
  }

  @Test
  @DisplayName("Every entry of the PTX was launched")
  void everyEntry() throws IOException {
    List<Function> functions = functions();
    StringBuilder missing = new StringBuilder();
    try (Stream<Path> files = Files.list(Path.of("kernels/ptx"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".ptx")).sorted().toList()) {
        String target = file.getFileName().toString().split("\\.")[1];
        List<String> entries =
            ENTRY.matcher(Files.readString(file)).results().map(r -> r.group(1)).sorted().toList();
        String program = target + "/" + entries.get(0);
        List<Function> here = functions.stream().filter(f -> f.program.equals(program)).toList();
        print(file.getFileName().toString(), here);
        for (String entry : entries) {
          if (here.stream().noneMatch(f -> f.name.equals(entry) && f.launches > 0)) {
            missing.append("%n%s of %s".formatted(entry, file));
          }
        }
      }
    }
    print("the PTX", functions);
    assertEquals("", missing.toString(), "never launched");
  }

  private static void print(String what, List<Function> functions) {
    long ran = functions.stream().mapToLong(Function::ran).sum();
    long all = functions.stream().mapToLong(f -> f.instructions.length()).sum();
    System.out.printf(
        Locale.ROOT,
        "%s: %d of %d instructions ran, %.1f %%%n",
        what,
        ran,
        all,
        100.0 * ran / Math.max(1, all));
  }
}
