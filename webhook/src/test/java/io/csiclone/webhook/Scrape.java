package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What Prometheus gets of a webhook.
 *
 * @param series value by name with labels, as it was written
 */
record Scrape(String text, Map<String, Double> series) {

  static Scrape of(RunningWebhook webhook) {
    var response =
        RunningWebhook.send(
            HttpClient.newHttpClient(),
            HttpRequest.newBuilder(webhook.management("/metrics")).build());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    var series = new TreeMap<String, Double>();
    response
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> {
          int space = line.lastIndexOf(' ');
          series.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        });
    return new Scrape(response.body(), series);
  }

  double value(String of) {
    assertThat(series).containsKey(of);
    return series.getOrDefault(of, Double.NaN);
  }

  /** The metrics' names, as their help lines have them. */
  Set<String> names() {
    return text.lines()
        .filter(line -> line.startsWith("# TYPE "))
        .map(line -> line.split(" ", -1)[2])
        .collect(Collectors.toSet());
  }
}
