package org.ctc4j.benchmarks;

import java.util.concurrent.TimeUnit;
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
 * {@link CtcBenchmark#gradient} by other implementations: the same numbers, threads and
 * measurement. JavaCPP's limit on native memory, made for leaks, is off: it counts all that a peer
 * allocates.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-Dorg.bytedeco.javacpp.maxBytes=0",
      "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
    })
public class PeerBenchmark {
  @Param({"pytorch", "tensorflow", "nd4j"})
  public String peer;

  private Peer opened;

  @Setup
  public void open(SuiteState suite) {
    opened = PeerKind.named(peer).open(suite.workload(), suite.threads());
  }

  @Benchmark
  public void gradient(SuiteState suite) {
    opened.lossAndGradient();
  }

  @TearDown
  public void close() {
    opened.close();
  }
}
