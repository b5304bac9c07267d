package org.ctc4j;

import org.ctc4j.alignment.Viterbi;
import org.ctc4j.alignment.WildcardViterbi;
import org.ctc4j.host.LogProbs;
import org.ctc4j.host.WildcardScores;
import org.ctc4j.host.WildcardTarget;
import org.ctc4j.host.Workers;

/** On threads of the host. */
final class CpuAligner extends CtcAligner {
  private final Workers workers;

  CpuAligner(EngineOptions options) {
    this(Workers.of(options));
  }

  private CpuAligner(Workers workers) {
    super(workers);
    this.workers = workers;
  }

  @Override
  public Backend backend() {
    return Backend.CPU;
  }

  @Override
  public String device() {
    return HostDevice.name();
  }

  @Override
  void align(CtcBatch batch, CtcOptions options, CtcPath[] paths) {
    workers.forEach(paths.length, n -> paths[n] = align(batch, n, options));
  }

  private static CtcPath align(CtcBatch batch, int n, CtcOptions options) {
    int[] target = targetOf(batch, n);
    LogProbs logProbs = new LogProbs(batch.logits(), n, batch.inputLength(n), options.input());
    double[] offsets = options.offsets(batch.logits().classes());
    if (batch.targets().hasWildcards(n)) {
      WildcardTarget wild = WildcardTarget.of(batch, n, options.blank());
      WildcardScores scores =
          new WildcardScores(logProbs, wild, batch.targets().wildcards(), offsets);
      WildcardViterbi viterbi = new WildcardViterbi(scores, wild);
      CtcStatus status = viterbi.align();
      return status == CtcStatus.OK
          ? CtcPath.of(options.blank(), viterbi.states(), target, viterbi.logProbabilities())
          : CtcPath.none(status);
    }
    Viterbi viterbi = new Viterbi(logProbs, target, options.blank(), offsets);
    CtcStatus status = viterbi.align();
    return status == CtcStatus.OK
        ? CtcPath.of(options.blank(), viterbi.states(), target, viterbi.logProbabilities())
        : CtcPath.none(status);
  }
}
