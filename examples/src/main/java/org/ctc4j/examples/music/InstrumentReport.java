package org.ctc4j.examples.music;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcPath;
import org.ctc4j.examples.CtcTraining;
import org.ctc4j.examples.audio.Evaluation;
import org.ctc4j.examples.audio.Utterance;

/**
 * For each instrument, how many notes of held-out melodies are wrong, and how well an alignment
 * with the right ones finds their onsets.
 */
final class InstrumentReport {
  private record Row(String name, int notes, double errorRate, OnsetErrors onsets) {
    void print() {
      System.out.printf(
          Locale.ROOT,
          "%-10s %5d notes, %6.2f %% wrong; onsets late by %.0f ms for the most part, off by %.0f ms"
              + " on average, 95 %% within %.0f ms%n",
          name,
          notes,
          100 * errorRate,
          onsets.median(),
          onsets.mean(),
          onsets.within(0.95));
    }
  }

  private final List<Row> rows = new ArrayList<>();
  private final List<Row> trained = new ArrayList<>();
  private final DoubleStream.Builder trainedErrors = DoubleStream.builder();

  /**
   * @param performances of the held-out melodies on the instrument
   * @param stride of the model
   */
  void add(
      Instrument instrument, CtcTraining training, List<Performance> performances, int stride) {
    List<Utterance> utterances = performances.stream().map(Performance::utterance).toList();
    List<float[]> logits = Evaluation.logits(training, utterances, stride);
    DoubleStream.Builder errors = DoubleStream.builder();
    try (CtcAligner aligner = CtcAligner.create()) {
      for (int i = 0; i < logits.size(); i++) {
        CtcBatch batch = OnsetErrors.batch(logits.get(i), utterances.get(i).labels());
        CtcPath path = aligner.align(batch, training.lossOptions()).get(0);
        for (double error : OnsetErrors.of(path, performances.get(i).onsets())) {
          errors.add(error);
        }
      }
    }
    double[] all = errors.build().toArray();
    double errorRate = Evaluation.errorRate(training, utterances, stride);
    Row row = new Row(instrument.toString(), all.length, errorRate, OnsetErrors.of(all));
    row.print();
    rows.add(row);
    if (Instrument.trained().contains(instrument)) {
      trained.add(row);
      Arrays.stream(all).forEach(trainedErrors);
    }
  }

  /**
   * Adds those together that were trained with, and writes instruments.tsv.
   *
   * @return the mean of their error rates
   */
  double finish(Path directory) throws IOException {
    double errorRate = trained.stream().mapToDouble(Row::errorRate).average().orElseThrow();
    double[] all = trainedErrors.build().toArray();
    Row row = new Row("trained", all.length, errorRate, OnsetErrors.of(all));
    row.print();
    rows.add(row);
    StringBuilder table =
        new StringBuilder("instrument\tnotes\terror rate\tonsets late by, median, ms");
    table.append("\toff by, mean, ms\t50 % within, ms\t95 % within, ms\n");
    for (Row each : rows) {
      table.append(
          String.format(
              Locale.ROOT,
              "%s\t%d\t%.5f\t%.1f\t%.1f\t%.1f\t%.1f%n",
              each.name,
              each.notes,
              each.errorRate,
              each.onsets.median(),
              each.onsets.mean(),
              each.onsets.within(0.5),
              each.onsets.within(0.95)));
    }
    Files.writeString(directory.resolve("instruments.tsv"), table);
    return errorRate;
  }
}
