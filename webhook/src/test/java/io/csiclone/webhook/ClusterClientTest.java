package io.csiclone.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the client of the cluster makes of what it is sent. */
class ClusterClientTest {

  private final KubernetesSerialization json = ClusterClient.serialization();

  @Test
  void theFailureOfAWatchIsUnderstood() {
    var event =
        json.unmarshal(
            """
            {"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","code":410,"reason":"Expired"}}
            """,
            WatchEvent.class);
    assertThat(event.getObject())
        .isInstanceOfSatisfying(
            Status.class, status -> assertThat(status.getCode()).isEqualTo(410));
  }

  @Test
  void whatIsWatchedIsReadAsItsKind() {
    var event =
        json.unmarshal(
            """
            {"type":"ADDED","object":{"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"data"}}}
            """,
            WatchEvent.class);
    assertThat(event.getObject()).isInstanceOf(PersistentVolumeClaim.class);
  }

  @Test
  void ofOtherKindsNoClassIsLookedFor() {
    HasMetadata other =
        json.unmarshal(
            "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"a\"}}");
    assertThat(other).isInstanceOf(GenericKubernetesResource.class);
  }

  @Test
  void objectsAreWrittenAsTheClientWouldByItself() {
    var own = new KubernetesSerialization();
    var text =
        """
        {"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"data","creationTimestamp":null,"labels":{"b":"1","a":"2"}},
         "spec":{"resources":{"requests":{"storage":"1Gi"}},"later":{"x":[1,2.50,true,null]}}}
        """;
    assertThat(json.asJson(json.unmarshal(text, PersistentVolumeClaim.class)))
        .isEqualTo(own.asJson(own.unmarshal(text, PersistentVolumeClaim.class)));
    assertThat(json.asJson(Map.of("a", 1))).isEqualTo(own.asJson(Map.of("a", 1)));
  }
}
