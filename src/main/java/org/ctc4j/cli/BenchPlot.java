package org.ctc4j.cli;

import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler;

/** Milliseconds a call by shape, one bar for each backend and mode, on a logarithmic axis. */
record BenchPlot(BenchReport report) {
  private static final Color[] COLORS = {
    new Color(0x14528c),
    new Color(0x7fb2e5),
    new Color(0xc2571a),
    new Color(0xf2b37e),
    new Color(0x3d7a3a),
    new Color(0xa5d19f)
  };

  byte[] png() throws IOException {
    System.setProperty("java.awt.headless", "true");
    BufferedImage image = BitmapEncoder.getBufferedImage(chart());
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return png.toByteArray();
  }

  private CategoryChart chart() {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(1280)
            .height(720)
            .title("CTC from float32 logits, median time of a call")
            .xAxisTitle(report.machine())
            .yAxisTitle("milliseconds (logarithmic)")
            .build();
    style(chart.getStyler());
    double least =
        report.rows().stream().mapToDouble(BenchReport.Row::milliseconds).min().orElse(1);
    chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(least)))); // bars start there
    Map<String, Map<String, Double>> bySeries = new LinkedHashMap<>();
    for (BenchReport.Row row : report.rows()) {
      String series =
          row.backend()
              + (row.mode() == BenchCommand.BenchMode.LOSS ? ", loss" : ", loss and gradient");
      bySeries
          .computeIfAbsent(series, s -> new LinkedHashMap<>())
          .put(row.shape().name(), row.milliseconds());
    }
    bySeries.forEach(
        (series, times) -> {
          List<String> shapes = new ArrayList<>(times.keySet());
          chart.addSeries(series, shapes, new ArrayList<>(times.values()));
        });
    return chart;
  }

  private static void style(CategoryStyler styler) {
    styler.setYAxisLogarithmic(true);
    styler.setAvailableSpaceFill(0.8);
    styler.setLabelsVisible(true);
    styler.setLabelsPosition(1.0);
    styler.setLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
    styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setPlotBorderVisible(false);
    styler.setSeriesColors(COLORS);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 16));
    styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
    styler.setLegendPosition(Styler.LegendPosition.InsideNW);
    styler.setLegendBorderColor(Color.WHITE);
  }
}
