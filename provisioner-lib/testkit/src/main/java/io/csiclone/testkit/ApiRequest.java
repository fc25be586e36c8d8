package io.csiclone.testkit;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One request, read whole.
 *
 * @param path what it is about
 * @param query the decoded parameters
 * @param contentType of the body
 * @param userAgent of the client
 * @param body empty when there is none
 */
record ApiRequest(
    ResourcePath path,
    Map<String, String> query,
    String contentType,
    String userAgent,
    byte[] body) {

  static Map<String, String> parseQuery(String raw) {
    Map<String, String> query = new HashMap<>();
    for (String pair : raw.split("&")) {
      if (!pair.isEmpty()) {
        int at = pair.indexOf('=');
        String key = at < 0 ? pair : pair.substring(0, at);
        query.put(decode(key), at < 0 ? "" : decode(pair.substring(at + 1)));
      }
    }
    return query;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  String parameter(String name) {
    return query.getOrDefault(name, "");
  }

  boolean watches() {
    return List.of("true", "1").contains(parameter("watch"));
  }

  boolean dryRun() {
    return parameter("dryRun").equals("All");
  }

  /** The name under which changes are recorded: told, else what the user agent begins with. */
  String fieldManager() {
    String told = parameter("fieldManager");
    return told.isEmpty() ? userAgent.split("[/ ]", 2)[0] : told;
  }
}
