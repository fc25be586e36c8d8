package io.csiclone.facts;

import io.fabric8.kubernetes.api.model.AWSElasticBlockStoreVolumeSource;
import io.fabric8.kubernetes.api.model.AzureDiskVolumeSource;
import io.fabric8.kubernetes.api.model.AzureFilePersistentVolumeSource;
import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.CephFSPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.CinderPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.FCVolumeSource;
import io.fabric8.kubernetes.api.model.FlexPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.FlockerVolumeSource;
import io.fabric8.kubernetes.api.model.GCEPersistentDiskVolumeSource;
import io.fabric8.kubernetes.api.model.GlusterfsPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.HostPathVolumeSource;
import io.fabric8.kubernetes.api.model.ISCSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.LocalVolumeSource;
import io.fabric8.kubernetes.api.model.NFSVolumeSource;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.PhotonPersistentDiskVolumeSource;
import io.fabric8.kubernetes.api.model.PortworxVolumeSource;
import io.fabric8.kubernetes.api.model.QuobyteVolumeSource;
import io.fabric8.kubernetes.api.model.RBDPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.ScaleIOPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.StorageOSPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.VsphereVirtualDiskVolumeSource;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The kinds of volumes there are, by the field of a volume that names its kind. */
final class VolumePlugins {

  private record Plugin(
      String name,
      Function<PersistentVolumeSpec, @Nullable Object> get,
      Function<PersistentVolumeSpec, PersistentVolumeSpec> mark) {}

  private static final List<Plugin> ALL =
      List.of(
          plugin(
              "csi",
              PersistentVolumeSpec::getCsi,
              PersistentVolumeSpec::setCsi,
              CSIPersistentVolumeSource::new),
          plugin(
              "flexVolume",
              PersistentVolumeSpec::getFlexVolume,
              PersistentVolumeSpec::setFlexVolume,
              FlexPersistentVolumeSource::new),
          plugin(
              "local",
              PersistentVolumeSpec::getLocal,
              PersistentVolumeSpec::setLocal,
              LocalVolumeSource::new),
          plugin(
              "hostPath",
              PersistentVolumeSpec::getHostPath,
              PersistentVolumeSpec::setHostPath,
              HostPathVolumeSource::new),
          plugin(
              "nfs",
              PersistentVolumeSpec::getNfs,
              PersistentVolumeSpec::setNfs,
              NFSVolumeSource::new),
          plugin(
              "iscsi",
              PersistentVolumeSpec::getIscsi,
              PersistentVolumeSpec::setIscsi,
              ISCSIPersistentVolumeSource::new),
          plugin(
              "fc", PersistentVolumeSpec::getFc, PersistentVolumeSpec::setFc, FCVolumeSource::new),
          plugin(
              "awsElasticBlockStore",
              PersistentVolumeSpec::getAwsElasticBlockStore,
              PersistentVolumeSpec::setAwsElasticBlockStore,
              AWSElasticBlockStoreVolumeSource::new),
          plugin(
              "azureDisk",
              PersistentVolumeSpec::getAzureDisk,
              PersistentVolumeSpec::setAzureDisk,
              AzureDiskVolumeSource::new),
          plugin(
              "azureFile",
              PersistentVolumeSpec::getAzureFile,
              PersistentVolumeSpec::setAzureFile,
              AzureFilePersistentVolumeSource::new),
          plugin(
              "cephfs",
              PersistentVolumeSpec::getCephfs,
              PersistentVolumeSpec::setCephfs,
              CephFSPersistentVolumeSource::new),
          plugin(
              "cinder",
              PersistentVolumeSpec::getCinder,
              PersistentVolumeSpec::setCinder,
              CinderPersistentVolumeSource::new),
          plugin(
              "flocker",
              PersistentVolumeSpec::getFlocker,
              PersistentVolumeSpec::setFlocker,
              FlockerVolumeSource::new),
          plugin(
              "gcePersistentDisk",
              PersistentVolumeSpec::getGcePersistentDisk,
              PersistentVolumeSpec::setGcePersistentDisk,
              GCEPersistentDiskVolumeSource::new),
          plugin(
              "glusterfs",
              PersistentVolumeSpec::getGlusterfs,
              PersistentVolumeSpec::setGlusterfs,
              GlusterfsPersistentVolumeSource::new),
          plugin(
              "photonPersistentDisk",
              PersistentVolumeSpec::getPhotonPersistentDisk,
              PersistentVolumeSpec::setPhotonPersistentDisk,
              PhotonPersistentDiskVolumeSource::new),
          plugin(
              "portworxVolume",
              PersistentVolumeSpec::getPortworxVolume,
              PersistentVolumeSpec::setPortworxVolume,
              PortworxVolumeSource::new),
          plugin(
              "quobyte",
              PersistentVolumeSpec::getQuobyte,
              PersistentVolumeSpec::setQuobyte,
              QuobyteVolumeSource::new),
          plugin(
              "rbd",
              PersistentVolumeSpec::getRbd,
              PersistentVolumeSpec::setRbd,
              RBDPersistentVolumeSource::new),
          plugin(
              "scaleIO",
              PersistentVolumeSpec::getScaleIO,
              PersistentVolumeSpec::setScaleIO,
              ScaleIOPersistentVolumeSource::new),
          plugin(
              "storageos",
              PersistentVolumeSpec::getStorageos,
              PersistentVolumeSpec::setStorageos,
              StorageOSPersistentVolumeSource::new),
          plugin(
              "vsphereVolume",
              PersistentVolumeSpec::getVsphereVolume,
              PersistentVolumeSpec::setVsphereVolume,
              VsphereVirtualDiskVolumeSource::new));

  private VolumePlugins() {}

  private static <V> Plugin plugin(
      String name,
      Function<PersistentVolumeSpec, @Nullable Object> get,
      BiConsumer<PersistentVolumeSpec, V> set,
      Supplier<V> empty) {
    return new Plugin(
        name,
        get,
        spec -> {
          set.accept(spec, empty.get());
          return spec;
        });
  }

  /** The kind of this volume; empty when it is of none that is known. */
  static String of(PersistentVolumeSpec spec) {
    for (var plugin : ALL) {
      if (plugin.get().apply(spec) != null) {
        return plugin.name();
      }
    }
    return "";
  }

  /** A volume of that kind about which there is nothing else to tell. */
  static PersistentVolumeSpec bare(String name) {
    for (var plugin : ALL) {
      if (plugin.name().equals(name)) {
        return plugin.mark().apply(new PersistentVolumeSpec());
      }
    }
    return new PersistentVolumeSpec();
  }
}
