package org.ctc4j;

import java.util.Objects;
import org.ctc4j.cuda.Devices;
import org.ctc4j.cuda.TokenScorerBackend;

/**
 * An {@link NGramScorer}, as {@link org.ctc4j.text.TokenScorer} is one, in the memory of an NVIDIA
 * GPU, for the beam searches of {@link CudaDecoder}: it adds there what it adds on the host, to the
 * bit. It is copied once; decoders of the device share it, and their streams.
 *
 * <pre>{@code
 * TokenScorer scorer = TokenScorer.of(NGramModel.read(file), vocabulary, weight, bonus);
 * try (CudaDecoder decoder = CudaDecoder.create(0, EngineOptions.DEFAULT);
 *     CudaTokenScorer onDevice = CudaTokenScorer.create(0, scorer)) {
 *   decoder.beamSearch(logits, inputLengths, options, beam, onDevice);
 * }
 * }</pre>
 *
 * <p>The model lies there as a graph: 32 bytes an n-gram of two words and more, 8 for each that
 * others may go on from, 4 a word, and as much on the heap while it is copied. What a token adds is
 * found in at most as many look-ups as the model's order, of which none is a search.
 *
 * <p>Thread-safe. Close it when no search that it was given to is still to run.
 */
public final class CudaTokenScorer implements AutoCloseable {
  private final NGramScorer<?> scorer;
  private final CudaDevice device;
  final TokenScorerBackend backend;

  private CudaTokenScorer(CudaDevice device, NGramScorer<?> scorer) {
    this.scorer = scorer;
    this.device = device;
    this.backend = new TokenScorerBackend(device, scorer);
  }

  /**
   * Copies a scorer to a device by its number, {@link CudaDevice#index()}.
   *
   * @throws InvalidInputException if the model has more than 2<sup>26</sup> n-grams of two words
   *     and more, or the bonus is so large that the sum of as many as a search has frames is none
   * @throws BackendUnavailableException with the reason, if the device cannot be used, or has no
   *     room for the model
   */
  public static CudaTokenScorer create(int device, NGramScorer<?> scorer) {
    Objects.requireNonNull(scorer, "scorer");
    return Devices.start(
        Devices.survey().numbered(device), usable -> new CudaTokenScorer(usable, scorer));
  }

  /** What was copied. */
  public NGramScorer<?> scorer() {
    return scorer;
  }

  /** How much device memory it takes. */
  public long bytes() {
    return backend.bytes();
  }

  /** "3-gram model of 1026 words, 90312 n-grams; 1024 tokens on …". */
  @Override
  public String toString() {
    return "%s on %s".formatted(scorer, device);
  }

  /** Waits for host calls; device work that it was given to must have ended. Twice is harmless. */
  @Override
  public void close() {
    backend.close();
  }
}
