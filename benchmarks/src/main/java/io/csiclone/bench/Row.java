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

  static String header() {
    return "%-44s %12s %12s  %-12s %6s %5s"
        .formatted("case", "ours", "best peer", "", "ratio", "aim");
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%-44s %7.0f %-4s %7.0f %-4s  %-12s %6.2f %5.2f",
        name,
        ours,
        unit,
        peer,
        unit,
        peerName,
        ratio,
        aim);
  }
}
