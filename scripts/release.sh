#!/usr/bin/env bash
# Builds what a release would publish into .build/release/staging, and a driver author's project against it:
# release.sh --dry-run [VERSION]. Takes what is committed; needs no secret and publishes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/jdk-and-maven.sh

usage() { echo "./dev release: only --dry-run [VERSION] is there; publishing needs a key and is done by hand (docs/development/release.md)" >&2; exit 2; }
[[ ${1:-} == --dry-run && $# -le 2 ]] || usage
snapshot=$(sed -n 's|^  <version>\(.*-SNAPSHOT\)</version>$|\1|p' pom.xml | head -n 1)
version=${2:-${snapshot%-SNAPSHOT}}
[[ $version =~ ^[0-9]+(\.[0-9]+)+([.-][A-Za-z0-9.]+)?$ && $version != *-SNAPSHOT ]] || usage
[[ -z $(git status --porcelain --untracked-files=no) ]] || echo "./dev release: what is not committed is left out" >&2

out=$PWD/.build/release
rm -rf "$out"
mkdir -p "$out/source" "$out/staging" "$out/consumer/src/main/java/io/csiclone/example" "$out/consumer/src/test/java/io/csiclone/example"
git archive HEAD | tar -x -C "$out/source"
grep -rl --include=pom.xml -F "<version>$snapshot</version>" "$out/source" | xargs sed -i "s|<version>$snapshot</version>|<version>$version</version>|"

# What the BOM names is what is published, and the BOM.
mapfile -t artifacts < <(sed -n 's|^ *<artifactId>\(csi-clone-.*\)</artifactId>$|\1|p' bom/pom.xml | grep -v -x csi-clone-parent | sort -u)
echo "== ${#artifacts[@]} artifacts of $version"
find_maven >/dev/null # in this folder, so that the copy finds it
MAVEN=$(find_maven)
[[ $MAVEN == /* ]] || MAVEN=$PWD/$MAVEN
(cd "$out/source" && mvn -q deploy -Prelease -pl "$(printf ':%s,' "${artifacts[@]}")" -Dmaven.test.skip=true \
  -Dspotless.check.skip=true -Dmaven.install.skip=true -DaltDeploymentRepository="staging::file://$out/staging")

status=0
lacks() { echo "./dev release: $*" >&2; status=1; }
for artifact in "${artifacts[@]}"; do
  folder=$out/staging/io/csiclone/$artifact/$version
  kinds=(.pom)
  [[ $artifact == csi-clone-bom ]] || kinds+=(.jar -sources.jar -javadoc.jar)
  for kind in "${kinds[@]}"; do
    file=$folder/$artifact-$version$kind
    [[ -s $file && -s $file.sha1 ]] || lacks "$artifact$kind or its checksum is not there"
  done
  # The BOM says "my own version"; any other property would be one of the build's.
  if sed 's/[$]{project.version}//' "$folder/$artifact-$version.pom" | grep -q -e SNAPSHOT -e '[$]{' -e '<parent>'; then
    lacks "the POM of $artifact names a snapshot, a property of the build or the build's parent"
  fi
done
((status == 0)) || exit 1

echo "== a project that uses them"
example=integration-tests/src/test/java/io/csiclone/example
cp scripts/consumer/pom.xml "$out/consumer/"
cp $example/FolderDriver.java $example/package-info.java "$out/consumer/src/main/java/io/csiclone/example/"
cp $example/FolderDriverTest.java "$out/consumer/src/test/java/io/csiclone/example/"
mkdir -p "$out/consumer/src/test/java/io/csiclone/testkit/example"
cp provisioner-lib/testkit/src/test/java/io/csiclone/testkit/example/MyDriverConformance.java \
  "$out/consumer/src/test/java/io/csiclone/testkit/example/"
# A local repository of its own: the next run must not find this one's artifacts. What others publish comes from the usual one.
(cd "$out/consumer" && mvn -q test -Dstaging="file://$out/staging" -Dcsi-clone.version="$version" \
  -Dmaven.repo.local="$out/repository" -Dmaven.repo.local.tail="$HOME/.m2/repository")
used=$(find "$out/repository/io/csiclone" -name '*.jar' | wc -l)
((used == ${#artifacts[@]} - 1)) || { lacks "the project took $used of $((${#artifacts[@]} - 1)) modules from the staging folder"; exit 1; }
find "$out/staging" -type f ! -name '*.md5' ! -name '*.sha*' ! -name 'maven-metadata*' -printf '%10s  %f\n' | sort -k2
echo "see $out/staging"
