package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
    return frames(symbols, TOKENS);
  }

  private static byte[] frames(String symbols, String tokens) {
    ByteBuffer bytes =
        ByteBuffer.allocate(symbols.length() * tokens.length() * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (char symbol : symbols.toCharArray()) {
      for (char token : tokens.toCharArray()) {
        bytes.putFloat(symbol == token ? 9 : symbol == '?' ? Float.NaN : 0);
      }
    }
    return bytes.array();
  }

  @Test
  @DisplayName(
      "Frames that a softmax has been applied to are told of, unless they are said to be logits")
  void softmaxTwice() {
    ByteBuffer bytes = ByteBuffer.allocate(2 * 3 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(0.125f).putFloat(0.75f).putFloat(0.125f);
    bytes.putFloat(0.5f).putFloat(0.25f).putFloat(0.25f);
    Cli run = decode(bytes.array()).succeeded();
    assertEquals("a\n", run.out());
    assertTrue(run.err().contains("standard input: each frame sums to 1"), run.err());
    assertEquals("", decode(bytes.array(), "--input", "logits").succeeded().err());
    assertEquals("", decode(bytes.array(), "--input", "probs").succeeded().err());
    bytes.putFloat(0, -0.125f);
    assertEquals("", decode(bytes.array()).succeeded().err());
    assertEquals("", decode(new byte[0]).succeeded().err());
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

  /** What each flush brought to whoever reads. */
  private List<String> printed(byte[] input, Object... more) {
    List<String> parts = new ArrayList<>();
    StringWriter text =
        new StringWriter() {
          @Override
          public void flush() {
            parts.add(toString());
            getBuffer().setLength(0);
          }
        };
    List<Object> args = new ArrayList<>(List.of("decode", "--stream", "-", "--tokens", tokens));
    args.addAll(List.of(more));
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input));
    try {
      String[] words = args.stream().map(Object::toString).toArray(String[]::new);
      StringWriter err = new StringWriter();
      assertEquals(0, Main.run(words, text, new PrintWriter(err)), err.toString());
    } finally {
      System.setIn(before);
    }
    parts.removeIf(String::isEmpty);
    return parts;
  }

  @Test
  @DisplayName("Text appears before the pause, all but the last character of what cannot change")
  void textThatCannotChangeIsPrinted() {
    byte[] input = frames("-aa-".repeat(5) + "-bb-".repeat(5) + "-".repeat(20) + "-aa-".repeat(10));
    for (Object[] more : new Object[][] {{}, {"--beam", 3, "--beam-threshold", 6}}) {
      List<String> parts = printed(input, more);
      assertTrue(parts.size() > 5, parts.toString());
      String whole = String.join(" ", ("a".repeat(5) + "b".repeat(5) + "a".repeat(10)).split(""));
      assertEquals(whole + System.lineSeparator(), String.join("", parts));
    }
  }

  /** An accent that is a token of its own changes the letter before it. */
  @Test
  void noCharacterIsPrintedThatAnAccentChanges() throws IOException {
    Files.writeString(tokens, "-\ne\n\u0301\n");
    byte[] input = frames("-aa--bb-".repeat(7) + "-aa-");
    List<String> parts = printed(input, "--nfc", "--joined");
    assertTrue(parts.size() > 5, parts.toString());
    assertEquals("é".repeat(7) + "e" + System.lineSeparator(), String.join("", parts));
  }

  @Test
  @DisplayName("Half of an accent is no reason to print the letter before it")
  void accentOfTwoBytes() throws IOException {
    Files.writeString(tokens, "-\ne\n<0xCC>\n<0x81>\n<0xF0>\n<0x9F>\n<0x98>\n<0x80>\n");
    String pause = "-".repeat(15);
    for (String said :
        List.of("e12", "e12e12", "ee12", "4567", "e4567", "e124567e12", "e1", "e4")) {
      String symbols = String.join(pause, said.split("")) + pause;
      byte[] input = frames(symbols, "-e124567");
      String expected =
          said.replace("e12", "é")
              .replace("4567", "😀")
              .replace("1", "\ufffd")
              .replace("4", "\ufffd");
      for (Object[] more : new Object[][] {{}, {"--beam", 3}}) {
        Object[] nfc = Arrays.copyOf(more, more.length + 2);
        nfc[more.length] = "--nfc";
        nfc[more.length + 1] = "--joined";
        assertEquals(expected + System.lineSeparator(), String.join("", printed(input, nfc)), said);
      }
    }
  }

  @Test
  @DisplayName("A process that waits for more has printed what it has heard")
  void linesComeAtOnce() throws Exception {
    Process ctc =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "decode",
                "--stream",
                "-",
                "--tokens",
                tokens.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      OutputStream in = ctc.getOutputStream();
      BufferedReader out = ctc.inputReader();
      in.write(frames("-aab-" + "-".repeat(StreamDecoding.ENDPOINT_FRAMES + 15)));
      in.flush();
      assertEquals("a b", assertTimeoutPreemptively(Duration.ofSeconds(60), out::readLine));
      in.write(frames("b-a-"));
      in.close();
      assertEquals("b a", out.readLine());
      assertEquals(0, ctc.waitFor());
    } finally {
      ctc.destroyForcibly();
    }
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
