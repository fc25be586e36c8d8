package io.csiclone.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.testkit.ApiCall;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The chart grants the webhook what it uses in its whole life, and nothing else. */
@Tag("embedded")
class WebhookRightsTest extends RightsContract {

  WebhookRightsTest() {
    // More would be so slow to start that the webhook's two seconds for look-ups are over.
    super(ChartRenderTest.render(ChartRenderTest.WEBHOOK, ChartRenderTest.NEWEST, Map.of()), 4);
  }

  @BeforeAll
  static void logOnce() {
    // Two logging libraries are on this class path; Boot would insist on the other.
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
  }

  @Override
  Life life(Predicate<ApiCall> rights) {
    return new WebhookLife(rights);
  }

  /**
   * A leader that cannot renew its Lease leads until that runs out, and what the watch on one
   * configuration would tell the other's may tell first. That the call is made is seen here, what
   * comes of its lack takes longer than this life.
   */
  @Override
  boolean showsLater(Rights.Grant missing) {
    return (missing.verb().equals("patch") && missing.resource().equals("leases"))
        || (missing.verb().equals("watch") && missing.resource().endsWith("webhookconfigurations"));
  }

  @Test
  void aRightIsNoBroaderThanItReads() {
    var grant = new Rights.Grant("get", "", "secrets", "own", "tls");
    assertThat(grant.allows(new ApiCall("", "get", "", "secrets", "own", "tls"))).isTrue();
    assertThat(grant.allows(new ApiCall("", "get", "", "secrets", "own", "other"))).isFalse();
    assertThat(grant.allows(new ApiCall("", "get", "", "secrets", "other", "tls"))).isFalse();
    assertThat(grant.allows(new ApiCall("", "list", "", "secrets", "own", ""))).isFalse();
    assertThat(grant.allows(new ApiCall("", "get", "x", "secrets", "own", "tls"))).isFalse();
  }
}
