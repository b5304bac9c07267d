package org.ctc4j.lm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NGramModelTest {
  private static final String BIGRAMS =
      """
      \\data\\
      ngram 1=4
      ngram 2=2

      \\1-grams:
      -1\t<s>\t-0.25
      -1.5\t</s>
      -0.75\ta\t-0.5
      -2\t<unk>

      \\2-grams:
      -0.125\t<s> a
      -0.375\ta </s>

      \\end\\
      """;

  private final Random random = Seed.random(getClass());
  @TempDir Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("model"), content);
  }

  private Path file(String content) throws IOException {
    return file(content.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  @DisplayName(
      "Every order has the probabilities of its definition, from text and from a mapped file")
  void definition() throws IOException {
    for (int i = 0; i < 30; i++) {
      List<String> words = new ArrayList<>(List.of("<s>", "</s>", "a", "b", "å", "𝄞", "ab", "A"));
      if (random.nextBoolean()) {
        words.add("<unk>");
      }
      TextModel expected = TextModel.random(random, words, 1 + random.nextInt(5));
      NGramModel read = expected.read(folder, random);
      Path written = folder.resolve("written");
      read.write(written);
      NGramModel mapped = NGramModel.read(written);
      assertEquals(read.toString(), mapped.toString());
      for (int k = 0; k < 50; k++) {
        List<String> sentence =
            random
                .ints(random.nextInt(8), 2, words.size() + 1)
                .mapToObj(w -> w < words.size() ? words.get(w) : "elsewhere")
                .toList();
        double log10 = expected.log10(sentence);
        assertEquals(log10, read.log10Probability(sentence), 1e-9, sentence::toString);
        assertEquals(read.log10Probability(sentence), mapped.log10Probability(sentence), 0);
      }
      for (int w = 0; w < read.words(); w++) {
        assertEquals(w, read.number(read.word(w)));
        assertEquals(read.word(w), mapped.word(w));
        assertTrue(mapped.has(read.word(w)));
      }
      assertEquals(nGrams(read), nGrams(mapped));
      assertEquals(expected.nGrams(), nGrams(read));
      assertFalse(mapped.has("elsewhere"));
    }
  }

  /** All that a model gives out: the words of an n-gram, log10 p and backoff. */
  private static Map<List<String>, List<Float>> nGrams(NGramModel model) {
    Map<List<String>, List<Float>> all = new HashMap<>();
    List<List<List<String>>> texts = new ArrayList<>();
    for (int n = 1; n <= model.order(); n++) {
      List<List<String>> contexts = n == 1 ? List.of(List.of()) : texts.get(n - 2);
      List<List<String>> here = new ArrayList<>();
      texts.add(here);
      model.forEach(
          n,
          (i, context, word, log10, backoff) -> {
            List<String> text = new ArrayList<>(contexts.get(context));
            text.add(model.word(word));
            assertEquals(i, here.size());
            here.add(text);
            all.put(text, List.of(log10, backoff));
          });
      assertEquals(model.count(n), here.size());
    }
    return all;
  }

  @Test
  @DisplayName("Without a context nothing before a word counts")
  void noContext() throws IOException {
    NGramModel model = NGramModel.read(file(BIGRAMS));
    int a = model.number("a");
    assertEquals(-0.75, model.log10Probability(model.none(), a));
    assertEquals(-0.125, model.log10Probability(model.start(), a));
    assertEquals(-0.5 - 0.75, model.log10Probability(model.next(model.none(), a), a));
    assertEquals(-0.375, model.log10End(model.next(model.none(), a)));
    assertEquals(-0.25 - 2, model.log10Probability(model.start(), model.number("what")));
    assertEquals(2, model.count(2));
    assertEquals("2-gram model of 4 words, 6 n-grams", model.toString());
  }

  @Test
  @DisplayName("What does not change the meaning may differ")
  void accepted() throws IOException {
    double expected = NGramModel.read(file(BIGRAMS)).log10Probability(List.of("a", "what"));
    byte[] mark = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    byte[] text = BIGRAMS.getBytes(StandardCharsets.UTF_8);
    byte[] marked = Arrays.copyOf(mark, 3 + text.length);
    System.arraycopy(text, 0, marked, 3, text.length);
    byte[][] same = {
      marked,
      gzip(BIGRAMS),
      BIGRAMS.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("\t", "  ").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace(" ", "\t").getBytes(StandardCharsets.UTF_8),
      ("made by a tool\n\n" + BIGRAMS).getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("ngram 1=4", "ngram  1 = 4").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("<unk>", "<UNK>").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("a </s>", "a </s>\t0").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("\\end\\\n", "\\end\\").getBytes(StandardCharsets.UTF_8),
      (BIGRAMS + "and a word after it").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("\n\n", "\n").getBytes(StandardCharsets.UTF_8),
      BIGRAMS.replace("2=2\n", "2=2\nngram 3=0\n").getBytes(StandardCharsets.UTF_8),
      BIGRAMS
          .replace("2=2\n", "2=2\nngram 3=0\nngram 4=0\n")
          .replace("\\end\\", "\\3-grams:\n\n\\end\\")
          .getBytes(StandardCharsets.UTF_8),
    };
    for (int i = 0; i < same.length; i++) {
      NGramModel model = NGramModel.read(file(same[i]));
      assertEquals(expected, model.log10Probability(List.of("a", "what")), 0, "form " + i);
    }
  }

  @Test
  @DisplayName(
      "-99 and -inf are probabilities; without <unk> it is 1e-100, without marks there is no context")
  void special() throws IOException {
    NGramModel least = NGramModel.read(file(BIGRAMS.replace("-0.75", "-99")));
    assertEquals(-99, least.log10Probability(least.none(), least.number("a")));
    NGramModel none = NGramModel.read(file(BIGRAMS.replace("-0.75", "-inf")));
    assertEquals(Double.NEGATIVE_INFINITY, none.log10Probability(none.none(), none.number("a")));
    NGramModel unmarked = NGramModel.read(file("\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n\\end\\\n"));
    assertEquals(-1 - 100, unmarked.log10Probability(List.of("a", "b")));
    NGramModel empty = NGramModel.read(file("\\data\\\nngram 1=0\n\\1-grams:\n\n\\end\\\n"));
    assertEquals(-100, empty.log10Probability(List.of("a")));
  }

  @Test
  @DisplayName("What is no ARPA file is refused with its line")
  void refused() throws IOException {
    String[][] cases = {
      {"", "no line \\data\\, expected an ARPA file"},
      {"what\n", "no line \\data\\, expected an ARPA file"},
      {"ngram 1=4", "ngram 1=5", "line 10: the end after 4 of 5 1-grams"},
      {"ngram 1=4", "ngram 1=3", "line 9: expected \\2-grams:, got '-2 <unk>'; are the counts"},
      {"ngram 2=2", "ngram 2=3", "line 14: the end after 2 of 3 2-grams"},
      {"ngram 2=2", "ngram 2=1", "line 13: expected \\end\\, got '-0.375 a </s>'; are the counts"},
      {"ngram 2=2", "ngram 3=2", "line 3: expected 'ngram 2=' and a number"},
      {"ngram 2=2", "ngram 2=-2", "line 3: expected 'ngram 2=' and a number"},
      {"ngram 2=2", "ngram 2=9999999999", "line 3: 9999999999 2-grams, expected at most"},
      {"ngram 2=2\n", "", "line 5: a backoff of '-0.25', expected none: no n-gram is longer"},
      {"ngram 1=4\nngram 2=2\n", "", "line 3: expected 'ngram 1=' and how many there are"},
      {"\\1-grams:", "\\2-grams:", "line 5: expected \\1-grams:, got '\\2-grams:'"},
      {
        "-0.75\ta",
        "0.75\ta",
        "line 8: expected log10 of a probability, a number up to 0, got '0.75'"
      },
      {"-0.75\ta", "NaN\ta", "line 8: expected log10 of a probability"},
      {"-0.75\ta", "-1d\ta", "line 8: expected log10 of a probability"},
      {"-0.75\ta", "-1.2.3\ta", "line 8: expected log10 of a probability"},
      {"-0.5", "nan", "line 8: expected log10 of a backoff, got 'nan'"},
      {"-0.5", "1e99", "line 8: expected log10 of a backoff, got '1e99'"},
      {"a </s>", "a </s> -0.5", "line 13: a backoff of '-0.5', expected none"},
      {
        "\ta\t-0.5", "\ta b c\t-0.5", "line 8: expected a number, 1 word and perhaps another number"
      },
      {"-0.125\t<s> a", "-0.125\ta", "line 12: expected a number, 2 words and perhaps"},
      {"<s> a", "<s> b", "line 12: 'b' is no 1-gram"},
      {"<s> a", "b a", "line 12: 'b' is no 1-gram"},
      {"<s> a", "a </s>", "line 13: this 2-gram was there before"},
      {"-2\t<unk>", "-2\ta", "line 9: 'a' was there before"},
      {"\n\\end\\\n", "", "ends before \\end\\, an interrupted copy perhaps"},
      {"-0.375\ta </s>\n\n\\end\\\n", "", "ends after 1 of 2 2-grams, an interrupted copy perhaps"},
    };
    for (String[] c : cases) {
      String text = c.length == 2 ? c[0] : BIGRAMS.replace(c[0], c[1]);
      assertTrue(c.length == 2 || !text.equals(BIGRAMS), c[0]);
      assertRefused(text.getBytes(StandardCharsets.UTF_8), c[c.length - 1]);
    }
    String trigrams =
        BIGRAMS
            .replace("ngram 2=2\n", "ngram 2=2\nngram 3=1\n")
            .replace("\\end\\", "\\3-grams:\n-1\ta a </s>\n\n\\end\\");
    assertRefused(trigrams.getBytes(StandardCharsets.UTF_8), "line 17: its context is no 2-gram");
  }

  @Test
  @DisplayName("So are other files, broken ones, and what is not in UTF-8")
  void bytes() throws IOException {
    byte[] zipped = gzip(BIGRAMS);
    assertRefused(Arrays.copyOf(zipped, zipped.length / 2), "ends in the middle");
    assertRefused(Arrays.copyOf(zipped, 3), "begins as gzip does and is none");
    byte[] broken = zipped.clone();
    broken[30] ^= 0x55;
    assertRefused(broken, "");
    assertRefused("BZh91AY".getBytes(StandardCharsets.US_ASCII), "is in bzip2, expected an ARPA");
    assertRefused(
        "mmap lm http://kheafield.com/code format version 5\n".getBytes(StandardCharsets.US_ASCII),
        "is in KenLM's binary format, expected an ARPA file");
    byte[] latin1 = BIGRAMS.replace("\ta\t", "\té\t").getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(latin1, "line 8: a word that is not in UTF-8");
    byte[] endless = new byte[3 << 20];
    Arrays.fill(endless, (byte) 'a');
    assertRefused(endless, "line 1: is longer than 1048576 bytes");
    assertThrows(NoSuchFileException.class, () -> NGramModel.read(folder.resolve("none")));
  }

  private void assertRefused(byte[] content, String message) throws IOException {
    Path file = file(content);
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> NGramModel.read(file), message);
    assertTrue(e.getMessage().startsWith(file + ": " + message), e::getMessage);
    assertFalse(e.getMessage().contains("\n"), e::getMessage);
  }

  @Test
  @DisplayName("A written file that was cut, lengthened or changed in its header is refused")
  void damagedFiles() throws IOException {
    NGramModel model = NGramModel.read(file(BIGRAMS));
    for (NGramModel written : List.of(model, model.quantised())) {
      Path file = folder.resolve("written");
      written.write(file);
      byte[] content = Files.readAllBytes(file);
      for (int length = 8; length < content.length; length += 1 + random.nextInt(9)) {
        assertRefused(Arrays.copyOf(content, length), "");
      }
      assertRefused(
          Arrays.copyOf(content, content.length + 8),
          "has %d bytes, expected %d".formatted(content.length + 8, content.length));
      for (int i = 8; i < 36; i++) {
        byte[] changed = content.clone();
        changed[i] ^= (byte) (1 << random.nextInt(8));
        assertRefused(changed, "");
      }
      content[8] = 9;
      assertRefused(content, "is of version 9, expected 1; write it anew");
    }
  }

  @Test
  @DisplayName("Any change of a written file is refused, or gives other numbers and no harm")
  void changedFiles() throws IOException {
    TextModel text = TextModel.random(random, List.of("<s>", "</s>", "a", "b", "c"), 3);
    Path file = folder.resolve("written");
    text.read(folder, random).write(file);
    byte[] content = Files.readAllBytes(file);
    for (int i = 0; i < 300; i++) {
      byte[] changed = content.clone();
      changed[random.nextInt(content.length)] = (byte) random.nextInt();
      try {
        NGramModel model = NGramModel.read(file(changed));
        model.log10Probability(List.of("a", "b", "c", "d", "a"));
      } catch (InvalidInputException | IllegalStateException e) {
        assertTrue(
            e.getMessage().contains("damaged")
                || e.getMessage().contains("version")
                || e.getMessage().contains("expected"),
            e::getMessage);
      }
    }
  }

  @Test
  @DisplayName("Quantised weights are the nearest of 256; where there are no more they are exact")
  void quantised() throws IOException {
    List<String> words = new ArrayList<>(List.of("<s>", "</s>", "<unk>"));
    for (int i = 0; i < 40; i++) {
      words.add("w" + i);
    }
    TextModel text = TextModel.random(random, words, 2);
    NGramModel exact = text.read(folder, random);
    Path file = folder.resolve("quantised");
    exact.quantised().write(file);
    NGramModel rounded = NGramModel.read(file);
    Path whole = folder.resolve("exact");
    exact.write(whole);
    assertTrue(Files.size(file) < 0.75 * Files.size(whole) + 4096);
    for (String word : words) {
      int number = exact.number(word);
      assertEquals(
          exact.log10Probability(exact.none(), number),
          rounded.log10Probability(rounded.none(), number));
      for (String before : words) {
        double expected =
            exact.log10Probability(exact.next(exact.none(), exact.number(before)), number);
        double got =
            rounded.log10Probability(rounded.next(rounded.none(), exact.number(before)), number);
        assertEquals(expected, got, 0.1);
      }
    }
  }

  @Test
  @DisplayName("A file of more than 4 GiB opens at once, and is read at its end, too")
  void huge() throws IOException {
    int words = 3;
    int bigrams = 600_000_000;
    ByteBuffer header = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
    header.put("ctc4j lm".getBytes(StandardCharsets.US_ASCII));
    header.putInt(1).putInt(0).putInt(2).putInt(words).putInt(words).putInt(bigrams);
    CRC32 crc = new CRC32();
    crc.update(header.array(), 0, 32);
    header.putInt((int) crc.getValue()).rewind();
    ByteBuffer rest = ByteBuffer.allocate(72).order(ByteOrder.LITTLE_ENDIAN);
    rest.putInt(0).putInt(1).putInt(2).putInt(3).put("abc".getBytes(StandardCharsets.US_ASCII));
    rest.position(24);
    rest.putFloat(-1).putFloat(-2).putFloat(-3).putInt(0); // probabilities
    rest.putFloat(-4).putFloat(-5).putFloat(-6).putInt(0); // backoffs
    rest.putInt(0).putInt(0).putInt(bigrams - 1).putInt(bigrams).rewind();
    Path file = folder.resolve("huge");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(header, 0);
      channel.write(rest, 40);
      long start = 112;
      channel.write(number(2), start + 4L * (bigrams - 1)); // c c
      channel.write(number(Float.floatToIntBits(-0.5f)), start + 8L * bigrams - 4);
    }
    NGramModel model = NGramModel.read(file);
    assertEquals("2-gram model of 3 words, 600000003 n-grams", model.toString());
    NGramModel.Context c = model.next(model.none(), model.number("c"));
    assertEquals(-0.5, model.log10Probability(c, model.number("c")));
    assertEquals(-6 - 2, model.log10Probability(c, model.number("b")));
  }

  private static ByteBuffer number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).rewind();
  }
}
