package org.ctc4j;

import org.ctc4j.alignment.Viterbi;
import org.ctc4j.host.Parallel;

/** On threads of the host, which live as long as one call. */
final class CpuAligner extends CtcAligner {
  private final EngineOptions engine;

  CpuAligner(EngineOptions engine) {
    super(engine.threads());
    this.engine = engine;
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
  void run(CtcBatch batch, CtcOptions options, CtcPath[] paths) {
    Parallel.forEach(paths.length, engine.threads(), n -> paths[n] = align(batch, n, options));
  }

  private static CtcPath align(CtcBatch batch, int n, CtcOptions options) {
    int[] target = targetOf(batch, n);
    Viterbi viterbi =
        new Viterbi(
            batch.logits(), n, batch.inputLength(n), target, options.blank(), options.input());
    CtcStatus status = viterbi.run();
    return status == CtcStatus.OK
        ? CtcPath.of(options.blank(), viterbi.states(), target, viterbi.logProbabilities())
        : CtcPath.none(status);
  }
}
