package io.csiclone.copy.internal.linux;

import java.util.Optional;
import java.util.Set;

/** Whether system calls can be made here. */
public final class NativeAccess {

  /** Where flag values, ioctl numbers and struct layouts of this package hold. */
  private static final Set<String> ARCHITECTURES = Set.of("amd64", "aarch64");

  private NativeAccess() {}

  /** Binds the C library; says what is wrong and what to do if that cannot be. */
  public static Optional<String> problem() {
    String system = System.getProperty("os.name");
    String architecture = System.getProperty("os.arch");
    if (!"Linux".equals(system) || !ARCHITECTURES.contains(architecture)) {
      return Optional.of(
          "the copy engine runs on Linux on amd64 and aarch64, not on "
              + system
              + " on "
              + architecture);
    }
    try {
      int ignored = Libc.errno();
      return Optional.empty();
    } catch (LinkageError e) {
      // First attempt: the cause is the JDK's refusal; later ones: a NoClassDefFoundError.
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return Optional.of(
          "the copy engine calls the C library and this JVM does not let it: start java with"
              + " --enable-native-access=ALL-UNNAMED ("
              + cause.getMessage()
              + ")");
    }
  }
}
