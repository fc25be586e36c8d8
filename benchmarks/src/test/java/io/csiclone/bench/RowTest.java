package io.csiclone.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class RowTest {

  private static final Row ROW =
      Row.moreIsBetter("dense", "data copied", "MiB/s", 300, 200, "cp", 1);

  @Test
  void theRatioIsAboveOneWhenWeAreFaster() {
    assertThat(ROW.ratio()).isEqualTo(1.5);
  }

  @Test
  void itIsAlsoAboveOneWhenWeNeedLessTime() {
    assertThat(Row.lessIsBetter("reflink", "time", "ms", 2, 5, "cp", 1).ratio()).isEqualTo(2.5);
  }

  @Test
  void aRatioBelowTheAimIsMarked() {
    assertThat(ROW.toString()).doesNotContain("missed");
    assertThat(Row.moreIsBetter("dense", "data copied", "MiB/s", 99, 100, "cp", 1).toString())
        .endsWith("missed");
  }

  @Test
  void theResultFileHasTheAgreedKeys() {
    assertThat(JsonMapper.builder().build().valueToTree(ROW).propertyNames())
        .containsExactlyInAnyOrder(
            "case", "figure", "unit", "ours", "peer", "peerName", "ratio", "aim");
  }

  @Test
  void theTablesColumnsStandUnderTheirHeadings() {
    assertThat(ROW.toString()).contains("300 MiB/s", "200 MiB/s", "cp", "1.50");
    assertThat(Row.header()).contains("figure", "ours", "peer", "ratio", "aim");
  }
}
