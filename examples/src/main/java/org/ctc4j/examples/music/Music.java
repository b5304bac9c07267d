package org.ctc4j.examples.music;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.ctc4j.examples.CtcTraining;
import org.ctc4j.examples.LearningCurve;
import org.ctc4j.examples.RunOptions;
import org.ctc4j.examples.audio.ConvolutionNet;
import org.ctc4j.examples.audio.Epochs;
import org.ctc4j.examples.audio.Evaluation;
import org.ctc4j.examples.audio.FeatureReader;
import org.ctc4j.examples.audio.Utterance;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model to write down melodies that it hears. */
@Command(
    name = "examples/run music",
    description = "Trains a model to write down melodies that it hears.",
    sortOptions = false)
public final class Music implements Callable<Integer> {
  private static final int BATCH = 8;
  private static final int LONGEST = 500; // frames of a phrase in a full batch
  private static final int VELOCITY = 90;
  private static final int RIGHT_HAND = 3; // PianoBooster's channel of it
  private static final int VALIDATION = 100; // phrases
  private static final double LEARNED = 0.25;
  private static final ConvolutionNet NET = new ConvolutionNet(96, 5, 1, 3, 0);

  @Option(names = "--tunes", required = true, hidden = true)
  private Path tunes;

  @Option(names = "--held-out-tunes", required = true, hidden = true)
  private Path heldOutTunes;

  @Option(names = "--sound-font", required = true, hidden = true)
  private Path soundFont;

  @Option(
      names = "--prior-scale",
      paramLabel = "S",
      defaultValue = "0",
      description = "of label priors, 0.3 for example (default: ${DEFAULT-VALUE}, none)")
  private double priorScale;

  @Mixin private RunOptions options;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Music()).execute(args));
  }

  /** The melodies of a folder's MIDI files. */
  static List<Melody> melodies(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(file -> file.toString().matches(".*\\.mid(\\.gz)?")).sorted().toList();
    }
    List<Melody> melodies = new ArrayList<>();
    for (Path file : files) {
      melodies.addAll(Melody.read(file));
    }
    return melodies;
  }

  /**
   * What is trained with: melodies that can be moved into the model's range, without those that are
   * held out, in whatever key.
   */
  static List<Melody> training(List<Melody> melodies, List<Melody> heldOut) {
    Set<List<Integer>> held = new HashSet<>();
    heldOut.forEach(melody -> held.add(melody.intervals()));
    return melodies.stream()
        .filter(Performance::canBeMoved)
        .filter(melody -> !held.contains(melody.intervals()))
        .toList();
  }

  /** Every fifth piece, all of its voices. */
  static List<Melody> validation(List<Melody> melodies) {
    List<String> pieces = melodies.stream().map(Melody::name).distinct().sorted().toList();
    return melodies.stream().filter(melody -> pieces.indexOf(melody.name()) % 5 == 3).toList();
  }

  @Override
  public Integer call() throws IOException {
    int steps = options.quick ? 500 : 2000;
    int every = options.quick ? 100 : 200;
    List<Melody> heldOut =
        melodies(heldOutTunes).stream()
            .filter(melody -> melody.channel() == RIGHT_HAND && Performance.hasRoomFor(melody))
            .toList();
    List<Melody> others = training(melodies(tunes), heldOut);
    List<Melody> validation = validation(others);
    List<Melody> trained = training(others, validation);
    Shape input = new Shape(BATCH, FeatureReader.music().filters(), 200);
    LearningCurve curve = new LearningCurve("note error rate");
    try (Synthesiser synthesiser =
            new Synthesiser(soundFont, Instrument.programs(List.of(Instrument.values())));
        CtcTraining training =
            new CtcTraining(
                "music", NET.block(Performance.CLASSES), input, steps, 3e-3f, priorScale)) {
      int[] programs = Instrument.programs(Instrument.trained());
      Phrases phrases = new Phrases(trained, synthesiser, programs, CtcTraining.SEED);
      List<Utterance> unseen =
          new Phrases(validation, synthesiser, programs, CtcTraining.SEED).next(VALIDATION);
      Epochs epochs =
          new Epochs(
              phrases.next(options.quick ? 600 : 4000),
              BATCH,
              BATCH * LONGEST,
              NET.stride(),
              UnaryOperator.identity());
      training.run(
          epochs, every, curve, () -> Evaluation.errorRate(training, unseen, NET.stride()));
      training.save(options.results);
      curve.write(options.results, "Writing down melodies");
      InstrumentReport report = new InstrumentReport();
      for (Instrument instrument : heard()) {
        List<Performance> performances = new ArrayList<>();
        for (Melody melody : heldOut) {
          performances.add(perform(melody, synthesiser, instrument));
        }
        report.add(instrument, training, performances, NET.stride());
      }
      double errorRate = report.finish(options.results);
      System.out.println(curve.time());
      if (errorRate > LEARNED) {
        System.err.printf("expected at most %.0f %%: it has not learned%n", 100 * LEARNED);
        return 1;
      }
      return 0;
    }
  }

  private List<Instrument> heard() {
    return options.quick
        ? List.of(Instrument.FLUTE, Instrument.OBOE)
        : List.of(Instrument.values());
  }

  private static Performance perform(Melody melody, Synthesiser synthesiser, Instrument instrument)
      throws IOException {
    return Performance.of(melody.name(), melody.notes(), synthesiser, instrument.program, VELOCITY);
  }
}
