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
  # Of the former one its meters alone: what else is not there now, a box that is out, a broker, is not a reason to give up.
  heard=$(tr ',' '\n' <"$ROOT$UNDERWAY/heard" 2>/dev/null | grep '^meter ' | paste -sd,)
  say goes_back "$from"
  stop_all
  take_what_is_new
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
# Where it is cut off it is begun again: what is removed here has another name, or is a copy, by then.
former_database() {
  local left
  # Nothing is removed unless the copy can be brought.
  by_owner test -r "$ROOT$COPY/$DATABASE" || return 1
  set_present_aside
  rm -f "$ROOT$STATE/$DATABASE"{,-wal,-shm,.redo} "$ROOT$COPY/$DATABASE-shm"
  by_owner cp -p "$ROOT$COPY/$DATABASE"* "$ROOT$STATE/" || return 1
  if [[ $1 == carried ]]; then
    left=$(python3 -I "$CARRY" "$ROOT$(kept_name)" "$ROOT$STATE/$DATABASE") || {
      log "rows cannot be carried over: $left"
      return 1
    }
    say readings_carried "$(kept_name)" "${left:--}"
  else
    say former_database "$(kept_name)"
  fi
  own "$STATE/$DATABASE" "$USER_NAME" 600
  note_step returned
}

# Under two names at first: half of it set aside would be a database without its log.
set_present_aside() {
  local part kept
  [[ ! -e $ROOT$UNDERWAY/aside ]] || return 0
  kept=$ROOT$(kept_name)
  rm -f "$kept"{,-wal,-shm}
  for part in '' -wal; do
    [[ ! -e $ROOT$STATE/$DATABASE$part ]] || ln "$ROOT$STATE/$DATABASE$part" "$kept$part"
  done
  note_step aside
}

kept_name() {
  cat "$ROOT$UNDERWAY/kept"
}

# The machine went down in the middle of an upgrade and starts again (linky-gateway-undo.service): before anything of
# ours runs, the former version is in its place with a database that it knows. Nobody can be asked and nothing can be
# judged; files alone are changed, and a second cut leaves this to be done again.
undo_upgrade() {
  local from
  require_system
  [[ -e $ROOT$UNDERWAY/from ]] || { end_upgrade && return; }
  from=$(cat "$ROOT$UNDERWAY/from")
  export SYSTEMD_OFFLINE=1
  say was_cut "$(cat "$ROOT$UNDERWAY/to")" "$from"
  last_minutes
  # What cannot be taken away is in nobody's way.
  take_what_is_new || true
  other_setup "$ROOT$VERSIONS/$from/source" place || fail "$EXIT_BROKEN" cannot_go_back "$from"
  database_of_before || fail "$EXIT_BROKEN" cannot_go_back "$from"
  end_upgrade
}

# What the new version had written into its log, and not into the database yet: the former one may not know that log.
last_minutes() {
  local python
  python=$VERSIONS/$(cat "$ROOT$UNDERWAY/to")/bin/python
  if [[ ! $ROOT && -x $python && -e $STATE/$DATABASE.redo ]]; then
    run by_owner "$python" -I -m gateway.store.recover "$STATE" || log "the last minutes are lost"
  fi
}

database_of_before() {
  if [[ ! -e $ROOT$UNDERWAY/copied || -e $ROOT$UNDERWAY/returned || ! -e $ROOT$COPY/$DATABASE ]]; then
    return 0
  fi
  # As the former version left it, but for rows that were added: that version reads them.
  if [[ ! -e $ROOT$UNDERWAY/aside ]] &&
    python3 -I "$CARRY" same "$ROOT$STATE/$DATABASE" "$ROOT$COPY/$DATABASE" && nothing_is_missing; then
    say readings_kept
    return 0
  fi
  former_database carried || former_database alone
}
