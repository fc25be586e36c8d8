package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WaitingEventsTest {

  private static PendingEvent event(String claim, String reason, String message) {
    var about = new ObjectReferenceBuilder().withName(claim).withUid(claim).build();
    return new PendingEvent(about, "Normal", reason, message, claim, 1, Instant.EPOCH);
  }

  private static List<String> takenFrom(WaitingEvents waiting) throws InterruptedException {
    var taken = new ArrayList<String>();
    while (!waiting.isEmpty()) {
      PendingEvent next = waiting.take(Duration.ZERO);
      taken.add(next == null ? "nothing" : next.about().getName() + " " + next.message());
    }
    return taken;
  }

  @Test
  void theLatestWordsOnASubjectTakeTheTurnOfThoseThatStillWait() throws Exception {
    var waiting = new WaitingEvents(10);
    waiting.add(event("a", "Cloning", "10 %"));
    waiting.add(event("b", "Cloning", "20 %"));
    waiting.add(event("a", "Cloning", "90 %"));
    waiting.add(event("a", "ProvisioningSucceeded", "made"));

    assertThat(takenFrom(waiting)).containsExactly("a 90 %", "b 20 %", "a made");
  }

  @Test
  void whenTooManyWaitTheOneThatHasWaitedLongestGoes() throws Exception {
    var waiting = new WaitingEvents(2);

    assertThat(waiting.add(event("a", "Cloning", "10 %"))).isTrue();
    assertThat(waiting.add(event("b", "Cloning", "10 %"))).isTrue();
    assertThat(waiting.add(event("b", "Cloning", "90 %"))).isTrue();
    assertThat(waiting.add(event("c", "Cloning", "10 %"))).isFalse();

    assertThat(takenFrom(waiting)).containsExactly("b 90 %", "c 10 %");
  }

  @Test
  void aStormOfFiveThousandClaimsThatAreAllBegunAndFailHasRoom() throws Exception {
    var waiting = new WaitingEvents(EventRecorder.WAITING);
    for (String words : List.of("10 %", "50 %")) {
      for (int i = 0; i < 5_000; i++) {
        assertThat(waiting.add(event("claim-" + i, "Cloning", words))).isTrue();
      }
    }
    for (int i = 0; i < 5_000; i++) {
      assertThat(waiting.add(event("claim-" + i, "ProvisioningFailed", "no room"))).isTrue();
    }

    assertThat(takenFrom(waiting))
        .hasSize(10_000)
        .containsAll(IntStream.range(0, 5_000).mapToObj(i -> "claim-" + i + " no room").toList());
  }
}
