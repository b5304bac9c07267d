package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ctc decode --stream: raw frames on standard input. */
class DecodeStreamTest {
  private static final String TOKENS = "-ab";

  @TempDir private Path folder;
  private Path tokens;

  @BeforeEach
  void writeTokens() throws IOException {
    tokens = folder.resolve("tokens.txt");
    Files.writeString(tokens, String.join("\n", TOKENS.split("")) + "\n");
  }

  /** Frames of which each is sure of one class. */
  private static byte[] frames(String symbols) {
    ByteBuffer bytes =
        ByteBuffer.allocate(symbols.length() * TOKENS.length() * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (char symbol : symbols.toCharArray()) {
      for (char token : TOKENS.toCharArray()) {
        bytes.putFloat(symbol == token ? 9 : symbol == '?' ? Float.NaN : 0);
      }
    }
    return bytes.array();
  }

  private Cli decode(byte[] input, Object... more) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input));
    try {
      Object[] args = {"decode", "--stream", "-", "--tokens", tokens};
      Object[] all = Arrays.copyOf(args, args.length + more.length);
      System.arraycopy(more, 0, all, args.length, more.length);
      return Cli.run(all);
    } finally {
      System.setIn(before);
    }
  }

  @Test
  @DisplayName("A line after every pause and at the end, greedily and with a beam")
  void lines() {
    String pause = "-".repeat(StreamDecoding.ENDPOINT_FRAMES + 10);
    byte[] input = frames(pause + "-aab-b-" + pause + pause + "ba--a");
    String expected = String.join(System.lineSeparator(), "a b b", "b a a", "");
    assertEquals(expected, decode(input).succeeded().out());
    assertEquals(expected, decode(input, "--beam", 5).succeeded().out());
    assertEquals("", decode(frames("")).succeeded().out());
    assertEquals("", decode(frames(pause)).succeeded().out());
  }

  @Test
  void whatCannotBeStreamedIsRefused() {
    byte[] good = frames("-a-");
    decode(Arrays.copyOf(good, good.length - 5))
        .refused("3 float32 numbers, 12 bytes, got 7 bytes");
    decode(frames("-".repeat(75) + "?")).refused("frame 75 has NaN or +Infinity");
    decode(good, "--json").refused("--stream: expected no --json");
    decode(good, "--beam", 3, "--nbest", 2).refused("--stream: expected no --nbest");
    Cli.run("decode", "--stream", "--tokens", tokens).refused("expected '-', standard input");
    Cli.run("decode", "--stream", "-").refused("expected --tokens FILE");
  }
}
