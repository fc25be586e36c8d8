package io.csiclone.webhook;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Who may call. Without {@code caConfigMap} everybody who reaches the port may.
 *
 * @param caConfigMap a ConfigMap in the webhook's namespace; its entry {@code ca.crt} holds the CAs
 *     whose client certificates are accepted. Empty: none is asked for
 * @param names the common names that are accepted; empty for any
 */
@ConfigurationProperties("csi-clone.webhook.client-certificate")
record ClientCertificateProperties(String caConfigMap, List<String> names) {

  ClientCertificateProperties {
    if (caConfigMap.isBlank() && !names.isEmpty()) {
      throw new IllegalArgumentException(
          "csi-clone.webhook.client-certificate.names needs"
              + " csi-clone.webhook.client-certificate.ca-config-map, else nobody is asked for a"
              + " certificate");
    }
  }

  boolean required() {
    return !caConfigMap.isBlank();
  }
}
