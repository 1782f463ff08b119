# The serial port of a Raspberry Pi's header: no console on it, a UART that checks parity. Sourced by tools/setup.
#
# The meter's line has parity, which the mini UART of models with Bluetooth cannot check: there the full one (PL011) is
# taken back from Bluetooth. A Pi 5 has a UART of its own for the header. On any other machine nothing is touched.
# shellcheck shell=bash disable=SC2034,SC2154

# What /dev/ttyAMA0 takes in config.txt. "[all]" ends whatever section stands before.
config_lines() {
  case $1 in
    rp1) printf '[all]\ndtparam=uart0=on' ;;
    bluetooth) printf '[all]\nenable_uart=1\ndtoverlay=disable-bt' ;;
    pl011) printf '[all]\nenable_uart=1' ;;
  esac
}

# The consoles of cmdline.txt on the header's port, one a line.
consoles() {
  local words word
  read -r -a words <"$ROOT$1" || true
  for word in "${words[@]}"; do
    [[ ! $word =~ ^console=(serial0|ttyAMA0|ttyS0)(,|$) ]] || echo "$word"
  done
}

wants_uart() {
  [[ ${ANSWER[uart]:-no} == yes && $(pi_uart "$(pi_model)") ]]
}

serial_is_done() {
  wants_uart || return 0
  local boot
  boot=$(boot_folder)
  has_block "$boot/config.txt" "$(config_lines "$(pi_uart "$(pi_model)")")" && [[ ! $(consoles "$boot/cmdline.txt") ]]
}

serial_do() {
  local boot new word gone
  boot=$(boot_folder)
  put_block "$boot/config.txt" "$(config_lines "$(pi_uart "$(pi_model)")")"
  gone=$(consoles "$boot/cmdline.txt")
  if [[ $gone ]]; then
    new=$(mktemp)
    cp "$ROOT$boot/cmdline.txt" "$new"
    for word in $gone; do
      sed -i -E "s/(^| )${word//./\\.}( |\$)/ /; s/^ //; s/ \$//" "$new"
      remember word "$boot/cmdline.txt $word"
    done
    change_theirs "$new" "$boot/cmdline.txt"
  fi
  if is_live && systemctl cat hciuart.service >/dev/null 2>&1; then
    run systemctl disable --quiet hciuart.service
  fi
  RESTART=1
}

# The words go back to the front of the line, whatever else has changed in it.
serial_undo() {
  local file word new
  take_block "$(boot_folder)/config.txt"
  while read -r file word; do
    if [[ ! -e $ROOT$file ]] || grep -qwF -- "$word" "$ROOT$file"; then continue; fi
    new=$(mktemp)
    sed "1s|^|$word |" "$ROOT$file" >"$new"
    change_theirs "$new" "$file"
    RESTART=1
  done < <(remembered word)
}
