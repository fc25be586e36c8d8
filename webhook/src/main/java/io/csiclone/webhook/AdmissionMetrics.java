package io.csiclone.webhook;

import io.csiclone.facts.FactsUnavailableException;
import io.csiclone.rules.Finding;
import io.csiclone.rules.RuleCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Counts and times what was answered. Every series exists from the start and none is made for a
 * request, so that nothing a user writes can add one.
 */
final class AdmissionMetrics {

  /** The address that was called. */
  enum Hook {
    MUTATE,
    VALIDATE
  }

  /** How a request ended. */
  enum Verdict {
    /** Not a new claim with a data source: admitted without a look. */
    IGNORED,
    ALLOWED,
    PATCHED,
    DENIED,
    UNJUDGED
  }

  private enum Severity {
    DENY,
    WARN
  }

  /** From what a cached answer takes to what the API server waits at most. */
  private static final Duration[] BUCKETS =
      Arrays.stream(new double[] {.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000})
          .mapToObj(millis -> Duration.ofNanos((long) (millis * 1_000_000)))
          .toArray(Duration[]::new);

  private final Each<Hook, OfHook> hooks;

  AdmissionMetrics(MeterRegistry registry, FailMode failMode) {
    this.hooks = each(EnumSet.allOf(Hook.class), hook -> new OfHook(registry, hook, failMode));
  }

  /**
   * @param nanos from the first byte of the request to the answer
   */
  void decided(Hook hook, AdmissionAttempt attempt, Decision decision, long nanos) {
    hooks.get(hook).decided(verdict(attempt, decision), decision, nanos);
  }

  private static Verdict verdict(AdmissionAttempt attempt, Decision decision) {
    if (attempt.claim() == null) {
      return Verdict.IGNORED;
    }
    return switch (decision) {
      case Decision.Allowed _ -> Verdict.ALLOWED;
      case Decision.Patched _ -> Verdict.PATCHED;
      case Decision.Denied _ -> Verdict.DENIED;
      case Decision.Unjudged _ -> Verdict.UNJUDGED;
    };
  }

  /** The series of one address. */
  private static final class OfHook {
    private final Each<Verdict, Timer> times;
    private final Each<Verdict, Counter> decisions;
    private final Each<RuleCode, Counter> denials;
    private final Each<Severity, Each<RuleCode, Counter>> findings;
    private final Each<FactsUnavailableException.Reason, Counter> unjudged;

    OfHook(MeterRegistry registry, Hook hook, FailMode failMode) {
      var webhook = label(hook);
      times =
          each(
              EnumSet.allOf(Verdict.class),
              verdict ->
                  Timer.builder("csi_clone.admission.duration")
                      .description("How long answering a review took.")
                      .tag("webhook", webhook)
                      .tag("verdict", label(verdict))
                      .serviceLevelObjectives(BUCKETS)
                      .register(registry));
      decisions =
          each(
              EnumSet.complementOf(EnumSet.of(Verdict.DENIED)),
              verdict -> decisions(registry, webhook, verdict, "none"));
      denials =
          each(
              EnumSet.allOf(RuleCode.class),
              code -> decisions(registry, webhook, Verdict.DENIED, code.id()));
      findings =
          each(
              EnumSet.allOf(Severity.class),
              severity ->
                  each(
                      EnumSet.allOf(RuleCode.class),
                      code ->
                          Counter.builder("csi_clone.findings")
                              .description(
                                  "Violations found in clones, several to a decision perhaps.")
                              .tag("webhook", webhook)
                              .tag("code", code.id())
                              .tag("mode", label(severity))
                              .register(registry)));
      unjudged =
          each(
              EnumSet.allOf(FactsUnavailableException.Reason.class),
              reason ->
                  Counter.builder("csi_clone.unjudged")
                      .description(
                          "Clones that could not be judged and got what the fail mode says.")
                      .tag("webhook", webhook)
                      .tag("fail_mode", label(failMode))
                      .tag("reason", label(reason))
                      .register(registry));
    }

    private static Counter decisions(
        MeterRegistry registry, String webhook, Verdict verdict, String code) {
      return Counter.builder("csi_clone.decisions")
          .description("Reviews answered; the code is that of the first violation.")
          .tag("webhook", webhook)
          .tag("verdict", label(verdict))
          .tag("code", code)
          .register(registry);
    }

    void decided(Verdict verdict, Decision decision, long nanos) {
      times.get(verdict).record(Duration.ofNanos(nanos));
      if (decision instanceof Decision.Denied denied) {
        denials.get(denied.findings().getFirst().code()).increment();
        for (Finding finding : denied.findings()) {
          findings.get(Severity.DENY).get(finding.code()).increment();
        }
      } else {
        decisions.get(verdict).increment();
      }
      var basis = decision.basis();
      for (RuleCode code : basis.warnedOf()) {
        findings.get(Severity.WARN).get(code).increment();
      }
      if (basis.unjudged() != null) {
        unjudged.get(basis.unjudged()).increment();
      }
    }
  }

  static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** A series for each value of an enumeration. */
  private record Each<K extends Enum<K>, V>(Map<K, V> all) {
    V get(K key) {
      return Objects.requireNonNull(all.get(key));
    }
  }

  private static <K extends Enum<K>, V> Each<K, V> each(Set<K> keys, Function<K, V> make) {
    return new Each<>(
        new EnumMap<>(keys.stream().collect(Collectors.toMap(Function.identity(), make))));
  }
}
