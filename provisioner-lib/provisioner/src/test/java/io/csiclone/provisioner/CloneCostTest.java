package io.csiclone.provisioner;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What many clones at once cost an API server on which others are at work as well. */
class CloneCostTest extends FaultTestBed {

  private static final String CLAIMS =
      "/api/v1/namespaces/" + NAMESPACE + "/persistentvolumeclaims";

  @Test
  void eachOfFiftyClonesCostsThreeWritesAndAtMostOneRead() throws Exception {
    FaultyApi way = way();
    start(way);
    createSource();
    eventuallyNothingIsLostAndNothingDoubled(List.of());
    way.requests.clear();

    eventuallyNothingIsLostAndNothingDoubled(createClones());

    // Events are written beside the work; the source's protection is for all that are being cloned.
    List<String> calls =
        way.requests.stream()
            .filter(call -> !call.startsWith("WATCH") && !call.contains("/events"))
            .toList();
    assertThat(calls.stream().filter(call -> call.startsWith("GET")).count())
        .as("reads: %s", calls)
        .isLessThanOrEqualTo(CLONES);
    var writes =
        calls.stream()
            .filter(call -> !call.startsWith("GET") && !call.endsWith("/" + SOURCE))
            .collect(groupingBy(call -> call, counting()));
    assertThat(writes.remove("POST /api/v1/persistentvolumes")).isEqualTo(CLONES);
    assertThat(writes)
        .as("writes to claims")
        .hasSize(CLONES)
        .allSatisfy((call, times) -> {
          assertThat(call).startsWith("PATCH " + CLAIMS + "/clone-");
          assertThat(times).as(call).isEqualTo(2);
        });
  }
}
