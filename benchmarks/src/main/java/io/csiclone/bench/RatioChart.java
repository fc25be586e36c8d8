package io.csiclone.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;

/** The ratios of the rates and times as a picture. */
final class RatioChart {

  private RatioChart() {}

  static void write(List<Row> rows, Path file) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      VectorGraphicsEncoder.saveVectorGraphic(of(rows), out, VectorGraphicsFormat.SVG);
    }
  }

  static HorizontalBarChart of(List<Row> rows) {
    // From bottom to top.
    List<Row> shown = rows.stream().filter(row -> row.aim() == 1.0).toList().reversed();
    HorizontalBarChart chart =
        new HorizontalBarChartBuilder()
            .width(900)
            .height(120 + 34 * shown.size())
            .title("Copy engine with digest: times as fast as the best peer")
            .build();
    chart.getStyler().setLegendVisible(false);
    chart.addSeries(
        "ratio",
        shown.stream().map(Row::ratio).toList(),
        shown.stream().map(row -> row.name() + " (" + row.peerName() + ")").toList());
    chart.addAnnotation(new AnnotationLine(1.0, true, false));
    return chart;
  }
}
