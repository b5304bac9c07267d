package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EmulatedSymbolsTest {
  private static final String DRIVER = "/lib/libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final String CUBLAS = "/lib/libJCublas2-12.6.0-linux-x86_64.so";

  private static final int DYNAMIC_SYMBOLS = 11; // SHT_DYNSYM

  @Test
  @DisplayName("The emulator has every entry point that JCuda's native libraries ask for")
  void complete() throws IOException {
    Set<String> driver = emulated("driver");
    assertEquals(312, driver.size());
    assertEquals(driver, imported(DRIVER, "cu[A-Z].*"));
    Set<String> cublas = emulated("cublas");
    assertEquals(494, cublas.size());
    assertEquals(cublas, imported(CUBLAS, "cublas[A-Z].*"));
  }

  private static Set<String> emulated(String library) throws IOException {
    Set<String> emulated = new TreeSet<>();
    Path list = Path.of("src/test/native", library, "symbols.inc");
    Matcher stub = Pattern.compile("STUB\\((\\w+)\\)").matcher(Files.readString(list));
    while (stub.find()) {
      emulated.add(stub.group(1));
    }
    return emulated;
  }

  /** The undefined symbols of the library's dynamic symbol table whose names match. */
  private static Set<String> imported(String library, String pattern) throws IOException {
    ByteBuffer elf;
    try (InputStream in = EmulatedSymbolsTest.class.getResourceAsStream(library)) {
      elf = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    int sections = (int) elf.getLong(40);
    int sectionSize = elf.getShort(58);
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < elf.getShort(60); i++) {
      int section = sections + i * sectionSize;
      if (elf.getInt(section + 4) == DYNAMIC_SYMBOLS) {
        int strings = (int) elf.getLong(sections + elf.getInt(section + 40) * sectionSize + 24);
        int symbols = (int) elf.getLong(section + 24);
        int end = symbols + (int) elf.getLong(section + 32);
        for (int symbol = symbols; symbol < end; symbol += 24) {
          boolean undefined = elf.getShort(symbol + 6) == 0;
          String name = text(elf, strings + elf.getInt(symbol));
          if (undefined && name.matches(pattern)) {
            names.add(name);
          }
        }
      }
    }
    return names;
  }

  private static String text(ByteBuffer elf, int at) {
    int end = at;
    while (elf.get(end) != 0) {
      end++;
    }
    return new String(elf.array(), at, end - at, StandardCharsets.US_ASCII);
  }
}
