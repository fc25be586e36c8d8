package io.csiclone.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a user reads who got an option wrong. */
class ReflinkDriverTest {

  @TempDir private Path folder;
  private String endpoint;
  private Path pool;

  @BeforeEach
  void names() throws IOException {
    endpoint = "unix://" + folder.resolve("csi.sock");
    pool = Files.createDirectory(folder.resolve("pool"));
  }

  @Test
  void missingOptionsAreNamed() {
    assertRefused("Missing required options: '--endpoint=unix:///PATH'", List.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://127.0.0.1:9000",
        "/run/csi.sock",
        "unix://csi.sock",
        "unix:",
        "unix:///a b"
      })
  void anEndpointOtherThanAUnixSocketIsRefused(String bad) {
    assertRefused(
        "--endpoint must be unix:// followed by an absolute path, for instance unix:///run/csi.sock, but is '%s'"
            .formatted(bad),
        List.of("--endpoint", bad, "--pool", "" + pool, "--node-id", "n"));
  }

  @Test
  void aProvisionerThatIsNotKnownIsRefusedWithThoseThatAre() {
    assertRefused(
        "Invalid value for option '--provisioner': expected one of [EMBEDDED, EXTERNAL]"
            + " (case-insensitive) but was 'sidecar'",
        List.of(
            "--endpoint",
            endpoint,
            "--pool",
            "" + pool,
            "--node-id",
            "n",
            "--provisioner",
            "sidecar"));
  }

  @Test
  void aSocketInAFolderThatIsNotThereIsRefused() {
    assertRefused(
        "--endpoint: folder %s/no does not exist; create it first".formatted(folder),
        List.of("--endpoint", "unix://" + folder + "/no/s", "--pool", "" + pool, "--node-id", "n"));
  }

  @Test
  void aSocketPathLongerThanTheKernelTakesIsRefused() {
    assertRefused(
        "is longer than the 107 bytes",
        List.of(
            "--endpoint",
            "unix://" + folder + "/" + "s".repeat(108),
            "--pool",
            "" + pool,
            "--node-id",
            "n"));
  }

  @Test
  void aPoolThatIsNotThereIsRefused() {
    assertRefused(
        "pool %s does not exist; create the folder first".formatted(folder.resolve("none")),
        with("--pool", folder.resolve("none").toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-x", "a b", "a/b"})
  void aNodeIdThatIsNoLabelValueIsRefused(String bad) {
    assertRefused("--node-id must be 1 to 63 letters", with("--node-id", bad));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "pod", "pod/", "/uid", "a/b/c"})
  void anOwnerThatIsNoPodWithItsUidIsRefused(String bad) {
    assertRefused(
        "--capacity-owner must be a pod's name and uid, as NAME/UID, but is '%s'".formatted(bad),
        with("--capacity-namespace", "storage", "--capacity-owner", bad));
  }

  @Test
  void aKubeconfigThatCannotBeReadIsRefused() {
    assertRefused(
        "--kubeconfig: cannot read file " + folder.resolve("none"),
        with("--kubeconfig", folder.resolve("none").toString()));
  }

  @Test
  void inClusterOutsideAPodIsRefused() {
    assertRefused("--in-cluster works only inside a pod", with("--in-cluster"));
  }

  @Test
  void twoWaysToTheClusterAreRefused() {
    assertRefused("mutually exclusive", with("--in-cluster", "--kubeconfig", "x"));
  }

  @Test
  void aRegistrationFolderThatIsNotThereIsRefused() {
    assertRefused(
        "--registration-dir: %s is not a folder".formatted(folder.resolve("none")),
        with("--registration-dir", folder.resolve("none").toString()));
  }

  @Test
  void aPortOutOfRangeIsRefused() {
    assertRefused("--health-port must be 0 to 65535, but is 70000", with("--health-port", "70000"));
  }

  @Test
  void anUnknownOptionIsRefused() {
    assertRefused("Unknown option: '--pol=x'", with("--pol=x"));
  }

  @Test
  void helpNamesEveryOption() {
    StringWriter out = new StringWriter();
    int code = ReflinkDriver.commandLine().setOut(new PrintWriter(out, true)).execute("--help");

    assertThat(code).isZero();
    assertThat(out.toString())
        .contains("--endpoint", "--pool", "--node-id", "--kubeconfig", "--in-cluster")
        .contains("--registration-dir", "--kubelet-dir", "--health-port");
  }

  /** Good options with some put in place of, or added to, them. */
  private List<String> with(String option, String... rest) {
    List<String> words = new ArrayList<>();
    for (List<String> good :
        List.of(
            List.of("--endpoint", endpoint),
            List.of("--pool", pool.toString()),
            List.of("--node-id", "node-1"))) {
      if (!good.getFirst().equals(option)) {
        words.addAll(good);
      }
    }
    words.add(option);
    words.addAll(List.of(rest));
    return words;
  }

  private static void assertRefused(String message, List<String> words) {
    StringWriter err = new StringWriter();
    CommandLine line = ReflinkDriver.commandLine().setErr(new PrintWriter(err, true));
    int code = line.execute(words.toArray(String[]::new));

    assertThat(err.toString()).contains(message).doesNotContain("\tat ");
    assertThat(err.toString().strip().lines()).as("one sentence").hasSize(1);
    assertThat(code).isEqualTo(2);
  }
}
