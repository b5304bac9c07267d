package org.ctc4j.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcDecoder;
import org.ctc4j.CtcLabels;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcPath;
import org.ctc4j.EngineOptions;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;

/**
 * ctc4j's decoders beside TensorFlow's, as a table in Markdown: milliseconds of processor time of
 * one call, which other processes on the machine disturb less than the time on the clock, and how
 * many utterances both decode to the same labels. On one thread; all classes are considered.
 */
final class Decoding {
  private static final List<String> SHAPES = List.of("warp-en-16", "400x8x32x80", "500x2x1024x60");
  private static final long WARM_UP_NANOS = 3_000_000_000L;

  /** TensorFlow takes minutes where a beam has more extensions to look at than this. */
  private static final int MOST_EXTENSIONS = 100_000;

  private final CtcDecoder decoder = CtcDecoder.create(EngineOptions.DEFAULT.withThreads(1));
  private List<CtcNBest> nBest;
  private List<CtcPath> paths;
  private List<CtcLabels> labels;

  private Decoding() {}

  public static void main(String[] args) {
    Decoding decoding = new Decoding();
    System.out.println(
        "| T×N×C×L | logits | decoder | ctc4j | TensorFlow | times as fast | same labels |");
    System.out.println("|---|---|---|---:|---:|---:|---:|");
    for (String name : SHAPES) {
      for (boolean peaked : new boolean[] {true, false}) {
        Workload workload = DecodeState.workload(Shape.of(name), peaked);
        decoding.greedy(workload, peaked);
        decoding.beam(workload, peaked, 10);
        decoding.beam(workload, peaked, 100);
      }
    }
  }

  private void greedy(Workload workload, boolean peaked) {
    FrameTensor logits = workload.tensor(workload.logits());
    int[] lengths = workload.inputLengths();
    double ofLabels =
        ours(() -> labels = decoder.greedyLabels(logits, lengths, CtcOptions.DEFAULT));
    double ofPaths = ours(() -> paths = decoder.greedy(logits, lengths, CtcOptions.DEFAULT));
    try (TensorFlowDecoder tensorFlow = new TensorFlowDecoder(workload, 1)) {
      double theirs = theirs(tensorFlow::greedy, 1000);
      String same = same(n -> labels.get(n).labels(), tensorFlow);
      print(workload, peaked, "greedy labels", ofLabels, theirs, same);
      same = same(n -> paths.get(n).labels(), tensorFlow);
      print(workload, peaked, "greedy paths", ofPaths, theirs, same);
    }
  }

  private void beam(Workload workload, boolean peaked, int width) {
    FrameTensor logits = workload.tensor(workload.logits());
    BeamOptions beam = BeamOptions.DEFAULT.withBeamWidth(width).withTopClasses(logits.classes());
    double ours =
        ours(
            () ->
                nBest =
                    decoder.beamSearch(logits, workload.inputLengths(), CtcOptions.DEFAULT, beam));
    String kind = "beam " + width;
    if (width * logits.classes() > MOST_EXTENSIONS) {
      print(workload, peaked, kind, ours, Double.NaN, "–");
      return;
    }
    try (TensorFlowDecoder tensorFlow = new TensorFlowDecoder(workload, width)) {
      double theirs = theirs(tensorFlow::beam, 3);
      String same = same(n -> nBest.get(n).best().labels(), tensorFlow);
      print(workload, peaked, kind, ours, theirs, same);
    }
  }

  private interface Labels {
    int[] of(int n);
  }

  private static String same(Labels ours, TensorFlowDecoder tensorFlow) {
    int[][] theirs = tensorFlow.labels();
    int same = 0;
    for (int n = 0; n < theirs.length; n++) {
      same += Arrays.equals(ours.of(n), theirs[n]) ? 1 : 0;
    }
    return same + " of " + theirs.length;
  }

  private static void print(
      Workload workload, boolean peaked, String kind, double ours, double theirs, String same) {
    Shape shape = workload.shape();
    boolean timed = !Double.isNaN(theirs);
    System.out.printf(
        "| %d×%d×%d×%d | %s | %s | %s | %s | %s | %s |%n",
        shape.frames(),
        shape.utterances(),
        shape.classes(),
        shape.labels(),
        peaked ? "peaked" : "flat",
        kind,
        number(ours),
        timed ? number(theirs) : "–",
        timed ? number(theirs / ours) : "–",
        same);
  }

  private static String number(double milliseconds) {
    return (milliseconds < 1000 ? "%.3g" : "%.0f").formatted(milliseconds);
  }

  /** Median, of the calling thread: the JIT compiler has threads of its own. */
  private static double ours(Runnable call) {
    long end = System.nanoTime() + WARM_UP_NANOS;
    while (System.nanoTime() < end) {
      call.run();
    }
    double[] times = new double[9];
    for (int i = 0; i < times.length; i++) {
      times[i] = milliseconds(ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime, call);
    }
    Arrays.sort(times);
    return times[times.length / 2];
  }

  /** Mean, of the process: TensorFlow's thread is not known here. */
  private static double theirs(Runnable call, int calls) {
    call.run();
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    Runnable all =
        () -> {
          for (int i = 0; i < calls; i++) {
            call.run();
          }
        };
    return milliseconds(system::getProcessCpuTime, all) / calls;
  }

  private static double milliseconds(LongSupplier nanoseconds, Runnable call) {
    long start = nanoseconds.getAsLong();
    call.run();
    return 1e-6 * (nanoseconds.getAsLong() - start);
  }
}
