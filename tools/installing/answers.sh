# The answers that an installation needs: from a file, from a person, or the safe default. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154,SC2094

declare -gA ANSWER=() SECRET_FILE=()
QUESTIONS=0 RESTART=0
# What was answered, there until all of it is done: a run that is cut off in between is gone on with by these.
readonly ANSWERED=$HOME_OF_ALL/answers
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

# What only the installed program can tell, and what a person says.
finish_answers() {
  if [[ -e $ROOT$ETC/gateway.toml || ${ANSWER[configuration]} ]]; then return; fi
  if ((!UNATTENDED)) && [[ ! $ANSWERS ]]; then
    ask_all
    settle
  fi
  [[ ${ANSWER[port]} != auto ]] || choose_port
  # The console and Bluetooth are in nobody's way when the meter comes by USB.
  is_header_port "${ANSWER[port]}" || ANSWER[uart]=no
}

# An installation that is there answers for itself: what it has is put right, nothing is added.
answers_of_system() {
  [[ -e $ROOT$BROKER_FILE ]] && ANSWER[mqtt]=yes || ANSWER[mqtt]=no
  grep -qs '^listener 8883' "$ROOT$BROKER_FILE" && ANSWER[boards]=yes || ANSWER[boards]=no
  [[ -e $ROOT$UPDATES_FILE ]] && ANSWER[updates]=yes || ANSWER[updates]=no
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

# "SOURCE<tab>tic or other<tab>TITLE" for each serial port; nothing is opened.
ports() {
  [[ ! $ROOT && -x $OURS/bin/python ]] || return 0
  "$OURS/bin/python" -I "$TREE/tools/installing/listen.py" ports
}

# --- A person answers ------------------------------------------------------------------------------------------------

# ask VARIABLE-KEY SENTENCE DEFAULT: one question; Enter is the default.
ask() {
  local reply
  QUESTIONS=$((QUESTIONS + 1))
  [[ -t 0 ]] || fail "$EXIT_USAGE" no_terminal
  printf '\n%d. %s\n' "$QUESTIONS" "$(text "$LANGUAGE" "$2")" >&2
  read -r -p "   [${4:-$3}] > " reply || fail 130 interrupted
  ANSWER[$1]=${reply:-$3}
}

ask_yes_no() {
  local shown
  shown=$(text "$LANGUAGE" "$3")
  while :; do
    ask "$1" "$2" "$3" "$shown"
    case ${ANSWER[$1],,} in
      y | yes | o | oui) ANSWER[$1]=yes && return ;;
      n | no | non) ANSWER[$1]=no && return ;;
    esac
    QUESTIONS=$((QUESTIONS - 1))
    say say_yes_no
  done
}

ask_all() {
  ask_port
  [[ ! $(pi_uart "$(pi_model)") ]] || ! is_header_port "${ANSWER[port]}" || ask_yes_no uart ask_uart yes
  ask_account
  ask_yes_no page ask_page yes
  ask_yes_no mqtt ask_mqtt no
  ask_yes_no boards ask_boards no
  ask_yes_no updates ask_updates yes
}

ask_account() {
  local none password
  none=$(text "$LANGUAGE" none)
  while :; do
    ask account ask_account "$none"
    [[ ${ANSWER[account]} != "$none" ]] || ANSWER[account]=''
    [[ ! ${ANSWER[account]} || ${ANSWER[account]} =~ ^[^@/\ \"\\]+@[^@/\ \"\\]+$ ]] && break
    QUESTIONS=$((QUESTIONS - 1))
    text "$LANGUAGE" answer_account "${ANSWER[account]}" >&2
  done
  [[ ${ANSWER[account]} ]] || return 0
  QUESTIONS=$((QUESTIONS + 1))
  printf '\n%d. %s\n' "$QUESTIONS" "$(text "$LANGUAGE" ask_password "${ANSWER[account]}")" >&2
  read -r -s -p '   > ' password || fail 130 interrupted
  printf '\n' >&2
  [[ $password ]] || { say no_password && return 0; }
  # A builtin writes it: it is in no argument of any process.
  (umask 077 && printf '%s\n' "$password" >"$SCRATCH/xmpp-password")
  ANSWER[password_file]=$SCRATCH/xmpp-password
}

# The port is believed when a meter was heard at it, or when the person says so twice.
ask_port() {
  local lines number=0 source kind title default=1
  mapfile -t lines < <(ports)
  if [[ $(pi_model) && $'\n'$(printf '%s\n' "${lines[@]}") != *$'\n/dev/ttyAMA0\t'* ]]; then
    lines+=("/dev/ttyAMA0"$'\t'"header"$'\t'"$(pi_model)")
  fi
  ((${#lines[@]})) || { say port_none_there && ANSWER[port]='' && return; }
  for line in "${lines[@]}"; do
    IFS=$'\t' read -r source kind title <<<"$line"
    number=$((number + 1))
    [[ $kind != tic ]] || default=$number
    printf '   %d  %s  %s%s\n' "$number" "$source" "$title" "$([[ $kind != tic ]] || text "$LANGUAGE" is_tic)" >&2
  done
  while :; do
    ask port ask_port "$default"
    [[ ! ${ANSWER[port]} =~ ^[0-9]+$ ]] || ANSWER[port]=$(cut -f 1 <<<"${lines[$((10#${ANSWER[port]} - 1))]:-}")
    [[ ${ANSWER[port]} ]] || { QUESTIONS=$((QUESTIONS - 1)) && continue; }
    hear_port "${ANSWER[port]}" || { QUESTIONS=$((QUESTIONS - 1)) && continue; }
    return
  done
}

# Listen before it is believed. 1: another port is to be named.
hear_port() {
  local said
  [[ ! $ROOT && -x $OURS/bin/python ]] && ((!DRY_RUN)) || return 0
  # A header that is still somebody else's has nothing to listen to.
  if is_header_port "$1" && [[ $(pi_model) ]] && ! grep -qsxF "$MARK_BEGIN" "$(boot_folder)/config.txt"; then
    say port_after_restart "$1"
    return 0
  fi
  say listens "$1"
  if said=$("$OURS/bin/python" -I "$TREE/tools/installing/listen.py" hear "$1" "$LANGUAGE"); then
    say hears "$said"
    return 0
  fi
  printf '   %s\n' "$said" >&2
  local again
  read -r -p "   $(text "$LANGUAGE" port_all_the_same) " again || fail 130 interrupted
  [[ ${again,,} =~ ^(o|oui|y|yes)$ ]]
}

confirm() {
  ((!YES && !UNATTENDED && !DRY_RUN)) && [[ ! $ANSWERS && ! -e $ROOT$ETC/gateway.toml ]] || return 0
  local key value
  for key in port account page mqtt boards updates uart; do
    value=${ANSWER[$key]:--}
    [[ $value != yes && $value != no ]] || value=$(text "$LANGUAGE" "$value")
    printf '   %-8s %s\n' "$key" "$value" >&2
  done
  ask_yes_no go_on ask_go_on yes
  [[ ${ANSWER[go_on]} == yes ]]
}
