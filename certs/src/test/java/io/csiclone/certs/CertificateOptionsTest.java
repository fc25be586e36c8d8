package io.csiclone.certs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateOptionsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "csi-clone-webhook",
        "csi-clone-webhook.csi-clone-system.svc",
        "*.csi-clone-system.svc.cluster.local",
        "127.0.0.1",
        "::1",
        "localhost",
        "1st.example"
      })
  void takesHostNamesAndAddresses(String name) {
    assertThat(options(name).dnsNames()).containsExactly(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b",
        "-a.svc",
        "a..svc",
        "a.svc.",
        "under_score",
        "*",
        "a.*.svc",
        "10.0.0",
        "1.2.3.999",
        "::zz",
        "https://webhook",
        "webhook:8443",
        ""
      })
  void refusesAnythingElseByName(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options(name))
        .withMessageStartingWith("'" + name + "' is ");
  }

  @Test
  void wantsAtLeastOneName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CertificateOptions("ns", "secret", "conf", List.of()))
        .withMessageContaining("dnsNames is empty");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CertificateOptions("ns", " ", "conf", List.of("a")))
        .withMessage("secretName is empty");
  }

  private static CertificateOptions options(String name) {
    return new CertificateOptions("ns", "secret", "conf", List.of(name));
  }
}
