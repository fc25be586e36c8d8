package io.csiclone.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;

/** The ratios of the rates and times as a picture. */
final class RatioChart {

  private RatioChart() {}

  /** Writes an SVG. */
  static void write(List<Row> rows, Path file) throws IOException {
    Files.write(file, ChartEncoder.getBytes(of(rows), "svg"));
  }

  static HorizontalBarChart of(List<Row> rows) {
    List<Row> shown =
        rows.stream().filter(row -> row.aim() == 1.0 && CopyBench.isAgainstAPeer(row)).toList();
    HorizontalBarChart chart =
        new HorizontalBarChartBuilder()
            .width(1000)
            .height(90 + 34 * shown.size())
            .title("Copy engine with digest, 1 = the best peer")
            .build();
    chart.getStyler().setLabelsVisible(true).setLegendVisible(false);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    // One label for each bar.
    chart.getStyler().setXAxisMaxLabelCount(Math.max(2, shown.size()));
    chart.addSeries(
        "ratio",
        shown.stream().map(row -> Math.round(row.ratio() * 100) / 100.0).toList(),
        shown.stream().map(row -> row.name() + " (" + row.peerName() + ")").toList());
    chart.addAnnotation(new AnnotationLine(1.0, true, false));
    return chart;
  }
}
