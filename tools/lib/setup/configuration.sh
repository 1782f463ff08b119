# The account of the daemon, its folders, gateway.toml and the secrets. Sourced by tools/setup.
#
# A gateway.toml that is there is the household's: it is never changed here.
# shellcheck shell=bash disable=SC2034,SC2154

account_is_done() {
  id_of "$USER_NAME" >/dev/null && same "$TREE/systemd/sysusers.conf" /etc/sysusers.d/linky-gateway.conf 644
}

account_do() {
  local group
  # Raspberry Pi OS has most of them; what is made here is taken away again by a purge.
  while read -r group; do
    has_group "$group" || remember group "$group"
  done < <(awk '$1 ~ /^[gu]$/ { print $2 } $1 == "m" { print $3 }' "$TREE/systemd/sysusers.conf")
  put_file "$TREE/systemd/sysusers.conf" /etc/sysusers.d/linky-gateway.conf 644
  if [[ ! $ROOT ]]; then
    run systemd-sysusers linky-gateway.conf
  elif ((!DRY_RUN)); then
    run systemd-sysusers --root="$ROOT" linky-gateway.conf || say skipped_bare systemd-sysusers
  fi
  put_dir "$STATE" 700 "$USER_NAME"
}

configuration_is_done() {
  local name
  [[ -e $ROOT$ETC/gateway.toml && -d $ROOT$SECRETS/notices ]] || return 1
  [[ ! $(key_to_believe) ]] || same "$(key_to_believe)" "$ETC/release.pub" 644 || return 1
  release_keys_are_those_of "$TREE" || return 1
  for name in "${!SECRET_FILE[@]}"; do same "${SECRET_FILE[$name]}" "$SECRETS/$name" 600 || return 1; done
}

configuration_do() {
  local name key
  put_dir "$ETC" 750 ":$USER_NAME"
  put_dir "$SECRETS" 700
  put_dir "$SECRETS/notices" 700
  for name in "${!SECRET_FILE[@]}"; do put_file "${SECRET_FILE[$name]}" "$SECRETS/$name" 600; done
  key=$(key_to_believe)
  [[ ! $key ]] || put_file "$key" "$ETC/release.pub" 644
  put_release_keys "$TREE"
  if [[ -e $ROOT$ETC/gateway.toml ]]; then
    say configuration_kept "$ETC/gateway.toml"
    return
  fi
  make_configuration "$SCRATCH/gateway.toml"
  put_file "$SCRATCH/gateway.toml" "$ETC/gateway.toml" 640 ":$USER_NAME"
  ((DRY_RUN)) || check_configuration
}

# The key that comes with the first release is the one that later releases must be signed with.
key_to_believe() {
  if [[ $KEY ]]; then
    echo "$KEY"
  elif [[ -e $TREE/release.pub && ! -e $ROOT$ETC/release.pub ]]; then
    echo "$TREE/release.pub"
  fi
}

# What a release brings is believed from then on, and none of what an earlier one brought. A checkout brings none.
put_release_keys() {
  local file
  [[ -d $1/release-keys ]] || return 0
  put_dir "$RELEASE_KEYS" 755
  for file in "$1"/release-keys/*.pub; do put_file "$file" "$RELEASE_KEYS/${file##*/}" 644; done
  ((!DRY_RUN)) || return 0
  for file in "$ROOT$RELEASE_KEYS"/*; do
    [[ -e $1/release-keys/${file##*/} ]] || { log "takes ${file##*/} away" && rm -f "$file"; }
  done
}

release_keys_are_those_of() {
  [[ ! -d $1/release-keys ]] || diff -q "$1/release-keys" "$ROOT$RELEASE_KEYS" >/dev/null 2>&1
}

# fingerprint_of PEM: the 40 digits that a person compares, of the SHA-256 of an Ed25519 key's 32 bytes.
fingerprint_of() {
  sed '/^-----/d' "$1" | base64 -d | tail -c 32 | sha256sum | cut -c 1-40 | tr a-f A-F | sed 's/..../& /g; s/ $//'
}

check_configuration() {
  local said
  [[ -x $ROOT$OURS/bin/python ]] || return 0
  # shellcheck disable=SC2016
  said=$(chroot_or_here "$OURS/bin/python" -I -c \
    'import sys, pathlib, gateway.config.tables; gateway.config.tables.load(pathlib.Path(sys.argv[1]))' "$ETC/gateway.toml" 2>&1) ||
    { rm -f "$ROOT$ETC/gateway.toml" && fail "$EXIT_USAGE" bad_configuration "${said##*$'\n'}"; }
}

# make_configuration FILE: the commented default with the answers in their places.
make_configuration() {
  if [[ ${ANSWER[configuration]} ]]; then
    cp -- "${ANSWER[configuration]}" "$1"
    return
  fi
  cp -- "$TREE/systemd/gateway.toml" "$1"
  [[ ! ${ANSWER[port]} ]] || set_key "$1" '[[meter]]' source "${ANSWER[port]}"
  [[ ! ${ANSWER[account]} ]] || set_key "$1" '[federation]' jid "${ANSWER[account]}"
  [[ ${ANSWER[mqtt]} != yes ]] || set_key "$1" '[mqtt]' user gateway
  [[ ${ANSWER[page]} != yes ]] || set_key "$1" '[web]' listen 0.0.0.0:8080
}

# set_key FILE TABLE KEY VALUE: take the "#" from the table's head and from the key, which both are in the default.
set_key() {
  local value=${4//\\/\\\\}
  value=\"${value//\"/\\\"}\"
  TABLE=$2 NAME=$3 VALUE=$value awk '
    /^#?\[/ { inside = 0 }
    $0 == ENVIRON["TABLE"] || $0 == "#" ENVIRON["TABLE"] { print ENVIRON["TABLE"]; inside = 1; next }
    inside && (index($0, ENVIRON["NAME"] " = ") == 1 || index($0, "#" ENVIRON["NAME"] " = ") == 1) {
      print ENVIRON["NAME"] " = " ENVIRON["VALUE"]; found = 1; inside = 0; next
    }
    { print }
    END { exit !found }' "$1" >"$1.new" || fail "$EXIT_FAILED" no_key "$2" "$3"
  mv "$1.new" "$1"
}
