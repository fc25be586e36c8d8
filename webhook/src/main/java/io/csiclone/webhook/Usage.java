package io.csiclone.webhook;

/** What {@code --help} prints. */
final class Usage {

  static final String TEXT =
      """
      Usage: csi-clone-webhook [--OPTION=VALUE]...
      Judges clone claims for an API server: HTTPS with /mutate and /validate. The cluster is the
      one that KUBECONFIG names, or the one whose pod this process is.

        --server.port=8443                         HTTPS, for the API server
        --server.address=ADDRESS                   where that is served (default: everywhere)
        --server.connection-timeout=5s             how long a caller may take with each part of
                                                   its request
        --management.server.port=8081              plain HTTP: /livez, /readyz, /metrics
        --management.server.address=ADDRESS        where that is served (default: everywhere)
        --csi-clone.webhook.namespace=NAME         where the certificate's Secret is kept
                                                   (default: POD_NAMESPACE, else csi-clone-system)
        --csi-clone.webhook.secret-name=NAME       that Secret (default: csi-clone-webhook-tls)
        --csi-clone.webhook.configuration-name=NAME
                                                   both webhook configurations
                                                   (default: csi-clone-webhook)
        --csi-clone.webhook.dns-names=NAME,...     what the API server calls this webhook; IP
                                                   addresses are allowed
                                                   (default: csi-clone-webhook.NAMESPACE.svc)
        --csi-clone.webhook.certificate.mode=self-managed
                                                   self-managed: made and renewed here, and told to
                                                   the API server; cert-manager or supplied: found
                                                   in the Secret
        --csi-clone.webhook.certificate.overlap=5m self-managed: how long a new CA is trusted
                                                   before it takes over, and the old one after
        --csi-clone.webhook.certificate.publish-ca=true
                                                   supplied: write the Secret's ca.crt into the
                                                   webhook configurations
        --csi-clone.webhook.client-certificate.ca-config-map=NAME
                                                   accept only callers with a certificate of the
                                                   CAs in its ca.crt (default: everybody)
        --csi-clone.webhook.client-certificate.names=CN,...
                                                   and of these only those with such a common name
        --csi-clone.webhook.patience=2s            the longest time for look-ups per request
        --csi-clone.webhook.drain=0s               how long requests are still answered after the
                                                   process was told to end
        --csi-clone.webhook.fail-mode=deny         deny or allow a clone about which the cluster
                                                   cannot be asked in that time
        --csi-clone.webhook.class-policy=same-class
                                                   same-class or same-driver
        --csi-clone.webhook.unknown-class-origin=trust
                                                   a class of which nothing tells who named it:
                                                   trust it, compare it with the cluster's default,
                                                   or refuse it unless it is the source's
        --csi-clone.webhook.modes.CODE=MODE        deny, warn or off for one restriction
        --csi-clone.webhook.drivers[NAME]=true     whether a CSI driver that does not say it itself
                                                   can clone: true or false

      Each can be an environment variable instead: CSICLONE_WEBHOOK_FAILMODE=allow.
      """;

  private Usage() {}
}
