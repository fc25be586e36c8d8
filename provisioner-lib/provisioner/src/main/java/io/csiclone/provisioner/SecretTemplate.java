package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.SecretReference;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A secret as a storage class names it, with places that the claim fills in: <code>${pv.name}
 * </code> and <code>${pvc.namespace}</code> in name and namespace, and in the name also <code>
 * ${pvc.name}</code> and <code>${pvc.annotations['KEY']}</code>. The owner of a claim chooses its
 * annotations: they must not choose a namespace.
 *
 * @param name of the secret
 * @param namespace of the secret
 */
record SecretTemplate(String name, String namespace) {

  private static final Pattern PLACE = Pattern.compile("\\$\\{([^}]*)}");
  private static final Pattern ANNOTATION = Pattern.compile("pvc\\.annotations\\['([^']+)']");
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern SUBDOMAIN =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final int LONGEST_NAME = 253;

  /**
   * The secret meant for {@code claim}.
   *
   * @throws ProvisioningException when a place is unknown or what comes out is no name
   */
  SecretReference forClaim(Claim claim, String volumeName) {
    String filledName = fill(name, place -> inName(place, claim, volumeName), claim);
    String filledNamespace = fill(namespace, place -> common(place, claim, volumeName), claim);
    if (filledName.length() > LONGEST_NAME || !SUBDOMAIN.matcher(filledName).matches()) {
      throw noName("name", name, filledName, claim);
    }
    if (!LABEL.matcher(filledNamespace).matches()) {
      throw noName("namespace", namespace, filledNamespace, claim);
    }
    return new SecretReference(filledName, filledNamespace);
  }

  private static String fill(
      String template, Function<String, @Nullable String> values, Claim claim) {
    return PLACE
        .matcher(template)
        .replaceAll(place -> {
          String value = values.apply(place.group(1));
          if (value == null) {
            throw new ProvisioningException(
                "the storage class names the secret '%s', but claim %s has nothing for ${%s}"
                    .formatted(template, claim.key(), place.group(1)));
          }
          return Matcher.quoteReplacement(value);
        });
  }

  private static @Nullable String common(String place, Claim claim, String volumeName) {
    return switch (place) {
      case "pv.name" -> volumeName;
      case "pvc.namespace" -> claim.key().namespace();
      default -> null;
    };
  }

  private static @Nullable String inName(String place, Claim claim, String volumeName) {
    if (place.equals("pvc.name")) {
      return claim.key().name();
    }
    Matcher annotation = ANNOTATION.matcher(place);
    return annotation.matches()
        ? claim.annotation(annotation.group(1))
        : common(place, claim, volumeName);
  }

  private static ProvisioningException noName(
      String what, String template, String filled, Claim claim) {
    return new ProvisioningException(
        "the storage class's secret %s '%s' comes to '%s' for claim %s, which is no valid %s"
            .formatted(what, template, filled, claim.key(), what));
  }
}
