package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.type.filter.AnnotationTypeFilter;

/** docs/operations.md says what is built: every setting with its default, and every metric. */
class OperationsDocTest {

  private static final String DEFAULTS = "webhook/src/main/resources/application.properties";

  private static final Path ROOT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir"))).resolve("..");
  private static final Path CHART = ROOT.resolve("charts/csi-clone-webhook");
  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static String doc() throws IOException {
    return Files.readString(ROOT.resolve("docs/operations.md"));
  }

  /** The second column of the table with that heading of the first, by the first. */
  private static Map<String, String> table(String heading) throws IOException {
    var rows = new LinkedHashMap<String, String>();
    boolean inside = false;
    for (String line : doc().lines().toList()) {
      inside = line.startsWith("| " + heading + " |") || (inside && line.startsWith("|"));
      if (inside && line.startsWith("| `")) {
        var cells = line.split(" \\| ", -1);
        rows.put(cells[0].replaceAll("[| `]", ""), cells[1].replace("`", ""));
      }
    }
    assertThat(rows).as("rows of the table headed '%s'", heading).isNotEmpty();
    return rows;
  }

  private static Map<?, ?> parsed(Path file) throws IOException {
    return YAML.unmarshal(Files.readString(file), Map.class);
  }

  @Test
  void everyOptionOfTheProcessIsInTheTableAndNoOther() throws IOException, ClassNotFoundException {
    var settings = new TreeSet<String>();
    var scanner = new ClassPathScanningCandidateComponentProvider(false);
    scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
    for (var found : scanner.findCandidateComponents("io.csiclone.webhook")) {
      var type = Class.forName(found.getBeanClassName());
      var prefix = type.getAnnotation(ConfigurationProperties.class).value();
      for (var setting : type.getRecordComponents()) {
        settings.add(
            prefix + "." + setting.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT));
      }
    }
    assertThat(settings).isNotEmpty();
    assertThat(table("option").keySet()).containsExactlyInAnyOrderElementsOf(settings);
  }

  @Test
  void theDefaultsOfTheProcessAreTheOnesInTheTable() throws IOException {
    var rows = table("option");
    var defaults = new Properties();
    try (var file = Files.newBufferedReader(ROOT.resolve(DEFAULTS))) {
      defaults.load(file);
    }
    var told =
        defaults.stringPropertyNames().stream()
            .filter(rows::containsKey)
            .filter(name -> !defaults.getProperty(name).contains("${"))
            .toList();
    assertThat(told).hasSizeGreaterThan(5);
    assertThat(told)
        .allSatisfy(name -> assertThat(rows).containsEntry(name, told(defaults.getProperty(name))));
  }

  @Test
  void everyValueOfTheChartIsInTheTableAndNoOther() throws IOException {
    var values = new TreeSet<String>();
    leaves(
        "",
        parsed(CHART.resolve("values.schema.json")),
        parsed(CHART.resolve("values.yaml")),
        values);
    assertThat(table("value").keySet()).containsExactlyInAnyOrderElementsOf(values);
  }

  @Test
  void theDefaultsOfTheChartAreTheOnesInTheTable() throws IOException {
    var rows = table("value");
    var defaults = new TreeMap<String, String>();
    flatten(
        "", parsed(CHART.resolve("values.yaml")), (name, value) -> defaults.put(name, told(value)));
    assertThat(defaults).hasSizeGreaterThan(10);
    assertThat(defaults)
        .allSatisfy((name, value) -> {
          if (!name.equals("javaOptions") && !name.startsWith("resources.")) {
            assertThat(rows).containsEntry(name, value);
          }
        });
  }

  private static String told(Object value) {
    return value.toString().isEmpty() ? "empty" : value.toString();
  }

  private interface Setting {
    void is(String name, Object value);
  }

  private static void flatten(String prefix, Map<?, ?> tree, Setting setting) {
    tree.forEach((key, value) -> {
      var name = prefix + key;
      if (value instanceof Map<?, ?> inner && !inner.isEmpty()) {
        flatten(name + ".", inner, setting);
      } else if (value != null) {
        setting.is(name, value);
      }
    });
  }

  /** What a user can set: properties that are not only there to group others. */
  private static void leaves(
      String prefix, Map<?, ?> schema, Map<?, ?> defaults, TreeSet<String> found) {
    if (schema.get("properties") instanceof Map<?, ?> properties) {
      properties.forEach((key, property) -> {
        if (((Map<?, ?>) property).get("properties") instanceof Map<?, ?>
            && defaults.get(key) instanceof Map<?, ?> inner
            && !inner.isEmpty()) {
          leaves(prefix + key + ".", (Map<?, ?>) property, inner, found);
        } else {
          found.add(prefix + key);
        }
      });
    }
  }

  @Test
  void everyMetricIsInTheTableAndAlertsUseNoOther() throws IOException {
    try (var cluster = new Cluster();
        var webhook = new RunningWebhook(cluster.client)) {
      await().atMost(Duration.ofSeconds(60)).until(webhook::isReady);
      var names = Scrape.of(webhook).names();
      assertThat(table("metric").keySet()).containsExactlyInAnyOrderElementsOf(names);
      var used =
          Pattern.compile("csi_clone_[a-z_]+")
              .matcher(doc())
              .results()
              .map(found -> found.group().replaceAll("_(bucket|count|sum)$", ""))
              .collect(Collectors.toSet());
      assertThat(names).containsAll(used);
    }
  }
}
