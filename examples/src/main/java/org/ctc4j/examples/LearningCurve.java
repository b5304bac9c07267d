package org.ctc4j.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * What a model learned when: loss and held-out error rate, printed as they come, kept as a table
 * and a picture.
 */
public final class LearningCurve {
  private record Point(int step, double seconds, double loss, double errorRate) {}

  private final String errors;
  private final long start = System.nanoTime();
  private final List<Point> points = new ArrayList<>();

  /**
   * @param errors what the error rate counts, "character error rate" for example
   */
  public LearningCurve(String errors) {
    this.errors = errors;
  }

  /**
   * @param loss mean over the batches since the last point, in nats a label
   * @param errorRate of held-out data, 0 to 1 and above
   */
  public void add(int step, double loss, double errorRate) {
    Point point = new Point(step, seconds(), loss, errorRate);
    points.add(point);
    System.out.printf(
        Locale.ROOT,
        "%6.0f s  step %5d  loss %8.4f  held out: %s %6.2f %%%n",
        point.seconds,
        step,
        loss,
        errors,
        100 * errorRate);
  }

  /** The last one added. */
  public double errorRate() {
    return points.get(points.size() - 1).errorRate;
  }

  /** Seconds since this was made. */
  public double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  /** How long it took until now: "194 s, 350 s of processor time". */
  public String time() {
    Optional<Duration> processor = ProcessHandle.current().info().totalCpuDuration();
    return "%.0f s".formatted(seconds())
        + processor.map(p -> ", %d s of processor time".formatted(p.toSeconds())).orElse("");
  }

  /** Writes curve.tsv and curve.png. */
  public void write(Path directory, String title) throws IOException {
    Files.createDirectories(directory);
    StringBuilder table = new StringBuilder("step\tseconds\tloss\terror rate\n");
    for (Point point : points) {
      table.append(
          String.format(
              Locale.ROOT,
              "%d\t%.1f\t%.5f\t%.5f%n",
              point.step,
              point.seconds,
              point.loss,
              point.errorRate));
    }
    Files.writeString(directory.resolve("curve.tsv"), table);
    ImageIO.write(
        BitmapEncoder.getBufferedImage(chart(title)),
        "png",
        directory.resolve("curve.png").toFile());
  }

  private XYChart chart(String title) {
    XYChart chart =
        new XYChartBuilder()
            .width(960)
            .height(480)
            .title(title)
            .xAxisTitle("steps")
            .yAxisTitle("loss (nats a label), error rate")
            .build();
    chart.getStyler().setYAxisLogarithmic(true);
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
    series(chart, "loss", points.stream().map(Point::loss).toList());
    series(chart, errors + ", held out", points.stream().map(Point::errorRate).toList());
    return chart;
  }

  /** On a logarithmic axis: what is 0 is left out. */
  private void series(XYChart chart, String name, List<Double> values) {
    List<Integer> steps = new ArrayList<>();
    List<Double> shown = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) > 0) {
        steps.add(points.get(i).step);
        shown.add(values.get(i));
      }
    }
    if (!steps.isEmpty()) {
      chart.addSeries(name, steps, shown).setMarker(SeriesMarkers.CIRCLE);
    }
  }
}
