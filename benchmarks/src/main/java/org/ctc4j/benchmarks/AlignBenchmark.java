package org.ctc4j.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.EngineOptions;
import org.ctc4j.Targets;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Forced alignment of float32 logits on one thread of the host, call after call in a new JVM
 * without warm-up: the JIT compiler is done within the first call of the long shape, and none of
 * the later ones may be slower.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 10)
@Fork(1)
public class AlignBenchmark {
  @Param({"90000x1x32x15000", "3000x16x64x400"})
  public String shape;

  private final CtcAligner aligner =
      CtcAligner.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(1));
  private CtcBatch batch;

  @Setup
  public void generate() {
    Workload workload = Workload.of(Shape.of(shape));
    batch =
        CtcBatch.of(
            workload.tensor(workload.logits()),
            Targets.of(workload.targets()),
            workload.inputLengths());
  }

  @Benchmark
  public List<CtcPath> align() {
    return aligner.align(batch, CtcOptions.DEFAULT);
  }
}
