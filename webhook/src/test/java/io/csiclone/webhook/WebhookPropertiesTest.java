package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.csiclone.rules.ClassPolicy;
import io.csiclone.rules.DriverFacts.CloneSupport;
import io.csiclone.rules.Mode;
import io.csiclone.rules.RuleCode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;

class WebhookPropertiesTest {

  private static WebhookProperties with(Duration patience, Map<String, Mode> modes) {
    return new WebhookProperties(
        "system",
        "tls",
        "webhook",
        List.of("localhost"),
        patience,
        FailMode.DENY,
        ClassPolicy.SAME_DRIVER,
        modes,
        null);
  }

  @Test
  void modesAreSetByCode() {
    var policy =
        with(Duration.ofSeconds(1), Map.of("SizeTooSmall", Mode.WARN, "preBound", Mode.OFF))
            .rulePolicy();
    assertThat(policy.mode(RuleCode.SIZE_TOO_SMALL)).isEqualTo(Mode.WARN);
    assertThat(policy.mode(RuleCode.PRE_BOUND)).isEqualTo(Mode.OFF);
    assertThat(policy.mode(RuleCode.SOURCE_NOT_FOUND)).isEqualTo(Mode.DENY);
    assertThat(policy.classPolicy()).isEqualTo(ClassPolicy.SAME_DRIVER);
  }

  @Test
  void aCodeThatDoesNotExistIsNamedWithThoseThatDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(Duration.ofSeconds(1), Map.of("TooBig", Mode.OFF)).rulePolicy())
        .withMessageContainingAll("TooBig", "SizeTooSmall");
  }

  @Test
  void driversAreSetByName() {
    var environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(
            new SimpleCommandLinePropertySource(
                "--csi-clone.webhook.patience=1s",
                "--csi-clone.webhook.drivers[disk.example.com]=true",
                "--csi-clone.webhook.drivers[tape.example.com]=false"));
    var drivers =
        Binder.get(environment)
            .bind("csi-clone.webhook", WebhookProperties.class)
            .get()
            .rulePolicy()
            .drivers();
    assertThat(drivers)
        .isEqualTo(
            Map.of("disk.example.com", CloneSupport.YES, "tape.example.com", CloneSupport.NO));
  }

  @Test
  void somePatienceIsNeeded() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(Duration.ZERO, Map.of()))
        .withMessageContaining("patience");
  }

  @Test
  void theHelpNamesEverySetting() {
    assertThat(WebhookProperties.class.getRecordComponents())
        .isNotEmpty()
        .allSatisfy(setting ->
            assertThat(Usage.TEXT)
                .contains(
                    "--csi-clone.webhook."
                        + setting.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT)));
  }
}
