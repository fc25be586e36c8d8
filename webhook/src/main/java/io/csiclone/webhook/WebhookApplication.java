package io.csiclone.webhook;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.context.annotation.Import;

/**
 * The webhook process: HTTPS for the API server, plain HTTP for probes and metrics.
 *
 * <p>Only the auto-configuration that is used is imported, because a webhook that starts late keeps
 * a cluster from creating clones.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@ImportAutoConfiguration({
  ApplicationAvailabilityAutoConfiguration.class,
  ConfigurationPropertiesAutoConfiguration.class,
  LifecycleAutoConfiguration.class,
  PropertyPlaceholderAutoConfiguration.class,
  SslAutoConfiguration.class
})
@Import({WebhookConfiguration.class, ServerConfiguration.class})
public class WebhookApplication {

  /** Runs until told to stop. */
  public static void main(String[] args) {
    if (List.of(args).contains("--help")) {
      System.out.print(Usage.TEXT);
      return;
    }
    var application = new SpringApplication(WebhookApplication.class);
    application.addInitializers(new HeadStart());
    application.run(args);
  }
}
