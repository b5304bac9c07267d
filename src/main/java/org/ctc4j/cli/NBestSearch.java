package org.ctc4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.ctc4j.Backend;
import org.ctc4j.BeamOptions;
import org.ctc4j.BeamScorer;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcStatus;
import org.ctc4j.Targets;
import org.ctc4j.cli.output.TimedUtterance;
import org.ctc4j.cli.output.Timeline;
import org.ctc4j.text.Transcript;
import org.ctc4j.text.Vocabulary;

/** A beam search, and when its outputs are said. */
record NBestSearch(
    CtcBatch batch, CtcOptions options, DecoderChoice decoder, Vocabulary vocabulary) {
  static int[] inputLengths(CtcBatch batch) {
    return IntStream.range(0, batch.utterances()).map(batch::inputLength).toArray();
  }

  /**
   * All outputs in the beam: several may be the same text, and all count for a word's share.
   *
   * @param names of the utterances
   * @param scorer or null
   */
  List<NBestReport.NBest> find(List<String> names, BeamOptions beam, BeamScorer<?> scorer) {
    BeamOptions all = beam.withNBest(Math.max(beam.nBest(), beam.beamWidth()));
    List<CtcNBest> results = decoder.beamSearch(batch, options, all, scorer);
    boolean hasAll = results.stream().noneMatch(r -> r.status() == CtcStatus.INFEASIBLE);
    List<CtcPath> greedy = scorer == null || hasAll ? null : decoder.greedy(batch, options);
    List<NBestReport.NBest> found = new ArrayList<>();
    for (int n = 0; n < results.size(); n++) {
      CtcNBest result = results.get(n);
      boolean isForbidden =
          result.status() == CtcStatus.INFEASIBLE
              && greedy != null
              && greedy.get(n).status() == CtcStatus.OK;
      found.add(
          new NBestReport.NBest(
              n,
              names.get(n),
              result.status(),
              isForbidden ? NoPath.NO_WORD : NoPath.reason(result.status()),
              vocabulary.transcripts(result)));
    }
    return found;
  }

  /**
   * When the outputs of each utterance are said: where their most probable path has them. Of an
   * utterance without outputs there is one thing, which says why.
   *
   * @param most how many outputs of an utterance
   */
  List<List<TimedUtterance>> time(List<NBestReport.NBest> found, int most, TimeSetting setting) {
    List<CtcPath> greedy = decoder.greedy(batch, options);
    List<List<TimedUtterance>> timed = new ArrayList<>();
    for (int n = 0; n < found.size(); n++) {
      NBestReport.NBest nothing = found.get(n);
      timed.add(new ArrayList<>());
      if (nothing.transcripts().isEmpty()) {
        Timeline.Finding why = Timeline.Finding.greedy(greedy.get(n), nothing.reason());
        timed.get(n).add(setting.utterance(n, why));
      }
    }
    int longest = found.stream().mapToInt(nBest -> nBest.transcripts().size()).max().orElse(0);
    for (int k = 0; k < Math.min(most, longest); k++) {
      List<CtcPath> paths = align(found, k);
      for (int n = 0; n < paths.size(); n++) {
        List<Transcript> transcripts = found.get(n).transcripts();
        if (k < transcripts.size()) {
          double[] shares = vocabulary.wordShares(transcripts, k);
          Timeline.Finding path = new Timeline.Finding(paths.get(n), null, greedy.get(n), shares);
          timed.get(n).add(setting.utterance(n, path));
        }
      }
    }
    return timed;
  }

  /** The best paths of output k; of an utterance that has fewer outputs one that is not used. */
  private List<CtcPath> align(List<NBestReport.NBest> found, int k) {
    int[][] targets = new int[found.size()][0];
    for (int n = 0; n < targets.length; n++) {
      List<Transcript> transcripts = found.get(n).transcripts();
      targets[n] = k < transcripts.size() ? transcripts.get(k).best().labels() : targets[n];
    }
    try (CtcAligner aligner = CtcAligner.create(Backend.CPU, decoder.threads().engine())) {
      return aligner.align(
          CtcBatch.of(batch.logits(), Targets.of(targets), inputLengths(batch)), options);
    }
  }
}
