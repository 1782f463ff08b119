# From one version to the next, side by side, and back when the next one fails. Sourced by tools/setup.
#
# The version that runs drives: it checks the release, has the new one lay itself beside, stops the gateway, copies the
# database, switches, and judges. Its own code, which is known to work, goes back if need be (roll-back.sh). The folder
# "upgrading" says how far it came, for the case that the machine went down in the middle:
#
#   from, to   the two versions; without "from" nothing is under way. It is written last and taken away first
#   setup      the former version's tools/setup: linky-gateway-undo.service starts it when the machine does
#   copied     the copy of the database is whole; the new version may have run
#   kept       the name that the new version's database gets when it is put aside
#   aside      it has that name; returned: the former version's database is in its place
# shellcheck shell=bash disable=SC2034,SC2154

readonly UNDERWAY=$HOME_OF_ALL/upgrading
readonly DATABASE=linky-gateway.sqlite
readonly COPY=$STATE/before-upgrade
# While this file is there, the upgrade goes on: nothing is undone when its services start. It does not outlive a boot.
readonly GOES_ON=/run/linky-gateway-upgrade
# The same for a package and a card: which links have to be green again, and whether a reading is missing.
readonly JUDGE=$TREE/gateway/upkeep/updates/judge.py CARRY=$TREE/gateway/store/carry.py
# Years of minutes on a memory card take their time to be brought up to date.
readonly MIGRATION_S=$((6 * 3600))

upgrade_to() {
  require_system
  finish_cut_upgrade
  local from
  from=$(current_version)
  [[ $from ]] || fail "$EXIT_USAGE" not_installed
  # This is the release's own copy of tools/setup; the installed one knows whether the release is to be believed.
  [[ $from == "$VERSION" ]] || hand_over "$from" "$@"
  take_release "$(realpath -- "$1")"
  require_newer "$from" "$RELEASE_VERSION"
  if ((DRY_RUN)); then
    say would_upgrade "$from" "$RELEASE_VERSION"
    rm -rf "$ROOT$VERSIONS/.incoming"
    return
  fi
  say upgrades "$from" "$RELEASE_VERSION"
  other_setup "$RELEASE_TREE" lay || { rm -rf "$ROOT$VERSIONS/.incoming" && fail "$EXIT_ROLLED_BACK" cannot_lay "$RELEASE_VERSION" "$from"; }
  rm -rf "$ROOT$VERSIONS/.incoming"
  change_over "$from" "$RELEASE_VERSION"
}

# The version that was kept, judged as any other: what it lacks of what runs now is a reason to stay.
back_to() {
  require_system
  finish_cut_upgrade
  local from
  from=$(current_version)
  [[ $from ]] || fail "$EXIT_USAGE" not_installed
  [[ $1 != */* && $1 != "$from" && -x $ROOT$VERSIONS/$1/source/tools/setup ]] || fail "$EXIT_USAGE" not_kept "$1"
  ((!DRY_RUN)) || { say would_upgrade "$from" "$1" && return; }
  say upgrades "$from" "$1"
  change_over "$from" "$1"
}

hand_over() {
  local installed=$ROOT$VERSIONS/$1/source/tools/setup
  [[ -x $installed ]] || fail "$EXIT_USAGE" not_installed
  say hands_over "$1"
  exec "$installed" upgrade "$2" "${PASSED_ON[@]}"
}

# Someone who keeps an old release with its good signature must not be able to bring its faults back.
require_newer() {
  case $(python3 "$TREE/gateway/upkeep/releases/versions.py" "$1" "$2") in
    newer) ;;
    same) refuse_release release_same "$2" ;;
    older) refuse_release release_older "$2" "$1" ;;
    *) refuse_release release_unknown "$2" "$1" ;;
  esac
}

# other_setup TREE COMMAND: what another version's tools/setup does of an installation.
other_setup() {
  log "+ $1/tools/setup $2"
  bash "$1/tools/setup" "$2" "${PASSED_ON[@]}"
}

change_over() {
  local from=$1 to=$2 heard=''
  LACKING=''
  ! is_live || heard=$(report | python3 "$JUDGE" heard || true)
  begin_upgrade "$from" "$to" "$heard"
  UPGRADING=$from
  stop_all
  copy_database
  if other_setup "$ROOT$VERSIONS/$to/source" place && start_version && is_healthy "$heard"; then
    [[ ! -e $ROOT$OURS_OF/release.pub ]] || put_file "$ROOT$OURS_OF/release.pub" "$ETC/release.pub" 644
    put_release_keys "$ROOT$OURS_OF"
    end_upgrade
    keep_versions "$to" "$from"
    say upgraded "$from" "$to"
    return
  fi
  say new_one_fails "$to"
  # For whoever asked for it (gateway/upkeep/updates/apply.py): what the new one lacked.
  ! is_live || printf '%s\n' "$LACKING" >/run/linky-gateway-lacking
  roll_back "$from"
  fail "$EXIT_ROLLED_BACK" rolled_back "$to" "$from"
}

begin_upgrade() {
  rm -rf "$ROOT$UNDERWAY"
  mkdir -p "$ROOT$UNDERWAY"
  ! is_live || : >"$GOES_ON"
  ln -s "$VERSIONS/$1/source/tools/setup" "$ROOT$UNDERWAY/setup"
  free_name "$STATE/$DATABASE.of-$2" >"$ROOT$UNDERWAY/kept"
  cp "$ROOT$LIST" "$ROOT$UNDERWAY/installed"
  printf '%s\n' "$3" >"$ROOT$UNDERWAY/heard"
  running_units >"$ROOT$UNDERWAY/running"
  printf '%s\n' "$2" >"$ROOT$UNDERWAY/to"
  printf '%s\n' "$1" >"$ROOT$UNDERWAY/from.new"
  sync -f "$ROOT$UNDERWAY"
  # This one counts: with it there is something to go back to.
  mv "$ROOT$UNDERWAY/from.new" "$ROOT$UNDERWAY/from"
  OURS_OF=$VERSIONS/$2/source
}

# free_name PATH: that, or with a number behind it, so that nothing is written over.
free_name() {
  local name=$1 number=1
  while [[ -e $ROOT$name ]]; do name=$1.$((number += 1)); done
  echo "$name"
}

# What was done is on the disk before "from" goes; without it nobody goes back any more. The copy holds what the
# household may want erased: it is not kept longer than it is needed.
end_upgrade() {
  UPGRADING=''
  sync -f "$ROOT$HOME_OF_ALL" "$ROOT$ETC" "$ROOT$STATE" 2>/dev/null || true
  rm -f "$ROOT$UNDERWAY/from"
  sync -f "$ROOT$HOME_OF_ALL"
  rm -rf "$ROOT$COPY"
  rm -rf "$ROOT$UNDERWAY"
  ! is_live || rm -f "$GOES_ON"
}

# note_step NAME: so far it has come, whatever happens now.
note_step() {
  sync -f "$ROOT$STATE" "$ROOT$HOME_OF_ALL" 2>/dev/null || true
  : >"$ROOT$UNDERWAY/$1"
  sync -f "$ROOT$HOME_OF_ALL"
}

# by_owner COMMAND...: as the gateway's user, whose folder it is: root would follow whatever link lies there. Not by
# runuser, whose PAM session the sandbox of linky-gateway-undo.service does not let begin.
by_owner() {
  if [[ $ROOT ]]; then "$@"; else setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups -- "$@"; fi
}

# Nobody has the file open: with its log it is whole.
copy_database() {
  local part
  rm -rf "$ROOT$COPY"
  if [[ -e $ROOT$STATE/$DATABASE ]]; then
    put_dir "$COPY" 700 "$USER_NAME"
    for part in "$DATABASE" "$DATABASE-wal"; do
      [[ ! -e $ROOT$STATE/$part ]] || by_owner cp -p --reflink=auto "$ROOT$STATE/$part" "$ROOT$COPY/$part"
    done
  fi
  note_step copied
}

start_version() {
  is_live || return 0
  run systemctl daemon-reload
  run systemctl reset-failed linky-gateway.service || true
  # Not waited for: a version that never gets ready is judged like any other.
  local unit
  for unit in linky-gateway.service $(cat "$UNDERWAY/running" 2>/dev/null); do
    run systemctl start --no-block "$unit" || true
  done
  what_runs >/run/linky-gateway-setup
}

# The report of the version that runs, as JSON; nothing when it cannot say.
report() {
  runuser -u "$USER_NAME" -- timeout 20 "$CURRENT/bin/linky-gateway" status --json 2>/dev/null || true
}

# is_healthy HEARD: within the patience, and twice in a row by the same process.
is_healthy() {
  is_live || return 0
  local end=$((SECONDS + PATIENCE_S)) longest=$((SECONDS + MIGRATION_S)) process before='' lacking=''
  while ((SECONDS < end)); do
    # While the database is brought up to date the patience has not begun.
    if [[ $(systemctl is-active linky-gateway-migrate.service) == activating ]] && ((SECONDS < longest)); then
      end=$((SECONDS + PATIENCE_S))
    fi
    process=$(systemctl show --property=InvocationID --value linky-gateway.service)
    lacking=''
    if [[ $process ]] && systemctl --quiet is-active linky-gateway.service &&
      lacking=$(report | python3 "$JUDGE" healthy "$1"); then
      if [[ $before == "$process" ]]; then
        ! nothing_is_missing || return 0
        lacking=readings
        break
      fi
      before=$process
    else
      before=''
    fi
    sleep 2
  done
  # What does not run, or cannot say how it is, names nothing.
  LACKING=${lacking:-gateway}
  log "not green: $LACKING"
  log "$(systemctl status --no-pager linky-gateway.service 2>&1 || true)"
  return 1
}

# Every reading of the copy is there still (1 where one is not, 2 where that cannot be told). By the gateway's user: what
# root would make beside an open database nobody else could write.
nothing_is_missing() {
  [[ -e $ROOT$COPY/$DATABASE ]] || return 0
  local said code=0
  said=$(by_owner python3 -I - lacking "$ROOT$STATE/$DATABASE" "$ROOT$COPY/$DATABASE" <"$CARRY") || code=$?
  [[ ! $said ]] || log "readings: $said"
  ((code != 1))
}

# The one that runs and the one before it.
keep_versions() {
  local folder
  for folder in "$ROOT$VERSIONS"/*; do
    [[ ${folder##*/} == "$1" || ${folder##*/} == "$2" ]] || rm -rf "$folder"
  done
}

# An upgrade was killed and the machine has not started since: nobody has judged what runs now.
finish_cut_upgrade() {
  local from to
  from=$(cat "$ROOT$UNDERWAY/from" 2>/dev/null) || return 0
  to=$(cat "$ROOT$UNDERWAY/to")
  ((!DRY_RUN)) || { say was_cut "$to" "$from" && return; }
  say was_cut "$to" "$from"
  UPGRADING=$from
  ! is_live || : >"$GOES_ON"
  roll_back "$from"
}
