package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.ctc4j.Seed;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files are read, or refused in one line that names the file; nothing else happens. */
class NpzFuzzTest {
  private static final int TRIES = 2000;

  /** Numbers that sizes, counts and offsets are likely to go wrong at. */
  private static final int[] EXTREMES = {0, 1, 0x7f, 0x80, 0xfe, 0xff};

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"savez.npz", "savez_compressed.npz", "unsupported.npz", "zip64"})
  void damagedFiles(String name) throws IOException {
    byte[] whole = name.equals("zip64") ? zip64() : Resources.bytes(name);
    long seed = Seed.of(getClass());
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < TRIES; i++) {
      byte[] damaged = damage(whole, random);
      // a new path each time: the JDK shares what it knows of a path that is open
      Path file = Files.write(folder.resolve(i + ".npz"), damaged);
      try {
        readAll(NpzReader.open(file));
      } catch (IOException e) {
        refused++;
        String message = e.getMessage();
        assertTrue(message.startsWith(file.toString()), () -> "seed " + seed + ": " + message);
        assertFalse(message.contains("\n"), message);
      } catch (RuntimeException | Error e) {
        fail(name + ", seed " + seed + ", try " + i + " of " + TRIES, e);
      }
      Files.delete(file);
      try {
        readAll(NpzReader.open("x.npz", damaged));
      } catch (IOException e) {
        assertTrue(e.getMessage().startsWith("x.npz: "), () -> "seed " + seed + ": " + e);
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
      } catch (RuntimeException | Error e) {
        fail(name + " in memory, seed " + seed + ", try " + i + " of " + TRIES, e);
      }
    }
    assertTrue(refused > TRIES / 10, "refused " + refused + ", seed " + seed);
  }

  private static void readAll(NpzReader opened) throws IOException {
    try (NpzReader reader = opened) {
      IOException last = null;
      for (String name : reader.names()) {
        try {
          NpyArray array = reader.read(name);
          assertTrue(array.header().equals(reader.header(name)));
        } catch (IOException e) {
          last = e;
        }
      }
      if (last != null) {
        throw last;
      }
    }
  }

  private static byte[] damage(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> { // a field of up to 8 bytes
          int length = Math.min(1 << random.nextInt(4), bytes.length - at);
          byte extreme = (byte) EXTREMES[random.nextInt(EXTREMES.length)];
          Arrays.fill(bytes, at, at + length, extreme);
        }
        case 3 -> { // in the table of contents, which is at the end
          int back = random.nextInt(Math.min(bytes.length, 400));
          bytes[bytes.length - 1 - back] = (byte) EXTREMES[random.nextInt(EXTREMES.length)];
        }
        case 4 -> { // a piece put elsewhere
          int to = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(40), bytes.length - Math.max(at, to));
          System.arraycopy(bytes, at, bytes, to, length);
        }
        default -> {
          if (random.nextInt(8) == 0) {
            bytes = Arrays.copyOf(bytes, at + 1);
          }
        }
      }
    }
    return bytes;
  }

  private static byte[] zip64() {
    CraftedZip zip = new CraftedZip();
    for (int method : new int[] {CraftedZip.STORED, CraftedZip.DEFLATED}) {
      byte[] npy = CraftedZip.npy("<i8", "(4, 2)", new byte[64]);
      CraftedZip.Entry entry = new CraftedZip.Entry("a" + method + ".npy", method, npy);
      entry.zip64 = true;
      zip.add(entry);
    }
    return zip.bytes();
  }
}
