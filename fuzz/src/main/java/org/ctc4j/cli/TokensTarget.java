package org.ctc4j.cli;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctc4j.InvalidInputException;

/** Token files, as text and as JSON: read, or refused in one line that names the file. */
public final class TokensTarget {
  private static final Path TEXT = Scratch.file("tokens.txt");
  private static final Path JSON = Scratch.file("tokens.json");

  private TokensTarget() {}

  public static void fuzzerTestOneInput(FuzzedDataProvider data) throws IOException {
    Path file = data.consumeBoolean() ? TEXT : JSON;
    int classes = data.consumeInt(1, 12);
    byte[] content =
        data.consumeBoolean()
            ? data.consumeRemainingAsBytes()
            : data.consumeRemainingAsString().getBytes(StandardCharsets.UTF_8);
    Files.write(file, content);
    try {
      List<String> tokens = TokenFile.read(file, classes);
      if (tokens.isEmpty() || tokens.contains(null)) {
        throw new AssertionError("tokens: " + tokens);
      }
      Tokens named = Tokens.read(file, false, tokens.size(), tokens.size() - 1);
      for (int c = 0; c < tokens.size(); c++) {
        if (!named.token(c).equals(tokens.get(c)) || named.symbol(c).isEmpty()) {
          throw new AssertionError("class " + c + " of " + tokens);
        }
      }
    } catch (InvalidInputException e) {
      if (!e.getMessage().startsWith(file.toString()) || e.getMessage().contains("\n")) {
        throw new AssertionError("message: " + e.getMessage(), e);
      }
    }
  }
}
