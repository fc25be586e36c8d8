#!/usr/bin/env bash
# Builds the container images of our parts without any registry, as tars under .build/images for
# `ctr -n k8s.io images import`: csi-clone/webhook:dev, csi-clone/driver:dev and csi-clone/busybox:dev.
#
#   part-images.sh [webhook|driver|busybox]...    all of them by default; the Maven build comes first
set -euo pipefail
# shellcheck source=images.sh
. "$(dirname "$0")/images.sh"

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/.build/images
# As wide as a Spring application and an FFM caller may ask for; a runtime of only the modules used today would break tomorrow.
modules=java.se,jdk.unsupported,jdk.crypto.ec,jdk.management,jdk.jfr,jdk.httpserver,jdk.zipfs,jdk.naming.dns,jdk.localedata,jdk.jcmd
environment='["PATH=/opt/java/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "JAVA_HOME=/opt/java"]'

# Prints the folder of a JDK 25.
jdk() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    if [ -x "$home/bin/jlink" ] && grep -q '^JAVA_VERSION="25' "$home/release" 2>/dev/null; then
      printf '%s\n' "$home"
      return
    fi
  done
  die "no JDK 25 found: install one or set JAVA_HOME to it."
}

# Prints the one file among the arguments that exists; $1 is what it is, for the message.
one_file() {
  local what=$1 found=() file
  shift
  for file in "$@"; do
    case "$file" in *-sources.jar | *-javadoc.jar | *-tests.jar) continue ;; esac
    [ -f "$file" ] && found+=("$file")
  done
  [ ${#found[@]} = 1 ] || die "expected one $what and found ${#found[@]}: build the project first, from clean."
  printf '%s\n' "${found[0]}"
}

# Takes the security providers whose modules are not linked out of the file $1. Java would look for each of them at
# every start, in all jars.
keep_known_providers() {
  awk -F= '/^security\.provider\.[0-9]+=/ { if ($2 !~ /^(SunPCSC|JdkSASL|SunPKCS11)$/) print "security.provider." ++n "=" $2; next } 1' \
    "$1" >"$1.new"
  mv "$1.new" "$1"
}

# The layer with a Java runtime under /opt/java.
runtime_layer() {
  local home layer work
  home=$(jdk)
  layer=$(layer_path java "$modules $(cat "$home/release") $(declare -f keep_known_providers)")
  if [ ! -e "$layer" ]; then
    say "linking the Java runtime"
    work=$(new_folder)
    mkdir "$work/root" "$work/root/opt"
    "$home/bin/jlink" --add-modules "$modules" --include-locales=en --no-header-files --no-man-pages \
      --output "$work/root/opt/java" >&2
    keep_known_providers "$work/root/opt/java/conf/security/java.security"
    store_layer "$layer" tar_folder "$work/root"
  fi
  printf '%s\n' "$layer"
}

# The smallest root a JVM runs on: the C library, zlib and one user without rights.
libc_layer() {
  local debian layer work
  debian=$(debian_layer libc-packages extract libc6 zlib1g)
  layer=$(layer_path libc "$(cat "$debian.digest" "$0")")
  if [ ! -e "$layer" ]; then
    work=$(new_folder)
    mkdir -p "$work/root/etc"
    mkdir -m 1777 "$work/root/tmp"
    zstd -q -dc "$debian" | tar -C "$work/root" -xf - ./lib ./lib64 ./usr/lib
    printf 'root:x:0:0:root:/:/sbin/nologin\napp:x:65532:65532:app:/tmp:/sbin/nologin\n' >"$work/root/etc/passwd"
    printf 'root:x:0:\napp:x:65532:\n' >"$work/root/etc/group"
    printf 'hosts: files dns\n' >"$work/root/etc/nsswitch.conf"
    store_layer "$layer" tar_folder "$work/root"
  fi
  printf '%s\n' "$layer"
}

# The layer of the folder $2 as /app, for the part $1.
app_layer() {
  local layer=$top/.build/layers/$1.tar.zst
  chmod -R a+rX "$2"
  store_layer "$layer" tar_folder "$2"
  printf '%s\n' "$layer"
}

# Makes the AOT cache of the application in the folder $1, by a training run on the very files that the image will
# have, down to their times, and on its Java runtime ($2, a layer): else the JVM would not use it.
train_webhook() {
  local runtime
  runtime=$(new_folder)
  zstd -q -dc "$2" | tar -C "$runtime" -xf -
  find "$1" -exec touch -h -d @0 {} +
  say "training the webhook's AOT cache"
  "$(jdk)/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$top/benchmarks/target/classes:$top/benchmarks/target/lib/*" \
    io.csiclone.bench.WebhookImageLayout "$runtime/opt/java/bin/java" "$1" "$(new_folder)" >&2 ||
    die "the webhook's AOT cache cannot be made; see above."
}

webhook() {
  local jar home work layer base runtime made
  jar=$(one_file "executable webhook jar" "$top"/webhook/target/csi-clone-webhook-*-exec.jar)
  home=$(jdk)
  base=$(libc_layer)
  runtime=$(runtime_layer)
  layer=$top/.build/layers/webhook.tar.zst
  made="$(sha256sum <"$jar") $(cat "$runtime.digest") $(sha256sum <"$0")"
  if [ "$(cat "$layer.made" 2>/dev/null)" != "$made" ] || [ ! -e "$layer" ]; then
    [ -d "$top/benchmarks/target/lib" ] || die "benchmarks/target/lib is missing: build the project first."
    work=$(new_folder)
    "$home/bin/java" -Djarmode=tools -jar "$jar" extract --destination "$work/app" --application-filename webhook.jar >&2
    train_webhook "$work/app" "$runtime"
    app_layer webhook "$work" >/dev/null
    printf '%s\n' "$made" >"$layer.made"
  fi
  # The flags beside the cache are those it was made with. Memory is the chart's matter.
  write_image "$out/webhook.tar" csi-clone/webhook:dev "{\"Env\": $environment, \"User\": \"65532:65532\", \"WorkingDir\": \"/app\",
    \"Entrypoint\": [\"/opt/java/bin/java\", \"-XX:+UseSerialGC\", \"-XX:+UseCompactObjectHeaders\", \"-XX:AOTCache=/app/webhook.aot\",
      \"-jar\", \"/app/webhook.jar\"]}" "$base" "$runtime" "$layer"
}

driver() {
  local jar work layer base runtime
  jar=$(one_file "driver jar" "$top"/driver/target/csi-clone-driver-*.jar)
  [ -d "$top/driver/target/lib" ] || die "driver/target/lib is missing: build the project first."
  work=$(new_folder)
  mkdir -p "$work/app/lib"
  cp "$jar" "$work/app/driver.jar"
  cp "$top"/driver/target/lib/*.jar "$work/app/lib/"
  layer=$(app_layer driver "$work")
  base=$(debian_layer driver essential e2fsprogs xfsprogs btrfs-progs util-linux mount)
  runtime=$(runtime_layer)
  write_image "$out/driver.tar" csi-clone/driver:dev "{\"Env\": $environment, \"WorkingDir\": \"/app\",
    \"Entrypoint\": [\"/opt/java/bin/java\", \"--enable-native-access=ALL-UNNAMED\", \"-cp\", \"/app/driver.jar:/app/lib/*\",
      \"io.csiclone.driver.ReflinkDriver\"]}" "$base" "$runtime" "$layer"
}

# Pods of tests run in it, and Testcontainers takes it for its own small checks: so the engine gets it too.
busybox() {
  local layer
  layer=$(busybox_layer)
  write_image "$out/busybox.tar" csi-clone/busybox:dev '{"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]}' "$layer"
  if docker info >/dev/null 2>&1; then docker load -q -i "$out/busybox.tar" >&2; fi
}

lock part-images
[ $# -gt 0 ] || set -- webhook driver busybox
for name in "$@"; do
  case "$name" in
    webhook | driver | busybox) "$name" ;;
    *) die "usage: part-images.sh [webhook|driver|busybox]..." ;;
  esac
  say "wrote $out/$name.tar"
done
