package org.ctc4j.benchmarks;

import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What is computed, and by how many threads: the same for every implementation and peer. */
@State(Scope.Benchmark)
public class SuiteState {
  /** The names of {@link Shape#SUITE}; {@code -p shape=TxNxCxL} works as well. */
  @Param({
    "warp-en-1",
    "warp-en-16",
    "warp-en",
    "warp-en-128",
    "warp-zh-1",
    "warp-zh",
    "warp-zh-64",
    "chars",
    "bpe",
    "long",
    "hugevocab",
    "ragged-zh"
  })
  public String shape;

  /** "flat" or "peaked", see {@link Workload#of} and {@link Workload#peaked}. */
  @Param({"flat", "peaked"})
  public String logits;

  /** A number, or "all" processors. */
  @Param({"1", "all"})
  public String threads;

  private Workload workload;

  @Setup
  public void generate() {
    workload =
        switch (logits) {
          case "flat" -> Workload.of(Shape.of(shape));
          case "peaked" -> Workload.peaked(Shape.of(shape));
          default ->
              throw new IllegalArgumentException("logits: expected flat or peaked, got " + logits);
        };
  }

  Workload workload() {
    return workload;
  }

  int threads() {
    return threads(threads);
  }

  static int threads(String text) {
    return text.equals("all") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(text);
  }
}
