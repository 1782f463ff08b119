# Whether a release is believed: signature and number first, then it is unpacked. Sourced by tools/setup.
#
# A release is three files side by side: linky-gateway-V.tar.gz, linky-gateway-V.sha256 (sha256sum's form) and
# linky-gateway-V.sha256.sig, an Ed25519 signature of the second.
# shellcheck shell=bash disable=SC2034,SC2154

# take_release FILE: copy it where nobody else can write, check it, unpack it; RELEASE_TREE is where it lies then.
take_release() {
  local name=${1##*/} from=${1%.tar.gz} into=$ROOT$VERSIONS/.incoming part keys
  [[ $1 == *.tar.gz && -r $1 ]] || fail "$EXIT_REFUSED" release_not_there "$1"
  for part in sha256 sha256.sig; do [[ -r $from.$part ]] || fail "$EXIT_REFUSED" release_part_missing "$from.$part"; done
  mapfile -t keys < <(trusted_keys)
  ((${#keys[@]})) || fail "$EXIT_REFUSED" release_no_key "$ETC/release.pub"
  rm -rf "$into" && mkdir -p "$into" && chmod 700 "$into"
  # What is checked is what is unpacked, whatever becomes of the files meanwhile.
  cp -- "$1" "$from.sha256" "$from.sha256.sig" "$into/"
  from=$into/${name%.tar.gz}
  signed_by_one_of "$from.sha256" "${keys[@]}" || refuse_release release_not_signed "$name"
  number_is_good "$into" "$name" || refuse_release release_altered "$name"
  log "$name: signature and number are good"
  unpack "$into" "$name"
}

# Those that are there: the one that was named, or that of the first release and those that releases brought since.
trusted_keys() {
  local file files=("$KEY")
  [[ $KEY ]] || files=("$ROOT$ETC/release.pub" "$ROOT$RELEASE_KEYS"/*.pub)
  for file in "${files[@]}"; do [[ ! -r $file ]] || printf '%s\n' "$file"; done
}

# signed_by_one_of FILE KEY...
signed_by_one_of() {
  local key
  for key in "${@:2}"; do ! signature_is_good "$key" "$1" "$1.sig" || return 0; done
  return 1
}

refuse_release() {
  rm -rf "$ROOT$VERSIONS/.incoming"
  fail "$EXIT_REFUSED" "$@"
}

# signature_is_good KEY FILE SIGNATURE: by openssl, or where that is too old for it by python3-cryptography.
signature_is_good() {
  # Not by a pipe to "grep -q", which may end before openssl has said all and make the pipe fail.
  if [[ $(openssl pkeyutl -help 2>&1) == *-rawin* ]]; then
    openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$2" -sigfile "$3" >/dev/null 2>&1
    return
  fi
  python3 -I -c 'import sys
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_public_key
key, text, signature = (Path(name).read_bytes() for name in sys.argv[1:])
load_pem_public_key(key).verify(signature, text)' "$@" >/dev/null 2>&1
}

# The list names this archive, once, and the archive is what the list says.
number_is_good() {
  local wanted
  wanted=$(awk -v name="$2" '$2 == name || $2 == "*" name { print $1 }' "$1/${2%.tar.gz}.sha256")
  [[ $wanted =~ ^[0-9a-f]{64}$ && $(sha256sum "$1/$2" | cut -c 1-64) == "$wanted" ]]
}

unpack() {
  local top=${2%.tar.gz}
  mkdir "$1/tree"
  tar -C "$1/tree" --no-same-owner --no-same-permissions -xzf "$1/$2"
  RELEASE_TREE=$1/tree/$top
  [[ -f $RELEASE_TREE/tools/setup && -f $RELEASE_TREE/pyproject.toml ]] || refuse_release release_no_setup "$2"
  RELEASE_VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$RELEASE_TREE/pyproject.toml")
  [[ $RELEASE_VERSION =~ ^[0-9][0-9A-Za-z.+]*$ ]] || refuse_release release_no_setup "$2"
}
