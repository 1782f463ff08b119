#!/bin/sh
# The first installation of linky-gateway, from a folder of releases to a gateway that runs:
#
#   sudo sh install.sh https://WHERE FINGERPRINT [options of tools/setup install]
#
# FINGERPRINT: the 40 digits of the key that is believed, as they were told to you on another way than by this folder. The
# key is compared with them, the list of releases with the key, the archive with the list; only then something is unpacked.
# Exit codes: those of tools/setup (5: not believed). Nothing happens before the last line: half a download does nothing.
set -eu

say() {
  case ${LANG:-fr} in
    en*) printf '%s\n' "$2" >&2 ;;
    *) printf '%s\n' "$1" >&2 ;;
  esac
}

fail() {
  say "✗ $2" "✗ $3"
  exit "$1"
}

# fetch PATH MOST: a file of the folder, of so many bytes at most, whatever the host sends.
fetch() {
  to=$work/$(basename "$1")
  rm -f "$work/failed"
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --max-time 600 "$from/$1" || : >"$work/failed"
  else
    wget --quiet --timeout=60 --output-document=- "$from/$1" || : >"$work/failed"
  fi | head -c $(($2 + 1)) >"$to"
  [ "$(wc -c <"$to")" -le "$2" ] || fail 5 "$1 est trop grand" "$1 is too large"
  [ ! -e "$work/failed" ] || fail 1 "$from/$1 : introuvable" "$from/$1: cannot be fetched"
}

# member NAME: of the list, whose members stand one a line; read only once its signature is good.
member() {
  sed -n "s/^ \"$1\": \"\([^\"]*\)\",\{0,1\}$/\1/p" "$work/latest.json"
}

main() {
  [ $# -ge 2 ] || fail 2 "usage : install.sh https://OÙ EMPREINTE" "usage: install.sh https://WHERE FINGERPRINT"
  from=${1%/}
  wanted=$(printf '%s' "$2" | tr -d ' :-' | tr 'A-F' 'a-f')
  shift 2
  printf '%s\n' "$wanted" | grep -Eqx '[0-9a-f]{40}' ||
    fail 2 "l’empreinte a 40 chiffres et lettres de A à F" "a fingerprint has 40 digits and letters from A to F"
  [ "$(id -u)" = 0 ] || fail 2 "à lancer avec sudo" "run it with sudo"
  for tool in openssl tar base64; do
    command -v "$tool" >/dev/null || fail 3 "il manque $tool : sudo apt install $tool" "$tool is missing: sudo apt install $tool"
  done
  command -v curl >/dev/null || command -v wget >/dev/null || fail 3 "il manque curl : sudo apt install curl" "curl is missing: sudo apt install curl"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  id=$(printf '%s' "$wanted" | cut -c 1-16)

  fetch "release-keys/$id.pub" 1000
  openssl pkey -pubin -in "$work/$id.pub" -outform DER -out "$work/key.der" 2>/dev/null || : >"$work/key.der"
  found=$(tail -c 32 "$work/key.der" | sha256sum | cut -c 1-40)
  # 44 bytes: what an Ed25519 key is, and no other.
  [ "$(wc -c <"$work/key.der") $found" = "44 $wanted" ] ||
    fail 5 "la clé de ce dossier n’a pas cette empreinte : rien n’est installé" "the key of this folder has another fingerprint: nothing is installed"

  fetch latest.json 65536
  fetch latest.json.sig 4096
  sed -n "s/^$id \([A-Za-z0-9+\/]\{86\}==\)$/\1/p" "$work/latest.json.sig" | head -n 1 | base64 -d >"$work/signature"
  openssl pkeyutl -verify -pubin -inkey "$work/$id.pub" -rawin -in "$work/latest.json" -sigfile "$work/signature" >/dev/null 2>&1 ||
    fail 5 "la liste des versions n’est pas signée par cette clé : rien n’est installé" "the list of releases is not signed by this key: nothing is installed"
  # A clock that was never set says nothing of what is over.
  if [ "$(date +%Y)" -ge 2026 ] && [ "$(date -d "$(member expires)" +%s)" -le "$(date +%s)" ]; then
    fail 5 "la liste des versions n’est plus valable : plus personne n’en répond" "the list of releases has expired: nobody vouches for it any more"
  fi

  version=$(member version)
  name=linky-gateway-$version
  digest=$(sed -n "/^  \"releases\/$version\/$name\.tar\.gz\": {$/,/}/s/^   \"sha256\": \"\([0-9a-f]\{64\}\)\".*/\1/p" "$work/latest.json")
  [ "$digest" ] || fail 5 "la liste ne nomme pas $name.tar.gz" "the list does not name $name.tar.gz"
  say "linky-gateway $version : téléchargement" "linky-gateway $version: downloading"
  fetch "releases/$version/$name.tar.gz" 200000000
  printf '%s  %s\n' "$digest" "$work/$name.tar.gz" | sha256sum --check --status ||
    fail 5 "$name.tar.gz n’est pas le fichier qui a été signé : rien n’est installé" "$name.tar.gz is not the file that was signed: nothing is installed"
  mkdir "$work/tree"
  tar -C "$work/tree" --no-same-owner -xzf "$work/$name.tar.gz"
  # The questions are the person's to answer, also where this text comes through a pipe.
  if [ -t 0 ] || ! (: </dev/tty) 2>/dev/null; then
    "$work/tree/$name/tools/setup" install --key "$work/$id.pub" "$@"
  else
    "$work/tree/$name/tools/setup" install --key "$work/$id.pub" "$@" </dev/tty
  fi
}

main "$@"
