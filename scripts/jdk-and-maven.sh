# Sourced: sets JAVA_HOME to a JDK 25 or newer and defines mvn() with a Maven that the build accepts.
# shellcheck shell=bash

readonly MAVEN_VERSION=3.9.16

jdk_major() { # the major version of the JDK in folder $1, or nothing
  [[ -x $1/bin/javac && -r $1/release ]] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

find_jdk() {
  local home major
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* "$HOME"/.sdkman/candidates/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    [[ -n $home ]] || continue
    major=$(jdk_major "$home") || continue
    if ((${major:-0} >= 25)); then echo "$home"; return; fi
  done
  echo "JDK 25 or newer not found: install one (for example the package temurin-25-jdk or openjdk-25-jdk) or set JAVA_HOME to it." >&2
  return 1
}

# The installed Maven if it is new enough, else one that the installed Maven unpacks by its coordinates.
find_maven() {
  local own=.build/maven/apache-maven-$MAVEN_VERSION/bin/mvn installed version
  if [[ -x $own ]]; then echo "$own"; return; fi
  installed=$(type -P mvn) || { # not the function of that name
    echo "Maven not found: install it (for example the package maven); any version from 3.6 on will do." >&2
    return 1
  }
  version=$("$installed" -v 2>/dev/null | sed -n 's/^.*Apache Maven \([0-9.]*\).*/\1/p')
  if [[ $(printf '%s\n' 3.9.6 "$version" | sort -V | head -1) == 3.9.6 && $version != 3.1[0-9]* ]]; then
    echo "$installed"
    return
  fi
  local scratch checkout=$PWD
  scratch=$(mktemp -d) # the plugin leaves marker files where it runs
  (cd "$scratch" && "$installed" -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
    -Dartifact=org.apache.maven:apache-maven:$MAVEN_VERSION:zip:bin \
    -DoutputDirectory="$checkout/.build/maven") >&2
  rm -r "$scratch"
  echo "$own"
}

JAVA_HOME=$(find_jdk)
export JAVA_HOME

mvn() {
  : "${MAVEN:=$(find_maven)}"
  "$MAVEN" -B -ntp "$@"
}
