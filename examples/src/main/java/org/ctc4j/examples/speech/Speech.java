package org.ctc4j.examples.speech;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcPath;
import org.ctc4j.FrameTensor;
import org.ctc4j.examples.CtcTraining;
import org.ctc4j.examples.LearningCurve;
import org.ctc4j.examples.RunOptions;
import org.ctc4j.examples.audio.ConvolutionNet;
import org.ctc4j.examples.audio.Epochs;
import org.ctc4j.examples.audio.Evaluation;
import org.ctc4j.examples.audio.FeatureReader;
import org.ctc4j.examples.audio.LogitsFile;
import org.ctc4j.examples.audio.SpecAugment;
import org.ctc4j.examples.audio.Utterance;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Vocabulary;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model to write down what one speaker says. */
@Command(
    name = "examples/run speech",
    description = "Trains a model to write down what one speaker says.",
    sortOptions = false)
public final class Speech implements Callable<Integer> {
  private static final int BATCH = 16;
  private static final int BATCH_FRAMES = 8000;
  private static final int SHOWN = 8;
  private static final double LEARNED = 0.75; // an empty output is at 1

  private static final ConvolutionNet NET = new ConvolutionNet(128, 9, 3, 5, 0.1f);

  @Option(names = "--transcripts", required = true, hidden = true)
  private Path transcripts;

  @Option(names = "--sounds", required = true, hidden = true)
  private Path sounds;

  @Option(
      names = "--language",
      paramLabel = "en|fr",
      defaultValue = "en",
      description = "what is spoken (default: ${DEFAULT-VALUE})")
  private String language;

  @Option(names = "--all-logits", description = "also write those of what was trained with")
  private boolean allLogits;

  @Mixin private RunOptions options;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Speech()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    int steps = options.quick ? 600 : 8000;
    int every = options.quick ? 100 : 500;
    Map<String, String> texts = Sentences.read(transcripts);
    double[] speeds = options.quick ? new double[] {1} : new double[] {0.9, 1, 1.1};
    Corpus corpus = new Corpus(texts, Sentences.heldOut(texts, CtcTraining.SEED), sounds, speeds);
    Vocabulary vocabulary = corpus.vocabulary();
    List<Utterance> fitting =
        corpus.training().stream().filter(utterance -> utterance.fits(NET.stride())).toList();
    System.out.printf(
        "%d recordings to train with, %d held out; %d more are too short for their text%n",
        fitting.size(), corpus.heldOut().size(), corpus.training().size() - fitting.size());
    LearningCurve curve = new LearningCurve("character error rate");
    Shape input = new Shape(BATCH, FeatureReader.speech().filters(), 300);
    try (CtcTraining training =
        new CtcTraining("speech", NET.block(vocabulary.size()), input, steps, 2e-3f, 0)) {
      Epochs epochs =
          new Epochs(fitting, BATCH, BATCH_FRAMES, NET.stride(), new SpecAugment(CtcTraining.SEED));
      training.run(
          epochs,
          every,
          curve,
          () -> Evaluation.errorRate(training, corpus.heldOut(), NET.stride()));
      training.save(options.results);
      curve.write(options.results, "Writing down speech, language " + language);
      List<float[]> logits = Evaluation.logits(training, corpus.heldOut(), NET.stride());
      LogitsFile.write(options.results, "held-out", corpus.heldOut(), logits, vocabulary);
      if (allLogits) {
        List<Utterance> all = corpus.asRecorded();
        List<float[]> trained = Evaluation.logits(training, all, NET.stride());
        LogitsFile.write(options.results, "training", all, trained, vocabulary);
      }
      double rate = report(corpus, logits);
      System.out.println(curve.time());
      if (rate > LEARNED) {
        System.err.printf("expected at most %.0f %%: it has not learned%n", 100 * LEARNED);
        return 1;
      }
      return 0;
    }
  }

  /** Prints some held-out sentences and what became of them, and the error rates of all. */
  private static double report(Corpus corpus, List<float[]> logits) {
    Vocabulary vocabulary = corpus.vocabulary();
    ErrorCounts characters = ErrorCounts.NONE;
    ErrorCounts words = ErrorCounts.NONE;
    for (int n = 0; n < logits.size(); n++) {
      Utterance utterance = corpus.heldOut().get(n);
      int frames = logits.get(n).length / vocabulary.size();
      FrameTensor tensor = FrameTensor.batchMajor(logits.get(n), frames, 1, vocabulary.size());
      CtcPath path = CtcDecoder.create().greedy(tensor).get(0);
      String said = vocabulary.text(utterance.labels());
      String read = vocabulary.text(path.labels());
      characters = characters.plus(ErrorCounts.characters(said, read));
      words = words.plus(ErrorCounts.words(said, read));
      if (n % Math.max(1, logits.size() / SHOWN) == 0) {
        System.out.printf("said  %s%nread  %s%n", said, read);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "character error rate %.2f %%, word error rate %.2f %% of %d held-out recordings, none of"
            + " whose sentences was trained with%n",
        100 * characters.rate(),
        100 * words.rate(),
        logits.size());
    return characters.rate();
  }
}
