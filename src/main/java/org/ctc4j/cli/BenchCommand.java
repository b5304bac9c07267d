package org.ctc4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.bench.CopyBandwidth;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Stopwatch;
import org.ctc4j.bench.Workload;
import org.ctc4j.io.OutputTarget;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "bench",
    description = {
      "Times losses and gradients on random logits.",
      "",
      "A median of several calls each, in memory that is used again, from float32 logits. Compared with"
          + " how fast this machine copies memory: one read of the logits and, for a gradient, one"
          + " write of it is the least that must be moved."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  /** What is timed; "gradient" is loss and gradient. */
  enum BenchMode {
    LOSS,
    GRADIENT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--shape",
      paramLabel = "NAME|TxNxCxL",
      description = {
        "Frames x utterances x classes x labels, or a shape of the suite; may be repeated.",
        "Default: warp-en, warp-zh, chars, bpe, long, hugevocab, ragged-zh."
      })
  private List<String> shapes =
      List.of("warp-en", "warp-zh", "chars", "bpe", "long", "hugevocab", "ragged-zh");

  @Option(
      names = "--mode",
      paramLabel = "loss|gradient",
      description = "Loss alone, or loss and gradient; may be repeated (default: both).")
  private List<BenchMode> modes = List.of(BenchMode.values());

  @Option(
      names = "--backend",
      paramLabel = "cuda|cpu|reference",
      description =
          "May be repeated. Default: every one that works here, but the reference only if it is the"
              + " only one.")
  private List<Backend> backends;

  @Mixin private HostThreads threads;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--plot", paramLabel = "OUT.png", description = "Draw a chart into this file.")
  private Path plot;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    EngineOptions options = threads.engine();
    List<Shape> sizes = shapes.stream().map(Shape::of).toList();
    OutputTarget plotTarget = new Outputs().add("--plot", plot);
    List<Ctc> engines = new ArrayList<>();
    try {
      for (Backend backend : backends == null ? fast() : backends) {
        engines.add(Ctc.create(backend, options));
      }
      BenchReport report =
          new BenchReport(
              options.threads(), CopyBandwidth.gigabytesPerSecond(options.threads()), engines);
      for (Shape shape : sizes) {
        for (BenchReport.Row row : Progress.during(shape.name(), () -> time(shape, engines))) {
          report.add(row);
        }
      }
      if (plotTarget != null) {
        plotTarget.write(new BenchPlot(report).png());
      }
      if (json) {
        report.printJson(out);
      } else {
        report.printTable(out);
      }
    } finally {
      engines.forEach(Ctc::close);
    }
    return 0;
  }

  private static List<Backend> fast() {
    List<Backend> usable =
        Ctc.backends().stream().filter(BackendReport::usable).map(BackendReport::backend).toList();
    List<Backend> fast = usable.stream().filter(b -> b != Backend.REFERENCE).toList();
    return fast.isEmpty() ? usable : fast;
  }

  private List<BenchReport.Row> time(Shape shape, List<Ctc> engines) {
    CtcBatch batch = Workload.of(shape).batch();
    List<BenchReport.Row> rows = new ArrayList<>();
    for (Ctc ctc : engines) {
      for (BenchMode mode : modes) {
        CtcResult result =
            mode == BenchMode.LOSS
                ? CtcResult.ofLosses(batch.utterances())
                : CtcResult.ofGradient(batch.logits().zerosLike(gradientType(ctc, batch)));
        double milliseconds =
            Stopwatch.medianMilliseconds(() -> ctc.compute(batch, CtcOptions.DEFAULT, result));
        rows.add(new BenchReport.Row(shape, batch, ctc.backend(), mode, milliseconds));
      }
    }
    return rows;
  }

  private static ElementType gradientType(Ctc ctc, CtcBatch batch) {
    return ctc.gradientType(batch.logits().elements().type());
  }
}
