# Files of ours below --root: put there whole or not at all, shown as differences in a dry run, remembered in a list so
# that all of them can be taken away. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

readonly HOME_OF_ALL=/opt/linky-gateway ETC=/etc/linky-gateway STATE=/var/lib/linky-gateway USER_NAME=linky-gateway
readonly SECRETS=$ETC/secrets RELEASE_KEYS=$ETC/release-keys
# One line for each thing that we put into the system: "file PATH", "dir PATH", "package NAME", "group NAME",
# "word FILE WORD".
readonly LIST=$HOME_OF_ALL/installed

remember() {
  ((!DRY_RUN)) || return 0
  grep -qxF -- "$*" "$ROOT$LIST" 2>/dev/null && return
  mkdir -p "$ROOT$HOME_OF_ALL"
  printf '%s\n' "$*" >>"$ROOT$LIST"
}

# remembered KIND: what is on the list, the last first.
remembered() {
  [[ -e $ROOT$LIST ]] || return 0
  sed -n "s/^$1 //p" "$ROOT$LIST" | tac
}

# make_folder PATH: with what is missing above it, all of it remembered.
make_folder() {
  [[ ! -d $ROOT$1 ]] || return 0
  make_folder "$(dirname "$1")"
  mkdir "$ROOT$1"
  remember dir "$1"
}

# put_dir TARGET MODE [OWNER]
put_dir() {
  [[ ! -d $ROOT$1 ]] || { own "$1" "${3:-root}" "$2" && return; }
  if ((DRY_RUN)); then
    say would_make "$1"
    return
  fi
  make_folder "$1"
  own "$1" "${3:-root}" "$2"
}

# same SOURCE TARGET MODE: whether the file is as it should be.
same() {
  cmp -s -- "$1" "$ROOT$2" && [[ $(stat -c %a "$ROOT$2") == "$3" ]]
}

# put_file SOURCE TARGET MODE [OWNER]: of a secret (mode 600) no dry run shows the content.
put_file() {
  local source=$1 target=$2 mode=$3 owner=${4:-root}
  same "$source" "$target" "$mode" && { remember file "$target" && own "$target" "$owner" "$mode" && return; }
  if ((DRY_RUN)); then
    show_difference "$source" "$target" "$mode"
    return
  fi
  log "writes $target"
  make_folder "$(dirname "$target")"
  (umask 077 && cat -- "$source" >"$ROOT$target.new")
  own "$target.new" "$owner" "$mode"
  sync -- "$ROOT$target.new" 2>/dev/null || true
  mv -f -- "$ROOT$target.new" "$ROOT$target"
  remember file "$target"
}

show_difference() {
  if [[ $3 == 600 ]]; then
    say would_write_secret "$2"
  elif [[ -e $ROOT$2 ]]; then
    diff -u --label "$2" --label "$2 (new)" -- "$ROOT$2" "$1" || true
  else
    diff -u --label /dev/null --label "$2" -- /dev/null "$1" || true
  fi
}

# own TARGET OWNER MODE: by the numbers of the system below --root; its own user and group, root's file its group's.
own() {
  ((!DRY_RUN)) || return 0
  chmod "$3" "$ROOT$1"
  [[ $EUID == 0 ]] || return 0
  local ids
  ids=$(id_of "${2#:}") || return 0
  if [[ $2 == :* ]]; then chown "0:${ids#*:}" "$ROOT$1"; else chown "$ids" "$ROOT$1"; fi
}

# id_of NAME: "uid:gid" there; 1 when the system has no such user yet.
id_of() {
  awk -F: -v name="$1" '$1 == name { print $3 ":" $4; found = 1 } END { exit !found }' "$ROOT/etc/passwd" 2>/dev/null
}

has_group() {
  grep -q "^$1:" "$ROOT/etc/group" 2>/dev/null
}

# put_block FILE TEXT: our lines at the end of somebody's file, between marks, the file as it was kept beside it.
readonly MARK_BEGIN='# linky-gateway: begin (tools/setup puts this here and takes it away)' MARK_END='# linky-gateway: end'
put_block() {
  local new
  new=$(mktemp)
  without_block "$1" >"$new"
  printf '%s\n%s\n%s\n' "$MARK_BEGIN" "$2" "$MARK_END" >>"$new"
  change_theirs "$new" "$1"
}

has_block() {
  [[ -e $ROOT$1 && $(awk -v begin="$MARK_BEGIN" -v end="$MARK_END" \
    '$0 == end { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$ROOT$1") == "$2" ]]
}

take_block() {
  [[ -e $ROOT$1 ]] && grep -qxF "$MARK_BEGIN" "$ROOT$1" || return 0
  local new
  new=$(mktemp)
  without_block "$1" >"$new"
  change_theirs "$new" "$1"
}

without_block() {
  awk -v begin="$MARK_BEGIN" -v end="$MARK_END" \
    '$0 == begin { inside = 1 } !inside { print } $0 == end { inside = 0 }' "$ROOT$1"
}

# change_theirs NEW TARGET: mode and owner stay; FAT has neither. The first state is kept as TARGET.before-linky-gateway.
change_theirs() {
  if ! cmp -s "$1" "$ROOT$2"; then
    if ((DRY_RUN)); then
      diff -u --label "$2" --label "$2 (new)" -- "$ROOT$2" "$1" || true
    else
      [[ -e $ROOT$2.before-linky-gateway ]] || cp -p "$ROOT$2" "$ROOT$2.before-linky-gateway"
      remember file "$2.before-linky-gateway"
      cp "$1" "$ROOT$2.new" && mv -f "$ROOT$2.new" "$ROOT$2"
      log "changed $2"
    fi
  fi
  rm -f "$1"
}
