package io.csiclone.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * One line of a result: our figure beside the best peer's in the same run.
 *
 * @param name the case
 * @param figure what was measured
 * @param unit its unit
 * @param ours our median
 * @param peer the best peer's median
 * @param peerName that peer
 * @param ratio turned so that more is better for us
 * @param aim what the ratio has to reach
 */
record Row(
    @JsonProperty("case") String name,
    String figure,
    String unit,
    double ours,
    double peer,
    String peerName,
    double ratio,
    double aim) {

  /** A figure of which more is better. */
  static Row moreIsBetter(
      String name,
      String figure,
      String unit,
      double ours,
      double peer,
      String peerName,
      double aim) {
    return new Row(name, figure, unit, ours, peer, peerName, ours / peer, aim);
  }

  /** A figure of which less is better. */
  static Row lessIsBetter(
      String name,
      String figure,
      String unit,
      double ours,
      double peer,
      String peerName,
      double aim) {
    return new Row(name, figure, unit, ours, peer, peerName, peer / ours, aim);
  }

  /** The same with a ratio that was told otherwise than from the two medians. */
  Row withRatio(double told) {
    return new Row(name, figure, unit, ours, peer, peerName, told, aim);
  }

  boolean reachesItsAim() {
    return ratio >= aim;
  }

  static String header() {
    return "%-46s %-24s %12s %12s  %-22s %6s %5s"
        .formatted("case", "figure", "ours", "peer", "", "ratio", "aim");
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%-46s %-24s %7s %-5s %7s %-5s %-22s %6.2f %5.2f%s",
        name,
        figure,
        figure(ours),
        unit,
        figure(peer),
        unit,
        peerName,
        ratio,
        aim,
        reachesItsAim() ? "" : "  missed");
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }
}
