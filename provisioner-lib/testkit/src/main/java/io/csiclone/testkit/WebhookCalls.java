package io.csiclone.testkit;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Asks a webhook over TLS, trusting nothing but the CA bundle of its configuration. */
final class WebhookCalls implements AutoCloseable {

  /** Why a webhook could not be asked, or what was wrong with its answer. */
  static final class FailedException extends Exception {
    private static final long serialVersionUID = 1L;

    FailedException(String message) {
      super(message);
    }
  }

  private static final int MAX_ANSWER = 4 << 20;

  private final Map<String, InetSocketAddress> services;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param services where {@code namespace/name} of a service is really served
   */
  WebhookCalls(Map<String, InetSocketAddress> services) {
    this.services = services;
  }

  /** Sends the review and returns the response part of the answer. */
  JsonNode ask(ObjectNode webhook, ObjectNode review) throws FailedException {
    JsonNode config = webhook.path("clientConfig");
    int seconds = Math.clamp(webhook.path("timeoutSeconds").asInt(10), 1, 30);
    Target target = target(config, seconds);
    Future<byte[]> answer = threads.submit(() -> post(target, config, review, seconds));
    byte[] body;
    try {
      // The timeout is for the whole exchange, not for each read.
      body = answer.get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new FailedException("Post \"%s\": context deadline exceeded".formatted(target.url()));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new FailedException("Post \"%s\": %s".formatted(target.url(), cause.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted");
    }
    JsonNode response;
    try {
      response = Json.parse(body);
    } catch (ApiException e) {
      throw new FailedException("could not read the answer: " + e.getMessage());
    }
    if (!Json.text(response, "kind").equals("AdmissionReview")
        || !Json.text(response, "apiVersion").equals("admission.k8s.io/v1")
        || !response.path("response").isObject()) {
      throw new FailedException("expected an admission.k8s.io/v1 AdmissionReview with a response");
    }
    return response.path("response");
  }

  /** Where to connect, and the name the certificate must carry. */
  private record Target(URI url, URI connectTo, String serverName) {}

  private Target target(JsonNode config, int seconds) throws FailedException {
    String timeout = "?timeout=" + seconds + "s";
    if (config.path("service").isObject()) {
      JsonNode service = config.path("service");
      String key = Json.text(service, "namespace") + "/" + Json.text(service, "name");
      String host = Json.text(service, "name") + "." + Json.text(service, "namespace") + ".svc";
      String path = Json.text(service, "path") + timeout;
      URI url = URI.create("https://" + host + ":" + service.path("port").asInt(443) + path);
      InetSocketAddress at = services.get(key);
      if (at == null) {
        throw new FailedException("Post \"%s\": service \"%s\" not found".formatted(url, key));
      }
      return new Target(
          url, URI.create("https://" + at.getHostString() + ":" + at.getPort() + path), host);
    }
    try {
      URI url = URI.create(Json.text(config, "url") + timeout);
      if (!"https".equals(url.getScheme()) || url.getHost() == null) {
        throw new FailedException("clientConfig.url must be an https URL, not " + url);
      }
      return new Target(url, url, url.getHost());
    } catch (IllegalArgumentException e) {
      throw new FailedException("clientConfig.url: " + e.getMessage());
    }
  }

  private static byte[] post(Target target, JsonNode config, ObjectNode review, int seconds)
      throws IOException, GeneralSecurityException {
    HttpsURLConnection connection =
        (HttpsURLConnection) target.connectTo().toURL().openConnection(java.net.Proxy.NO_PROXY);
    connection.setSSLSocketFactory(
        new NamedSocketFactory(
            trusting(Json.text(config, "caBundle")).getSocketFactory(), target.serverName()));
    // The handshake has already verified the name, against the name asked for.
    connection.setHostnameVerifier((host, session) -> true);
    connection.setConnectTimeout(seconds * 1000);
    connection.setReadTimeout(seconds * 1000);
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Content-Type", "application/json");
    connection.setRequestProperty("Accept", "application/json");
    connection.setRequestProperty("Connection", "close");
    connection.setRequestProperty("User-Agent", "kube-apiserver-admission");
    try {
      byte[] body = Json.bytes(review);
      connection.setFixedLengthStreamingMode(body.length);
      try (var out = connection.getOutputStream()) {
        out.write(body);
      }
      int code = connection.getResponseCode();
      if (code != 200) {
        throw new IOException("an error on the server: HTTP status " + code);
      }
      try (var in = connection.getInputStream()) {
        return in.readNBytes(MAX_ANSWER);
      }
    } finally {
      connection.disconnect();
    }
  }

  private static SSLContext trusting(String caBundle) throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    if (caBundle.isEmpty()) {
      context.init(null, null, null); // the system's roots, as kube-apiserver does
      return context;
    }
    KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
    anchors.load(null, null);
    int count = 0;
    byte[] pem = Base64.getMimeDecoder().decode(caBundle);
    for (Certificate certificate :
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(pem))) {
      anchors.setCertificateEntry("ca-" + count++, certificate);
    }
    if (count == 0) {
      throw new IOException("unable to load root certificates: caBundle holds no certificate");
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  /** Makes TLS sockets that insist on one server name, wherever they are connected to. */
  private static final class NamedSocketFactory extends SSLSocketFactory {
    private final SSLSocketFactory factory;
    private final String serverName;

    NamedSocketFactory(SSLSocketFactory factory, String serverName) {
      this.factory = factory;
      this.serverName = serverName;
    }

    @Override
    public Socket createSocket(Socket plain, String host, int port, boolean autoClose)
        throws IOException {
      SSLSocket socket = (SSLSocket) factory.createSocket(plain, serverName, port, autoClose);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      // Done here, before the caller may loosen anything.
      socket.startHandshake();
      return socket;
    }

    @Override
    public String[] getDefaultCipherSuites() {
      return factory.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
      return factory.getSupportedCipherSuites();
    }

    /** What the connection tries, as its last resort, after a handshake that failed. */
    private static IOException refused() {
      return new IOException("only over a connected socket");
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
      throw refused();
    }

    @Override
    public Socket createSocket(String host, int port, java.net.InetAddress localHost, int localPort)
        throws IOException {
      throw refused();
    }

    @Override
    public Socket createSocket(java.net.InetAddress host, int port) throws IOException {
      throw refused();
    }

    @Override
    public Socket createSocket(
        java.net.InetAddress address, int port, java.net.InetAddress localAddress, int localPort)
        throws IOException {
      throw refused();
    }
  }
}
