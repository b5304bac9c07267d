package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: a clean refusal or a valid result, nothing else. */
class LossCommandFuzzTest {
  private static final int MUTATIONS = 400; // scripts/fuzz tries on, with coverage for a guide

  @Test
  void mutatedFiles(@TempDir Path folder) throws Exception {
    long seed = Seed.of(getClass());
    Random random = new Random(seed);
    byte[] valid = NpzFile.valid().bytes();
    // the archive's checksums stop most damage; arrays changed before they are zipped get past them
    Path input = folder.resolve("in.npz");
    Path output = folder.resolve("out.npz");
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = i % 2 == 0 ? damaged(valid.clone(), random) : rewritten(random);
      Files.write(input, bytes);
      String what = "mutation %d, -Dctc4j.seed=%d".formatted(i, seed);
      Cli run = Cli.run("loss", input, "--grad", output, "--json", "--threads", 1);
      if (run.exitCode() == 2) {
        refused++;
        assertFalse(Files.exists(output), what);
        assertEquals("", run.out(), what);
        // notes about unused arrays may come before
        String last = run.err().lines().reduce((a, b) -> b).orElse("");
        assertTrue(last.startsWith("ctc: "), what + ": " + run.err());
        assertFalse(run.err().contains("\tat "), what + ": " + run.err());
      } else {
        assertEquals(0, run.exitCode(), what + ": " + run.err());
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertEquals(json.get("losses").size(), json.get("statuses").size(), what);
        assertTrue(Files.deleteIfExists(output), what);
      }
    }
    assertTrue(
        refused > MUTATIONS / 3 && refused < MUTATIONS, "refused " + refused + ", seed " + seed);
  }

  /** The file's own bytes flipped, cut or overwritten. */
  private static byte[] damaged(byte[] bytes, Random random) {
    for (int k = random.nextInt(4); k >= 0; k--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        default -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
      }
    }
    return bytes;
  }

  /** A sound archive whose numbers, shapes or dtypes are off. */
  private static byte[] rewritten(Random random) throws Exception {
    NpzFile file = NpzFile.valid();
    int[] extremes = {0, 1, 2, 3, 4, 5, 6, 7, -1, Integer.MIN_VALUE, Integer.MAX_VALUE};
    String[] shapes = {"(2,)", "(4,)", "(2, 2)", "()", "(0,)", "(2, 0)", "(6, 2, 4)", "(2, 6, 4)"};
    String[] types = {"<f4", "<i4", ">i4", "<f8", "<u8", "|b1", "<U4", "|O", "<c8", "<f2", "<i8"};
    for (int k = random.nextInt(3); k >= 0; k--) {
      String name =
          new String[] {"targets", "input_lengths", "target_lengths", "logits"}[random.nextInt(4)];
      int count = name.equals("logits") ? 48 : name.equals("targets") ? 4 : 2;
      int[] values = new int[count];
      for (int i = 0; i < count; i++) {
        values[i] = random.nextInt(4) == 0 ? extremes[random.nextInt(extremes.length)] : 1 + i % 3;
      }
      switch (random.nextInt(4)) {
        case 0 -> file.ints(name, count == 4 ? "(2, 2)" : "(2,)", values);
        case 1 -> file.ints(name, shapes[random.nextInt(shapes.length)], values);
        case 2 -> {
          byte[] data = new byte[random.nextInt(500)];
          random.nextBytes(data);
          file.raw(
              name,
              types[random.nextInt(types.length)],
              shapes[random.nextInt(shapes.length)],
              random.nextBoolean(),
              data);
        }
        default -> {
          byte[] data = new byte[48 * 4];
          random.nextBytes(data); // NaN and infinities among them
          file.raw("logits", "<f4", "(6, 2, 4)", random.nextBoolean(), data);
        }
      }
    }
    return file.bytes();
  }
}
