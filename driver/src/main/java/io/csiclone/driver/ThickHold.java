package io.csiclone.driver;

import io.csiclone.copy.CopyMethod;
import io.csiclone.csi.SourceHold;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Holds a source while it is copied into a volume that must share nothing with it. */
record ThickHold(Guarantee guarantee, Optional<Path> standIn, Runnable end) implements SourceHold {

  @Override
  public Map<String, String> context() {
    return guarantee.context();
  }

  @Override
  public CopyMethod fastest() {
    return CopyMethod.READ_WRITE; // a range copy in the kernel may share extents too
  }

  @Override
  public void close() {
    end.run();
  }
}
