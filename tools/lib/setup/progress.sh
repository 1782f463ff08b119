# What is being done, how far it is and for how long already, on one line of a terminal. Sourced by tools/setup.
#
# Where standard error is no terminal nothing of it is written: steps and sentences are enough for a log.
# shellcheck shell=bash disable=SC2034,SC2154

TICKER='' APT_PROGRESS=()
readonly CLEAR=$'\r\033[K'

shows_progress() {
  [[ -t 2 && ${TERM:-dumb} != dumb ]] && ((!DRY_RUN))
}

# ticks_begin SENTENCE: the line appears at once, and each second again.
ticks_begin() {
  shows_progress || return 0
  ticks_end
  printf '%s' "$1" >"$SCRATCH/doing"
  : >"$SCRATCH/far"
  # apt writes there how far it is.
  exec 9>"$SCRATCH/apt"
  APT_PROGRESS=(-o APT::Status-Fd=9)
  tick $$ &
  TICKER=$!
}

ticks_end() {
  [[ $TICKER ]] || return 0
  kill "$TICKER" 2>/dev/null || true
  wait "$TICKER" 2>/dev/null || true
  TICKER='' APT_PROGRESS=()
  exec 9>&-
  printf '%s' "$CLEAR" >&2
}

# begin_waiting KEY [VALUE...]: the sentence on the line that ticks, or once, where there is none.
begin_waiting() {
  if shows_progress; then
    log "$(text en "$@")"
    ticks_begin "$(text "$LANGUAGE" "$@")"
  else
    say "$@"
  fi
}

# doing N OF KEY: which part of a step it is.
doing() {
  [[ ! $TICKER ]] || printf '%s/%s %s\n' "$1" "$2" "$(text "$LANGUAGE" "$3")" >"$SCRATCH/far"
}

# minutes SECONDS: as 1:05.
minutes() {
  printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# tick PARENT: in a process of its own, which ends with its parent at the latest.
tick() {
  trap - ERR EXIT INT TERM HUP
  set +e
  local begun=$SECONDS spin=('|' '/' '-' \\) turn=0 columns line
  while kill -0 "$1" 2>/dev/null; do
    columns=$(columns 2)
    # A terminal that nobody has told its width says 0.
    ((${columns:-0})) || columns=80
    line="$(minutes $((SECONDS - begun)))  $(cat "$SCRATCH/doing")$(how_far)"
    printf '%s%s %s' "$CLEAR" "${spin[turn++ % 4]}" "$(cut_to $((columns - 3)) "$line")" >&2
    sleep 0.5
  done
}

# apt says "dlstatus:3:42.1:words" and "pmstatus:package:66.6:words" (apt's own README.progress-reporting).
how_far() {
  local kind thing percent
  if [[ -s $SCRATCH/apt ]]; then
    IFS=: read -r kind thing percent _ < <(grep -E '^(dl|pm)status:' "$SCRATCH/apt" | tail -n 1)
    case $kind in
      dlstatus) text "$LANGUAGE" far_fetches "${percent%%[.,]*}" ;;
      pmstatus)
        # Before the first package apt names what it is about to run.
        if [[ $thing == dpkg-exec ]]; then thing=''; else thing=" ($thing)"; fi
        text "$LANGUAGE" far_installs "${percent%%[.,]*}" "$thing"
        ;;
    esac
  elif [[ -s $SCRATCH/far ]]; then
    printf ' · %s' "$(cat "$SCRATCH/far")"
  fi
}

# cut_to COLUMNS LINE: letters, not bytes, whatever the locale.
cut_to() {
  local LC_ALL=C.UTF-8
  local line=$2
  if ((${#line} > $1)); then line=${line:0:$1 - 1}…; fi
  printf '%s' "$line"
}
