package org.ctc4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * ctc4j from float32 logits to losses, and to losses and the float32 gradient, into memory that is
 * used again: no allocation is part of a call. The Vector API needs the long warm-up: interpreted,
 * its first call takes seconds.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class CtcBenchmark {
  /** And {@code cuda}, where there is a GPU; see {@link CudaBenchmark} too. */
  @Param({"vector", "scalar", "reference"})
  public String implementation;

  private Ctc ctc;
  private CtcBatch batch;
  private CtcResult losses;
  private CtcResult lossesAndGradient;

  @Setup
  public void open(SuiteState suite) {
    ctc = Implementation.named(implementation).create(suite.threads());
    batch = suite.workload().batch();
    losses = CtcResult.ofLosses(batch.utterances());
    lossesAndGradient = CtcResult.ofGradient(batch.logits().zerosLike(ElementType.FLOAT32));
  }

  @Benchmark
  public CtcResult loss(SuiteState suite) {
    ctc.compute(batch, CtcOptions.DEFAULT, losses);
    return losses;
  }

  @Benchmark
  public CtcResult gradient(SuiteState suite) {
    ctc.compute(batch, CtcOptions.DEFAULT, lossesAndGradient);
    return lossesAndGradient;
  }

  @TearDown
  public void close() {
    ctc.close();
  }
}
