package org.ctc4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
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
 * ctc4j's kernels on a batch in device memory: from the call to the end of the wait for its stream,
 * with nothing copied. Times of a call that is not waited for, by events, are {@code KernelTimes}'
 * in the bundle for GPUs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CudaBenchmark {
  /** Where the batch lies. Tables call it cuda-device. */
  @Param("device")
  public String memory;

  private CudaCtc ctc;
  private DeviceWorkload batch;
  private long stream;

  @Setup
  public void open(SuiteState suite) {
    ctc = CudaCtc.create(0, EngineOptions.DEFAULT);
    batch = new DeviceWorkload(suite.workload());
    stream = batch.stream();
  }

  @Benchmark
  public void loss() {
    ctc.enqueue(batch.batch(), CtcOptions.DEFAULT, batch.losses(), stream);
    batch.await();
  }

  @Benchmark
  public void gradient() {
    ctc.enqueue(batch.batch(), CtcOptions.DEFAULT, batch.lossesAndGradient(), stream);
    batch.await();
  }

  @TearDown
  public void close() {
    batch.close();
    ctc.close();
  }
}
