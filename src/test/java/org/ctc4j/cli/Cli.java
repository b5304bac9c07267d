package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of the command line inside this JVM. */
public record Cli(int exitCode, String out, String err) {
  public static Cli run(Object... args) {
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(words, new PrintWriter(out), new PrintWriter(err));
    return new Cli(exitCode, out.toString(), err.toString());
  }

  public Cli succeeded() {
    assertEquals(0, exitCode, err);
    return this;
  }

  /** Exit code 2, one line that starts with "ctc: " and contains all of these. */
  public void refused(String... parts) {
    assertEquals(2, exitCode, "exit code; " + out + err);
    assertEquals("", out);
    assertEquals(1, err.lines().count(), "expected one line, got: " + err);
    for (String part : parts) {
      assertEquals(true, err.contains(part), "expected '" + part + "' in: " + err);
    }
    assertFalse(err.contains("Exception"), err);
  }

  public JsonNode json() throws Exception {
    succeeded();
    assertEquals(1, out.lines().count(), "one object on one line");
    return new ObjectMapper().readTree(out);
  }
}
