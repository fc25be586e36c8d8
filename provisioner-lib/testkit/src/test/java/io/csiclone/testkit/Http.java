package io.csiclone.testkit;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Requests as they go over the wire, for what a Kubernetes client hides. */
final class Http {

  private Http() {}

  static HttpResponse<String> send(
      EmbeddedControlPlane plane, String method, String path, String contentType, String body)
      throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(plane.url().resolve(path))
              .timeout(Duration.ofSeconds(30))
              .method(method, HttpRequest.BodyPublishers.ofString(body));
      if (!contentType.isEmpty()) {
        request.header("Content-Type", contentType);
      }
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }
}
