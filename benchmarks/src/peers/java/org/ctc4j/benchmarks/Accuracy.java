package org.ctc4j.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;

/**
 * How far the float32 losses and gradients of ctc4j and of its peers are from the float64
 * reference.
 *
 * <pre>
 * Accuracy [FILE [SHAPE…]]
 * </pre>
 *
 * prints a table in Markdown and writes the rows to FILE as JSON. Without SHAPE: utterances of 150
 * to 10,000 frames with logits of deviation 3, which is what rounding in the log domain is
 * sensitive to. With SHAPE, or "suite" for all: the numbers that are timed, to show that a peer
 * computes what its time is compared with.
 */
public final class Accuracy {
  private static final int THREADS = Runtime.getRuntime().availableProcessors();

  private Accuracy() {}

  public static void main(String[] args) throws IOException {
    List<Shape> shapes = args.length > 1 ? shapes(args) : List.of();
    List<AccuracyRow> rows = new ArrayList<>();
    if (shapes.isEmpty()) {
      for (int frames : new int[] {150, 1000, 3000, 10000}) {
        Shape shape = Shape.of("%dx1x32x%d".formatted(frames, frames / 8));
        rows.addAll(measure(Workload.random(shape, 3, 1)));
      }
    }
    for (Shape shape : shapes) {
      rows.addAll(measure(Workload.of(shape)));
    }
    if (args.length > 0) {
      AccuracyRow.write(rows, Path.of(args[0]));
    }
    System.out.print(AccuracyRow.table(rows));
  }

  private static List<Shape> shapes(String[] args) {
    return Arrays.stream(args)
        .skip(1)
        .flatMap(s -> s.equals("suite") ? Shape.SUITE.stream() : Stream.of(Shape.of(s)))
        .toList();
  }

  /** One row for ctc4j's fastest CPU implementation here, one for each peer. */
  static List<AccuracyRow> measure(Workload workload) {
    List<AccuracyRow> rows = new ArrayList<>();
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      CtcResult reference = ctc.lossAndGradient(workload.batch(), CtcOptions.DEFAULT);
      rows.add(row("ctc4j", workload, () -> agreementOfCpu(workload, reference)));
      for (PeerKind kind : PeerKind.values()) {
        rows.add(row(kind.label(), workload, () -> agreementOf(kind, workload, reference)));
      }
    }
    return rows;
  }

  private static Agreement agreementOfCpu(Workload workload, CtcResult reference) {
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      CtcResult result =
          CtcResult.ofGradient(workload.batch().logits().zerosLike(ElementType.FLOAT32));
      ctc.compute(workload.batch(), CtcOptions.DEFAULT, result);
      return Agreement.of(result.losses(), result.gradient(), reference);
    }
  }

  private static Agreement agreementOf(PeerKind kind, Workload workload, CtcResult reference) {
    try (Peer peer = kind.open(workload, THREADS)) {
      peer.lossAndGradient();
      return Agreement.of(peer.losses(), peer.gradient(), reference);
    }
  }

  /** What an implementation cannot do is a finding, not a failure of the program. */
  private static AccuracyRow row(
      String implementation, Workload workload, Callable<Agreement> agreement) {
    String shape = workload.shape().name();
    try {
      return AccuracyRow.of(implementation, shape, agreement.call());
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      return AccuracyRow.failed(implementation, shape, e);
    }
  }
}
