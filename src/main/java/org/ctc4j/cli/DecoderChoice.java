package org.ctc4j.cli;

import java.util.List;
import java.util.Locale;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDecoder;
import org.ctc4j.CudaDevice;
import org.ctc4j.CudaTokenScorer;
import org.ctc4j.text.TokenScorer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What decodes, and on how many threads. */
final class DecoderChoice {
  private enum Choice {
    CPU,
    CUDA;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--backend",
      paramLabel = "cpu|cuda",
      defaultValue = "cpu",
      description =
          "What decodes; a GPU with --lm of --lm-tokens, and without other scorers (default:"
              + " ${DEFAULT-VALUE}).")
  private Choice backend;

  @Mixin private HostThreads threads;

  /** That of the processors. */
  CtcDecoder onHost() {
    return CtcDecoder.create(threads.engine());
  }

  HostThreads threads() {
    return threads;
  }

  boolean isCuda() {
    return backend == Choice.CUDA;
  }

  List<CtcPath> greedy(CtcBatch batch, CtcOptions options) {
    int[] lengths = NBestSearch.inputLengths(batch);
    if (!isCuda()) {
      return onHost().greedy(batch.logits(), lengths, options);
    }
    try (CudaDecoder decoder = CudaDecoder.create(device(), threads.engine())) {
      return decoder.greedy(batch.logits(), lengths, options);
    }
  }

  /**
   * @param scorer or null; of tokens where a GPU decodes
   */
  List<CtcNBest> beamSearch(
      CtcBatch batch, CtcOptions options, BeamOptions beam, BeamScorer<?> scorer) {
    int[] lengths = NBestSearch.inputLengths(batch);
    if (isCuda()) {
      return onDevice(batch, options, beam, (TokenScorer) scorer);
    }
    return scorer == null
        ? onHost().beamSearch(batch.logits(), lengths, options, beam)
        : onHost().beamSearch(batch.logits(), lengths, options, beam, scorer);
  }

  private List<CtcNBest> onDevice(
      CtcBatch batch, CtcOptions options, BeamOptions beam, TokenScorer scorer) {
    int[] lengths = NBestSearch.inputLengths(batch);
    try (CudaDecoder decoder = CudaDecoder.create(device(), threads.engine())) {
      if (scorer == null) {
        return decoder.beamSearch(batch.logits(), lengths, options, beam);
      }
      try (CudaTokenScorer there = CudaTokenScorer.create(device(), scorer)) {
        return decoder.beamSearch(batch.logits(), lengths, options, beam, there);
      }
    }
  }

  /** The first that can be used; if there is none, one that tells why. */
  private static int device() {
    return CudaCtc.devices().stream()
        .filter(CudaDevice::usable)
        .mapToInt(CudaDevice::index)
        .findFirst()
        .orElse(0);
  }
}
