package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Text of files and arguments can neither forge nor flood what the command line says. */
class MessagesTest {
  private static final int LONGEST = 20_000;

  @TempDir Path folder;

  /** What a stranger may have put into a file. */
  enum Hostile {
    ESCAPE("a\u001b[2J\u001b[31mb"),
    BELL("a\u0007b"),
    C1("a\u009b2Jb"),
    DELETE("a\u007fb"),
    CARRIAGE_RETURN("a\rctc: all is well"),
    BIDI("a\u202eb"),
    LINE_SEPARATOR("a\u2028b"),
    LONG("x".repeat(50_000)), // an argument may have 128 KiB, an entry's name 64 KiB
    LONG_PAIRS("\ud83d\ude00".repeat(15_000));

    final String text;

    Hostile(String text) {
      this.text = text;
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyMessageIsSafeAndShort(Hostile hostile) throws IOException {
    String text = hostile.text;
    String noSpace = text.replaceAll("\\s", "");
    Path in = NpzFile.valid().write(folder.resolve("in.npz"));
    List<Cli> runs = new ArrayList<>();
    String[] tokenFiles = {
      "a\n" + text + "\n" + text + "\n", // the same token twice
      noSpace + " 0\nq" + noSpace + " 0\n",
    };
    for (String tokenFile : tokenFiles) {
      Path file = Files.writeString(folder.resolve("tokens.txt"), tokenFile);
      runs.add(Cli.run("decode", in, "--tokens", file));
    }
    String quoted = json(text);
    String[] vocabularies = {
      "{\"" + quoted + "\": 0, \"q" + quoted + "\": 0}",
      "{\"" + quoted + "\": \"" + quoted + "\"}",
      "{\"" + quoted + "\": 99999999999999}",
      "{\"a\": " + "9".repeat(100_000) + "}",
      "{" + text + "}",
    };
    for (String vocabulary : vocabularies) {
      Path file = Files.writeString(folder.resolve("vocab.json"), vocabulary);
      runs.add(Cli.run("decode", in, "--tokens", file));
    }
    Path abc = Files.writeString(folder.resolve("abc.txt"), "_\nq\nr\ns\n");
    Path texts = Files.writeString(folder.resolve("texts.txt"), "q" + noSpace + "\n\n");
    runs.add(Cli.run("align", in, "--tokens", abc, "--transcripts", texts));
    runs.add(Cli.run("decode", in, "--tokens", abc, "--beam", 2, "--hot-word", text));
    Path names = folder.resolve("names.npz");
    NpzFile.valid().without("logits").ints(text, "(1,)", 1).write(names);
    runs.add(Cli.run("loss", names)); // says what arrays there are
    Path bad = NpzFile.valid().ints(text, "(1,)", 1).ints("targets", "(1,)", 1).write(names);
    runs.add(Cli.run("loss", bad)); // a note and an error
    runs.add(Cli.run("loss", folder.resolve("none").resolve(text)));
    runs.add(Cli.run("explain", in, "--plot", folder.resolve("none").resolve(text)));
    runs.add(Cli.run("explain", in, "--plot", in, "--tokens", folder.resolve(text)));
    runs.add(Cli.run("align", in, "--transcripts", folder.resolve(text)));
    runs.add(Cli.run(text));
    runs.add(Cli.run("loss", in, "--blank", text));
    runs.add(Cli.run("loss", in, "--" + text));
    runs.add(Cli.run("loss", in, text));
    runs.add(Cli.run("bench", "--shape", text));
    for (Cli run : runs) {
      String start = run.err().substring(0, Math.min(500, run.err().length()));
      assertEquals(2, run.exitCode(), start);
      assertTrue(run.err().length() < LONGEST, run.err().length() + ": " + start);
      assertTrue(run.err().lines().count() <= 3, start);
      assertTrue(run.err().codePoints().noneMatch(MessagesTest::isUnsafe), start);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ESCAPE", "BELL", "C1", "DELETE"})
  void tokensMoveNoCursor(Hostile hostile) throws Exception {
    Path in = NpzFile.valid().write(folder.resolve("in.npz"));
    String lines = "_\na" + hostile.text + "\nb" + hostile.text + "\nc" + hostile.text + "\n";
    Path tokens = Files.writeString(folder.resolve("tokens.txt"), lines);
    for (String command : List.of("decode", "align", "explain", "decode --beam 2")) {
      List<Object> args = new ArrayList<>(List.of(command.split(" ")));
      args.addAll(List.of(in, "--tokens", tokens));
      String out = Cli.run(args.toArray()).succeeded().out();
      assertTrue(out.codePoints().noneMatch(c -> c != '\n' && Character.isISOControl(c)), out);
    }
    String token =
        Cli.run("align", in, "--tokens", tokens, "--json")
            .json()
            .at("/utterances/1/labels/0/token")
            .asText();
    assertEquals("c" + hostile.text, token); // as it was, to programs
  }

  private static String json(String text) {
    StringBuilder out = new StringBuilder();
    text.chars()
        .forEach(c -> out.append(c < 128 && c > 31 ? "" + (char) c : "\\u%04x".formatted(c)));
    return out.toString();
  }

  private static boolean isUnsafe(int c) {
    int type = Character.getType(c);
    return c != '\n'
        && (type == Character.CONTROL
            || type == Character.FORMAT
            || type == Character.SURROGATE
            || type == Character.LINE_SEPARATOR);
  }

  @Test
  void manyArraysThatAreNotUsedAreCounted() throws IOException {
    NpzFile many = NpzFile.valid();
    for (int i = 0; i < 1000; i++) {
      many.ints("extra" + i, "(1,)", 1);
    }
    Cli run = Cli.run("loss", many.write(folder.resolve("many.npz"))).succeeded();
    assertTrue(run.err().lines().count() < 30, run.err());
    assertTrue(run.err().contains("980 more"), run.err());
  }

  @Test
  void anArgumentIsNotReadFromAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("args"), "loss --json");
    for (Object[] args :
        new Object[][] {{"@" + file}, {"loss", "@" + file}, {"devices", "@" + file}}) {
      Cli run = Cli.run(args);
      assertEquals(2, run.exitCode(), run.out());
      assertTrue(run.err().contains("@" + file), run.err());
    }
    NpzFile.valid().write(folder.resolve("in.npz"));
    Path at = folder.getFileSystem().getPath("@" + folder.relativize(file));
    Cli.run("loss", at).refused(at.toString(), "no such file");
    Path abc = Files.writeString(folder.resolve("abc.txt"), "_\nq\n@\nr\n");
    Cli.run("decode", folder.resolve("in.npz"), "--tokens", abc, "--beam", 2, "--hot-word", "@q")
        .succeeded();
  }
}
