package org.ctc4j.djl;

import ai.djl.ndarray.NDList;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.util.Objects;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcLabels;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.text.Vocabulary;

/**
 * From a model's logits to text. A subclass says how an input becomes the model's arrays:
 *
 * <pre>{@code
 * Translator<float[], String> translator =
 *     new CtcTranslator<>(vocabulary, CtcOptions.DEFAULT) {
 *       public NDList processInput(TranslatorContext context, float[] samples) {
 *         return new NDList(features(context.getNDManager(), samples));
 *       }
 *     };
 * }</pre>
 *
 * The model's first output is (T, C) of an utterance: DJL stacks the inputs of a batch and takes
 * its outputs apart along their first dimension, so the model's own is (N, T, C).
 *
 * @param <I> what is transcribed
 */
public abstract class CtcTranslator<I> implements Translator<I, String> {
  private final CtcDecoder decoder = CtcDecoder.create();
  private final Vocabulary vocabulary;
  private final CtcOptions options;
  private final BeamOptions beam; // null if greedy

  /** By greedy decoding. */
  protected CtcTranslator(Vocabulary vocabulary, CtcOptions options) {
    this(vocabulary, options, null);
  }

  /**
   * By a prefix beam search.
   *
   * @param beam its options; null for greedy decoding
   */
  protected CtcTranslator(Vocabulary vocabulary, CtcOptions options, BeamOptions beam) {
    this.vocabulary = Objects.requireNonNull(vocabulary, "vocabulary");
    this.options = Objects.requireNonNull(options, "options");
    this.beam = beam;
  }

  /**
   * The text of the best output.
   *
   * @throws InvalidInputException if there is none, as of frames that are NaN
   */
  @Override
  public String processOutput(TranslatorContext context, NDList outputs) {
    try (HostArray host = new HostArray("output", outputs.head())) {
      FrameTensor logits = host.utterance();
      int[] inputLengths = {logits.frames()};
      if (beam == null) {
        CtcLabels found = decoder.greedyLabels(logits, inputLengths, options).get(0);
        requireOk(found.status());
        return vocabulary.text(found.labels());
      }
      CtcNBest nBest = decoder.beamSearch(logits, inputLengths, options, beam).get(0);
      requireOk(nBest.status());
      return vocabulary.transcripts(nBest).get(0).text();
    }
  }

  private static void requireOk(CtcStatus status) {
    if (status != CtcStatus.OK) {
      throw new InvalidInputException("output: expected one that can be decoded, got " + status);
    }
  }
}
