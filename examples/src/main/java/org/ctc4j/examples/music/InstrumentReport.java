package org.ctc4j.examples.music;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcPath;
import org.ctc4j.examples.CtcTraining;
import org.ctc4j.examples.audio.Evaluation;
import org.ctc4j.examples.audio.Utterance;

/**
 * For each instrument, how many notes of held-out melodies are wrong, and how well an alignment
 * with the right ones finds their onsets.
 */
final class InstrumentReport {
  private record Row(Instrument instrument, int notes, double errorRate, OnsetErrors onsets) {
    boolean wasTrained() {
      return Instrument.trained().contains(instrument);
    }
  }

  private final List<Row> rows = new ArrayList<>();

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
        int[] labels = utterances.get(i).labels();
        CtcPath path = aligner.align(OnsetErrors.batch(logits.get(i), labels)).get(0);
        for (double error : OnsetErrors.of(path, performances.get(i).onsets())) {
          errors.add(error);
        }
      }
    }
    double[] all = errors.build().toArray();
    Row row =
        new Row(
            instrument,
            all.length,
            Evaluation.errorRate(training, utterances, stride),
            OnsetErrors.of(all));
    rows.add(row);
    System.out.printf(
        Locale.ROOT,
        "%-10s %5d notes, %6.2f %% wrong%s; onsets late by %.0f ms for the most part, 95 %% within"
            + " %.0f ms%n",
        instrument,
        row.notes,
        100 * row.errorRate,
        row.wasTrained() ? "" : " (never trained with)",
        row.onsets.median(),
        row.onsets.within(0.95));
  }

  /** The mean of the instruments that were trained with. */
  double errorRate() {
    return rows.stream()
        .filter(Row::wasTrained)
        .mapToDouble(Row::errorRate)
        .average()
        .orElseThrow();
  }

  /** Writes instruments.tsv. */
  void write(Path directory) throws IOException {
    StringBuilder table =
        new StringBuilder("instrument\tnotes\terror rate\tonsets late by, median, ms");
    table.append("\t50 % within, ms\t95 % within, ms\n");
    for (Row row : rows) {
      table.append(
          String.format(
              Locale.ROOT,
              "%s\t%d\t%.5f\t%.1f\t%.1f\t%.1f%n",
              row.instrument,
              row.notes,
              row.errorRate,
              row.onsets.median(),
              row.onsets.within(0.5),
              row.onsets.within(0.95)));
    }
    Files.writeString(directory.resolve("instruments.tsv"), table);
  }
}
