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

/**
 * The kinds of volumes there are, by the field of a volume that names its kind. A table of method
 * references would be three classes for each.
 */
final class VolumePlugins {

  private VolumePlugins() {}

  /** The kind of this volume; empty when it is of none that is known. */
  static String of(PersistentVolumeSpec spec) {
    if (spec.getCsi() != null) {
      return "csi";
    }
    if (spec.getFlexVolume() != null) {
      return "flexVolume";
    }
    if (spec.getLocal() != null) {
      return "local";
    }
    if (spec.getHostPath() != null) {
      return "hostPath";
    }
    if (spec.getNfs() != null) {
      return "nfs";
    }
    if (spec.getIscsi() != null) {
      return "iscsi";
    }
    if (spec.getFc() != null) {
      return "fc";
    }
    if (spec.getAwsElasticBlockStore() != null) {
      return "awsElasticBlockStore";
    }
    if (spec.getAzureDisk() != null) {
      return "azureDisk";
    }
    if (spec.getAzureFile() != null) {
      return "azureFile";
    }
    if (spec.getCephfs() != null) {
      return "cephfs";
    }
    if (spec.getCinder() != null) {
      return "cinder";
    }
    if (spec.getFlocker() != null) {
      return "flocker";
    }
    if (spec.getGcePersistentDisk() != null) {
      return "gcePersistentDisk";
    }
    if (spec.getGlusterfs() != null) {
      return "glusterfs";
    }
    if (spec.getPhotonPersistentDisk() != null) {
      return "photonPersistentDisk";
    }
    if (spec.getPortworxVolume() != null) {
      return "portworxVolume";
    }
    if (spec.getQuobyte() != null) {
      return "quobyte";
    }
    if (spec.getRbd() != null) {
      return "rbd";
    }
    if (spec.getScaleIO() != null) {
      return "scaleIO";
    }
    if (spec.getStorageos() != null) {
      return "storageos";
    }
    if (spec.getVsphereVolume() != null) {
      return "vsphereVolume";
    }
    return "";
  }

  /** A volume of that kind about which there is nothing else to tell. */
  static PersistentVolumeSpec bare(String name) {
    var spec = new PersistentVolumeSpec();
    switch (name) {
      case "csi" -> spec.setCsi(new CSIPersistentVolumeSource());
      case "flexVolume" -> spec.setFlexVolume(new FlexPersistentVolumeSource());
      case "local" -> spec.setLocal(new LocalVolumeSource());
      case "hostPath" -> spec.setHostPath(new HostPathVolumeSource());
      case "nfs" -> spec.setNfs(new NFSVolumeSource());
      case "iscsi" -> spec.setIscsi(new ISCSIPersistentVolumeSource());
      case "fc" -> spec.setFc(new FCVolumeSource());
      case "awsElasticBlockStore" ->
          spec.setAwsElasticBlockStore(new AWSElasticBlockStoreVolumeSource());
      case "azureDisk" -> spec.setAzureDisk(new AzureDiskVolumeSource());
      case "azureFile" -> spec.setAzureFile(new AzureFilePersistentVolumeSource());
      case "cephfs" -> spec.setCephfs(new CephFSPersistentVolumeSource());
      case "cinder" -> spec.setCinder(new CinderPersistentVolumeSource());
      case "flocker" -> spec.setFlocker(new FlockerVolumeSource());
      case "gcePersistentDisk" -> spec.setGcePersistentDisk(new GCEPersistentDiskVolumeSource());
      case "glusterfs" -> spec.setGlusterfs(new GlusterfsPersistentVolumeSource());
      case "photonPersistentDisk" ->
          spec.setPhotonPersistentDisk(new PhotonPersistentDiskVolumeSource());
      case "portworxVolume" -> spec.setPortworxVolume(new PortworxVolumeSource());
      case "quobyte" -> spec.setQuobyte(new QuobyteVolumeSource());
      case "rbd" -> spec.setRbd(new RBDPersistentVolumeSource());
      case "scaleIO" -> spec.setScaleIO(new ScaleIOPersistentVolumeSource());
      case "storageos" -> spec.setStorageos(new StorageOSPersistentVolumeSource());
      case "vsphereVolume" -> spec.setVsphereVolume(new VsphereVirtualDiskVolumeSource());
      default -> {}
    }
    return spec;
  }
}
