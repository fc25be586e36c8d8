package io.csiclone.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The CSIStorageCapacity objects of one driver and one provisioner, as last seen and written.
 *
 * <p>Their names follow from what they are about, so that two instances cannot make two of one.
 */
final class CapacityObjects implements AutoCloseable {

  static final String DRIVER_LABEL = "csi.storage.k8s.io/drivername";
  static final String MANAGER_LABEL = "csi.storage.k8s.io/managed-by";

  private static final String SLOT = "slot";
  private static final int NOT_FOUND = 404;
  private static final int LONGEST_LABEL = 63;
  private static final HexFormat HEX = HexFormat.of();

  /** As Kubernetes 1.21 to 1.23 serve it; the fields are the same. */
  @Group("storage.k8s.io")
  @Version("v1beta1")
  @Kind("CSIStorageCapacity")
  @Plural("csistoragecapacities")
  static final class Beta extends CSIStorageCapacity {
    private static final long serialVersionUID = 1L;

    Beta() {
      setApiVersion("storage.k8s.io/v1beta1");
    }
  }

  private final KubernetesClient client;
  private final StorageCapacity settings;
  private final Map<String, String> labels;
  private final Consumer<CapacitySlot> removed;

  private volatile @Nullable Served<?> served;

  /** The objects in the version that the server has. */
  private record Served<T extends CSIStorageCapacity>(
      Class<T> type, SharedIndexInformer<T> informer) {

    List<CSIStorageCapacity> about(String slot) {
      return List.copyOf(informer.getIndexer().byIndex(SLOT, slot));
    }
  }

  /**
   * Prepares; nothing is watched yet.
   *
   * @param nodeName the node of a node-local provisioner, or null
   * @param removed told of an object that is gone, by whomever
   */
  CapacityObjects(
      KubernetesClient client,
      StorageCapacity settings,
      String driverName,
      @Nullable String nodeName,
      Consumer<CapacitySlot> removed) {
    this.client = client;
    this.settings = settings;
    this.labels = Map.of(DRIVER_LABEL, driverName, MANAGER_LABEL, manager(nodeName));
    this.removed = removed;
  }

  /**
   * Who looks after the objects. As external-provisioner calls itself, so that a driver that goes
   * from one to the other leaves none behind.
   */
  static String manager(@Nullable String nodeName) {
    String name = "external-provisioner" + (nodeName == null ? "" : "-" + nodeName);
    return name.length() <= LONGEST_LABEL
        ? name
        : name.substring(0, LONGEST_LABEL - 17) + "-" + digest(name);
  }

  private static String digest(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HEX.formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Finds out in which version the server has such objects and begins to watch them. To be called
   * again when it throws.
   *
   * @return whether it has any
   */
  boolean start() {
    if (isServed(CSIStorageCapacity.class)) {
      served = watch(CSIStorageCapacity.class);
    } else if (isServed(Beta.class)) {
      served = watch(Beta.class);
    } else {
      return false;
    }
    return true;
  }

  private boolean isServed(Class<? extends CSIStorageCapacity> type) {
    try {
      var _ =
          client
              .resources(type)
              .inNamespace(settings.namespace())
              .withLabels(labels)
              .list(new ListOptionsBuilder().withLimit(1L).build());
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private <T extends CSIStorageCapacity> Served<T> watch(Class<T> type) {
    SharedIndexInformer<T> informer =
        client
            .resources(type)
            .inNamespace(settings.namespace())
            .withLabels(labels)
            .runnableInformer(0);
    informer.addIndexers(Map.of(SLOT, object -> List.of(slot(object).toString())));
    informer.addEventHandler(new Removals<>());
    // A watch that is lost, or not allowed yet, is tried again until close.
    informer.exceptionHandler((started, failure) -> true);
    var _ = informer.start();
    return new Served<>(type, informer);
  }

  private final class Removals<T extends CSIStorageCapacity> implements ResourceEventHandler<T> {
    @Override
    public void onAdd(T object) {}

    @Override
    public void onUpdate(T before, T object) {}

    @Override
    public void onDelete(T object, boolean unseen) {
      removed.accept(slot(object));
    }
  }

  boolean synced() {
    Served<?> now = served;
    return now != null && now.informer().hasSynced();
  }

  private static CapacitySlot slot(CSIStorageCapacity object) {
    LabelSelector topology = object.getNodeTopology();
    // What nobody here writes gets a slot that is never due, and so is removed.
    if (topology == null || !topology.getMatchExpressions().isEmpty()) {
      return new CapacitySlot(object.getStorageClassName(), Map.of("", "odd"));
    }
    return new CapacitySlot(
        object.getStorageClassName(),
        Objects.requireNonNullElse(topology.getMatchLabels(), Map.of()));
  }

  /** Whether there is an object about {@code slot}. */
  boolean has(CapacitySlot slot) {
    return !about(slot).isEmpty();
  }

  private List<CSIStorageCapacity> about(CapacitySlot slot) {
    Served<?> now = served;
    return now == null ? List.of() : now.about(slot.toString());
  }

  /** What there are objects about. */
  List<CapacitySlot> slots() {
    Served<?> now = served;
    if (now == null) {
      return List.of();
    }
    var slots = new ArrayList<CapacitySlot>();
    for (CSIStorageCapacity object : now.informer().getStore().list()) {
      slots.add(slot(object));
    }
    return slots;
  }

  /**
   * Says how much room there is.
   *
   * @param largestVolume the size of the largest volume in bytes; null when there is no limit
   */
  void write(CapacitySlot slot, long bytes, @Nullable Long largestVolume) {
    Quantity capacity = new Quantity(PersistentVolumes.quantity(bytes));
    Quantity largest =
        largestVolume == null ? null : new Quantity(PersistentVolumes.quantity(largestVolume));
    List<CSIStorageCapacity> existing = about(slot);
    if (existing.isEmpty()) {
      create(slot, capacity, largest);
      return;
    }
    existing.stream().skip(1).forEach(this::delete);
    CSIStorageCapacity first = existing.getFirst();
    boolean same =
        capacity.equals(first.getCapacity())
            && Objects.equals(largest, first.getMaximumVolumeSize())
            && owners().equals(first.getMetadata().getOwnerReferences());
    if (!same) {
      var change =
          List.of(
              set("/metadata/ownerReferences", owners()),
              set("/capacity", capacity),
              set("/maximumVolumeSize", largest));
      var _ =
          client
              .resource(first)
              .patch(
                  PatchContext.of(PatchType.JSON),
                  client.getKubernetesSerialization().asJson(change));
    }
  }

  private static Map<String, @Nullable Object> set(String path, @Nullable Object value) {
    var operation = new LinkedHashMap<String, @Nullable Object>();
    operation.put("op", "add");
    operation.put("path", path);
    operation.put("value", value);
    return operation;
  }

  private List<OwnerReference> owners() {
    OwnerReference owner = settings.owner();
    return owner == null ? List.of() : List.of(owner);
  }

  private void create(CapacitySlot slot, Quantity capacity, @Nullable Quantity largest) {
    Served<?> now = served;
    if (now == null) {
      return;
    }
    CSIStorageCapacity object = now.type() == Beta.class ? new Beta() : new CSIStorageCapacity();
    object.setMetadata(
        new ObjectMetaBuilder()
            .withNamespace(settings.namespace())
            .withName("csisc-" + digest(new TreeMap<>(labels) + " " + slot))
            .withLabels(labels)
            .withOwnerReferences(owners())
            .build());
    object.setStorageClassName(slot.storageClass());
    // Empty is everywhere, none at all would be nowhere.
    object.setNodeTopology(new LabelSelectorBuilder().withMatchLabels(slot.segment()).build());
    object.setCapacity(capacity);
    object.setMaximumVolumeSize(largest);
    var _ = client.resource(object).create();
  }

  /** Removes what is said of {@code slot}. */
  void delete(CapacitySlot slot) {
    about(slot).forEach(this::delete);
  }

  private void delete(CSIStorageCapacity object) {
    var _ = client.resource(object).delete();
  }

  @Override
  public void close() {
    Served<?> now = served;
    if (now != null) {
      now.informer().stop();
    }
  }
}
