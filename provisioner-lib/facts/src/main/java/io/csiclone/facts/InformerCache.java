package io.csiclone.facts;

import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the state of an informer when asked, so that its events cost nothing more. */
final class InformerCache implements WatchedCache {

  private final String name;
  private final SharedIndexInformer<?> informer;
  private @Nullable String version;
  private long since = System.nanoTime();

  InformerCache(String name, SharedIndexInformer<?> informer) {
    this.name = name;
    this.informer = informer;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean synced() {
    return informer.hasSynced();
  }

  @Override
  public boolean watching() {
    return informer.isWatching();
  }

  @Override
  public int objects() {
    return informer.getStore().listKeys().size();
  }

  @Override
  public synchronized Duration age() {
    var told = informer.lastSyncResourceVersion();
    if (!Objects.equals(told, version)) {
      version = told;
      since = System.nanoTime();
    }
    return Duration.ofNanos(System.nanoTime() - since);
  }
}
