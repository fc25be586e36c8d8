package io.csiclone.rules;

import io.csiclone.rules.DriverFacts.CloneSupport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Facts of a flawless clone, of which a test spoils what it is about. */
final class Scene {

  static final long GI = 1L << 30;

  // The clone.
  String name = "copy";
  @Nullable DataSource dataSource = pvc("data");
  @Nullable DataSource dataSourceRef;
  @Nullable String className = "fast";
  long request = GI;
  VolumeMode mode = VolumeMode.FILESYSTEM;
  Set<String> accessModes = Set.of("ReadWriteOnce");
  @Nullable String wantedVolume;
  boolean selector;
  @Nullable NodeFacts selectedNode;

  // Its class.
  boolean classExists = true;
  String provisioner = "disk.example.com";
  @Nullable String classFsType = "ext4";
  List<Map<String, Set<String>>> allowedTopologies = List.of();

  // The source.
  boolean sourceExists = true;
  String phase = "Bound";
  boolean terminating;
  @Nullable String sourceClass = "fast";
  long sourceRequest = GI;
  @Nullable String volumeName = "pv-1";
  Set<String> sourceModes = Set.of("ReadWriteOnce");

  // Its volume.
  boolean volumeExists = true;
  String plugin = "csi";
  @Nullable String csiDriver = "disk.example.com";
  long capacity = GI;
  VolumeMode volumeMode = VolumeMode.FILESYSTEM;
  @Nullable String fsType = "ext4";
  String volumePhase = "Bound";
  boolean boundToSource = true;
  @Nullable NodeAffinity affinity;

  // What else there is.
  @Nullable FreeVolumeFacts freeVolume;
  List<String> writers = List.of();

  // The driver.
  boolean registered = true;
  CloneSupport cloneSupport = CloneSupport.YES;

  static DataSource pvc(String name) {
    return new DataSource(null, "PersistentVolumeClaim", name, null);
  }

  static DataSource pvc(String name, String namespace) {
    return new DataSource("", "PersistentVolumeClaim", name, namespace);
  }

  void onVolumeOf(String plugin) {
    this.plugin = plugin;
    csiDriver = null;
  }

  CloneFacts facts() {
    return named().in(new Surroundings(freeVolume, writers, selectedNode));
  }

  private CloneFacts named() {
    var claim =
        new ClaimFacts(
            "team-a",
            name,
            dataSource,
            dataSourceRef,
            className,
            request,
            mode,
            accessModes,
            wantedVolume,
            selector,
            selectedNode == null ? null : selectedNode.name());
    var target =
        classExists && className != null && !className.isEmpty()
            ? new StorageClassFacts(className, provisioner, classFsType, allowedTopologies)
            : null;
    if (!sourceExists) {
      return new CloneFacts(claim, null, null, target, null);
    }
    var source =
        new SourceFacts(
            "team-a",
            "data",
            phase,
            terminating,
            sourceClass,
            sourceRequest,
            volumeName,
            sourceModes);
    if (!volumeExists || volumeName == null) {
      return new CloneFacts(claim, source, null, target, null);
    }
    var volume =
        new VolumeFacts(
            volumeName,
            plugin,
            csiDriver,
            capacity,
            volumeMode,
            fsType,
            volumePhase,
            boundToSource,
            affinity);
    var driver = csiDriver == null ? null : new DriverFacts(csiDriver, registered, cloneSupport);
    return new CloneFacts(claim, source, volume, target, driver);
  }
}
