package org.ctc4j.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The machine code that the jar ships, as files: nothing here runs it. */
class MachineCodeTest {
  private static final int[] ARCHITECTURES = {80, 90};
  private static final int CUDA = 190; // e_machine of ELF

  /** What a first loss of float32 launches. */
  private static final List<String> FILES =
      List.of("frames_f32", "labels", "lattice_p1", "prepare", "reduce", "small_loss");

  private static final Path PTX = Path.of("kernels/ptx");
  private static final Path CUBIN = Path.of("kernels/cubin");

  /** What is used of an ELF file of 64 bits: its architecture, and the kernels it has code of. */
  private record Elf(int machine, int architecture, Set<String> kernels) {
    static Elf of(ByteBuffer image) {
      image.order(ByteOrder.LITTLE_ENDIAN);
      long sections = image.getLong(40);
      int size = image.getShort(58);
      int count = image.getShort(60);
      int names = (int) image.getLong((int) sections + image.getShort(62) * size + 24);
      Set<String> kernels = new TreeSet<>();
      for (int i = 0; i < count; i++) {
        String name = text(image, names + image.getInt((int) sections + i * size));
        if (name.startsWith(".text.ctc_")) {
          kernels.add(name.substring(".text.".length()));
        }
      }
      return new Elf(image.getShort(18), image.get(48), kernels);
    }

    private static String text(ByteBuffer image, int from) {
      int end = from;
      while (image.get(end) != 0) {
        end++;
      }
      byte[] bytes = new byte[end - from];
      image.get(from, bytes);
      return new String(bytes, StandardCharsets.US_ASCII);
    }
  }

  @Test
  @DisplayName("The machine code is of the present PTX; if not: scripts/build-cubins")
  void notStale() throws Exception {
    List<String> expected = new ArrayList<>();
    Set<String> files = new TreeSet<>(Set.of("sources.sha256"));
    for (String name : FILES) {
      byte[] ptx = Files.readAllBytes(PTX.resolve(name + ".sm_75.ptx"));
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(ptx);
      for (int architecture : ARCHITECTURES) {
        String file = "%s.sm_%d.cubin".formatted(name, architecture);
        files.add(file);
        expected.add(HexFormat.of().formatHex(hash) + "  " + file);
      }
    }
    assertEquals(expected, Files.readAllLines(CUBIN.resolve("sources.sha256")));
    try (Stream<Path> present = Files.list(CUBIN)) {
      assertEquals(
          files, present.map(path -> path.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  @ParameterizedTest
  @CsvSource({"80,80", "86,80", "89,80", "90,90"})
  @DisplayName("A device gets code for its own major version, of all kernels of the PTX")
  void kernels(int device, int architecture) throws IOException {
    Pattern entry = Pattern.compile("\\.entry\\s+(\\w+)");
    for (String file : FILES) {
      String ptx = Files.readString(PTX.resolve(file + ".sm_75.ptx"));
      Set<String> entries =
          entry.matcher(ptx).results().map(found -> found.group(1)).collect(Collectors.toSet());
      assertEquals(
          new Elf(CUDA, architecture, new TreeSet<>(entries)),
          Elf.of(ByteBuffer.wrap(KernelImages.machineCode(file, device))),
          file);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {75, 79, 100, 120})
  @DisplayName("No device gets machine code of another major version")
  void otherMajorVersions(int device) {
    for (String file : KernelImages.FILES) {
      assertNull(KernelImages.machineCode(file, device), file);
    }
  }
}
