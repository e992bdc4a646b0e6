#!/bin/sh
# Installs p2p for one user, from a release, by its sums. It needs no root, and writes below HOME alone.
#
#   curl -fsSL ADDRESS/install.sh | sh -s -- --from ADDRESS
#   sh install.sh --from FOLDER --to DIR
#   sh install.sh --uninstall
set -eu

# A release that knows its own address puts it here.
FROM=${P2P_FROM:-}
TO=
UNINSTALL=

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "install.sh: $*" >&2
  exit 1
}

usage() {
  cat <<'END'
sh install.sh [--from ADDRESS_OR_FOLDER] [--to DIR] [--platform NAME] [--uninstall]

  --from       a release: its address, or a folder with its files
  --to         where p2p goes (default ~/.local/bin)
  --platform   which archive, instead of the one that fits: linux-x64-baseline ...
  --uninstall  take away what was installed, and say what stays
END
}

PLATFORM=
while [ $# -gt 0 ]; do
  case $1 in
    --from | --to | --platform)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --from) FROM=$2 ;;
        --to) TO=$2 ;;
        --platform) PLATFORM=$2 ;;
      esac
      shift
      ;;
    --uninstall) UNINSTALL=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown word $1; see sh install.sh --help" ;;
  esac
  shift
done

[ -n "${HOME:-}" ] || [ -n "$TO" ] || fail "HOME is not set: say where with --to DIR"
: "${TO:=$HOME/.local/bin}"
SHARE=${XDG_DATA_HOME:-${HOME:-$TO}/.local/share}

# What was installed beside the program, and only that.
beside() {
  say "$SHARE/bash-completion/completions/p2p"
  say "$SHARE/zsh/site-functions/_p2p"
  say "$SHARE/fish/vendor_completions.d/p2p.fish"
  for page in "$SHARE"/man/man1/p2p.1 "$SHARE"/man/man1/p2p-*.1; do
    [ ! -e "$page" ] || say "$page"
  done
}

uninstall() {
  [ -e "$TO/p2p" ] || fail "there is no $TO/p2p: say where it is with --to DIR"
  rm -f "$TO/p2p" "$TO/p2p.old"
  say "removed $TO/p2p"
  beside | while IFS= read -r file; do
    [ ! -e "$file" ] || rm -f "$file"
  done
  # And the folders, where nothing else is in them.
  for folder in bash-completion/completions bash-completion zsh/site-functions zsh \
    fish/vendor_completions.d fish man/man1 man; do
    rmdir "$SHARE/$folder" 2>/dev/null || true
  done
  rmdir "$SHARE" "$TO" "${HOME:-/}/.local" 2>/dev/null || true
  say "removed its completions and man pages below $SHARE"
  say "left: the data of peers, a folder .p2p wherever some were started; rm -r .p2p there forgets them"
  state=${XDG_STATE_HOME:-${HOME:-}/.local/state}/p2p
  [ ! -e "$state" ] || say "left: $state, the names of rings in the background"
}

platform() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no p2p for $(uname -s): see the README for building it" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no p2p for $(uname -m): see the README for building it" ;;
  esac
  libc=
  old=
  if [ $os = linux ]; then
    # ldd of musl says its name, and ends with an error.
    case $(ldd --version 2>&1 || true) in *musl*) libc=-musl ;; esac
    if [ $cpu = x64 ] && ! grep -qw avx2 /proc/cpuinfo 2>/dev/null; then old=-baseline; fi
  fi
  say "$os-$cpu$libc$old"
}

# get FILE PATH: a file of the release, from its address or its folder.
get() {
  case $FROM in
    http://* | https://*)
      if command -v curl >/dev/null 2>&1; then
        curl -fsSL "$FROM/$1" -o "$2" || fail "$FROM/$1 cannot be had"
      elif command -v wget >/dev/null 2>&1; then
        wget -q "$FROM/$1" -O "$2" || fail "$FROM/$1 cannot be had"
      else
        fail "neither curl nor wget is here: fetch the release, and give its folder with --from"
      fi
      ;;
    *) cp "$FROM/$1" "$2" 2>/dev/null || fail "$FROM/$1 is not there" ;;
  esac
}

sum_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  else
    fail "neither sha256sum nor shasum is here, and nothing is installed unchecked"
  fi
}

install() {
  [ -n "$FROM" ] || fail "say where the release is: --from ADDRESS_OR_FOLDER"
  [ -n "$PLATFORM" ] || PLATFORM=$(platform)
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/p2p-install.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  get SHA256SUMS "$WORK/SHA256SUMS"
  line=$(grep -E "  p2p-[^-]+-$PLATFORM\.tar\.gz\$" "$WORK/SHA256SUMS" | head -n 1 || true)
  [ -n "$line" ] || fail "the release in $FROM has nothing for $PLATFORM"
  wanted=${line%% *}
  archive=${line##* }
  get "$archive" "$WORK/$archive"
  [ "$(sum_of "$WORK/$archive")" = "$wanted" ] ||
    fail "$archive is not what SHA256SUMS says: it was not whole, or somebody has changed it; nothing was installed"
  tar -xzf "$WORK/$archive" -C "$WORK" || fail "$archive cannot be unpacked"
  folder=$WORK/${archive%.tar.gz}
  version=$("$folder/p2p" --version) || fail "the program for $PLATFORM does not start here; nothing was installed"
  mkdir -p "$TO" || fail "$TO cannot be made"
  # In one step: a peer that runs is not disturbed.
  cp "$folder/p2p" "$TO/.p2p-new" && chmod 755 "$TO/.p2p-new" && mv -f "$TO/.p2p-new" "$TO/p2p" ||
    fail "$TO cannot be written: choose another folder with --to"
  put "$folder/completions/bash/p2p" "$SHARE/bash-completion/completions"
  put "$folder/completions/zsh/_p2p" "$SHARE/zsh/site-functions"
  put "$folder/completions/fish/p2p.fish" "$SHARE/fish/vendor_completions.d"
  for page in "$folder"/man/*.1; do put "$page" "$SHARE/man/man1"; done
  say "p2p $version is $TO/p2p ($PLATFORM); its completions and man pages are below $SHARE"
  case :$PATH: in
    *:"$TO":*) ;;
    *) say "$TO is not on your path yet: export PATH=\"$TO:\$PATH\"" ;;
  esac
  say "try: p2p ring 8"
}

# put FILE DIR: extras, without which p2p works as well.
put() {
  mkdir -p "$2" 2>/dev/null && cp "$1" "$2/" 2>/dev/null || say "$2 cannot be written: ${1##*/} was left out"
}

# All of it is read by now: a script that is piped in and cut off has done nothing.
if [ -n "$UNINSTALL" ]; then uninstall; else install; fi
