package io.csiclone.provisioner;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import java.time.Instant;
import java.util.Objects;

/**
 * An event that is to be written. It holds little, as thousands may be waiting.
 *
 * @param about what it is about
 * @param name of the event
 * @param count how often it was said by now
 * @param at when it was said the last time
 */
record PendingEvent(
    ObjectReference about,
    String type,
    String reason,
    String message,
    String name,
    int count,
    Instant at) {

  /** What one word is enough on at a time: an object, and why it is spoken of. */
  record Subject(String uid, String reason) {}

  static ObjectReference reference(HasMetadata object) {
    return new ObjectReferenceBuilder()
        .withApiVersion(object.getApiVersion())
        .withKind(object.getKind())
        .withNamespace(object.getMetadata().getNamespace())
        .withName(object.getMetadata().getName())
        .withUid(object.getMetadata().getUid())
        .withResourceVersion(object.getMetadata().getResourceVersion())
        .build();
  }

  Subject subject() {
    return new Subject(String.valueOf(about.getUid()), reason);
  }

  /** Events about what has no namespace are in the one for such. */
  String namespace() {
    return Objects.requireNonNullElse(about.getNamespace(), "default");
  }

  /** As the API has it, said by {@code component} at {@code instance}, which may be empty. */
  Event object(String component, String instance) {
    return new EventBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace())
        .endMetadata()
        .withInvolvedObject(about)
        .withType(type)
        .withReason(reason)
        .withMessage(message)
        .withCount(count)
        .withFirstTimestamp(at.toString())
        .withLastTimestamp(at.toString())
        .withNewSource()
        .withComponent(component)
        .withHost(instance.isEmpty() ? null : instance)
        .endSource()
        .withReportingComponent(component)
        .withReportingInstance(instance)
        .build();
  }
}
