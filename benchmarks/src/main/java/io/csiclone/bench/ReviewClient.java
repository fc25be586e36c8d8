package io.csiclone.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Sends reviews of clones as an API server does, without looking at the certificate. */
final class ReviewClient implements AutoCloseable {

  /** The review of a clone whose user named no class; it is the default one that stands in it. */
  static final String DEFAULTED = text("review-defaulted.json");

  /** The review of a clone whose user named the class of the source. */
  static final String NAMED = text("review-named.json");

  private final HttpClient http = HttpClient.newBuilder().sslContext(trustingAll()).build();
  private final String address;

  ReviewClient(int port) {
    address = "https://127.0.0.1:" + port;
  }

  private static String text(String resource) {
    try (InputStream in =
        Objects.requireNonNull(ReviewClient.class.getResourceAsStream(resource))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The answer to the review of a clone of {@code source}. */
  String send(String path, String review, String source) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(address + path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(review.replace("@SOURCE@", source)))
            .build();
    var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(path + " answered " + answer.statusCode() + ": " + answer.body());
    }
    return answer.body();
  }

  String get(String path) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(address + path)).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** Reviews of every kind: admitted, changed, refused, none of our business. */
  void sendAll(int count, int claims) throws IOException, InterruptedException {
    var kinds =
        List.of(
            NAMED,
            DEFAULTED,
            NAMED.replace("\"1Gi\"", "\"1Mi\""),
            NAMED.replace("\"dataSource\"", "\"ignored\""));
    for (int i = 0; i < count; i++) {
      String review = kinds.get(i % kinds.size());
      String source = i % 50 == 0 ? "missing" : ClonableClaims.name(i % claims);
      send(i % 3 == 0 ? "/mutate" : "/validate", review, source);
    }
  }

  private static SSLContext trustingAll() {
    try {
      var context = SSLContext.getInstance("TLS");
      context.init(null, new TrustingAll[] {new TrustingAll()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
  }

  /** Certificates are not what is measured here. */
  private static final class TrustingAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
