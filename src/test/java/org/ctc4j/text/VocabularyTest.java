package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VocabularyTest {
  private static Vocabulary lines(String... tokens) {
    return parse(String.join("\n", tokens) + "\n");
  }

  private static Vocabulary parse(String text) {
    return parse(text, VocabularyOptions.DEFAULT);
  }

  private static Vocabulary parse(String text, VocabularyOptions options) {
    return Vocabulary.parse("tokens", text, options);
  }

  private static VocabularyOptions classes(int classes, int blank) {
    return VocabularyOptions.DEFAULT.withClasses(classes).withBlank(blank);
  }

  private static List<String> tokens(Vocabulary vocabulary) {
    return IntStream.range(0, vocabulary.size()).mapToObj(vocabulary::token).toList();
  }

  private static void refused(String text, VocabularyOptions options, String... parts) {
    String message =
        assertThrows(InvalidInputException.class, () -> parse(text, options)).getMessage();
    assertTrue(message.startsWith("tokens: "), message);
    for (String part : parts) {
      assertTrue(message.contains(part), "expected '" + part + "' in: " + message);
    }
  }

  private static String unspelled(Vocabulary vocabulary, String text) {
    return assertThrows(InvalidInputException.class, () -> vocabulary.encode(text)).getMessage();
  }

  // formats

  @Test
  @DisplayName("Formats are recognised by what they hold")
  void recognised() {
    assertEquals(VocabularyFormat.LINES, parse("<blk>\nk\nl\n").format());
    assertEquals(VocabularyFormat.TABLE, parse("<blk> 0\nk 1\n").format());
    assertEquals(VocabularyFormat.SENTENCE_PIECE, parse("<unk>\t0\n▁k\t-1.5\nl\t-2\n").format());
    assertEquals(VocabularyFormat.SENTENCE_PIECE, parse("<unk>\t0\n▁k\t-0\nl\t-1\n").format());
    assertEquals(VocabularyFormat.VOCAB_JSON, parse("{\"k\": 1, \"<pad>\": 0}").format());
    assertEquals(VocabularyFormat.JSON_LIST, parse("[\"k\", \" \", \"\"]").format());
    assertEquals(VocabularyFormat.DEEP_SPEECH, parse("# The letters\nk\n\\#\nl\n").format());
    assertEquals(VocabularyFormat.LINES, parse("[\n]\n{\n}\n").format(), "no JSON");
  }

  @Test
  @DisplayName("Tables: any order, blanks at the ends, disambiguation left out, gaps refused")
  void tables() {
    assertEquals(
        List.of("<eps>", "k", "l"), tokens(parse("<eps> 0\t \nl\t2 \r\nk  1\n#0 3\n#1 4\n")));
    assertEquals(
        List.of("_", "#0"), tokens(parse("_ 0\n#0 1\n", classes(2, 0))), "a class of the logits");
    VocabularyOptions any = VocabularyOptions.DEFAULT;
    refused("k 0\nl 2\n", any, "none has class 1");
    refused("k 0\nl 0\n", any, "'k' and 'l' have the same class, 0");
    refused("k 0\nl 1\nm\nn 3\n", any, "line 3", "'m'");
    refused("k 0\n", any.withFormat(VocabularyFormat.SENTENCE_PIECE), "line 1", "score");
    refused("k\n", any.withFormat(VocabularyFormat.TABLE), "line 1", "'k'");
    Vocabulary gaps = parse("k 0\n\nl 1\r\n \n\n");
    assertEquals(List.of("k", "l"), tokens(gaps));
    assertEquals(VocabularyFormat.TABLE, gaps.format());
    refused("\n\n", any, "line 1 is empty");
  }

  @Test
  @DisplayName("Lines that all have their number in another place than a table are refused")
  void numberedLines() {
    for (String text : List.of("0 k\n1 l\n", "0\tk\n1\tl", "0,k\n1, l \n2 \n", "0: k\n1: l")) {
      refused(text, VocabularyOptions.DEFAULT, "line 1", "'0", "all lines have their number");
    }
    for (String text : List.of("k,0\nl,1\n", "k:0\nl: 1", ",,0\n ,1\n")) {
      refused(text, VocabularyOptions.DEFAULT, "line 1", "all lines have their number");
    }
    VocabularyOptions lines = VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.LINES);
    assertEquals(List.of("k,0", "l,1"), tokens(parse("k,0\nl,1\n", lines)));
    assertEquals(List.of("0", "1", "2"), tokens(parse("0 \n1\t\n2 \n")));
    assertEquals(List.of("0", "1", "2"), tokens(parse("0\n1\n2\n")));
    assertEquals(List.of("1 k", "0 l"), tokens(parse("1 k\n0 l\n")));
    assertEquals(List.of("0 k"), tokens(parse("0 k\n")));
  }

  @Test
  @DisplayName("Lines: byte order mark, CRLF and blanks after tokens are no part of tokens")
  void lines() {
    Vocabulary vocabulary = parse("\ufeffü\r\nv \t\r\n \r\n<blank>\r\n");
    assertEquals(List.of("ü", "v", " ", "<blank>"), tokens(vocabulary));
    assertEquals(OptionalInt.of(3), vocabulary.blank());
    assertEquals("ü vü", vocabulary.text(0, 2, 1, 0));
    refused("k\n\nl\n", VocabularyOptions.DEFAULT, "line 2 is empty");
    refused("", VocabularyOptions.DEFAULT, "the file has none");
    refused("k\nl\n", classes(5, 4), "expected 5 tokens", "got 2");
  }

  @Test
  @DisplayName("vocab.json: classes by number, the padding is the blank")
  void vocabJson() {
    Vocabulary vocabulary =
        parse("\ufeff{\"g\": 2, \"|\": 1, \"[PAD]\": 3, \"[UNK]\": 0, \"<s>\": 4}");
    assertEquals(List.of("[UNK]", "|", "g", "[PAD]", "<s>"), tokens(vocabulary));
    assertEquals(
        List.of(
            TokenRole.UNKNOWN, TokenRole.SPACE, TokenRole.TEXT, TokenRole.BLANK, TokenRole.CONTROL),
        IntStream.range(0, 5).mapToObj(vocabulary::role).toList());
    assertEquals("g g[UNK]", vocabulary.text(1, 2, 1, 1, 4, 2, 0, 1));
    assertEquals(" g  g[UNK] ", vocabulary.rawText(1, 2, 1, 1, 4, 2, 0, 1));
    VocabularyOptions json = VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.VOCAB_JSON);
    refused("{\"k\": 1.5}", json, "'k' has 1.5", "number of its class");
    refused("{\"k\": -1}", json, "'k' has -1");
    refused("{\"k\": 4294967296}", json, "'k' has 4294967296");
    refused("{\"k\": null}", json, "'k' has no number");
    refused("{\"k\": 2000000000}", json, "none has class 0");
    refused("{\"k\": 0", json, "not valid JSON", "position");
    refused("7", json, "expected a JSON object");
    refused("{\"labels\": [1]}", VocabularyOptions.DEFAULT, "position 0 of the list");
    refused("[\"k\"]", json, "expected VOCAB_JSON, got JSON_LIST");
  }

  @Test
  @DisplayName("Vocabularies of several languages in one file: one is named, or it is the only one")
  void languages() {
    String text =
        "{\"deu\": {\"ß\": 1, \"|\": 2, \"<pad>\": 0}, \"fra\": {\"<pad>\": 0, \"ç\": 1}}";
    Vocabulary vocabulary = parse(text, VocabularyOptions.DEFAULT.withLanguage("deu"));
    assertEquals(VocabularyFormat.LANGUAGES_JSON, vocabulary.format());
    assertEquals("ß ß", vocabulary.text(1, 2, 1));
    assertEquals(2, parse(text, VocabularyOptions.DEFAULT.withLanguage("fra")).size());
    assertEquals(2, parse("{\"fra\": {\"<pad>\": 0, \"ç\": 1}}").size());
    refused(text, VocabularyOptions.DEFAULT, "2 languages", "got none", "deu, fra");
    refused(text, VocabularyOptions.DEFAULT.withLanguage("ita"), "got 'ita'", "deu, fra");
  }

  @Test
  @DisplayName("pyctcdecode's list: the empty token is the blank, also as the object it stores")
  void jsonList() {
    for (String text :
        List.of(
            "[\" \", \"k\", \"⁇\", \"\"]",
            "{\"labels\": [\" \", \"k\", \"⁇\", \"\"], \"is_bpe\": false}")) {
      Vocabulary vocabulary = parse(text);
      assertEquals(OptionalInt.of(3), vocabulary.blank());
      assertEquals(TokenRole.UNKNOWN, vocabulary.role(2));
      assertEquals("k k", vocabulary.text(0, 1, 0, 1));
    }
  }

  @Test
  @DisplayName("DeepSpeech's alphabet: comments, \\# and a blank after all")
  void deepSpeech() {
    String text = "# Letters of the\n# language\n \nk\n\\#\n#l\nm\n# The end\n";
    Vocabulary vocabulary = parse(text, VocabularyOptions.DEFAULT.withClasses(5));
    assertEquals(List.of(" ", "k", "#", "m", "<blank>"), tokens(vocabulary));
    assertEquals(OptionalInt.of(4), vocabulary.blank());
    assertEquals("k# m", vocabulary.text(1, 2, 0, 3));
    assertEquals(
        VocabularyFormat.LINES, parse(text, classes(8, 0)).format(), "8 classes: no comments");
  }

  @Test
  @DisplayName("NeMo's lists: the blank after all, of letters, pieces and JSON")
  void nemo() {
    VocabularyOptions nemo = VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.NEMO);
    for (String text : List.of(" \nk\nl\n", "[\" \", \"k\", \"l\"]")) {
      String name = text.startsWith("[") ? "labels.json" : "labels.txt";
      for (VocabularyOptions options : List.of(nemo, classes(4, 3))) {
        Vocabulary vocabulary = Vocabulary.parse(name, text, options);
        assertEquals(VocabularyFormat.NEMO, vocabulary.format());
        assertEquals(OptionalInt.of(3), vocabulary.blank());
        assertEquals("kl k", vocabulary.text(1, 2, 0, 1));
      }
    }
    Vocabulary pieces = parse("<unk>\t0\n▁ko\t-1\nla\t-2.5\n", classes(4, 3));
    assertEquals(VocabularyFormat.NEMO, pieces.format());
    assertEquals("kola ko", pieces.text(1, 2, 1));
    Vocabulary words = parse("[PAD]\n[UNK]\nko\n##la\n", classes(5, 4));
    assertEquals(OptionalInt.of(4), words.namedBlank(), "and not the padding");
    refused("k\nl\n", classes(3, 0), "expected 3 tokens", "got 2", "NEMO");
  }

  @Test
  @DisplayName("PaddleOCR's dictionary: blank before all, space after all unless there is no class")
  void paddleOcr() {
    String text = "k\n|\n▁\n#\n▁x\n##y\n";
    for (VocabularyOptions options :
        List.of(VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.PADDLE_OCR), classes(8, 0))) {
      Vocabulary vocabulary = parse(text, options);
      assertEquals(VocabularyFormat.PADDLE_OCR, vocabulary.format());
      assertEquals(OptionalInt.of(0), vocabulary.blank());
      assertEquals("k|▁ #▁x##y", vocabulary.text(1, 2, 3, 7, 4, 5, 6));
      assertArrayEquals(new int[] {1, 7, 2}, vocabulary.encode("k  |"));
    }
    VocabularyOptions without = classes(7, 0).withFormat(VocabularyFormat.PADDLE_OCR);
    assertEquals("k|k", parse(text, without).text(1, 2, 1), "no blanks between characters");
    assertFalse(parse(text, without).hasWords());
    refused(text, classes(9, 0), "got 6");
    Vocabulary spaced = parse("k\n \n", classes(4, 0));
    assertEquals("k k k", spaced.text(1, 2, 1, 3, 1), "some have a space of their own");
    refused("k\nl\n", VocabularyOptions.DEFAULT.withBlank(2), "blank", "[0, 2)", "got 2");
  }

  @Test
  @DisplayName("Fairseq's dictionary: counts are no classes, four tokens come first, <s> the blank")
  void fairseq() {
    String text = "| 94802\nE 51860\nT 38431\nA 38431\nO 12\n' 3\nmadeupword0000 0\n";
    List<String> all =
        List.of("<s>", "<pad>", "</s>", "<unk>", "|", "E", "T", "A", "O", "'", "madeupword0000");
    for (VocabularyOptions options :
        List.of(
            VocabularyOptions.DEFAULT,
            classes(11, 0),
            VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.FAIRSEQ))) {
      Vocabulary vocabulary = parse(text, options);
      assertEquals(VocabularyFormat.FAIRSEQ, vocabulary.format());
      assertEquals(all, tokens(vocabulary));
      assertEquals(OptionalInt.of(0), vocabulary.blank());
      assertEquals(OptionalInt.of(0), vocabulary.namedBlank());
      assertEquals("TEA EAT<unk>", vocabulary.text(6, 5, 1, 7, 4, 5, 7, 2, 6, 3));
      assertArrayEquals(new int[] {7, 6, 4, 7}, vocabulary.encode("AT A"));
      assertEquals(
          List.of(TokenRole.BLANK, TokenRole.CONTROL, TokenRole.CONTROL, TokenRole.UNKNOWN),
          IntStream.range(0, 4).mapToObj(vocabulary::role).toList());
    }
    assertEquals(TokenRole.CONTROL, parse(text, classes(11, 1)).role(0), "another blank");
    assertEquals("<pad>", parse("k 1\n| 1\nl 1\n").token(1), "all counts the same");
    assertEquals(6, parse("the 12345678901\nof 7\n", fairseqNamed()).size());
    assertEquals(7, parse("k 99\r\n\r\nl 99\n  99\n").size(), "a blank is a token, too");
    refused(text, classes(7, 0), "expected 7 tokens", "got 11 (read as FAIRSEQ)");
    refused("k 9\n<pad> 9\n", fairseqNamed(), "line 2", "'<pad>'", "before all lines");
    refused("k 9\nl 9\nk 2\n", fairseqNamed(), "line 3", "'k'", "the token of line 1");
    refused("k 9\nl m 9\n", fairseqNamed(), "line 2: expected a token, a blank and its count");
    refused(
        "k 9\nk 2 #fairseq:overwrite\n",
        VocabularyOptions.DEFAULT,
        "line 2",
        "#fairseq:overwrite is not supported",
        "'k 2 #fairseq:overwrite'");
  }

  @Test
  @DisplayName("Counts of texts of any length are told from classes")
  void fairseqOfTexts() {
    Random random = Seed.random(getClass());
    for (int letters : new int[] {20, 30, 100}) {
      for (int length = 100; length <= 100_000; length *= 10) {
        Map<Integer, Integer> counts = new HashMap<>();
        for (int i = 0; i < length; i++) { // after Zipf, nearly
          int letter = (int) Math.pow(letters + 1, random.nextDouble()) - 1;
          counts.merge(letter, 1, Integer::sum);
        }
        List<Integer> falling = counts.values().stream().sorted(Comparator.reverseOrder()).toList();
        Vocabulary vocabulary = parse(table(falling));
        assertEquals(VocabularyFormat.FAIRSEQ, vocabulary.format(), falling.toString());
        assertEquals(4 + falling.size(), vocabulary.size());
      }
    }
  }

  private static VocabularyOptions fairseqNamed() {
    return VocabularyOptions.DEFAULT.withFormat(VocabularyFormat.FAIRSEQ);
  }

  private static String table(List<Integer> classes) {
    return IntStream.range(0, classes.size())
        .mapToObj(k -> "t%d %d\n".formatted(k, classes.get(k)))
        .collect(Collectors.joining());
  }

  @Test
  @DisplayName("A table of classes with a mistake is one still, whichever way its numbers go")
  void tablesWithMistakes() {
    int size = 40;
    for (int i = 0; i < size - 1; i++) {
      int wrong = i;
      for (boolean falls : new boolean[] {false, true}) {
        List<Integer> classes =
            IntStream.range(0, size).map(k -> falls ? size - 1 - k : k).boxed().toList();
        String twice = table(classes.stream().map(c -> c == wrong ? c + 1 : c).toList());
        String hole = table(classes.stream().filter(c -> c != wrong).toList());
        refused(twice, VocabularyOptions.DEFAULT, "have the same class, " + (wrong + 1));
        refused(hole, VocabularyOptions.DEFAULT, "none has class " + wrong);
      }
    }
    VocabularyOptions any = VocabularyOptions.DEFAULT;
    refused("k 1\nl 2\nm 3\n", any, "none has class 0");
    refused("k 3\nl 2\nm 1\n", any, "none has class 0");
    refused("a 97\nb 98\nz 122\nã 227\n", any, "none has class 0");
    refused("<unk> 0\nk 0\nl 0\n", any, "'<unk>' and 'k' have the same class, 0");
    assertEquals(VocabularyFormat.TABLE, parse("k 2\nl 1\nm 0\n").format());
    refused("k 7\nl 900\nm 3\nn 3\n", any, "have the same class, 3");
  }

  @Test
  @DisplayName("Files: what cannot be read says why")
  void files(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("vocab.json");
    Files.writeString(file, "{\"<pad>\": 0, \"ø\": 1}");
    assertEquals("ø", Vocabulary.read(file).token(1));
    assertThrows(java.io.IOException.class, () -> Vocabulary.read(folder));
    assertThrows(java.io.IOException.class, () -> Vocabulary.read(folder.resolve("none")));
    Files.write(file, "ø".getBytes(StandardCharsets.ISO_8859_1));
    String message =
        assertThrows(InvalidInputException.class, () -> Vocabulary.read(file)).getMessage();
    assertTrue(message.startsWith(file + ": expected text in UTF-8"), message);
  }

  // text

  @Test
  @DisplayName("'|' is a space where there is no other and it is no character among its neighbours")
  void pipe() {
    assertEquals("x y", lines("<blank>", "x", "y", "|").text(1, 3, 2));
    assertEquals("x|y", lines("<blank>", "x", "y", "|", " ").text(1, 3, 2));
    assertEquals("x|y", lines("<blank>", "x", "y", "|", "<space>").text(1, 3, 2));
    assertEquals("x|y", lines("<blank>", "▁x", "y", "|").text(1, 3, 2));
    assertEquals("x | y", lines("<blank>", "x", "y", "|", "{", "}").text(1, 3, 2));
    assertEquals("x y", parse("{\"x\":0,\"y\":1,\"|\":2,\"{\":3,\"}\":4,\"▁\":5}").text(0, 2, 1));
    assertEquals("x▁y", parse("{\"x\":0,\"y\":1,\"|\":2,\"▁\":3}").text(0, 3, 1));
    Vocabulary both = parse("{\"x\":0,\"y\":1,\" \":2,\"|\":3}");
    assertEquals("x y x", both.text(0, 3, 1, 2, 0));
    assertArrayEquals(new int[] {0, 3, 1}, both.encode("x y"), "Hugging Face's separator");
    for (String twice : List.of("\" \":2,\"|\":2", "\"|\":2,\" \":2")) {
      Vocabulary one = parse("{\"x\":0,\"y\":1," + twice + "}");
      assertEquals(List.of("x", "y", "|"), tokens(one));
      assertEquals("x y", one.text(0, 2, 1));
    }
    assertEquals("x|y", parse("{\"x\":0,\"y\":1,\"<space>\":2,\"|\":3}").text(0, 3, 1));
    refused("{\"x\":0,\"|\":0}", VocabularyOptions.DEFAULT, "'x' and '|' have the same class");
    String braces = "{\"x\":0,\"y\":1,\" \":2,\"|\":3,\"{\":4,\"}\":5}";
    assertEquals("x|y", parse(braces).text(0, 3, 1));
    assertEquals("x y", lines("_", "x", "y", "▁").text(1, 3, 2));
    assertEquals("x▁y", lines("_", "x", "y", "▁", " ").text(1, 3, 2));
    assertEquals("x ▁ y", lines("_", "x", "y", "▁", "▂").text(1, 3, 2));
    assertArrayEquals(new int[] {1, 3, 2}, lines("_", "x", "y", "▁").encode("x y"));
    assertArrayEquals(
        new int[] {3, 1, 3, 2},
        parse("<unk>\t0\nx\t-1\ny\t-2\n▁\t-3\n").encode("x y"),
        "SentencePiece's characters begin with a space");
  }

  @Test
  @DisplayName("Pieces of every kind become words")
  void pieces() {
    String[][] cases = {
      {"▁ko", "la", "▁", "mi", "▁ko"},
      {"ko", "##la", "mi", "##ko"},
      {"ko@@", "la", "mi@@", "ko"},
      {"ko", "la</w>", "mi", "ko</w>"},
      {"Ġko", "la", "Ġmi", "ko"}
    };
    String[] texts = {"kola mi ko", "kola miko", "kola miko", "kola miko", "kola miko"};
    for (int i = 0; i < cases.length; i++) {
      Vocabulary vocabulary = Vocabulary.of(List.of(cases[i]));
      int[] labels = IntStream.range(0, cases[i].length).toArray();
      assertEquals(texts[i], vocabulary.text(labels));
      List<String> words = vocabulary.words(labels).stream().map(Vocabulary.Word::text).toList();
      assertEquals(List.of(texts[i].split(" ")), words);
      assertEquals(texts[i], vocabulary.text(vocabulary.encode(texts[i])));
      assertEquals(texts[i], vocabulary.text(vocabulary.encode(String.join(" ", cases[i]))));
    }
  }

  @Test
  @DisplayName("A mark alone is a letter where nothing else is marked")
  void lettersLikeMarks() {
    Vocabulary maltese = lines("<blank>", "Ġ", "u", "<space>");
    assertEquals("Ġu Ġ", maltese.text(1, 2, 3, 1));
    assertEquals("# @@ u", lines("#", "@@", "u").text(0, 1, 2));
    assertEquals("### ##", lines("###", "##").text(0, 1));
    Vocabulary spaces = lines("▁▁", "▁k", "▁▁l", "▁");
    assertEquals("k l k", spaces.text(1, 2, 0, 1));
    assertEquals(
        List.of("k", "l", "k"),
        spaces.words(1, 2, 0, 1).stream().map(Vocabulary.Word::text).toList());
  }

  @Test
  @DisplayName("Bytes are put together across tokens, and spell what no token has")
  void bytes() {
    Vocabulary vocabulary = lines("<blank>", "▁k", "<0xE7>", "<0x81>", "<0xAB>", "▁", "l");
    assertEquals("k火l", vocabulary.text(1, 2, 3, 4, 6));
    assertEquals("k\ufffdl", vocabulary.text(1, 2, 3, 6));
    assertEquals(List.of(new Vocabulary.Word("k火", 0, 4)), vocabulary.words(1, 2, 3, 4));
    assertArrayEquals(new int[] {1, 2, 3, 4, 6}, vocabulary.encode("k火l"));
    assertArrayEquals(new int[] {5, 2, 3, 4}, vocabulary.encode("火"));
    assertTrue(unspelled(vocabulary, "k水").contains("'水' at position 1 (U+6C34"));
    assertTrue(
        unspelled(lines("<0x3F>", "▁k"), "k\ud83d").contains("U+D83D"), "half a pair is no '?'");
    Vocabulary gpt = Vocabulary.of(List.of("<pad>", "ç", "ģ", "«", "Ġk", "Ġ", "ç«"));
    assertEquals("火 k", gpt.text(1, 2, 3, 4));
    assertArrayEquals(new int[] {1, 2, 3, 4}, gpt.encode("火 k"));
    assertTrue(unspelled(gpt, "火l").contains("'l' at position 1"), unspelled(gpt, "火l"));
  }

  @Test
  @DisplayName(
      "A vocabulary of bytes alone: one of them is the space; without it nothing is parted")
  void bytesAlone() {
    List<String> tokens = new ArrayList<>();
    for (int b = 1; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.add("<blank>");
    Vocabulary vocabulary = Vocabulary.of(tokens);
    String text = "hé llo 水 😀";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] labels = IntStream.range(0, bytes.length).map(i -> (bytes[i] & 0xff) - 1).toArray();
    assertEquals(text, vocabulary.text(labels));
    assertArrayEquals(labels, vocabulary.encode(text));
    assertEquals(
        List.of(text.split(" ")),
        vocabulary.words(labels).stream().map(Vocabulary.Word::text).toList());
    Vocabulary some = lines("<blank>", "<0xE7>", "<0x81>", "<0xAB>", "k");
    assertEquals("火火 k k 火", some.text(1, 2, 3, 1, 2, 3, 4, 4, 1, 2, 3));
    assertArrayEquals(new int[] {1, 2, 3, 4}, some.encode("火k"));
    assertEquals("a b", lines("▁a", "<0x20>", "▁b", "▁").text(0, 2));
  }

  /** As fairseq's table has them: 32 and more from 256 on, ASCII, and the rest after those. */
  private static String bytePiece(String text) {
    int[] ranges = {256, 287, 32, 126, 288, 305, 308, 318, 321, 328, 330, 382, 384, 422};
    int[] table =
        IntStream.range(0, ranges.length / 2)
            .flatMap(i -> IntStream.rangeClosed(ranges[2 * i], ranges[2 * i + 1]))
            .toArray();
    StringBuilder piece = new StringBuilder(text.startsWith(" ") ? "▁" : "");
    for (byte b : text.strip().getBytes(StandardCharsets.UTF_8)) {
      piece.append((char) table[b & 0xff]);
    }
    return piece.toString();
  }

  @Test
  @DisplayName("Icefall's pieces of bytes are put together, and spell; letters like them are none")
  void bytePieces() {
    String cut = bytePiece("京😀");
    Vocabulary pieces =
        lines(
            "<blk>",
            "<unk>",
            bytePiece(" 北"),
            cut.substring(0, 2),
            cut.substring(2),
            bytePiece(" he"),
            bytePiece("é"),
            "▁");
    int[] labels = {2, 3, 4, 5, 6, 7, 3, 4};
    assertEquals("北京😀 heé 京😀", pieces.text(labels));
    assertArrayEquals(labels, pieces.encode("北京😀 heé 京😀"));
    assertEquals(
        List.of(new Vocabulary.Word("北京😀", 0, 3), new Vocabulary.Word("heé", 3, 5)),
        pieces.words(2, 3, 4, 5, 6));
    assertEquals("北\ufffd he", pieces.text(2, 3, 5));
    assertTrue(unspelled(pieces, "北京水").contains("'水' at position 2 (U+6C34"));
    Vocabulary table = parse("<blk> 0\n" + bytePiece(" 北") + " 1\n#0 2\n");
    assertEquals("北", table.text(1));
    assertEquals("Ɗa", lines("_", "▁Ɗa", "b").text(1), "a letter of Hausa");
    assertEquals("aš šo", lines("_", "▁a", "š", "▁šo").text(1, 2, 3), "of Sotho");
    assertEquals("āb", lines("_", "▁ā", "b").text(1, 2), "of Latvian");
    assertEquals("ab", lines("_", "▁a", "b").text(1, 2));
  }

  @Test
  @DisplayName("Each mark within a token begins a word; a label may be of several")
  void severalWords() {
    Vocabulary vocabulary = lines("_", "▁of▁the", "re", "s▁a", "▁in▁", "x", "▁▁", "▁⁇▁");
    int[] labels = {1, 2, 3, 4, 5};
    assertEquals("of theres a in x", vocabulary.text(labels));
    assertEquals(
        List.of(
            new Vocabulary.Word("of", 0, 1),
            new Vocabulary.Word("theres", 0, 3),
            new Vocabulary.Word("a", 2, 3),
            new Vocabulary.Word("in", 3, 4),
            new Vocabulary.Word("x", 4, 5)),
        vocabulary.words(labels));
    assertArrayEquals(labels, vocabulary.encode("of theres a in x"));
    assertArrayEquals(new int[] {1, 1, 2}, vocabulary.encode("of the of there"));
    assertEquals(
        List.of("x", "⁇", "x"),
        vocabulary.words(5, 7, 5).stream().map(Vocabulary.Word::text).toList());
    Vocabulary gpt = lines("<pad>", "ĠofĠthe", "re", "çģ", "«Ġk", "Ġx");
    assertArrayEquals(new int[] {1, 3, 4}, gpt.encode(" of the火 k"));
    String north = bytePiece(" 北");
    Vocabulary bytes = lines("<blk>", "<unk>", north + bytePiece(" 京"), north, bytePiece("é"));
    assertEquals("北 京é 北", bytes.text(2, 4, 3));
    assertEquals("北 ⁇ é", lines("▁⁇▁", north, bytePiece("é")).text(1, 0, 2));
    assertArrayEquals(new int[] {2, 4, 3}, bytes.encode("北 京é 北"));
    assertEquals(new Vocabulary.Word("京é", 0, 2), bytes.words(2, 4, 3).get(1));
    Random random = Seed.random(getClass());
    for (Vocabulary of : List.of(vocabulary, gpt, bytes, lines("_", "k@@", "l", "m n@@", "o "))) {
      for (int i = 0; i < 300; i++) {
        int[] some = random.ints(random.nextInt(7), 1, of.size()).toArray();
        List<Vocabulary.Word> words = of.words(some);
        String text = words.stream().map(Vocabulary.Word::text).collect(Collectors.joining(" "));
        assertEquals(of.text(some), text, Arrays.toString(some));
        for (int k = 0; k < words.size(); k++) {
          Vocabulary.Word word = words.get(k);
          int[] own = Arrays.copyOfRange(some, word.start(), word.end());
          assertTrue(of.text(own).contains(word.text()), word + Arrays.toString(some));
          assertTrue(k == 0 || words.get(k - 1).end() <= word.start() + 1, words.toString());
        }
      }
    }
  }

  @Test
  @DisplayName("Text has single blanks, none at the ends; words have positions")
  void blanks() {
    Vocabulary vocabulary = lines("<blank>", "|", "d", "o");
    int[] labels = {1, 1, 2, 3, 1, 1, 1, 3, 1};
    assertEquals("do o", vocabulary.text(labels));
    assertEquals("  do   o ", vocabulary.rawText(labels));
    assertEquals("", vocabulary.text(1, 1));
    assertEquals("", vocabulary.text());
    assertEquals(
        List.of(new Vocabulary.Word("do", 2, 4), new Vocabulary.Word("o", 7, 8)),
        vocabulary.words(labels));
    assertThrows(InvalidInputException.class, () -> vocabulary.text(2, 4));
    assertThrows(InvalidInputException.class, () -> vocabulary.text(-1));
  }

  @Test
  @DisplayName("Without words tokens are joined with blanks, or without on request")
  void joined() {
    Vocabulary vocabulary = lines("<blank>", "SH", "S", "H");
    assertEquals("SH S", vocabulary.text(1, 2));
    assertEquals("SHS", vocabulary.withJoined(true).text(1, 2));
    assertEquals(List.of(), vocabulary.words(1, 2));
    assertFalse(vocabulary.hasWords());
  }

  @Test
  @DisplayName("The blank is what was told, else what it is called, the surest name first")
  void blank() {
    Vocabulary fillers = lines("<eps>", "<blk>", "k", "[PAD]", "<PAD>", " ");
    assertEquals("k k", fillers.text(0, 2, 3, 5, 4, 2, 0));
    assertEquals(TokenRole.CONTROL, fillers.role(3));
    assertEquals(List.of("k"), fillers.words(0, 2, 3).stream().map(Vocabulary.Word::text).toList());
    assertEquals(
        "k<pad>", lines("<pad>", "k", "m", " ").withBlank(2).text(1, 0), "the file's blank");
    Vocabulary vocabulary = lines("<pad>", "k", "<blk>", " ");
    assertEquals(OptionalInt.of(2), vocabulary.blank());
    Vocabulary told = vocabulary.withBlank(1);
    assertEquals(OptionalInt.of(1), told.blank());
    assertEquals(OptionalInt.of(2), told.namedBlank());
    assertEquals("<blk>", told.text(2), "what is no blank is seen");
    assertEquals(OptionalInt.empty(), lines("k", "l").blank());
    assertThrows(InvalidInputException.class, () -> vocabulary.withBlank(4));
    assertThrows(InvalidInputException.class, () -> vocabulary.token(4));
    assertThrows(InvalidInputException.class, () -> Vocabulary.of(List.of()));
  }

  @Test
  @DisplayName("A token that is there twice decodes alike, and the first spells it")
  void duplicates() {
    Vocabulary vocabulary = lines("<blank>", "ấ", "v", "ấ", " ");
    assertEquals("ấv ấ", vocabulary.text(3, 2, 4, 1));
    assertArrayEquals(new int[] {1, 2, 4, 1}, vocabulary.encode("ấv ấ"));
  }

  // encoding

  @Test
  @DisplayName("A spelling is found wherever there is one, with the fewest tokens")
  void deadEnds() {
    Vocabulary vocabulary = lines("<blk>", "▁over", "▁ov", "ens", "▁o", "ven", "s", "▁");
    assertArrayEquals(new int[] {2, 3}, vocabulary.encode("ovens"));
    assertArrayEquals(new int[] {1, 6}, vocabulary.encode("overs"));
    Vocabulary even = lines("_", "aab", "aa", "b", "aaab", "a", "|");
    assertArrayEquals(new int[] {1}, even.encode("aab"));
    assertArrayEquals(new int[] {2, 1}, even.encode("aaaab"), "the longest first, of as many");
  }

  @Test
  @DisplayName("Random texts are spelled as the best of all segmentations")
  void random() {
    long seed = Long.getLong("ctc4j.seed", System.getenv("CI") == null ? System.nanoTime() : 5);
    Random random = new Random(seed);
    int spelled = 0;
    for (int i = 0; i < 500; i++) {
      List<String> tokens = new ArrayList<>(List.of("<blank>", " "));
      for (int k = 0; k < 5; k++) {
        tokens.add(letters(random, 1 + random.nextInt(3)));
      }
      String text = letters(random, 1 + random.nextInt(8));
      List<List<Integer>> all = new ArrayList<>();
      segmentations(text, tokens, new ArrayList<>(), all);
      int fewest = all.stream().mapToInt(List::size).min().orElse(-1);
      Vocabulary vocabulary = Vocabulary.of(tokens);
      String where = "seed " + seed + ": " + text + " by " + tokens;
      if (fewest < 0) {
        assertTrue(unspelled(vocabulary, text).contains("position"), where);
        continue;
      }
      spelled++;
      int[] labels = vocabulary.encode(text);
      assertEquals(fewest, labels.length, where);
      assertEquals(text, vocabulary.text(labels), where);
    }
    assertTrue(spelled > 50, "spelled " + spelled);
  }

  private static String letters(Random random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }

  private static void segmentations(
      String text, List<String> tokens, List<Integer> before, List<List<Integer>> all) {
    if (text.isEmpty()) {
      all.add(List.copyOf(before));
    }
    for (int c = 2; c < tokens.size(); c++) {
      if (!text.isEmpty() && text.startsWith(tokens.get(c))) {
        before.add(c);
        segmentations(text.substring(tokens.get(c).length()), tokens, before, all);
        before.remove(before.size() - 1);
      }
    }
  }

  @Test
  @DisplayName("The vocabulary's own separator and marks in a text")
  void ownMarks() {
    Vocabulary letters = parse("{\"<pad>\":0,\"|\":1,\"G\":2,\"O\":3}");
    for (String text : List.of("GO|GO", "GO GO", "|GO||GO|", " GO\t\u3000GO ", "GO | GO")) {
      assertArrayEquals(new int[] {2, 3, 1, 2, 3}, letters.encode(text), text);
    }
    assertArrayEquals(
        new int[] {2, 3, 1, 2}, letters.encode("G O | G"), "tokens with blanks between");
    assertArrayEquals(new int[] {2, 1, 3}, letters.encode("G O"), "two words");
    Vocabulary named = lines("<blank>", "<space>", "G", "O");
    assertArrayEquals(new int[] {2, 3, 1, 2}, named.encode("GO<space>G"));
    Vocabulary pieces = lines("<blk>", "▁go", "al", "▁");
    assertArrayEquals(new int[] {1, 2, 1}, pieces.encode("▁goal▁go"));
    assertArrayEquals(new int[] {1, 2, 1}, pieces.encode("▁go al ▁go"));
    assertArrayEquals(new int[] {1, 2, 1}, pieces.labels(List.of("▁go", "al", "▁go")));
    assertThrows(InvalidInputException.class, () -> pieces.labels(List.of("▁go", "<blk>")));
    assertThrows(InvalidInputException.class, () -> pieces.labels(List.of("x")));
  }

  @Test
  @DisplayName("A text without words is no labels")
  void empty() {
    for (String text : List.of("", " ", "\t \u2003")) {
      assertArrayEquals(new int[0], lines("<blk>", "▁go", "▁").encode(text));
      assertArrayEquals(new int[0], lines("<blk>", "go", "##al").encode(text));
      assertArrayEquals(new int[0], lines("<blk>", "g", " ").encode(text));
      assertArrayEquals(new int[0], lines("<blk>", "TH", "IH").encode(text));
    }
  }

  @Test
  @DisplayName("What decodes to tokens with blanks between them encodes so")
  void phonemes() {
    Vocabulary vocabulary = lines("<blank>", "K", "KH", "H", "AA1");
    assertArrayEquals(new int[] {2, 4, 1, 3}, vocabulary.encode("KH AA1 K H"));
    assertArrayEquals(new int[] {2, 4}, vocabulary.encode("KHAA1"));
    String message = unspelled(vocabulary, "KHAA1 K");
    assertTrue(message.contains("' ' at position 5 (U+0020 SPACE)"), message);
  }

  @Test
  @DisplayName("What has no token is named so that it can be seen")
  void unspelled() {
    Vocabulary vocabulary = lines("<blank>", " ", "n", "e");
    for (String invisible : List.of("\u00a0", "\u200b", "\u0301", "\ufeff", "\u202e", "\u0000")) {
      String message = unspelled(vocabulary, "n" + invisible + "e");
      String name =
          "at position 1 (U+%04X %s)"
              .formatted((int) invisible.charAt(0), Character.getName(invisible.charAt(0)));
      assertTrue(message.contains(name), message);
      assertEquals(1, message.lines().count());
    }
    assertTrue(unspelled(vocabulary, "n😀").contains("(U+1F600 GRINNING FACE)"));
    Vocabulary pieces = lines("_", "▁nen", "ne");
    assertTrue(
        unspelled(pieces, "nenne n").contains("before ' ' at position 5 (U+0020 SPACE)"),
        unspelled(pieces, "nenne n"));
    assertTrue(unspelled(lines("_", "ne@@", "n"), "nne").contains("position"));
    assertTrue(unspelled(lines("_", "n</w>", "e"), "ne x").contains("'x'"));
  }

  @Test
  @DisplayName("Normal form C on request, of texts and of tokens")
  void nfc() {
    Vocabulary composed = lines("<blank>", "\u00e9", "t", " ");
    assertTrue(unspelled(composed, "e\u0301t").contains("U+0065"));
    assertArrayEquals(new int[] {1, 2}, composed.withNfc(true).encode("e\u0301t"));
    Vocabulary decomposed = lines("<blank>", "e\u0301", "e", "\u0301", " ");
    assertArrayEquals(new int[] {1}, decomposed.withNfc(true).encode("\u00e9"));
    assertEquals("\u00e9", decomposed.withNfc(true).text(2, 3));
    assertEquals("e\u0301", decomposed.text(2, 3));
    assertEquals("\u00e9", decomposed.withNfc(true).normalised("e\u0301"));
    assertEquals("e\u0301", decomposed.normalised("e\u0301"));
  }

  @Test
  @DisplayName("Normal form C where letters and their marks are tokens of their own")
  void nfcOfMarks() {
    Vocabulary marks = lines("_", "e", "\u0301", "\u1ecd", "\u0323", "o", " ").withNfc(true);
    for (String text : List.of("\u00e9 e", "e\u0301 e")) {
      assertArrayEquals(new int[] {1, 2, 6, 1}, marks.encode(text));
    }
    assertEquals("\u00e9 e", marks.text(1, 2, 6, 1));
    assertArrayEquals(new int[] {3, 2}, marks.encode("\u1ecd\u0301"));
    assertArrayEquals(new int[] {3, 2}, marks.encode("o\u0323\u0301"));
    assertArrayEquals(new int[] {1, 2}, marks.labels(List.of("e", "\u0301")));
    Vocabulary jamo = lines("_", "\u1112", "\u1161", "\u11ab", " ").withNfc(true);
    assertArrayEquals(new int[] {1, 2, 3}, jamo.encode("\ud55c"));
    assertEquals("\ud55c", jamo.text(1, 2, 3));
  }

  @Test
  @DisplayName("A text that differs in case or normal form alone is told so")
  void almostSpelled() {
    Vocabulary upper = lines("_", "A", "B", " ");
    assertTrue(unspelled(upper, "ab").endsWith(", but there is 'A'"), unspelled(upper, "ab"));
    assertTrue(unspelled(lines("_", "a", "\u00e4", " "), "a\u00c4").endsWith(" 'ä'"));
    assertTrue(unspelled(upper, "A1").endsWith("of 'A1'"), unspelled(upper, "A1"));
    String form = ", which could be spelled in Unicode's normal form ";
    assertTrue(unspelled(lines("_", "\u00e9"), "e\u0301").endsWith(form + "C"));
    assertTrue(unspelled(lines("_", "e", "\u0301"), "\u00e9").endsWith(form + "D"));
  }

  @Test
  @DisplayName("Long texts take time in proportion")
  void longText() {
    Vocabulary vocabulary = lines("<blank>", "▁ab", "a", "b", "▁");
    String text = "abba ".repeat(20_000);
    int[] labels = vocabulary.encode(text);
    assertEquals(text.strip(), vocabulary.text(labels));
    assertEquals(3 * 20_000, labels.length);
    assertEquals(1, Arrays.stream(labels).min().getAsInt());
  }
}
