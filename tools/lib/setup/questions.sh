# A person answers, before anything is done: every question, what there is to choose, what is read back. Sourced by
# tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

# How long a port at which nothing is heard waits for a person, who may have gone away.
readonly AGAIN_WAIT_S=60
PYTHON_FIRST=''

# 1: the person does not want it like this.
ask_first() {
  [[ ! -e $ROOT$ETC/gateway.toml && ! ${ANSWER[configuration]} && ! $ANSWERS ]] && ((!UNATTENDED)) || return 0
  # Which ports there are is told by Python, which Raspberry Pi OS has, and the smallest Debian has not.
  [[ $ROOT ]] || command -v python3 >/dev/null || { PYTHON_FIRST=1 && step packages && PYTHON_FIRST=''; }
  ask_port
  if [[ $(pi_uart "$(pi_model)") ]] && is_header_port "${ANSWER[port]}"; then
    ask_yes_no uart ask_uart yes
  else
    ANSWER[uart]=no
  fi
  ask_account
  ask_yes_no page ask_page yes
  if [[ ${ANSWER[port]} == board:* ]]; then
    ANSWER[mqtt]=yes ANSWER[boards]=yes
  else
    ask_yes_no mqtt ask_mqtt no
    ask_yes_no boards ask_boards no
  fi
  ask_yes_no updates ask_updates yes
  settle
  confirm
}

# ask KEY SENTENCE DEFAULT [SHOWN]: one question, below that for the port the CHOICES; Enter is the default.
ask() {
  local reply
  QUESTIONS=$((QUESTIONS + 1))
  [[ -t 0 ]] || fail "$EXIT_USAGE" no_terminal
  printf '\n%d. %s\n' "$QUESTIONS" "$(text "$LANGUAGE" "$2")" | folded 2 >&2
  [[ $1 != port ]] || printf '   %s\n' "${CHOICES[@]}" | folded 2 >&2
  read -r -p "   [${4:-$3}] > " reply || fail 130 interrupted
  ANSWER[$1]=${reply:-$3}
}

# again SENTENCE...: why it is asked once more; it is still the same question.
again() {
  QUESTIONS=$((QUESTIONS - 1))
  say "$@"
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
    again say_yes_no
  done
}

# --- The meter's port -------------------------------------------------------------------------------------------------

ask_port() {
  local reply
  find_choices
  while :; do
    ask port ask_port "$DEFAULT_CHOICE"
    reply=${ANSWER[port]}
    if [[ $reply =~ ^[0-9]{1,3}$ ]]; then
      reply=$((10#$reply))
      reply=$( ((reply < 1)) || echo "${SOURCES[reply - 1]:-}")
    fi
    case $reply in
      '') again port_number "${#CHOICES[@]}" ;;
      later) ANSWER[port]='' && return ;;
      board) ! ask_board || return 0 ;;
      *)
        ANSWER[port]=$reply
        ! judge_port "$reply" || return 0
        again port_wrong "$JUDGEMENT"
        ;;
    esac
  done
}

# SOURCES and CHOICES: first what reads a meter, then what may be plugged in later, last what this machine has anyway.
find_choices() {
  local model source kind title found tic='' usb=() own=()
  SOURCES=() CHOICES=()
  model=$(pi_model)
  while IFS=$'\t' read -r source kind title; do
    case $kind in
      tic) add_choice "$source" "$source  $title$(text "$LANGUAGE" is_tic)" && tic=${tic:-${#SOURCES[@]}} ;;
      usb) add_choice "$source" "$source  $title" && usb+=("${#SOURCES[@]}") ;;
      *) [[ $model && $source == /dev/ttyAMA0 ]] || own+=("$source") ;;
    esac
  done < <(ports)
  DEFAULT_CHOICE=${tic:-$( ((${#usb[@]} != 1)) || echo "${usb[0]}")}
  if [[ $model ]]; then
    add_choice /dev/ttyAMA0 "/dev/ttyAMA0  $(text "$LANGUAGE" choice_header "$model")"
    DEFAULT_CHOICE=${DEFAULT_CHOICE:-${#SOURCES[@]}}
  fi
  add_choice later "$(text "$LANGUAGE" choice_later)"
  DEFAULT_CHOICE=${DEFAULT_CHOICE:-${#SOURCES[@]}}
  ((${#usb[@]})) || add_choice /dev/ttyUSB0 "$(text "$LANGUAGE" choice_later_usb)"
  add_choice board "$(text "$LANGUAGE" choice_board)"
  for found in "${own[@]}"; do add_choice "$found" "$found  $(text "$LANGUAGE" choice_own)"; done
}

# add_choice SOURCE SENTENCE
add_choice() {
  SOURCES+=("$1")
  CHOICES+=("${#SOURCES[@]}  $2")
}

# 1: the question before is to be answered otherwise.
ask_board() {
  local back
  back=$(text "$LANGUAGE" back)
  while :; do
    ask board ask_board "$back"
    if [[ ${ANSWER[board]} == "$back" ]]; then
      QUESTIONS=$((QUESTIONS - 2))
      return 1
    fi
    ANSWER[port]=board:${ANSWER[board]#board:}
    ! judge_port "${ANSWER[port]}" || return 0
    again board_wrong
  done
}

# The port is believed when a meter was heard at it. Whoever has gone away meanwhile finds the work done all the same.
hear_port() {
  local said reply
  [[ ! $ROOT && -x $OURS/bin/python ]] && ((!DRY_RUN)) || return 0
  while is_to_be_heard "${ANSWER[port]}"; do
    begin_waiting listens "${ANSWER[port]}"
    if said=$("$OURS/bin/python" -I "$TREE/tools/lib/setup/listen.py" hear "${ANSWER[port]}" "$LANGUAGE"); then
      ticks_end
      say hears "$said"
      return
    fi
    ticks_end
    printf '   %s\n' "$said" | folded 2 >&2
    say port_otherwise "${ANSWER[port]}" "$AGAIN_WAIT_S"
    reply=''
    read -r -t "$AGAIN_WAIT_S" -p '   > ' reply || printf '\n' >&2
    [[ $reply ]] || return 0
    judge_port "$reply" || { say port_wrong "$JUDGEMENT" && continue; }
    ANSWER[port]=$reply
  done
}

# Whether there is something to listen to by now.
is_to_be_heard() {
  case $1 in '' | auto | board:* | replay:*) return 1 ;; esac
  # A header that is still somebody else's has nothing to listen to.
  if is_header_port "$1" && [[ $(pi_model) ]] && ! grep -qsxF "$MARK_BEGIN" "$(boot_folder)/config.txt"; then
    say port_after_restart "$1"
    return 1
  elif [[ $1 == /* && ! -e $1 ]]; then
    say port_when_it_comes "$1"
    return 1
  fi
}

# --- The rest -----------------------------------------------------------------------------------------------------------

ask_account() {
  local none password
  none=$(text "$LANGUAGE" none)
  while :; do
    ask account ask_account "$none"
    [[ ${ANSWER[account]} != "$none" ]] || ANSWER[account]=''
    [[ ! ${ANSWER[account]} || ${ANSWER[account]} =~ ^[^@/\ \"\\]+@[^@/\ \"\\]+$ ]] && break
    again answer_account "${ANSWER[account]}"
  done
  [[ ${ANSWER[account]} ]] || return 0
  QUESTIONS=$((QUESTIONS + 1))
  printf '\n%d. %s\n' "$QUESTIONS" "$(text "$LANGUAGE" ask_password "${ANSWER[account]}")" | folded 2 >&2
  read -r -s -p '   > ' password || fail 130 interrupted
  printf '\n' >&2
  [[ $password ]] || { say no_password && return 0; }
  # A builtin writes it: it is in no argument of any process.
  (umask 077 && printf '%s\n' "$password" >"$SCRATCH/xmpp-password")
  ANSWER[password_file]=$SCRATCH/xmpp-password
}

# What will be done, in a few lines.
confirm() {
  ((!YES && !DRY_RUN)) || return 0
  local name key value
  printf '\n' >&2
  for name in row_port row_account row_page row_mqtt row_boards row_updates row_uart; do
    key=${name#row_}
    value=${ANSWER[$key]:-$(text "$LANGUAGE" none)}
    [[ $value != yes && $value != no ]] || value=$(text "$LANGUAGE" "$value")
    [[ $key != port || ${ANSWER[port]} ]] || value=$(text "$LANGUAGE" later)
    [[ $key == uart && ! $(pi_model) ]] || row "$(text "$LANGUAGE" "$name")" "$value"
  done
  ask_yes_no go_on ask_go_on yes
  [[ ${ANSWER[go_on]} == yes ]]
}

# row NAME VALUE: letters are counted, not bytes, whatever the locale.
row() {
  local LC_ALL=C.UTF-8
  printf '   %s%*s%s\n' "$1" $((21 - ${#1})) '' "$2" | folded 2 >&2
}
