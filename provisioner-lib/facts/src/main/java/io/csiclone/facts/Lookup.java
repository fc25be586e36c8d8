package io.csiclone.facts;

import io.csiclone.rules.DriverFacts;
import io.csiclone.rules.StorageClassFacts;
import io.csiclone.rules.VolumeFacts;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Map;
import java.util.Optional;

/** One place to find things in. */
interface Lookup {

  Optional<PersistentVolumeClaim> claim(String namespace, String name);

  Optional<PersistentVolume> volume(String name);

  Optional<StorageClass> storageClass(String name);

  /** The labels of the namespace of that name. */
  Optional<Map<String, String>> labels(String namespace);

  Optional<CSIDriver> driver(String name);

  /** The claim of that name as the source of a clone. */
  default Optional<Source> source(String namespace, String name) {
    return claim(namespace, name).map(Source::of);
  }

  /** What the restrictions look at of the volume that {@code source} names. */
  default Optional<VolumeFacts> volumeOf(Source source, String name) {
    return volume(name).map(volume -> VolumeReader.volume(volume, source));
  }

  /** What the restrictions look at of the storage class of that name. */
  default Optional<StorageClassFacts> targetClass(String name) {
    return storageClass(name).map(VolumeReader::storageClass);
  }

  /** What the restrictions look at of the driver of that name, whether it is registered or not. */
  default DriverFacts driverBehind(String name) {
    return VolumeReader.driver(name, driver(name).orElse(null));
  }
}
