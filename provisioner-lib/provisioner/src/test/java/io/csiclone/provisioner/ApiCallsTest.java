package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.mockwebserver.http.RecordedRequest;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the API server has to bear. */
class ApiCallsTest extends ProvisionerTestBed {

  private List<String> callsSinceLast() throws InterruptedException {
    var calls = new ArrayList<String>();
    RecordedRequest request = server.takeRequest(300, TimeUnit.MILLISECONDS);
    while (request != null) {
      calls.add(request.getMethod() + " " + request.getPath());
      request = server.takeRequest(300, TimeUnit.MILLISECONDS);
    }
    return calls;
  }

  private static final String CLAIMS = "/api/v1/namespaces/team-a/persistentvolumeclaims";

  /** Events are written beside the work, watches are not asked for again. */
  private static List<String> withoutEvents(List<String> calls) {
    return calls.stream().filter(call -> !call.contains("/events")).toList();
  }

  @Test
  void aCloneCostsThreeWritesAndTwoThatAllClonesOfItsSourceShareAndReadsNothing() throws Exception {
    boundClaim("origin");
    start();
    callsSinceLast();

    var copy = create(clone("copy", "origin"));
    awaitVolumeOf(copy);
    eventuallyUnprotected();

    assertThat(withoutEvents(callsSinceLast()))
        .filteredOn(call -> !call.equals("GET /api/v1/persistentvolumes/" + volumeName(copy)))
        .filteredOn(call -> !call.equals("GET " + CLAIMS + "/origin"))
        .containsExactly(
            "POST " + CLAIMS,
            "PATCH " + CLAIMS + "/copy",
            "PATCH " + CLAIMS + "/origin",
            "POST /api/v1/persistentvolumes",
            "PATCH " + CLAIMS + "/copy",
            "PATCH " + CLAIMS + "/origin");
  }

  @Test
  void everyFurtherCloneOfTheSameSourceCostsThreeWrites() throws Exception {
    boundClaim("origin");
    var slow = create(clone("slow", "origin"));
    driver.createAnswers.put(volumeName(slow), Status.ABORTED);
    start();
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    callsSinceLast();

    var copy = create(clone("copy", "origin"));
    awaitVolumeOf(copy);
    eventually(() -> assertThat(finalizers("copy")).doesNotContain(Names.MAKING));

    assertThat(withoutEvents(callsSinceLast()))
        .filteredOn(call -> !call.startsWith("GET "))
        .containsExactly(
            "POST " + CLAIMS,
            "PATCH " + CLAIMS + "/copy",
            "POST /api/v1/persistentvolumes",
            "PATCH " + CLAIMS + "/copy");
  }

  /** Without it the driver's word is looked for live. */
  @BeforeEach
  void describeDriver() {
    client.resource(Manifests.csiDriver()).create();
  }

  private void eventuallyUnprotected() {
    eventually(
        () -> assertThat(finalizers("origin")).containsExactly("kubernetes.io/pvc-protection"));
  }

  @Test
  void anIdleProvisionerAsksNothing() throws Exception {
    boundClaim("origin");
    start();
    callsSinceLast();

    assertThat(callsSinceLast()).isEmpty();
  }
}
