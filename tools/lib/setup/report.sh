# What a person is told, what the log keeps, and how a command is run. Sourced by tools/setup, with progress.sh: a
# sentence must know of the line that ticks.
# shellcheck shell=bash disable=SC2034,SC2154

readonly TICK=✓ CROSS=✗

# say KEY [VALUE...]: a sentence on the terminal in the person's language, in the log in English.
say() {
  log "$(text en "$@")"
  text "$LANGUAGE" "$@" | folded 2 >&2
}

# folded FD: sentences broken between words where that terminal ends, further lines to the right of the first.
folded() {
  local LC_ALL=C.UTF-8
  local columns line indent head clear=''
  # In one go with the line, so that nothing that ticks comes between.
  # shellcheck disable=SC2153 # of progress.sh
  [[ ! $TICKER || $1 != 2 ]] || clear=$CLEAR
  columns=$(columns "$1")
  columns=${columns:-0}
  while IFS= read -r line; do
    indent=${line%%[![:space:]]*}
    while ((columns && ${#line} > columns)); do
      head=${line:0:columns + 1}
      [[ $head == *' '* ]] || break
      head=${head% *}
      # A word that is longer than a line stays one.
      [[ $head =~ [^[:space:]] ]] || break
      printf '%s%s\n' "$clear" "$head"
      line="$indent   ${line:${#head} + 1}"
    done
    printf '%s%s\n' "$clear" "$line"
  done
}

# columns FD: how wide the terminal is; nothing where it is none.
columns() {
  [[ -t $1 ]] || return 0
  stty size <&"$1" 2>/dev/null | cut -d ' ' -f 2
}

# fail CODE KEY [VALUE...]: the last sentence.
fail() {
  local code=$1
  shift
  log "$(text en "$@")"
  ticks_end
  printf '%s %s\n' "$CROSS" "$(text "$LANGUAGE" "$@")" | folded 2 >&2
  trap - ERR
  exit "$code"
}

log() {
  [[ ! ${LOG_OPEN:-} ]] || printf '%(%FT%T%z)T %s\n' -1 "$*" >&"$LOG_OPEN"
}

# Whoever may read the log is root; a dry run has none, since it changes nothing.
open_log() {
  ((!DRY_RUN)) || return 0
  [[ $LOG ]] || LOG=$ROOT/var/log/linky-gateway-setup.log
  if ! { mkdir -p "$(dirname "$LOG")" && (umask 077 && : >>"$LOG") && chmod 600 "$LOG"; } 2>/dev/null; then
    fail "$EXIT_FAILED" no_log "$LOG"
  fi
  exec {LOG_OPEN}>>"$LOG"
  log "--- linky-gateway setup $VERSION: $*"
}

# run COMMAND...: run it, its output into the log; in a dry run, say it. Secrets are never arguments here.
run() {
  if ((DRY_RUN)); then
    say would_run "$*"
    return 0
  fi
  log "+ $*"
  if [[ ${LOG_OPEN:-} ]]; then
    "$@" </dev/null >&"$LOG_OPEN" 2>&1
  else
    "$@" </dev/null >/dev/null 2>&1
  fi
}

# in_root COMMAND...: run it in the system below --root, if that is whole enough to run anything.
in_root() {
  if [[ ! $ROOT ]]; then
    run "$@"
  elif [[ $EUID == 0 && -x $ROOT/bin/sh ]]; then
    run chroot "$ROOT" /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
  else
    say skipped_bare "$*"
  fi
}

# on_running COMMAND...: run it where systemd runs the system; say that it is left out elsewhere.
on_running() {
  if is_live; then run "$@"; else say skipped_not_running "$*"; fi
}

# SYSTEMD_OFFLINE is systemd's own word for "only its files": a boot that is under way waits for us.
is_live() {
  [[ ! $ROOT && ! ${SYSTEMD_OFFLINE:-} && -d /run/systemd/system ]]
}

# step NAME: do it unless it is done. NAME_is_done looks, NAME_do does; uninstall has NAME_undo.
step() {
  STEP=$1
  if "${1}_is_done"; then
    say step_is_done "$(text "$LANGUAGE" "step_$1")"
  else
    local begun=$SECONDS
    begin_waiting step_begins "$(text "$LANGUAGE" "step_$1")"
    "${1}_do"
    if [[ $TICKER ]]; then
      ticks_end
      begun=$((SECONDS - begun))
      say step_took "$(text "$LANGUAGE" "step_$1")" "$( ((!begun)) || printf ' · %s' "$(minutes "$begun")")"
    fi
  fi
  STEP=''
}

set_traps() {
  trap 'interrupted' INT TERM HUP
  trap 'broken_step "$?" "$LINENO"' ERR
}

broken_step() {
  trap - ERR
  # A subshell's end is seen again by whoever started it.
  ((BASH_SUBSHELL == 0)) || exit "$1"
  [[ ! ${UPGRADING:-} ]] || roll_back "$UPGRADING"
  start_below_root_again
  [[ ! ${LOG_OPEN:-} ]] || { say last_lines "$LOG" && tail -n 8 "$LOG" | sed 's/^/  /' >&2; }
  fail "$EXIT_FAILED" step_failed "${STEP:-$COMMAND}" "$1" "$2"
}

interrupted() {
  trap '' INT TERM HUP
  trap - ERR
  [[ ! ${UPGRADING:-} ]] || roll_back "$UPGRADING"
  start_below_root_again
  fail 130 interrupted
}
