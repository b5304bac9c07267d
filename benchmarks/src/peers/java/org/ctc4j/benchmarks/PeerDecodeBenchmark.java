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

/** {@link DecodeBenchmark} by TensorFlow: the same numbers, one thread, the same measurement. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-Dorg.bytedeco.javacpp.maxBytes=0",
      "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
    })
public class PeerDecodeBenchmark {
  @Param({"10", "100"})
  public int beamWidth;

  private TensorFlowDecoder decoder;

  @Setup
  public void open(DecodeState state) {
    decoder = new TensorFlowDecoder(state.workload(), beamWidth);
  }

  @Benchmark
  public void beam() {
    decoder.beam();
  }

  /** Takes no notice of {@link #beamWidth}. */
  @Benchmark
  public void greedy() {
    decoder.greedy();
  }

  @TearDown
  public void close() {
    decoder.close();
  }
}
