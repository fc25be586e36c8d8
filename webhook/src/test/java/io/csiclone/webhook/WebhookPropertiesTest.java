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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;

class WebhookPropertiesTest {

  private static WebhookProperties with(Duration patience, Map<String, Mode> modes) {
    return with(patience, modes, null);
  }

  private static WebhookProperties with(
      Duration patience, Map<String, Mode> modes, @Nullable Map<String, Boolean> drivers) {
    return new WebhookProperties(
        "system",
        "tls",
        "webhook",
        List.of("localhost"),
        patience,
        Duration.ofSeconds(10),
        FailMode.DENY,
        ClassPolicy.SAME_DRIVER,
        UnknownClassOrigin.TRUST,
        modes,
        drivers);
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
                "--csi-clone.webhook.drivers[disk.example.com]=true",
                "--csi-clone.webhook.drivers[tape.example.com]=false"));
    var drivers =
        Binder.get(environment)
            .bind("csi-clone.webhook.drivers", Bindable.mapOf(String.class, Boolean.class))
            .get();
    assertThat(with(Duration.ofSeconds(1), Map.of(), drivers).rulePolicy().drivers())
        .isEqualTo(
            Map.of("disk.example.com", CloneSupport.YES, "tape.example.com", CloneSupport.NO));
  }

  @Test
  void somePatienceIsNeeded() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(Duration.ZERO, Map.of()))
        .withMessageContaining("patience");
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        WebhookProperties.class,
        CertificateProperties.class,
        ClientCertificateProperties.class
      })
  void theHelpNamesEverySetting(Class<?> settings) {
    var prefix = settings.getAnnotation(ConfigurationProperties.class).value();
    assertThat(settings.getRecordComponents())
        .isNotEmpty()
        .allSatisfy(setting ->
            assertThat(Usage.TEXT)
                .contains(
                    "--%s.%s"
                        .formatted(
                            prefix,
                            setting
                                .getName()
                                .replaceAll("([A-Z])", "-$1")
                                .toLowerCase(Locale.ROOT))));
  }
}
