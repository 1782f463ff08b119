# The answers that an installation needs: from a file, from a person, or the safe default. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154,SC2094

declare -gA ANSWER=() SECRET_FILE=()
QUESTIONS=0 RESTART=0
# What was answered, there until all of it is done: a run that is cut off in between is gone on with by these.
readonly ANSWERED=$HOME_OF_ALL/answers
# What a board may be called (gateway/config/checks.py).
readonly BOARD='^[a-z0-9][a-z0-9-]{0,31}$'
readonly ANSWER_KEYS=' port account password_file page mqtt boards updates uart configuration '

# What is known before anything is done: a fault in it is said at once.
begin_answers() {
  ANSWER=([port]=auto [account]='' [password_file]='' [page]=yes [mqtt]=no [boards]=no [updates]=yes [uart]=yes
    [configuration]='')
  [[ ! $ANSWERS ]] || read_answers "$ANSWERS"
  if [[ -e $ROOT$ETC/gateway.toml ]]; then
    say configuration_kept "$ETC/gateway.toml"
    answers_of_system
    [[ ! -e $ROOT$ANSWERED ]] || read_answers "$ROOT$ANSWERED"
  fi
  settle
}

# What only the installed program can tell.
finish_answers() {
  if [[ -e $ROOT$ETC/gateway.toml || ${ANSWER[configuration]} ]]; then return; fi
  [[ ${ANSWER[port]} != auto ]] || choose_port
  ((!QUESTIONS)) || hear_port
  # The console and Bluetooth are in nobody's way when the meter comes by USB.
  is_header_port "${ANSWER[port]}" || ANSWER[uart]=no
}

# An installation that is there answers for itself: what it has is put right, nothing is added.
answers_of_system() {
  [[ -e $ROOT$BROKER_FILE ]] && ANSWER[mqtt]=yes || ANSWER[mqtt]=no
  grep -qs '^listener 8883' "$ROOT$BROKER_FILE" && ANSWER[boards]=yes || ANSWER[boards]=no
  [[ -e $ROOT$UPDATES_FILE ]] && ANSWER[updates]=yes || ANSWER[updates]=no
  remembered package | grep -qx avahi-daemon && ANSWER[page]=yes || ANSWER[page]=no
  ANSWER[uart]=no
  [[ ! -e $ROOT$(boot_folder)/config.txt ]] || ! grep -qxF "$MARK_BEGIN" "$ROOT$(boot_folder)/config.txt" ||
    ANSWER[uart]=yes
  ANSWER[port]='' ANSWER[account]='' ANSWER[configuration]=''
}

# Of the answers those that a configuration which is there already would be asked for in vain; no secret is among them.
keep_answers() {
  ((!DRY_RUN)) || return 0
  local key
  mkdir -p "$ROOT$HOME_OF_ALL"
  for key in mqtt boards updates uart; do echo "$key = ${ANSWER[$key]}"; done >"$ROOT$ANSWERED.new"
  sync -- "$ROOT$ANSWERED.new"
  mv -f "$ROOT$ANSWERED.new" "$ROOT$ANSWERED"
}

# read_answers FILE: "key = value" lines; nothing in it is executed.
read_answers() {
  local line key value number=0 seen=' '
  while IFS= read -r line || [[ $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ ! $line =~ ^[[:space:]]*(#|$) ]] || continue
    [[ $line =~ ^[[:space:]]*([a-z_]+)[[:space:]]*=[[:space:]]*(.*[^[:space:]]|)[[:space:]]*$ ]] ||
      fail "$EXIT_USAGE" answer_line "$1" "$number"
    key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    [[ $value != \"*\" || ${#value} -lt 2 ]] || value=${value:1:-1}
    [[ $ANSWER_KEYS == *" $key "* ]] || fail "$EXIT_USAGE" answer_key "$1" "$number" "$key" "${ANSWER_KEYS# }"
    [[ $seen != *" $key "* ]] || fail "$EXIT_USAGE" answer_twice "$1" "$number" "$key"
    seen+="$key "
    ANSWER[$key]=$value
  done <"$1"
}

# What the answers mean together, checked before anything of it is done.
settle() {
  local key
  for key in page mqtt boards updates uart; do
    case ${ANSWER[$key],,} in
      yes | oui | true) ANSWER[$key]=yes ;;
      no | non | false) ANSWER[$key]=no ;;
      *) fail "$EXIT_USAGE" answer_yes_no "$key" "${ANSWER[$key]}" ;;
    esac
  done
  # Boards are heard by way of the broker.
  [[ ${ANSWER[boards]} == no ]] || ANSWER[mqtt]=yes
  [[ ! ${ANSWER[account]} || ${ANSWER[account]} =~ ^[^@/\ \"\\]+@[^@/\ \"\\]+$ ]] ||
    fail "$EXIT_USAGE" answer_account "${ANSWER[account]}"
  judge_port "${ANSWER[port]}" || fail "$EXIT_USAGE" answer_port "${ANSWER[port]}" "$JUDGEMENT"
  for key in password_file configuration; do
    [[ ! ${ANSWER[$key]} || -r ${ANSWER[$key]} ]] || fail "$EXIT_USAGE" no_file "${ANSWER[$key]}"
  done
  [[ ! ${ANSWER[password_file]} ]] || SECRET_FILE[xmpp-password]=${ANSWER[password_file]}
}

is_header_port() {
  [[ $1 == /dev/ttyAMA0 || $1 == /dev/serial0 ]]
}

# By itself only an adapter that says what it is made for is taken; else the header of a Pi; else what the default says.
choose_port() {
  local found
  found=$(ports | awk -F '\t' '$2 == "tic" { print $1 }')
  if [[ $found && $found != *$'\n'* ]]; then
    ANSWER[port]=$found
    say port_is_tic "$found"
  elif [[ $(pi_model) ]]; then
    ANSWER[port]=/dev/ttyAMA0
    say port_is_header "$(pi_model)"
  else
    ANSWER[port]=''
    say port_unknown
  fi
}

# "SOURCE<tab>tic, usb or own<tab>TITLE" for each serial port of this machine; nothing is opened.
ports() {
  [[ ! $ROOT ]] || return 0
  listen ports
}

# judge_port SOURCE: whether it can name a port; JUDGEMENT says what may stand there. One rule for all: that of the program.
JUDGEMENT=''
judge_port() {
  case $1 in '' | auto | replay:?*) return 0 ;; board:*) [[ ${1#board:} =~ $BOARD ]] && return ;; esac
  JUDGEMENT=$(listen judge "$1" "$LANGUAGE")
}

# What needs no more than Python, of this tree, before anything is installed. A Debian may be without it until then.
listen() {
  ! command -v python3 >/dev/null || PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TREE python3 -P "$TREE/tools/lib/setup/listen.py" "$@"
}
