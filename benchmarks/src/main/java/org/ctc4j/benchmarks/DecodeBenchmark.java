package org.ctc4j.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcLabels;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
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

/** ctc4j from float32 logits to labels, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DecodeBenchmark {
  /** Classes of a frame that the beam search considers: the default, or all of them as peers do. */
  @Param({"40", "all"})
  public String topClasses;

  @Param({"10", "100"})
  public int beamWidth;

  private final CtcDecoder decoder = CtcDecoder.create(EngineOptions.DEFAULT.withThreads(1));
  private FrameTensor logits;
  private int[] inputLengths;
  private BeamOptions beam;

  @Setup
  public void open(DecodeState state) {
    logits = state.workload().tensor(state.workload().logits());
    inputLengths = state.workload().inputLengths();
    int top = topClasses.equals("all") ? logits.classes() : Integer.parseInt(topClasses);
    beam = BeamOptions.DEFAULT.withBeamWidth(beamWidth).withTopClasses(top);
  }

  @Benchmark
  public List<CtcNBest> beam() {
    return decoder.beamSearch(logits, inputLengths, CtcOptions.DEFAULT, beam);
  }

  /** Takes no notice of {@link #beamWidth} and {@link #topClasses}. */
  @Benchmark
  public List<CtcPath> greedy() {
    return decoder.greedy(logits, inputLengths, CtcOptions.DEFAULT);
  }

  /** As {@link #greedy}, without frames and confidences, which is what TensorFlow's gives. */
  @Benchmark
  public List<CtcLabels> greedyLabels() {
    return decoder.greedyLabels(logits, inputLengths, CtcOptions.DEFAULT);
  }
}
