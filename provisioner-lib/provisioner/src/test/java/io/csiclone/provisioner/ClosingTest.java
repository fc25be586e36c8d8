package io.csiclone.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What is left of a provisioner that was closed. */
@Isolated("the threads of the whole process are looked at")
class ClosingTest extends ProvisionerTestBed {

  private static final Pattern OURS = Pattern.compile("csi-clone-[a-z]+");

  @TempDir private Path folder;

  /** All of ours are virtual: only a dump shows them. */
  private List<String> threads() throws IOException {
    Path dump = folder.resolve("threads-" + System.nanoTime());
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(dump.toString(), ThreadDumpFormat.TEXT_PLAIN);
    return OURS.matcher(Files.readString(dump)).results().map(MatchResult::group).toList();
  }

  @Test
  void closingEndsEveryThreadWithinSecondsEvenWhileTheDriverIsSlow() throws Exception {
    driver.createMillis = 20_000;
    var provisioner = start();
    create(claim("data"));
    eventually(() -> assertThat(driver.creates).isNotEmpty());
    assertThat(threads()).contains("csi-clone-claims", "csi-clone-volumes", "csi-clone-events");

    long begun = System.nanoTime();
    provisioner.close();

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
    assertThat(provisioner.ready()).isFalse();
    eventually(() -> assertThat(threads()).isEmpty());
  }
}
