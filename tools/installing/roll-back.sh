# Back to the former version, with every reading that was taken meanwhile. Sourced by tools/setup.
#
# The database stays as the failed version left it if the former one can use it: then nothing is lost. If it cannot, the
# copy from before comes back with the rows of the present one carried into it (carry.py); and the copy alone if that
# cannot be either. The present file is kept beside in both cases, and its name is said.
# shellcheck shell=bash disable=SC2034,SC2154

roll_back() {
  local from=$1 heard
  UPGRADING=''
  trap - ERR
  trap '' INT TERM HUP
  set +e
  heard=$(cat "$ROOT$UNDERWAY/heard" 2>/dev/null)
  say goes_back "$from"
  stop_all
  take_what_is_new "$from"
  if ! other_setup "$ROOT$VERSIONS/$from/source" place; then
    fail "$EXIT_BROKEN" cannot_go_back "$from"
  fi
  if former_runs "$heard"; then
    say readings_kept
  elif [[ ! -e $ROOT$COPY/$DATABASE ]]; then
    fail "$EXIT_BROKEN" cannot_go_back "$from"
  elif ! { former_database carried && former_runs "$heard"; } && ! { former_database alone && former_runs "$heard"; }; then
    fail "$EXIT_BROKEN" cannot_go_back "$from"
  fi
  end_upgrade
  set -e
  set_traps
}

# What the new version put into the system and the former one does not know.
take_what_is_new() {
  local kind path
  while read -r kind path; do
    case $kind in
      file) rm -f "$ROOT$path" ;;
      dir) rmdir "$ROOT$path" 2>/dev/null ;;
    esac
  done < <(grep -vxF -f "$ROOT$UNDERWAY/installed" "$ROOT$LIST" 2>/dev/null | grep -v "$COPY")
  cp "$ROOT$UNDERWAY/installed" "$ROOT$LIST"
}

# Whether the former version can use the database that is there.
former_runs() {
  local heard=$1
  [[ -e $ROOT$CURRENT/bin/python ]] || return 1
  if [[ ! $ROOT ]]; then
    run runuser -u "$USER_NAME" -- "$CURRENT/bin/python" -I -m gateway.store.prepare "$STATE" || return 1
  fi
  start_version && is_healthy "$heard" && return 0
  stop_all
  return 1
}

# former_database carried|alone: the copy in the place of the present file, which is kept under a name that says what it is.
former_database() {
  local kept part left
  stop_all
  kept=$(kept_name)
  if [[ ! -e $ROOT$kept ]]; then
    for part in '' -wal -shm; do
      [[ ! -e $ROOT$STATE/$DATABASE$part ]] || mv "$ROOT$STATE/$DATABASE$part" "$ROOT$kept$part"
    done
  fi
  rm -f "$ROOT$STATE/$DATABASE"{,-wal,-shm}
  cp -p "$ROOT$COPY/$DATABASE"* "$ROOT$STATE/" || return 1
  if [[ $1 == carried ]]; then
    left=$(python3 -I "$TREE/tools/installing/carry.py" "$ROOT$kept" "$ROOT$STATE/$DATABASE") || {
      log "rows cannot be carried over: $left"
      return 1
    }
    say readings_carried "$kept" "${left:--}"
  else
    say former_database "$kept"
  fi
  own "$STATE/$DATABASE" "$USER_NAME" 600
}

kept_name() {
  echo "$STATE/$DATABASE.of-$(cat "$ROOT$UNDERWAY/to" 2>/dev/null || echo failed)"
}
