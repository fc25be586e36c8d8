package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.ObjectMapper;

class ClassPathTest {

  /** Boot's own choice is older than the one that the Kubernetes client was compiled against. */
  @Test
  void jacksonIsTheOneTheKubernetesClientWasBuiltOn() {
    assertThat(tools.jackson.databind.cfg.PackageVersion.VERSION.toString()).startsWith("3.2.");
    assertThat(ObjectMapper.class.getPackage().getName()).isEqualTo("tools.jackson.databind");
    assertThat(tools.jackson.core.json.PackageVersion.VERSION.toString()).startsWith("3.2.");
  }
}
