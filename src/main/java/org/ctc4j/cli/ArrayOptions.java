package org.ctc4j.cli;

import picocli.CommandLine.Option;

/** What the arrays of a batch's file are called; null where nothing was said. */
final class ArrayOptions {
  @Option(
      names = "--logits",
      paramLabel = "NAME",
      description = "What the array of logits, or of hidden states, is called (default: as above).")
  String logits;

  @Option(names = "--targets", paramLabel = "NAME", description = "Likewise that of targets.")
  String targets;

  @Option(
      names = "--input-lengths",
      paramLabel = "NAME",
      description = "Likewise that of input lengths.")
  String inputLengths;

  @Option(
      names = "--target-lengths",
      paramLabel = "NAME",
      description = "Likewise that of target lengths.")
  String targetLengths;
}
