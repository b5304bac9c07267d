package org.ctc4j.examples.music;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcPath;
import org.ctc4j.examples.CtcTraining;
import org.ctc4j.examples.LearningCurve;
import org.ctc4j.examples.RunOptions;
import org.ctc4j.examples.audio.ConvolutionNet;
import org.ctc4j.examples.audio.Epochs;
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
  private static final double LEARNED = 0.5; // guessing the commonest pitch is at 0.8
  private static final ConvolutionNet NET = new ConvolutionNet(96, 5, 1, 3, 0);

  @Option(names = "--tunes", required = true, hidden = true)
  private Path tunes;

  @Option(names = "--held-out-tunes", required = true, hidden = true)
  private Path heldOutTunes;

  @Option(names = "--sound-font", required = true, hidden = true)
  private Path soundFont;

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

  @Override
  public Integer call() throws IOException {
    int steps = options.quick ? 500 : 2400;
    int every = options.quick ? 100 : 200;
    List<Melody> heldOut =
        melodies(heldOutTunes).stream()
            .filter(melody -> melody.channel() == RIGHT_HAND && Performance.hasRoomFor(melody))
            .toList();
    List<Melody> trained = training(melodies(tunes), heldOut);
    Shape input = new Shape(BATCH, FeatureReader.music().filters(), 200);
    LearningCurve curve = new LearningCurve("note error rate");
    try (Synthesiser synthesiser =
            new Synthesiser(soundFont, Instrument.programs(List.of(Instrument.values())));
        CtcTraining training =
            new CtcTraining("music", NET.block(Performance.CLASSES), input, steps, 3e-3f, 1)) {
      Phrases phrases =
          new Phrases(
              trained, synthesiser, Instrument.programs(Instrument.trained()), CtcTraining.SEED);
      List<Performance> some = onInstrumentsInTurn(heldOut, synthesiser);
      Epochs epochs =
          new Epochs(
              phrases.next(options.quick ? 400 : 1600),
              BATCH,
              BATCH * LONGEST,
              NET.stride(),
              UnaryOperator.identity());
      training.run(epochs, every, curve, () -> errorRate(training, some));
      training.save(options.results);
      curve.write(options.results, "Writing down melodies");
      double rate = report(training, heldOut, synthesiser);
      System.out.println(curve.time());
      if (rate > LEARNED) {
        System.err.printf("expected at most %.0f %%: it has not learned%n", 100 * LEARNED);
        return 1;
      }
      return 0;
    }
  }

  private static List<Performance> onInstrumentsInTurn(
      List<Melody> melodies, Synthesiser synthesiser) throws IOException {
    List<Instrument> instruments = Instrument.trained();
    List<Performance> performances = new ArrayList<>();
    for (int i = 0; i < melodies.size(); i++) {
      performances.add(
          perform(melodies.get(i), synthesiser, instruments.get(i % instruments.size())));
    }
    return performances;
  }

  private static Performance perform(Melody melody, Synthesiser synthesiser, Instrument instrument)
      throws IOException {
    return Performance.of(melody.name(), melody.notes(), synthesiser, instrument.program, VELOCITY);
  }

  /** Each on its own, so that nothing depends on what else is in a batch. */
  private static double errorRate(CtcTraining training, List<Performance> performances) {
    Iterator<Performance> next = performances.iterator();
    return training.errorRate(
        manager -> Utterance.batch(manager, List.of(next.next().utterance()), NET.stride()),
        performances.size());
  }

  /**
   * Prints and writes, for every instrument, how many notes of the held-out melodies are wrong, and
   * how well the alignment with the right ones finds their onsets.
   *
   * @return error rate, mean of the instruments that were trained with
   */
  private double report(CtcTraining training, List<Melody> heldOut, Synthesiser synthesiser)
      throws IOException {
    StringBuilder table =
        new StringBuilder(
            "instrument\tnotes\tnote error rate\tonset median ms\t50 % within ms\t95 % within ms\n");
    double sum = 0;
    List<Instrument> instruments =
        options.quick ? List.of(Instrument.FLUTE, Instrument.OBOE) : List.of(Instrument.values());
    for (Instrument instrument : instruments) {
      List<Performance> performances = new ArrayList<>();
      for (Melody melody : heldOut) {
        performances.add(perform(melody, synthesiser, instrument));
      }
      double rate = errorRate(training, performances);
      double[] errors = onsetErrors(training, performances);
      OnsetErrors onsets = OnsetErrors.of(errors);
      sum += instrument == Instrument.OBOE ? 0 : rate;
      System.out.printf(
          Locale.ROOT,
          "%-10s  %5d notes, %6.2f %% wrong%s; onsets late by %.0f ms for the most part, 95 %% within %.0f ms%n",
          instrument,
          errors.length,
          100 * rate,
          instrument == Instrument.OBOE ? " (never trained with)" : "",
          onsets.median(),
          onsets.within(0.95));
      table.append(
          String.format(
              Locale.ROOT,
              "%s\t%d\t%.5f\t%.1f\t%.1f\t%.1f%n",
              instrument,
              errors.length,
              rate,
              onsets.median(),
              onsets.within(0.5),
              onsets.within(0.95)));
    }
    Files.writeString(options.results.resolve("instruments.tsv"), table);
    double rate = sum / (instruments.size() - 1);
    System.out.printf(
        Locale.ROOT,
        "note error rate %.2f %% of %d held-out melodies on %d instruments that were trained with%n",
        100 * rate,
        heldOut.size(),
        instruments.size() - 1);
    return rate;
  }

  private static double[] onsetErrors(CtcTraining training, List<Performance> performances) {
    DoubleStream.Builder errors = DoubleStream.builder();
    try (CtcAligner aligner = CtcAligner.create()) {
      for (Performance performance : performances) {
        Utterance utterance = performance.utterance();
        float[] logits =
            training.logits(manager -> Utterance.batch(manager, List.of(utterance), NET.stride()));
        CtcPath path = aligner.align(OnsetErrors.batch(logits, utterance.labels())).get(0);
        for (double error : OnsetErrors.of(path, performance.onsets())) {
          errors.add(error);
        }
      }
    }
    return errors.build().toArray();
  }
}
