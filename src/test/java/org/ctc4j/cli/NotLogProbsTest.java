package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said to be log-probabilities, or probabilities, and cannot be. */
class NotLogProbsTest {
  @TempDir private Path folder;

  /** Every command that reads a batch. */
  private List<List<Object>> commands(Path in) {
    return List.of(
        List.of("loss", in),
        List.of("loss", in, "--backend", "reference"),
        List.of("loss", in, "--grad", folder.resolve("grad.npz"), "--json"),
        List.of("compare", in),
        List.of("align", in, "--ctm", folder.resolve("out.ctm"), "--frame-shift", 0.02),
        List.of("decode", in),
        List.of("decode", in, "--beam", 4),
        List.of("explain", in, "--utterance", 0, "--plot", folder.resolve("out.png")));
  }

  private static Cli run(List<Object> command, String input) {
    List<Object> args = new ArrayList<>(command);
    args.add("--input");
    args.add(input);
    return Cli.run(args.toArray());
  }

  private void assertRefused(String input, NpzFile file, String message) throws Exception {
    Path in = file.write(folder.resolve("in.npz"));
    for (List<Object> command : commands(in)) {
      run(command, input).refused(in + ": logits: utterance 1, frame 2: " + message);
      try (Stream<Path> files = Files.list(folder)) {
        assertEquals(List.of(in), files.toList(), "nothing may be written, " + command);
      }
    }
    for (List<Object> command : commands(in)) {
      run(command, "scores").succeeded();
    }
    Files.delete(folder.resolve("grad.npz"));
    Files.delete(folder.resolve("out.ctm"));
    Files.delete(folder.resolve("out.png"));
  }

  /** Uniform log-probabilities of two utterances, but for a frame of the second. */
  private static NpzFile with(float... frame) {
    return uniform((float) Math.log(0.25), frame);
  }

  private static NpzFile uniform(float number, float... frame) {
    float[] numbers = new float[4 * 2 * 4];
    for (int i = 0; i < numbers.length; i++) {
      boolean here = i / 8 == 2 && i % 8 >= 4;
      numbers[i] = here ? frame[i % 4] : number;
    }
    return new NpzFile().floats("logits", "(4, 2, 4)", numbers).ints("targets", "(2, 1)", 1, 3);
  }

  @Test
  @DisplayName(
      "Logits that are what a softmax gives are told of, unless they are said to be logits")
  void softmaxTwice() throws Exception {
    float[] odd = {0.5f, 0.25f, 0.125f, 0.125f};
    Path in = uniform(0.25f, odd).write(folder.resolve("in.npz"));
    for (List<Object> command : commands(in)) {
      Cli silent = Cli.run(command.toArray()).succeeded();
      assertTrue(silent.err().contains("--input probs, else --input logits"), silent.err());
      assertEquals("", run(command, "logits").succeeded().err());
      assertEquals("", run(command, "probs").succeeded().err());
    }
    for (float[] frame : new float[][] {{0.5f, 0.5f, 0.5f, -0.5f}, {0, 0, 0, 1.5f}, {0, 0, 0, 0}}) {
      uniform(0.25f, frame).write(in);
      assertEquals("", Cli.run("loss", in).succeeded().err());
    }
  }

  @Test
  @DisplayName("are refused by every command, with utterance, frame, class, value and a remedy")
  void refused() throws Exception {
    assertRefused(
        "log_probs",
        with(-1, 2.31f, 0, 1.5f),
        "class 1 has log-probability 2.31, expected at most 0; are these logits? input LOGITS takes"
            + " them, SCORES takes scores that need not sum to 1");
    assertRefused(
        "log_probs",
        with(0.125f, 0.5f, 0.25f, 0.125f),
        "class 1 has log-probability 0.5, expected at most 0; are these probabilities? input"
            + " PROBABILITIES takes them");
    assertRefused(
        "log_probs",
        with(-1, -1, -4, -5),
        "probabilities sum to 0.7608, expected 1; give natural logarithms for all classes; input"
            + " LOGITS takes logits, SCORES takes scores that need not sum to 1");
  }

  @Test
  @DisplayName("and so are probabilities that are none")
  void noProbabilities() throws Exception {
    assertRefused(
        "probs",
        uniform(0.25f, -1, 2.5f, 0, 1.5f),
        "class 1 has probability 2.5, expected a number in [0, 1]; are these logits? input LOGITS"
            + " takes them");
    assertRefused(
        "probs",
        uniform(0.25f, -1.5f, -1.25f, -1.5f, -1.5f),
        "class 0 has probability -1.5, expected a number in [0, 1]; are these log-probabilities?"
            + " input LOG_PROBS takes them");
    assertRefused(
        "probs",
        uniform(0.25f, 0.5f, 0.25f, 0, 0),
        "probabilities sum to 0.7500, expected 1; give those of all classes; input LOGITS takes"
            + " logits, SCORES takes logarithms of weights that need not sum to 1");
  }

  @Test
  @DisplayName("Probabilities give what their logarithms give")
  void probabilities() throws Exception {
    float[] frame = {0.125f, 0.5f, 0.25f, 0.125f};
    float[] logs = new float[4];
    for (int c = 0; c < 4; c++) {
      logs[c] = (float) Math.log(frame[c]);
    }
    Path probabilities = uniform(0.25f, frame).write(folder.resolve("p.npz"));
    Path logarithms = with(logs).write(folder.resolve("log.npz"));
    for (String command : List.of("loss", "decode", "align")) {
      String expected =
          run(List.of(command, logarithms, "--json"), "log_probs").succeeded().json().toString();
      for (String input : List.of("probs", "PROBABILITIES")) {
        String got =
            run(List.of(command, probabilities, "--json"), input).succeeded().json().toString();
        assertEquals(rounded(expected), rounded(got), command);
      }
    }
    Cli unknown = run(List.of("loss", probabilities), "prob");
    assertEquals(2, unknown.exitCode());
    assertTrue(unknown.err().contains("[logits, log_probs, probs, scores]"), unknown.err());
  }

  /** Without names of files and times, numbers to four digits. */
  private static String rounded(String json) {
    return Pattern.compile("-?[0-9]+\\.[0-9eE+-]+")
        .matcher(json.replaceAll("\"(file|milliseconds|input)\":[^,}]*", ""))
        .replaceAll(number -> "%.3f".formatted(Double.parseDouble(number.group())));
  }

  @Test
  @DisplayName("the remedies can be typed as the message has them")
  void remedies() throws Exception {
    Path in = with(-1, 2.31f, 0, 1.5f).write(folder.resolve("in.npz"));
    for (String input : List.of("LOGITS", "SCORES", "scores")) {
      run(List.of("loss", in), input).succeeded();
    }
    assertFalse(run(List.of("loss", in), "LOG_PROBS").err().isEmpty());
  }
}
