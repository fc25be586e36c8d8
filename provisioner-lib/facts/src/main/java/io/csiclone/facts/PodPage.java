package io.csiclone.facts;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list of pods, with what tells who may write to which claim. The client's model of a
 * pod is 300 classes, and pods are read for nothing else.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record PodPage(@Nullable ListMetadata metadata, @Nullable List<Pod> items) {

  /**
   * @param next where the list goes on; null or empty at its end
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record ListMetadata(@JsonProperty("continue") @Nullable String next) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Pod(Metadata metadata, @Nullable Spec spec, @Nullable Status status) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Metadata(String name) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Status(@Nullable String phase) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Spec(
      @Nullable List<Container> containers,
      @Nullable List<Container> initContainers,
      @Nullable List<Volume> volumes) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Container(@Nullable List<Use> volumeMounts, @Nullable List<Use> volumeDevices) {}

  /** Of the volume of that name, mounted or as a device. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Use(@Nullable String name, @Nullable Boolean readOnly) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record Volume(
      @Nullable String name,
      @Nullable ClaimVolume persistentVolumeClaim,
      @Nullable Ephemeral ephemeral) {}

  @JsonIgnoreProperties(ignoreUnknown = true)
  record ClaimVolume(@Nullable String claimName, @Nullable Boolean readOnly) {}

  /** The claim is made for the pod. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Ephemeral() {}
}
