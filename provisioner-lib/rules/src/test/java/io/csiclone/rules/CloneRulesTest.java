package io.csiclone.rules;

import static io.csiclone.rules.Scene.GI;
import static io.csiclone.rules.Scene.pvc;
import static org.assertj.core.api.Assertions.assertThat;

import io.csiclone.rules.DriverFacts.CloneSupport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CloneRulesTest {

  private static Verdict judge(Consumer<Scene> spoil) {
    return judge(spoil, RulePolicy.defaults());
  }

  private static Verdict judge(Consumer<Scene> spoil, RulePolicy policy) {
    var scene = new Scene();
    spoil.accept(scene);
    return CloneRules.judge(scene.facts(), policy);
  }

  private static final RulePolicy SAME_DRIVER = new RulePolicy(Map.of(), ClassPolicy.SAME_DRIVER);

  /** Refused for this reason and no other, in words that hold these. */
  private static void assertRefused(Verdict verdict, RuleCode code, String... words) {
    assertThat(verdict.denials()).extracting(Finding::code).containsExactly(code);
    assertThat(verdict.denials().getFirst().message()).satisfies(says(words));
    assertThat(verdict.allowed()).isFalse();
  }

  private static void assertWarned(Verdict verdict, RuleCode code, String... words) {
    assertThat(verdict.denials()).isEmpty();
    assertThat(verdict.warnings()).extracting(Finding::code).containsExactly(code);
    assertThat(verdict.warnings().getFirst().message()).satisfies(says(words));
    assertThat(verdict.allowed()).isTrue();
  }

  private static ThrowingConsumer<String> says(String... words) {
    return message -> {
      assertThat(message).endsWith(".");
      for (var word : words) {
        assertThat(message).contains(word);
      }
    };
  }

  private static void assertSpotless(Verdict verdict) {
    assertThat(verdict.denials()).isEmpty();
    assertThat(verdict.warnings()).isEmpty();
  }

  @Test
  void aFlawlessCloneIsAllowedInSilence() {
    assertSpotless(judge(scene -> {}));
  }

  @Test
  void aCloneMayNameItsSourceInEitherFieldOrBoth() {
    assertSpotless(
        judge(scene -> {
          scene.dataSource = null;
          scene.dataSourceRef = pvc("data");
        }));
    assertSpotless(judge(scene -> scene.dataSourceRef = pvc("data", "")));
    assertSpotless(judge(scene -> scene.dataSourceRef = pvc("data", "team-a")));
  }

  @Test
  void podsThatMayWriteToTheSourceAreWarnedOf() {
    assertWarned(
        judge(scene -> scene.writers = List.of("db-0")),
        RuleCode.SOURCE_IN_USE,
        "source claim team-a/data",
        "pod db-0, so");
    assertWarned(
        judge(scene -> scene.writers = List.of("db-0", "db-1")),
        RuleCode.SOURCE_IN_USE,
        "pod db-0 and others");
  }

  @Test
  void anOrdinaryClaimIsNotJudged() {
    assertSpotless(
        judge(scene -> {
          scene.dataSource = null;
          scene.sourceExists = false;
          scene.className = null;
          scene.wantedVolume = "pv-9";
          scene.selector = true;
          scene.request = 0;
        }));
  }

  @Test
  void aClaimFromASnapshotOrAPopulatorIsNotJudged() {
    assertSpotless(
        judge(scene -> {
          scene.dataSource =
              new DataSource("snapshot.storage.k8s.io", "VolumeSnapshot", "snap", null);
          scene.className = null;
        }));
    assertSpotless(
        judge(scene -> {
          scene.dataSource = null;
          scene.dataSourceRef = new DataSource("example.com", "Image", "disk", "elsewhere");
          scene.className = null;
        }));
  }

  @ParameterizedTest
  @CsvSource({
    ",ConfigMap,ConfigMap",
    "v1,PersistentVolumeClaim,PersistentVolumeClaim.v1",
    ",VolumeSnapshot,VolumeSnapshot",
    "example.com,Image,Image.example.com"
  })
  void aDataSourceTheServerWouldDropIsRefused(String group, String kind, String named) {
    assertRefused(
        judge(scene -> scene.dataSource = new DataSource(group, kind, "thing", null)),
        RuleCode.UNKNOWN_DATA_SOURCE,
        "claim team-a/copy",
        named,
        "dataSourceRef");
  }

  @Test
  void anUnknownDataSourceThatIsAlsoADataSourceRefIsKeptByTheServer() {
    assertSpotless(
        judge(scene -> {
          scene.dataSource = new DataSource("example.com", "Image", "disk", null);
          scene.dataSourceRef = new DataSource("example.com", "Image", "disk", null);
        }));
  }

  @Test
  void twoDifferentSourcesAreRefused() {
    assertRefused(
        judge(scene -> scene.dataSourceRef = pvc("other")),
        RuleCode.DATA_SOURCE_CONFLICT,
        "claim team-a/copy",
        "PersistentVolumeClaim data",
        "PersistentVolumeClaim other");
    assertRefused(
        judge(scene -> scene.dataSourceRef = pvc("data", "team-b")),
        RuleCode.DATA_SOURCE_CONFLICT,
        "team-b/data");
    assertRefused(
        judge(scene -> scene.dataSourceRef = new DataSource("example.com", "Image", "data", null)),
        RuleCode.DATA_SOURCE_CONFLICT,
        "Image.example.com data");
  }

  @Test
  void ofTwoDifferentSourcesNeitherIsJudged() {
    assertRefused(
        judge(scene -> {
          scene.dataSourceRef = pvc("other");
          scene.sourceClass = "slow";
          scene.phase = "Pending";
        }),
        RuleCode.DATA_SOURCE_CONFLICT);
  }

  @Test
  void aSourceInAnotherNamespaceIsRefused() {
    assertRefused(
        judge(scene -> {
          scene.dataSource = null;
          scene.dataSourceRef = pvc("data", "team-b");
          scene.sourceExists = false;
        }),
        RuleCode.CROSS_NAMESPACE,
        "claim team-a/copy",
        "namespace team-b",
        "here team-a");
  }

  private static Verdict judgeGranted(Consumer<Scene> change) {
    var scene = new Scene();
    scene.dataSource = null;
    scene.dataSourceRef = pvc("data", "team-b");
    change.accept(scene);
    var facts = scene.facts();
    return CloneRules.judge(
        new CloneFacts(
            facts.claim().granted(),
            facts.source(),
            facts.sourceVolume(),
            facts.targetClass(),
            facts.driver()),
        RulePolicy.defaults());
  }

  @Test
  void aSourceThatAnotherNamespaceGrantsIsJudgedAsOneOfTheOwn() {
    assertThat(judgeGranted(scene -> {}).allowed()).isTrue();
    assertThat(judgeGranted(scene -> scene.dataSourceRef = pvc("copy", "team-b")).allowed())
        .as("a claim of the same name elsewhere is another one")
        .isTrue();
    assertRefused(
        judgeGranted(scene -> scene.sourceExists = false),
        RuleCode.SOURCE_NOT_FOUND,
        "source claim team-b/data",
        "a bound claim of namespace team-b");
    assertRefused(
        judgeGranted(scene -> scene.dataSource = pvc("data")), RuleCode.DATA_SOURCE_CONFLICT);
  }

  @Test
  void ofASourceInAnotherNamespaceNothingIsRevealed() {
    Consumer<Scene> elsewhere =
        scene -> {
          scene.dataSource = null;
          scene.dataSourceRef = pvc("data", "team-b");
          scene.className = null;
        };
    assertThat(judge(elsewhere.andThen(scene -> scene.sourceExists = false)))
        .isEqualTo(judge(elsewhere.andThen(scene -> scene.sourceClass = "slow")));
  }

  @Test
  void aClaimCannotBeItsOwnSource() {
    assertRefused(
        judge(scene -> {
          scene.dataSource = pvc("copy");
          scene.sourceExists = false;
        }),
        RuleCode.SELF_REFERENCE,
        "claim team-a/copy");
  }

  @Test
  void aClaimWhoseNameTheServerWillMakeIsNotItsOwnSource() {
    assertSpotless(judge(scene -> scene.name = ""));
    assertRefused(
        judge(scene -> {
          scene.name = "";
          scene.request = 1;
        }),
        RuleCode.SIZE_TOO_SMALL,
        "the claim to be created in namespace team-a");
  }

  @Test
  void aCloneIsNotBoundToAVolumeByName() {
    assertRefused(
        judge(scene -> scene.wantedVolume = "pv-9"),
        RuleCode.PRE_BOUND,
        "claim team-a/copy",
        "volume pv-9",
        "spec.volumeName");
    assertSpotless(judge(scene -> scene.wantedVolume = ""));
  }

  @Test
  void aCloneHasNoSelector() {
    assertRefused(
        judge(scene -> scene.selector = true), RuleCode.SELECTOR_SET, "claim team-a/copy");
  }

  @Test
  void aCloneNeedsAStorageClass() {
    assertRefused(
        judge(scene -> scene.className = null),
        RuleCode.NO_STORAGE_CLASS,
        "names no storage class",
        "use fast",
        "team-a/data");
    assertRefused(
        judge(scene -> scene.className = ""), RuleCode.NO_STORAGE_CLASS, "declines", "use fast");
    assertRefused(
        judge(scene -> scene.classExists = false),
        RuleCode.NO_STORAGE_CLASS,
        "storage class fast, which does not exist");
  }

  @Test
  void aCloneThatCannotGetTheClassOfItsSourceIsToldOfTheSourceAlone() {
    assertRefused(
        judge(scene -> {
          scene.className = null;
          scene.sourceExists = false;
        }),
        RuleCode.SOURCE_NOT_FOUND);
  }

  @Test
  void aSourceWithoutStorageClassIsRefused() {
    assertRefused(
        judge(scene -> scene.sourceClass = null),
        RuleCode.NO_STORAGE_CLASS,
        "source claim team-a/data has no storage class");
    assertRefused(
        judge(scene -> {
          scene.className = null;
          scene.sourceClass = null;
        }),
        RuleCode.NO_STORAGE_CLASS,
        "claim team-a/copy names no storage class");
  }

  @Test
  void aClassWithTheStaticProvisionerIsRefused() {
    assertRefused(
        judge(scene -> {
          scene.className = "by-hand";
          scene.provisioner = "kubernetes.io/no-provisioner";
        }),
        RuleCode.STATIC_PROVISIONER,
        "storage class by-hand",
        "kubernetes.io/no-provisioner",
        "use fast");
  }

  @Test
  void aClassOfAnInTreeProvisionerIsRefused() {
    assertRefused(
        judge(scene -> {
          scene.className = "gp2";
          scene.provisioner = "kubernetes.io/aws-ebs";
        }),
        RuleCode.SOURCE_NOT_CSI,
        "storage class gp2",
        "in-tree provisioner kubernetes.io/aws-ebs",
        "use fast");
  }

  @ParameterizedTest
  @ValueSource(strings = {"awsElasticBlockStore", "flexVolume", "hostPath", "local", "nfs"})
  void aSourceOnAVolumeThatIsNotCsiIsRefused(String plugin) {
    assertRefused(
        judge(scene -> scene.onVolumeOf(plugin)),
        RuleCode.SOURCE_NOT_CSI,
        "volume pv-1 of source claim team-a/data",
        plugin,
        "CSI");
  }

  @Test
  void anInTreeSourceOfAnInTreeClassIsToldOfOnce() {
    assertRefused(
        judge(scene -> {
          scene.onVolumeOf("awsElasticBlockStore");
          scene.provisioner = "kubernetes.io/aws-ebs";
        }),
        RuleCode.SOURCE_NOT_CSI,
        "awsElasticBlockStore");
  }

  @Test
  void anotherStorageClassIsRefused() {
    assertRefused(
        judge(scene -> scene.className = "slow"),
        RuleCode.STORAGE_CLASS_MISMATCH,
        "claim team-a/copy has the storage class slow",
        "source claim team-a/data has fast");
    assertRefused(
        judge(scene -> scene.sourceClass = ""),
        RuleCode.STORAGE_CLASS_MISMATCH,
        "has the empty one");
  }

  @Test
  void anotherStorageClassOfTheSameDriverIsAllowedWhereThePolicySaysSo() {
    assertSpotless(judge(scene -> scene.className = "slow", SAME_DRIVER));
  }

  @Test
  void aClassOfAnotherDriverIsRefusedUnderEitherPolicy() {
    assertRefused(
        judge(
            scene -> {
              scene.className = "slow";
              scene.provisioner = "tape.example.com";
            },
            SAME_DRIVER),
        RuleCode.DRIVER_MISMATCH,
        "storage class slow of the driver tape.example.com",
        "volume pv-1",
        "use a class of disk.example.com");
    assertRefused(judge(scene -> scene.provisioner = "tape.example.com"), RuleCode.DRIVER_MISMATCH);
  }

  @Test
  void anotherClassOfAnotherDriverIsRefusedForTheClassAlone() {
    assertRefused(
        judge(scene -> {
          scene.className = "slow";
          scene.provisioner = "tape.example.com";
        }),
        RuleCode.STORAGE_CLASS_MISMATCH);
  }

  @Test
  void anotherClassOfAnotherDriverIsStillRefusedWhereClassesMayDiffer() {
    var lenient =
        new RulePolicy(Map.of(RuleCode.STORAGE_CLASS_MISMATCH, Mode.WARN), ClassPolicy.SAME_CLASS);
    var verdict =
        judge(
            scene -> {
              scene.className = "slow";
              scene.provisioner = "tape.example.com";
            },
            lenient);
    assertRefused(verdict, RuleCode.DRIVER_MISMATCH);
    assertThat(verdict.warnings())
        .extracting(Finding::code)
        .containsExactly(RuleCode.STORAGE_CLASS_MISMATCH);
  }

  @Test
  void aSourceThatDoesNotExistIsRefused() {
    assertRefused(
        judge(scene -> scene.sourceExists = false),
        RuleCode.SOURCE_NOT_FOUND,
        "source claim team-a/data does not exist");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Pending", "Lost"})
  void aSourceThatIsNotBoundIsRefused(String phase) {
    assertRefused(
        judge(scene -> {
          scene.phase = phase;
          scene.volumeName = null;
        }),
        RuleCode.SOURCE_NOT_BOUND,
        "source claim team-a/data is " + phase);
  }

  @Test
  void aSourceThatIsBoundToNothingUsableIsRefused() {
    assertRefused(judge(scene -> scene.phase = ""), RuleCode.SOURCE_NOT_BOUND, "is Pending");
    assertRefused(
        judge(scene -> scene.volumeName = null), RuleCode.SOURCE_NOT_BOUND, "has no volume");
    assertRefused(
        judge(scene -> scene.volumeExists = false), RuleCode.SOURCE_NOT_BOUND, "lost its volume");
    assertRefused(
        judge(scene -> scene.boundToSource = false),
        RuleCode.SOURCE_NOT_BOUND,
        "volume pv-1, which is bound to something else");
    assertRefused(
        judge(scene -> scene.volumePhase = "Released"),
        RuleCode.SOURCE_NOT_BOUND,
        "volume pv-1, which is Released");
  }

  @Test
  void aSourceThatIsBeingDeletedIsRefused() {
    assertRefused(
        judge(scene -> scene.terminating = true),
        RuleCode.SOURCE_TERMINATING,
        "source claim team-a/data is being deleted");
  }

  @Test
  void aDriverThatCannotCloneIsRefused() {
    assertRefused(
        judge(scene -> scene.cloneSupport = CloneSupport.NO),
        RuleCode.CLONING_UNSUPPORTED,
        "driver disk.example.com",
        "volume pv-1");
  }

  @Test
  void aDriverThatSaysNothingOfCloningIsWarnedOf() {
    assertWarned(
        judge(scene -> scene.cloneSupport = CloneSupport.UNKNOWN),
        RuleCode.DRIVER_UNKNOWN,
        "driver disk.example.com of volume pv-1",
        "does not say",
        "csi-clone.io/clone-volume on CSIDriver disk.example.com");
  }

  private static RulePolicy knowing(CloneSupport support) {
    return new RulePolicy(
        Map.of(), ClassPolicy.SAME_CLASS, Map.of("disk.example.com", support), List.of());
  }

  @Test
  void ofADriverThatSaysNothingTheConfigurationIsBelieved() {
    for (boolean registered : new boolean[] {true, false}) {
      Consumer<Scene> silent =
          scene -> {
            scene.cloneSupport = CloneSupport.UNKNOWN;
            scene.registered = registered;
          };
      assertSpotless(judge(silent, knowing(CloneSupport.YES)));
      assertRefused(
          judge(silent, knowing(CloneSupport.NO)),
          RuleCode.CLONING_UNSUPPORTED,
          "driver disk.example.com",
          "configured as one that cannot clone");
    }
  }

  @Test
  void whatADriverSaysItselfCountsMoreThanTheConfiguration() {
    assertSpotless(judge(scene -> {}, knowing(CloneSupport.NO)));
    assertRefused(
        judge(scene -> scene.cloneSupport = CloneSupport.NO, knowing(CloneSupport.YES)),
        RuleCode.CLONING_UNSUPPORTED,
        "says that it cannot");
  }

  @Test
  void aDriverTheClusterDoesNotKnowIsWarnedOf() {
    assertWarned(
        judge(scene -> {
          scene.registered = false;
          scene.cloneSupport = CloneSupport.UNKNOWN;
        }),
        RuleCode.DRIVER_UNKNOWN,
        "driver disk.example.com");
  }

  @Test
  void aCloneSmallerThanItsSourceIsRefused() {
    assertRefused(
        judge(scene -> scene.request = GI / 2),
        RuleCode.SIZE_TOO_SMALL,
        "claim team-a/copy asks for 512Mi",
        "volume of 1Gi",
        "at least 1Gi");
  }

  @Test
  void theRealCapacityOfTheSourceCountsNotOnlyItsRequest() {
    assertRefused(
        judge(scene -> scene.capacity = 100 * GI),
        RuleCode.SIZE_TOO_SMALL,
        "asks for 1Gi",
        "volume of 100Gi",
        "at least 100Gi");
    assertRefused(
        judge(scene -> scene.sourceRequest = 2 * GI),
        RuleCode.SIZE_TOO_SMALL,
        "asks for 2Gi",
        "at least 2Gi");
  }

  @Test
  void aLargerCloneIsAllowed() {
    assertSpotless(judge(scene -> scene.request = GI + 1));
  }

  @ParameterizedTest
  @CsvSource({"FILESYSTEM,BLOCK", "BLOCK,FILESYSTEM"})
  void anotherVolumeModeIsRefused(VolumeMode clone, VolumeMode source) {
    assertRefused(
        judge(scene -> {
          scene.mode = clone;
          scene.volumeMode = source;
        }),
        RuleCode.VOLUME_MODE_MISMATCH,
        "volume mode " + clone.id(),
        "use " + source.id());
  }

  @Test
  void aBlockCloneOfABlockSourceIsAllowedWhateverTheClassSaysOfFilesystems() {
    assertSpotless(
        judge(scene -> {
          scene.mode = VolumeMode.BLOCK;
          scene.volumeMode = VolumeMode.BLOCK;
          scene.classFsType = "xfs";
        }));
  }

  @Test
  void aClassThatAsksForAnotherFilesystemIsWarnedOf() {
    assertWarned(
        judge(scene -> scene.classFsType = "xfs"),
        RuleCode.FS_TYPE_MISMATCH,
        "filesystem xfs",
        "holds ext4");
    assertSpotless(judge(scene -> scene.classFsType = null));
    assertSpotless(judge(scene -> scene.fsType = null));
  }

  @Test
  void aCloneWithFewerAccessModesIsWarnedOf() {
    assertWarned(
        judge(scene -> scene.sourceModes = Set.of("ReadWriteMany", "ReadWriteOnce")),
        RuleCode.ACCESS_MODE_NARROWING,
        "leaves out ReadWriteMany");
    assertSpotless(judge(scene -> scene.accessModes = Set.of("ReadWriteMany", "ReadWriteOnce")));
  }

  @Test
  void allViolationsAreReportedTogetherInAProvisionersOrder() {
    var verdict =
        judge(scene -> {
          scene.wantedVolume = "pv-9";
          scene.selector = true;
          scene.className = "slow";
          scene.terminating = true;
          scene.request = 1000;
          scene.mode = VolumeMode.BLOCK;
          scene.cloneSupport = CloneSupport.NO;
        });
    assertThat(verdict.denials())
        .extracting(Finding::code)
        .containsExactly(
            RuleCode.PRE_BOUND,
            RuleCode.CLONING_UNSUPPORTED,
            RuleCode.SELECTOR_SET,
            RuleCode.SOURCE_TERMINATING,
            RuleCode.STORAGE_CLASS_MISMATCH,
            RuleCode.SIZE_TOO_SMALL,
            RuleCode.VOLUME_MODE_MISMATCH);
  }

  @Test
  void aClaimAloneCanBeJudgedByItsShape() {
    var scene = new Scene();
    scene.dataSource = pvc("copy");
    scene.wantedVolume = "pv-9";
    scene.selector = true;
    scene.className = "";
    scene.request = 1;
    assertThat(CloneRules.judgeAlone(scene.facts().claim(), RulePolicy.defaults()).denials())
        .extracting(Finding::code)
        .containsExactly(
            RuleCode.PRE_BOUND,
            RuleCode.NO_STORAGE_CLASS,
            RuleCode.SELF_REFERENCE,
            RuleCode.SELECTOR_SET);
    scene = new Scene();
    scene.className = null;
    assertSpotless(CloneRules.judgeAlone(scene.facts().claim(), RulePolicy.defaults()));
    scene.dataSource = null;
    scene.selector = true;
    assertSpotless(CloneRules.judgeAlone(scene.facts().claim(), RulePolicy.defaults()));
  }

  @Test
  void aRestrictionCanBeMadeAWarningOrSwitchedOff() {
    for (var mode : Mode.values()) {
      var policy = new RulePolicy(Map.of(RuleCode.SIZE_TOO_SMALL, mode), ClassPolicy.SAME_CLASS);
      var verdict = judge(scene -> scene.request = 1, policy);
      assertThat(verdict.denials()).hasSize(mode == Mode.DENY ? 1 : 0);
      assertThat(verdict.warnings()).hasSize(mode == Mode.WARN ? 1 : 0);
    }
  }

  @Test
  void theDataSourceAloneCanBeJudgedBeforeAnythingIsLookedUp() {
    var scene = new Scene();
    scene.dataSource = null;
    scene.dataSourceRef = pvc("data", "team-b");
    scene.className = null;
    scene.selector = true;
    assertRefused(
        CloneRules.judgeDataSource(scene.facts().claim(), RulePolicy.defaults()),
        RuleCode.CROSS_NAMESPACE);
  }

  @Test
  void sizesAreWrittenAsTheShortestExactQuantity() {
    assertThat(Bytes.asQuantity(0)).isEqualTo("0");
    assertThat(Bytes.asQuantity(1023)).isEqualTo("1023");
    assertThat(Bytes.asQuantity(1024)).isEqualTo("1Ki");
    assertThat(Bytes.asQuantity(1000)).isEqualTo("1k");
    assertThat(Bytes.asQuantity(3 * GI / 2)).isEqualTo("1536Mi");
    assertThat(Bytes.asQuantity(5_000_000_000L)).isEqualTo("5G");
    assertThat(Bytes.asQuantity(Long.MAX_VALUE)).isEqualTo("9223372036854775807");
  }
}
