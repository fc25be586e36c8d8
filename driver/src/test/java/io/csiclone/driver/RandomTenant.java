package io.csiclone.driver;

import io.csiclone.driver.ExpectedVolume.Content;
import io.csiclone.driver.ExpectedVolume.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/** A tenant who does at random what can be done, and looks after what a kill has hit. */
final class RandomTenant {

  private static final int MOST_VOLUMES = 4;
  private static final int MOST_SNAPSHOTS = 2;
  private static final int MOST_BYTES = 2 << 20;

  private final Tenant tenant;
  private final PersistentCaller caller;
  private final Random random;
  private final List<ExpectedVolume> shared;
  private final boolean clonesVolumesInUse;

  /**
   * @param shared volumes of somebody else, to be cloned only
   */
  RandomTenant(
      Tenant tenant,
      PersistentCaller caller,
      Random random,
      List<ExpectedVolume> shared,
      boolean clonesVolumesInUse) {
    this.tenant = tenant;
    this.caller = caller;
    this.random = random;
    this.shared = shared;
    this.clonesVolumesInUse = clonesVolumesInUse;
  }

  Tenant tenant() {
    return tenant;
  }

  /** One thing, to its end. */
  void act() throws Exception {
    ExpectedVolume touched = something();
    if (caller.wasCutOff() && tenant.owned().contains(touched)) {
      tenant.check(touched);
    }
  }

  private ExpectedVolume something() throws Exception {
    List<ExpectedVolume> volumes = owned(volume -> !volume.snapshot);
    List<ExpectedVolume> snapshots = owned(volume -> volume.snapshot);
    if (volumes.size() < 2 || volumes.size() < MOST_VOLUMES && random.nextInt(3) == 0) {
      return another(snapshots);
    }
    if (!snapshots.isEmpty() && random.nextInt(10) == 0) {
      return deleted(any(snapshots));
    }
    ExpectedVolume volume = any(volumes);
    if (clonable(volume) && random.nextInt(5) == 0) {
      return copied(volume, snapshots.size());
    }
    if (random.nextInt(8) == 0) {
      tenant.expand(volume, 1 + random.nextInt(8));
    } else if (volume.published) {
      inUse(volume);
    } else if (volume.staged) {
      if (random.nextInt(3) > 0) {
        tenant.publish(volume);
      } else {
        tenant.unstage(volume);
      }
    } else if (random.nextInt(3) > 0) {
      tenant.stage(volume);
    } else {
      return deleted(volume);
    }
    return volume;
  }

  private ExpectedVolume another(List<ExpectedVolume> snapshots) throws Exception {
    return switch (random.nextInt(6)) {
      case 0, 1 -> {
        Kind kind = random.nextInt(10) == 0 ? Kind.XFS : any(List.of(Kind.BLOCK, Kind.EXT4));
        yield tenant.create(kind, kind.smallestMib() + random.nextInt(16));
      }
      case 2 ->
          snapshots.isEmpty()
              ? tenant.cloneOf(any(shared), 0)
              : tenant.cloneOf(any(snapshots), random.nextInt(4));
      case 3 -> {
        ExpectedVolume source = any(shared);
        tenant.cloneAndDelete(source);
        yield source;
      }
      default -> tenant.cloneOf(any(shared), random.nextInt(2) * 16L);
    };
  }

  private ExpectedVolume copied(ExpectedVolume volume, int snapshots) throws Exception {
    if (snapshots < MOST_SNAPSHOTS && random.nextBoolean()) {
      return tenant.snapshotOf(volume);
    }
    return owned(any -> !any.snapshot).size() < MOST_VOLUMES
        ? tenant.cloneOf(volume, random.nextInt(8))
        : deletedWhileCloned(volume);
  }

  private ExpectedVolume deletedWhileCloned(ExpectedVolume volume) throws Exception {
    tenant.cloneAndDelete(volume);
    return volume;
  }

  private void inUse(ExpectedVolume volume) throws Exception {
    switch (random.nextInt(3)) {
      case 0 ->
          tenant.write(volume, new Content(random.nextLong(), 1 + random.nextInt(MOST_BYTES)));
      case 1 -> volume.assertHoldsAt(tenant.target(volume));
      default -> tenant.unpublish(volume);
    }
  }

  private ExpectedVolume deleted(ExpectedVolume volume) throws Exception {
    tenant.delete(volume);
    return volume;
  }

  /** The last look at everything, and an empty pool. */
  void leave() throws Exception {
    for (ExpectedVolume volume : List.copyOf(tenant.owned())) {
      tenant.check(volume);
      tenant.shut(volume);
      tenant.delete(volume);
    }
  }

  private boolean clonable(ExpectedVolume volume) {
    return clonesVolumesInUse || !volume.staged;
  }

  private List<ExpectedVolume> owned(Predicate<ExpectedVolume> which) {
    return new ArrayList<>(tenant.owned().stream().filter(which).toList());
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
