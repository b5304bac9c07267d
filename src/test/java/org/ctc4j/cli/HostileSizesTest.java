package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sizes in files that are negative, overflow or are not there: one line, exit code 2, no output.
 */
class HostileSizesTest {
  private static final String[] ARRAYS = {
    "logits", "targets", "input_lengths", "target_lengths", "hidden", "weight", "bias"
  };
  private static final long[] NUMBERS = {
    -1,
    Integer.MIN_VALUE,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    (1L << 32) + 1,
    Long.MIN_VALUE,
    Long.MAX_VALUE
  };
  private static final String[] SHAPES = {
    "(-1, 2, 4)",
    "(6, -2, 4)",
    "(-6, -2, 4)",
    "(6, 2, -4)",
    "(-1,)",
    "(2147483647, 2147483647, 4)",
    "(2147483648, 2147483648, 4)",
    "(4294967296, 4294967296, 1)",
    "(9223372036854775807, 2, 2)",
    "(9223372036854775808,)",
    "(-9223372036854775808, 1, 1)",
    "(4294967298, 2, 4)",
    "(6, 4294967298, 4)",
    "(6, 2, 4294967300)",
    "(0, 2147483647, 4)",
    "(2147483647, 0, 4)",
    "(0, 2147483648, 4)",
    "(2147483648, 0, 4)",
    "(0, 9223372036854775807)",
    "(9223372036854775807, 0)",
    "(0, 2147483647)",
    "(2147483647, 0)",
    "(2, 0, 2147483647)",
    "(0, 0, 2147483647)",
    "(99999999999999999999,)",
    "(6, 2, 4, 1)",
    "()",
  };

  @TempDir Path folder;

  record Lie(String array, String what, NpzFile file) {
    @Override
    public String toString() {
      return array + " " + what;
    }
  }

  private static NpzFile whole() {
    return NpzFile.valid()
        .floats("hidden", "(6, 2, 4)", new float[48])
        .floats("weight", "(4, 4)", new float[16])
        .floats("bias", "(4,)", new float[4]);
  }

  static Stream<Lie> lies() {
    List<Lie> lies = new ArrayList<>();
    for (String array : ARRAYS) {
      boolean isFloat = !array.startsWith("target") && !array.startsWith("input");
      for (String shape : SHAPES) {
        for (int bytes :
            shape.contains("0,") || shape.contains(" 0)") ? new int[] {0, 48} : new int[] {48}) {
          NpzFile file = whole().raw(array, isFloat ? "<f4" : "<i4", shape, new byte[bytes]);
          lies.add(new Lie(array, shape + " of " + bytes + " bytes", file));
          NpzFile bare = whole().raw(array, isFloat ? "<f4" : "<i4", shape, new byte[bytes]);
          bare.without("input_lengths").without("target_lengths");
          bare.ints("targets", "(2147483647, 0)")
              .raw(array, isFloat ? "<f4" : "<i4", shape, new byte[bytes]);
          lies.add(new Lie(array, shape + " of " + bytes + " bytes, no lengths", bare));
        }
      }
    }
    for (String array : List.of("input_lengths", "target_lengths", "targets")) {
      for (long number : NUMBERS) {
        for (int count : new int[] {1, 2}) {
          ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
          data.putLong(number).putLong(count == 1 ? 1 : number);
          String shape = array.equals("targets") ? "(2, 1)" : "(2,)";
          NpzFile file = whole().raw(array, "<i8", shape, data.array());
          lies.add(new Lie(array, number + " x " + count, file));
          if (!array.equals("targets")) { // concatenated
            lies.add(
                new Lie(
                    array,
                    number + " x " + count + " of (3,)",
                    file.ints("targets", "(3,)", 1, 2, 3)));
          }
        }
      }
    }
    return lies.stream();
  }

  @ParameterizedTest
  @MethodSource("lies")
  void isRefused(Lie lie) throws IOException {
    Path in = lie.file().write(folder.resolve("in.npz"));
    Path out = folder.resolve("out");
    List<Object[]> commands = new ArrayList<>();
    boolean projected = List.of("hidden", "weight", "bias").contains(lie.array());
    if (projected) {
      commands.add(new Object[] {"loss", in, "--projection", in, "--grad", out});
    } else {
      commands.add(new Object[] {"loss", in, "--grad", out});
      commands.add(new Object[] {"loss", in, "--layout", "ntc", "--grad", out});
      commands.add(new Object[] {"align", in, "--frame-shift", 1, "--ctm", out});
      commands.add(new Object[] {"decode", in});
      commands.add(new Object[] {"explain", in, "--plot", out});
    }
    for (Object[] command : commands) {
      Cli run = Cli.run(command);
      String told = lie + ", " + command[0] + ": " + run.exitCode() + " " + run.out() + run.err();
      boolean ignored = run.exitCode() == 0; // decode reads no targets
      if (!ignored) {
        assertEquals(2, run.exitCode(), told);
        assertEquals("", run.out(), told);
        assertFalse(Files.exists(out), told);
        assertFalse(run.err().contains("Exception"), told);
        assertFalse(run.err().contains("out of memory"), told);
        List<String> errors = run.err().lines().filter(l -> !l.contains("note: ")).toList();
        assertEquals(1, errors.size(), told);
      } else {
        assertTrue(command[0].equals("decode") && lie.array().startsWith("target"), told);
      }
      Files.deleteIfExists(out);
    }
  }
}
