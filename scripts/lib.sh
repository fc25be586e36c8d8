# shellcheck shell=bash
# What the scripts of this folder share; they source it and it does nothing by itself.
# Every message goes to stderr: stdout belongs to the answer a script prints.

# A failure inside $(...) is a failure of the script too.
shopt -s inherit_errexit

cache=${CSI_CLONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/csi-clone}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# Ends the script with one sentence that names what is missing or wrong.
die() {
  say "$*"
  exit 1
}

# Prints a field of the system's os-release file, such as ID or VERSION_CODENAME.
os_release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" /etc/os-release 2>/dev/null || true; }

# Ends the script unless it runs on Debian 12 or newer; $1 says what for.
need_debian() {
  local id version
  id=$(os_release ID)
  version=$(os_release VERSION_ID)
  if [ "$id" != debian ] || [ "${version%%.*}" -lt 12 ]; then
    die "$1 needs Debian 12 or newer, and this is ${id:-an unknown system} $version."
  fi
}

need_root() { [ "$(id -u)" = 0 ] || die "$1 needs root."; }

# Holds an exclusive lock, so that two calls do not do the same long work twice. Released when the script ends.
# Daemons started meanwhile must close descriptor 9.
lock() {
  mkdir -p "$cache"
  exec 9>"$cache/$1.lock"
  flock -n 9 && return
  say "waiting for another run that holds $cache/$1.lock"
  flock -w 1800 9 || die "another run has held $cache/$1.lock for half an hour."
}

# The machine's own Debian package sources as one-line entries of type $1 (deb, deb-src), whatever their format.
debian_sources() {
  local list
  list=$(apt-get indextargets --format "$1 [signed-by=$keyring] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
    'Identifier: Packages' 'Origin: Debian' | sort -u)
  [ -n "$list" ] || return 1
  printf '%s\n' "$list"
}

# apt-get or apt-cache ($1) with sources, lists and pins of our own, so that the machine's stay as they are.
private_apt() {
  local tool=$1 dir=$cache/apt
  shift
  "$tool" -qq -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts="$dir/none" \
    -o Dir::Etc::preferences="$dir/preferences" -o Dir::Etc::preferencesparts="$dir/none" \
    -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" \
    -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Dpkg::Use-Pty=0 "$@"
}

# Reads the package lists anew unless that was done within the last $1 minutes.
refresh_private_apt() {
  local dir=$cache/apt
  need_debian "reading Debian's package lists"
  [ -n "$(find "$dir/fresh" -mmin "-$1" 2>/dev/null)" ] && return
  if ! debian_sources deb >/dev/null; then
    say "reading the machine's package lists"
    need_root "reading the machine's package lists"
    apt-get -qq update >&2 || die "apt-get update failed: no Debian package source can be reached."
    debian_sources deb >/dev/null || die "the machine's apt sources name no Debian archive."
  fi
  mkdir -p "$dir/none" "$dir/lists/partial" "$dir/cache/archives/partial"
  # A newer suite gives the engine; nothing else may come from it.
  {
    debian_sources deb
    debian_sources deb-src
    debian_sources deb | awk '$4 == "bookworm" { $4 = "trixie"; print }'
  } >"$dir/sources.list"
  printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n\n' >"$dir/preferences"
  printf 'Package: docker.io docker-cli containerd\nPin: release n=trixie\nPin-Priority: 990\n' >>"$dir/preferences"
  if private_apt apt-get update >&2; then
    touch "$dir/fresh"
  elif [ -e "$dir/fresh" ]; then
    say "the Debian mirror cannot be reached; going on with older package lists"
  else
    die "the package lists of the machine's Debian mirror cannot be read."
  fi
}

# Installs the named Debian packages that are not there yet, without starting any service they bring.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  need_debian "installing ${missing[*]}"
  need_root "installing ${missing[*]}"
  refresh_private_apt 720
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 private_apt apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${missing[@]}" </dev/null >"$cache/apt/install.log" 2>&1 ||
    die "${missing[*]} cannot be installed: $(grep '^E:' "$cache/apt/install.log" | head -n 1)"
}
