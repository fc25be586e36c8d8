package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

  @Test
  void aCloneCostsFiveWritesOfWhichTwoAreSharedByAllClonesOfItsSource() throws Exception {
    boundClaim("origin");
    start();
    callsSinceLast();
    String claims = "/api/v1/namespaces/team-a/persistentvolumeclaims";

    awaitVolumeOf(create(clone("copy", "origin")));
    eventually(
        () -> assertThat(finalizers("origin")).containsExactly("kubernetes.io/pvc-protection"));

    assertThat(callsSinceLast())
        .filteredOn(call -> !call.contains("/events"))
        .filteredOn(call -> !call.startsWith("GET "))
        .containsExactly(
            "POST " + claims,
            "PATCH " + claims + "/copy",
            "PATCH " + claims + "/origin",
            "POST /api/v1/persistentvolumes",
            "PATCH " + claims + "/copy",
            "PATCH " + claims + "/origin");
  }

  @Test
  void anIdleProvisionerAsksNothing() throws Exception {
    boundClaim("origin");
    start();
    callsSinceLast();

    assertThat(callsSinceLast()).isEmpty();
  }
}
