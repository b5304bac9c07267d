package org.ctc4j.examples;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What every example takes. */
public final class RunOptions {
  @Option(names = "--results", paramLabel = "DIR", required = true, description = "where they go")
  public Path results;

  @Option(names = "--quick", description = "as little as shows that it works")
  public boolean quick;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "this text")
  public boolean help;
}
