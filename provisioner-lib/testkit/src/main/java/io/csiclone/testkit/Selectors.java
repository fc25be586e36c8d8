package io.csiclone.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Label and field selectors, as strings of a query and as objects of a webhook configuration. */
final class Selectors {

  private static final Pattern NAME = Pattern.compile("(?:^|,)metadata\\.name==?([^,]+)(?:,|$)");
  private static final Pattern SET =
      Pattern.compile("\\s*(?<key>[^\\s!=,()]+)\\s+(?<op>in|notin)\\s*\\((?<values>[^)]*)\\)\\s*");
  private static final Pattern EQUALITY =
      Pattern.compile("\\s*(?<key>[^\\s!=,()]+)\\s*(?<op>==|=|!=)\\s*(?<value>[^\\s,()]*)\\s*");
  private static final Pattern EXISTENCE =
      Pattern.compile("\\s*(?<not>!?)\\s*(?<key>[^\\s!=,()]+)\\s*");

  private Selectors() {}

  static Predicate<JsonNode> of(String labelSelector, String fieldSelector) {
    return labels(labelSelector).and(fields(fieldSelector));
  }

  /** The one name that a field selector asks for, empty when it asks for more or for none. */
  static String name(String fieldSelector) {
    Matcher one = NAME.matcher(fieldSelector);
    return one.find() ? one.group(1) : "";
  }

  private static Predicate<JsonNode> labels(String selector) {
    Predicate<JsonNode> all = object -> true;
    // Commas separate requirements, except inside the parentheses of a set.
    for (String requirement : selector.split(",(?![^(]*\\))")) {
      if (!requirement.isBlank()) {
        Predicate<JsonNode> one = label(requirement);
        all = all.and(object -> one.test(object.path("metadata").path("labels")));
      }
    }
    return all;
  }

  private static Predicate<JsonNode> label(String requirement) {
    Matcher set = SET.matcher(requirement);
    if (set.matches()) {
      List<String> values =
          Arrays.stream(set.group("values").split(",")).map(String::trim).toList();
      boolean in = set.group("op").equals("in");
      String key = set.group("key");
      return labels -> in == (labels.has(key) && values.contains(Json.text(labels, key)));
    }
    Matcher equality = EQUALITY.matcher(requirement);
    if (equality.matches()) {
      boolean equal = !equality.group("op").equals("!=");
      String key = equality.group("key");
      String value = equality.group("value");
      return labels -> equal == (labels.has(key) && Json.text(labels, key).equals(value));
    }
    Matcher existence = EXISTENCE.matcher(requirement);
    if (existence.matches()) {
      boolean wanted = existence.group("not").isEmpty();
      String key = existence.group("key");
      return labels -> labels.has(key) == wanted;
    }
    throw ApiException.badRequest("unable to parse requirement: " + requirement);
  }

  private static Predicate<JsonNode> fields(String selector) {
    Predicate<JsonNode> all = object -> true;
    for (String requirement : selector.split(",")) {
      if (!requirement.isBlank()) {
        Matcher m = EQUALITY.matcher(requirement);
        if (!m.matches()) {
          throw ApiException.badRequest("invalid field selector: " + requirement);
        }
        boolean equal = !m.group("op").equals("!=");
        String[] path = m.group("key").split("\\.");
        String value = m.group("value");
        all = all.and(object -> equal == Json.text(object, path).equals(value));
      }
    }
    return all;
  }

  /** Whether labels fit a {@code LabelSelector} object; a missing one fits everything. */
  static boolean matches(JsonNode selector, JsonNode labels) {
    for (var wanted : selector.path("matchLabels").properties()) {
      if (!Json.text(labels, wanted.getKey()).equals(wanted.getValue().asString())) {
        return false;
      }
    }
    for (JsonNode expression : selector.path("matchExpressions")) {
      String key = Json.text(expression, "key");
      boolean listed = false;
      for (JsonNode value : expression.path("values")) {
        listed |= labels.has(key) && value.asString().equals(Json.text(labels, key));
      }
      boolean fits =
          switch (Json.text(expression, "operator")) {
            case "In" -> listed;
            case "NotIn" -> !listed;
            case "Exists" -> labels.has(key);
            case "DoesNotExist" -> !labels.has(key);
            default -> false;
          };
      if (!fits) {
        return false;
      }
    }
    return true;
  }
}
