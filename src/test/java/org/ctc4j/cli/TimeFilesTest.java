package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.ctc4j.Seed;
import org.ctc4j.cli.output.CsvFile;
import org.ctc4j.cli.output.CtmFile;
import org.ctc4j.cli.output.Interval;
import org.ctc4j.cli.output.Subtitles;
import org.ctc4j.cli.output.TextGridFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of times, read back by strict parsers. */
class TimeFilesTest {
  private static final String[] TOKENS = {"_", "▁ba", "▁no", "th", "em", ".", "▁1,5"};

  @TempDir private Path folder;

  /** A batch of random logits and targets. */
  private Path random(Random random, int utterances, int frames) throws Exception {
    float[] logits = new float[frames * utterances * TOKENS.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    int labels = frames / 4;
    int[] targets = new int[utterances * labels];
    int[] lengths = new int[utterances];
    int[] frameCounts = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      lengths[n] = 1 + random.nextInt(labels);
      frameCounts[n] = frames / 2 + 1 + random.nextInt(frames / 2);
      for (int i = 0; i < lengths[n]; i++) {
        targets[n * labels + i] = 1 + random.nextInt(TOKENS.length - 1);
      }
    }
    return new NpzFile()
        .floats("logits", "(%d, %d, %d)".formatted(frames, utterances, TOKENS.length), logits)
        .ints("targets", "(%d, %d)".formatted(utterances, labels), targets)
        .ints("target_lengths", "(%d,)".formatted(utterances), lengths)
        .ints("input_lengths", "(%d,)".formatted(utterances), frameCounts)
        .write(folder.resolve("random.npz"));
  }

  private Path tokens(String... tokens) throws Exception {
    return Files.write(folder.resolve("tokens.txt"), List.of(tokens));
  }

  /** Runs align with the random tokens. */
  private JsonNode align(Path batch, double shift, Object... more) throws Exception {
    Object[] args = {"align", batch, "--tokens", tokens(TOKENS), "--frame-shift", shift, "--json"};
    return Cli.run(Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray())
        .json()
        .get("utterances");
  }

  private static void assertTimes(
      List<Interval> found, JsonNode expected, String text, double shift, int decimals) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < found.size(); i++) {
      JsonNode item = expected.get(i);
      assertEquals(item.get(text).asText(), found.get(i).text());
      assertEquals(rounded(item.get("start").asInt(), shift, decimals), found.get(i).start());
      assertEquals(rounded(item.get("end").asInt(), shift, decimals), found.get(i).end());
    }
  }

  private static BigDecimal rounded(int frame, double shift, int decimals) {
    return BigDecimal.valueOf(shift)
        .multiply(BigDecimal.valueOf(frame))
        .setScale(decimals, RoundingMode.HALF_EVEN);
  }

  @ParameterizedTest
  @DisplayName("CTM and TextGrid have the times of the alignment, whatever a frame lasts")
  @ValueSource(doubles = {0.0003, 0.01, 0.0125, 256 / 22050.0, 0.000001, 0.02, 1.0 / 3, 7})
  void ctmAndTextGrid(double shift) throws Exception {
    Random random = Seed.random(getClass());
    for (int round = 0; round < 5; round++) {
      int count = 1 + random.nextInt(13);
      Path batch = random(random, count, 40 + random.nextInt(300));
      Path ctm = folder.resolve("out.ctm");
      JsonNode json = align(batch, shift, "--ctm", ctm, "--textgrid", folder);
      Map<String, List<Interval>> recordings = CtmFile.words(Files.readString(ctm));
      for (int n = 0; n < count; n++) {
        JsonNode utterance = json.get(n);
        int scale = BigDecimal.valueOf(shift).stripTrailingZeros().scale();
        int decimals = Math.min(6, Math.max(3, scale));
        List<Interval> words = recordings.getOrDefault("utterance-" + n, List.of());
        assertTimes(words, utterance.get("words"), "word", shift, decimals);
        String grid = Files.readString(folder.resolve("utterance-" + n + ".TextGrid"));
        Map<String, List<Interval>> tiers = TextGridFile.tiers(grid);
        assertEquals(List.of("words", "tokens"), List.copyOf(tiers.keySet()));
        List<Interval> tokens = said(tiers.get("tokens"));
        assertTimes(said(tiers.get("words")), utterance.get("words"), "word", shift, 6);
        assertTimes(tokens, utterance.get("labels"), "token", shift, 6);
      }
    }
  }

  private static List<Interval> said(List<Interval> tier) {
    return tier.stream()
        .filter(interval -> !interval.text().isEmpty())
        .map(i -> new Interval(i.start().setScale(6), i.end(), i.text()))
        .toList();
  }

  @ParameterizedTest
  @DisplayName("Subtitles have the segments of the alignment; what is sung in one is its words")
  @ValueSource(doubles = {0.01, 0.0125, 256 / 22050.0, 0.5, 11})
  void subtitles(double shift) throws Exception {
    Random random = Seed.random(getClass());
    for (int round = 0; round < 5; round++) {
      Path batch = random(random, 1, 200);
      Path srt = folder.resolve("out.srt");
      Path vtt = folder.resolve("out.vtt");
      Path ass = folder.resolve("out.ass");
      JsonNode utterance =
          align(
                  batch,
                  shift,
                  "--srt",
                  srt,
                  "--vtt",
                  vtt,
                  "--ass",
                  ass,
                  "--max-pause",
                  11.5 * shift,
                  "--max-length",
                  20)
              .get(0);
      JsonNode segments = utterance.get("segments");
      assertSegments(segments, utterance.get("words"));
      assertTimes(Subtitles.srt(Files.readString(srt)), segments, "text", shift, 3);
      assertTimes(Subtitles.vtt(Files.readString(vtt)), segments, "text", shift, 3);
      List<Subtitles.Karaoke> sung = Subtitles.ass(Files.readString(ass));
      assertTimes(sung.stream().map(Subtitles.Karaoke::cue).toList(), segments, "text", shift, 2);
      List<Interval> words = new ArrayList<>();
      sung.forEach(line -> words.addAll(line.syllables()));
      assertTimes(words, utterance.get("words"), "word", shift, 2);
    }
  }

  @Test
  @DisplayName("A name that would make a comment of a CTM's line is refused")
  void commentInCtm() throws Exception {
    Path batch = random(Seed.random(getClass()), 1, 40);
    Path names = Files.writeString(folder.resolve("names"), ";;a\n");
    Path ctm = folder.resolve("out.ctm");
    Object[] command = {"align", batch, "--frame-shift", 1, "--names", names, "--ctm", ctm};
    Cli.run(command).refused("--ctm: utterance 0 has the name ';;a'", "comment");
  }

  private List<String> segments(String[] tokens, int most, int... labels) throws Exception {
    float[] logits = new float[labels.length * tokens.length];
    for (int t = 0; t < labels.length; t++) {
      logits[t * tokens.length + labels[t]] = 20;
    }
    Path batch =
        new NpzFile()
            .floats("logits", "(%d, 1, %d)".formatted(labels.length, tokens.length), logits)
            .write(folder.resolve("peaked.npz"));
    Path srt = folder.resolve("out.srt");
    Object[] args = {"decode", batch, "--tokens", tokens(tokens), "--frame-shift", 0.02};
    Object[] more = {"--joined", "--json", "--srt", srt, "--ass", folder.resolve("out.ass")};
    Stream<Object> all = Stream.concat(Arrays.stream(args), Arrays.stream(more));
    Object[] command = Stream.concat(all, Stream.of("--max-length", most)).toArray();
    List<String> texts = new ArrayList<>();
    Cli.run(command)
        .json()
        .get("utterances")
        .get(0)
        .get("segments")
        .forEach(segment -> texts.add(segment.get("text").asText()));
    assertEquals(texts, Subtitles.srt(Files.readString(srt)).stream().map(Interval::text).toList());
    List<Subtitles.Karaoke> sung = Subtitles.ass(Files.readString(folder.resolve("out.ass")));
    assertEquals(texts, sung.stream().map(line -> line.cue().text()).toList());
    return texts;
  }

  @Test
  @DisplayName("A token of several words is several everywhere, and parted in no segment")
  void severalWords() throws Exception {
    String[] tokens = {"_", "▁of▁the", "re", "▁is.", "▁end.▁A"};
    Path ctm = folder.resolve("out.ctm");
    Path grid = folder.resolve("out.TextGrid");
    Path csv = folder.resolve("out.csv");
    assertEquals(
        List.of("of there is.", "end. A"), segments(tokens, 84, 0, 1, 0, 0, 2, 2, 0, 3, 0, 4, 0));
    Object[] decode = {
      "decode", folder.resolve("peaked.npz"), "--tokens", tokens(tokens), "--json"
    };
    Object[] files = {"--frame-shift", 1, "--ctm", ctm, "--textgrid", grid, "--csv", csv};
    JsonNode said = Cli.run(with(decode, files)).json().get("utterances").get(0);
    List<String> expected = List.of("of 1-2", "there 2-6", "is. 7-8", "end. 9-10", "A 10-11");
    List<String> words = new ArrayList<>();
    for (JsonNode word : said.get("words")) {
      words.add(
          word.get("word").asText() + " " + word.get("start").asInt() + "-" + word.get("end"));
      assertTrue(word.get("confidence").asDouble() > 0.9, word.toString());
    }
    assertEquals(expected, words);
    assertEquals(expected, inSeconds(CtmFile.words(Files.readString(ctm)).get("utterance-0")));
    assertEquals(5, CsvFile.records(Files.readString(csv)).size());
    assertEquals(
        expected, inSeconds(said(TextGridFile.tiers(Files.readString(grid)).get("words"))));
    JsonNode beam =
        Cli.run(with(decode, "--beam", 9)).json().get("utterances").get(0).get("outputs").get(0);
    assertEquals(5, beam.get("words").size());
    assertTrue(beam.get("words").get(1).get("share").asDouble() > 0.9);
    float[] logits = new float[10];
    logits[1] = 20;
    logits[5 + 2] = 20;
    new NpzFile().floats("logits", "(2, 1, 5)", logits).write(folder.resolve("peaked.npz"));
    Cli.run(with(decode, files)).succeeded();
    List<String> lines = Files.readAllLines(ctm);
    assertEquals("utterance-0 1 0.000 0.000 of 1.0000", lines.get(0), "no frame is left");
    assertEquals("utterance-0 1 0.000 2.000 there 1.0000", lines.get(1));
    assertEquals(
        List.of("of there 0-2"),
        inSeconds(said(TextGridFile.tiers(Files.readString(grid)).get("words"))),
        "Praat has no intervals of no length");
    Path srt = folder.resolve("out.srt");
    Path ass = folder.resolve("out.ass");
    Object[] cues = {"--frame-shift", 1, "--level", "words", "--srt", srt, "--ass", ass};
    Cli.run(with(decode, cues)).succeeded();
    assertEquals(List.of("of there 0-2"), inSeconds(Subtitles.srt(Files.readString(srt))));
    List<Subtitles.Karaoke> sung = Subtitles.ass(Files.readString(ass));
    assertEquals(List.of("of there"), sung.stream().map(line -> line.cue().text()).toList());
  }

  private static List<String> inSeconds(List<Interval> intervals) {
    return intervals.stream()
        .map(i -> i.text() + " " + i.start().intValueExact() + "-" + i.end().intValueExact())
        .toList();
  }

  @Test
  @DisplayName("Scripts without blanks between words are cut within what has none")
  void unspacedScripts() throws Exception {
    String[] chinese = {"_", "我", "爱", "是", "。", "，", "▁ok", "ay"};
    int[] labels = {1, 2, 3, 4, 1, 6, 7, 1, 5, 2};
    assertEquals(List.of("我爱是。", "我 okay我，爱"), segments(chinese, 84, labels));
    assertEquals(List.of("我爱是。", "我 okay", "我，爱"), segments(chinese, 7, labels));
    assertEquals(List.of("我爱", "是。", "我", "okay", "我，", "爱"), segments(chinese, 2, labels));
    String[] thai = {"_", "ก", "ิ", "▁"};
    assertEquals(List.of("กิ", "ก"), segments(thai, 2, 1, 2, 1));
    String[] digits = {"_", "3", ".", "5", "秒"};
    assertEquals(List.of("3.5秒."), segments(digits, 84, 1, 2, 3, 4, 2));
    assertEquals(List.of("秒.", "5.", "秒"), segments(digits, 84, 4, 2, 3, 2, 4));
    assertEquals(List.of("3.", "5"), segments(new String[] {"_", "▁3", ".", "▁5"}, 84, 1, 2, 3));
    assertEquals(
        List.of("okayokay"), segments(new String[] {"_", "▁ok", "ay", "ok"}, 3, 1, 2, 3, 2));
  }

  /** Segments are words in their order, cut where they are to be, and only there. */
  private static void assertSegments(JsonNode segments, JsonNode words) {
    int at = 0;
    for (int s = 0; s < segments.size(); s++) {
      JsonNode segment = segments.get(s);
      StringBuilder text = new StringBuilder();
      assertEquals(words.get(at).get("start"), segment.get("start"));
      for (int first = at; ; at++) {
        JsonNode word = words.get(at);
        text.append(at > first ? " " : "").append(word.get("word").asText());
        boolean isLast = word.get("end").equals(segment.get("end"));
        JsonNode next = at + 1 < words.size() ? words.get(at + 1) : null;
        boolean cuts =
            next == null
                || word.get("word").asText().endsWith(".")
                || next.get("start").asInt() - word.get("end").asInt() >= 12
                || text.length() + 1 + next.get("word").asText().length() > 20;
        assertEquals(cuts, isLast, text.toString());
        if (isLast) {
          at++;
          break;
        }
      }
      assertEquals(text.toString(), segment.get("text").asText());
    }
    assertEquals(words.size(), at);
  }

  @Test
  @DisplayName("CSV and JSON Lines say what JSON says")
  void tables() throws Exception {
    Path csv = folder.resolve("out.csv");
    Path jsonl = folder.resolve("out.jsonl");
    for (String level : List.of("labels", "words", "segments")) {
      Path batch = random(Seed.random(getClass()), 3, 80);
      JsonNode json = align(batch, 0.0125, "--csv", csv, "--jsonl", jsonl, "--level", level);
      List<String> lines = Files.readAllLines(jsonl);
      assertEquals(json.size(), lines.size());
      List<Map<String, String>> records = CsvFile.records(Files.readString(csv));
      int at = 0;
      for (JsonNode utterance : json) {
        int n = utterance.get("utterance").asInt();
        assertEquals("utterance-" + n, utterance.get("name").asText());
        assertEquals(utterance, new ObjectMapper().readTree(lines.get(n)));
        for (JsonNode item : utterance.get(level)) {
          Map<String, String> record = records.get(at++);
          assertEquals(Integer.toString(n), record.get("utterance"));
          assertEquals("utterance-" + n, record.get("name"));
          String text = level.equals("labels") ? "token" : level.equals("words") ? "word" : "text";
          assertEquals(item.get(text).asText(), record.get("text"));
          for (String field : List.of("start", "end", "confidence", "log_ratio")) {
            assertEquals(item.get(field).asText(), record.get(field));
          }
          assertEquals(
              rounded(item.get("end").asInt(), 0.0125, 4).toString(), record.get("end_seconds"));
          assertEquals("", record.get("share"));
          assertEquals("", record.get("left"));
        }
      }
      assertEquals(records.size(), at);
    }
  }

  @Test
  @DisplayName("What means something to a format is text in a token")
  void hostileTexts() throws Exception {
    String[] tokens = {
      "_", "▁<i>&amp;", "▁{\\k9}\\N", "▁\",\"", "▁-->", "▁a\u0085b\u2028c", "▁q\"r"
    };
    int[] target = {1, 2, 3, 4, 5, 6};
    float[] logits = new float[20 * 7];
    Path batch =
        new NpzFile()
            .floats("logits", "(20, 1, 7)", logits)
            .ints("targets", "(1, 6)", target)
            .write(folder.resolve("hostile.npz"));
    Path vtt = folder.resolve("out.vtt");
    Path ass = folder.resolve("out.ass");
    Path srt = folder.resolve("out.srt");
    Path csv = folder.resolve("out.csv");
    Path grid = folder.resolve("out.TextGrid");
    for (String level : List.of("labels", "words", "segments")) {
      Cli.run(
              "align",
              batch,
              "--tokens",
              tokens(tokens),
              "--frame-shift",
              0.1,
              "--level",
              level,
              "--vtt",
              vtt,
              "--ass",
              ass,
              "--srt",
              srt,
              "--csv",
              csv,
              "--textgrid",
              grid)
          .succeeded();
      List<String> texts = texts(Subtitles.srt(Files.readString(srt)));
      assertEquals(texts, texts(Subtitles.vtt(Files.readString(vtt))));
      List<Subtitles.Karaoke> sung = Subtitles.ass(Files.readString(ass));
      assertEquals(texts, sung.stream().map(line -> line.cue().text()).toList());
      List<String> said =
          CsvFile.records(Files.readString(csv)).stream().map(r -> r.get("text")).toList();
      assertEquals(
          texts, said.stream().map(text -> text.replaceAll("[\u0085\u2028]", " ")).toList());
      List<String> read = new ArrayList<>();
      TextGridFile.tiers(Files.readString(grid)).values().forEach(t -> read.addAll(texts(t)));
      read.removeIf(String::isEmpty);
      assertEquals(said, read);
    }
    Cli.run("align", batch, "--tokens", tokens(tokens), "--frame-shift", 1, "--ctm", csv)
        .refused("--ctm", "white space");
  }

  private static List<String> texts(List<Interval> intervals) {
    return intervals.stream().map(Interval::text).toList();
  }

  @Test
  @DisplayName("A cue that rounding would make nothing of is refused, and nothing is written")
  void cuesTooShort() throws Exception {
    Path batch = random(Seed.random(getClass()), 1, 100);
    for (String option : List.of("--srt", "--vtt", "--ass")) {
      Path out = folder.resolve("out");
      Path other = folder.resolve("other.csv");
      Object[] args = {
        "align",
        batch,
        "--tokens",
        tokens(TOKENS),
        "--frame-shift",
        0.000001,
        "--level",
        "labels",
        "--csv",
        other,
        option,
        out
      };
      Cli.run(args).refused("subtitles: utterance 0 has a cue of ", "--level");
      assertFalse(Files.exists(out));
      assertFalse(Files.exists(other));
    }
  }

  @Test
  @DisplayName("Where labels make no words, what is sung is labels, with blanks or without")
  void karaokeOfLabels() throws Exception {
    float[] logits = new float[12 * 4];
    Path batch =
        new NpzFile()
            .floats("logits", "(12, 1, 4)", logits)
            .ints("targets", "(1, 3)", 1, 2, 3)
            .write(folder.resolve("labels.npz"));
    Path ass = folder.resolve("out.ass");
    for (boolean isJoined : new boolean[] {true, false}) {
      List<Object> args =
          new ArrayList<>(
              List.of("align", batch, "--tokens", tokens("_", "漢", "字", "。"), "--ass", ass));
      args.addAll(List.of("--frame-shift", 0.1));
      if (isJoined) {
        args.add("--joined");
      }
      Cli.run(args.toArray()).succeeded();
      List<Subtitles.Karaoke> sung = Subtitles.ass(Files.readString(ass));
      assertEquals(1, sung.size());
      assertEquals(isJoined ? "漢字。" : "漢 字 。", sung.get(0).cue().text());
      assertEquals(List.of("漢", "字", "。"), texts(sung.get(0).syllables()));
    }
  }

  @Test
  @DisplayName("Files of one utterance go to a folder, or are for a batch of one")
  void folders() throws Exception {
    Path batch = random(Seed.random(getClass()), 3, 60);
    Object[] args = {"align", batch, "--tokens", tokens(TOKENS), "--frame-shift", 0.5};
    for (String kind : List.of("textgrid", "srt", "vtt", "ass")) {
      Path out = folder.resolve("one." + kind);
      Cli.run(with(args, "--" + kind, out))
          .refused("--" + kind, "expected a folder that exists", "each of the 3 utterances");
      assertFalse(Files.exists(out));
      Path in = Files.createDirectory(folder.resolve(kind));
      Cli.run(with(args, "--" + kind, in)).succeeded();
      try (Stream<Path> files = Files.list(in)) {
        String suffix = kind.equals("textgrid") ? ".TextGrid" : "." + kind;
        assertEquals(
            List.of("utterance-0" + suffix, "utterance-1" + suffix, "utterance-2" + suffix),
            files.map(file -> file.getFileName().toString()).sorted().toList());
      }
    }
  }

  private static Object[] with(Object[] args, Object... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray();
  }

  @Test
  @DisplayName("A decoder's best outputs are written as alignments are")
  void decoded() throws Exception {
    Path batch = random(Seed.random(getClass()), 2, 60);
    Path csv = folder.resolve("out.csv");
    Object[] args = {
      "decode", batch, "--tokens", tokens(TOKENS), "--frame-shift", 0.5, "--json", "--csv", csv
    };
    JsonNode greedy = Cli.run(args).json().get("utterances").get(1);
    List<Map<String, String>> words = records(csv, 1);
    assertEquals(greedy.get("words").size(), words.size());
    for (int i = 0; i < words.size(); i++) {
      assertEquals(greedy.get("words").get(i).get("word").asText(), words.get(i).get("text"));
      assertEquals("", words.get(i).get("log_ratio"), "a greedy path is what others are beside");
    }
    JsonNode beam = Cli.run(with(args, "--beam", 20, "--nbest", 3)).json().get("utterances").get(1);
    words = records(csv, 1);
    JsonNode best = beam.get("outputs").get(0);
    assertEquals(3, beam.get("outputs").size());
    assertEquals(best.get("words").size(), words.size());
    for (int i = 0; i < words.size(); i++) {
      JsonNode word = best.get("words").get(i);
      assertEquals(word.get("word").asText(), words.get(i).get("text"));
      assertEquals(word.get("share").asText(), words.get(i).get("share"));
      assertEquals(word.get("log_ratio").asText(), words.get(i).get("log_ratio"));
      assertTrue(word.get("share").asDouble() > 0 && word.get("log_ratio").asDouble() <= 0);
    }
  }

  private static List<Map<String, String>> records(Path csv, int utterance) throws Exception {
    return CsvFile.records(Files.readString(csv)).stream()
        .filter(record -> record.get("utterance").equals(Integer.toString(utterance)))
        .toList();
  }

  @Test
  @DisplayName("An option that needs another is refused without it")
  void orphans() throws Exception {
    Path batch = random(Seed.random(getClass()), 1, 60);
    Path out = folder.resolve("out");
    Object[] align = {"align", batch};
    for (String kind : List.of("ctm", "textgrid", "srt", "vtt", "ass")) {
      Cli.run(with(align, "--" + kind, out)).refused("--" + kind, "--frame-shift SECONDS");
    }
    Cli.run(with(align, "--level", "words")).refused("--level: only with");
    Cli.run(with(align, "--csv", out, "--level", "segments")).refused("--frame-shift SECONDS");
    Cli.run(with(align, "--csv", out, "--level", "words")).refused("make no words");
    Cli.run(with(align, "--max-pause", 1)).refused("--max-pause: only with --frame-shift");
    Cli.run(with(align, "--max-length", 9, "--frame-shift", 1)).refused("--max-length: only with");
    Cli.run(with(align, "--frame-pixels", 4)).refused("--frame-pixels: only with --json");
    Cli.run("decode", batch, "--hot-word-bonus", 2).refused("--hot-word-bonus: only with");
    assertFalse(Files.exists(out));
    Object[] json = with(align, "--json", "--frame-shift", 1);
    Cli.run(with(json, "--max-pause", 0)).refused("--max-pause", "got 0");
    Cli.run(with(json, "--max-length", 0)).refused("--max-length", "got 0");
    Cli.run(with(json, "--frame-pixels", "NaN")).refused("--frame-pixels", "got NaN");
    Cli.run(with(align, "--frame-shift", 1e-7, "--ctm", out))
        .refused("--frame-shift", "microsecond");
  }
}
