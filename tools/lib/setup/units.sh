# What lies in systemd/ goes to its place in the system, by one table; security updates; start. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

readonly UPDATES_FILE=/etc/apt/apt.conf.d/52linky-gateway
readonly RESTARTS_FILE=/etc/needrestart/conf.d/linky-gateway.conf

# "FILE TARGET" for everything of systemd/ that is there.
unit_table() {
  local file
  for file in "$TREE"/systemd/*.{service,timer,path,socket}; do
    [[ ! -e $file ]] || echo "$file /etc/systemd/system/${file##*/}"
  done
  for file in "$TREE"/systemd/*.rules; do
    [[ ! -e $file ]] || echo "$file /etc/udev/rules.d/${file##*/}"
  done
  [[ ! -e $TREE/systemd/tmpfiles.conf ]] || echo "$TREE/systemd/tmpfiles.conf /etc/tmpfiles.d/linky-gateway.conf"
  [[ ! -e $TREE/systemd/modules-load.conf ]] ||
    echo "$TREE/systemd/modules-load.conf /etc/modules-load.d/linky-gateway.conf"
}

# Those that start by themselves: the gateway, the timers, the doors to the broker and to root. A screen is enabled by whoever wires one; what reads a
# card's linky.toml belongs to images.
enabled_units() {
  local file
  echo linky-gateway.service
  for file in linky-gateway-displays.path linky-gateway-helper.socket; do
    [[ ! -e $TREE/systemd/$file ]] || echo "$file"
  done
  for file in "$TREE"/systemd/*.timer; do
    [[ ! -e $file ]] || echo "${file##*/}"
  done
  [[ ! $ROOT || ! -e $TREE/systemd/linky-first-boot.service ]] || echo linky-first-boot.service
  # A Wi-Fi of its own where there is no network: what NetworkManager makes, on a machine that is a Raspberry Pi.
  [[ ! -e $TREE/systemd/linky-gateway-access-point.service || ! -e $ROOT/usr/bin/nmcli ]] || ! is_raspberry_os ||
    echo linky-gateway-access-point.service
}

units_is_done() {
  local file target unit
  while read -r file target; do same "$file" "$target" 644 || return 1; done < <(unit_table)
  for unit in $(enabled_units); do is_enabled "$unit" || return 1; done
}

is_enabled() {
  local link
  for link in "$ROOT"/etc/systemd/system/*.{wants,requires}/"$1"; do
    [[ ! -L $link ]] || return 0
  done
  return 1
}

units_do() {
  local file target unit
  while read -r file target; do put_file "$file" "$target" 644; done < <(unit_table)
  on_running systemctl daemon-reload
  for unit in $(enabled_units); do
    is_enabled "$unit" || run systemctl ${ROOT:+--root="$ROOT"} --quiet enable "$unit" || say skipped_bare "enable $unit"
  done
  # A container has no udev of its own.
  if [[ $ROOT || -e /run/udev/control ]]; then
    on_running udevadm control --reload
    on_running udevadm trigger --subsystem-match=tty
  fi
  [[ ! -e $TREE/systemd/tmpfiles.conf ]] || on_running systemd-tmpfiles --create linky-gateway.conf
  [[ ! -e $TREE/systemd/modules-load.conf ]] || on_running systemctl restart systemd-modules-load.service || true
}

units_undo() {
  local unit
  for unit in $(enabled_units); do
    run systemctl ${ROOT:+--root="$ROOT"} --quiet disable "$unit" || true
  done
}

updates_is_done() {
  [[ ${ANSWER[updates]:-no} == yes ]] || return 0
  updates_text >"$SCRATCH/updates"
  same "$SCRATCH/updates" "$UPDATES_FILE" 644 || return 1
  restarts_text >"$SCRATCH/restarts"
  same "$SCRATCH/restarts" "$RESTARTS_FILE" 644
}

updates_do() {
  updates_text >"$SCRATCH/updates"
  put_file "$SCRATCH/updates" "$UPDATES_FILE" 644
  restarts_text >"$SCRATCH/restarts"
  put_file "$SCRATCH/restarts" "$RESTARTS_FILE" 644
}

is_raspberry_os() {
  grep -rqs 'archive\.raspberrypi\.' "$ROOT"/etc/apt/sources.list "$ROOT"/etc/apt/sources.list.d
}

# The gateway itself is not among it: a version of that is installed by the household's word (gateway/upkeep/updates).
# shellcheck disable=SC2016 # apt's own variables
updates_text() {
  echo '// Put here by linky-gateway: the system takes its security updates by itself (unattended-upgrades).'
  echo 'APT::Periodic::Update-Package-Lists "1";'
  echo 'APT::Periodic::Unattended-Upgrade "1";'
  echo '// A new kernel runs after the next start: at 4, where /run/reboot-required is there. Readings are on the card by then.'
  echo 'Unattended-Upgrade::Automatic-Reboot "true";'
  echo 'Unattended-Upgrade::Automatic-Reboot-WithUsers "true";'
  echo 'Unattended-Upgrade::Automatic-Reboot-Time "04:00";'
  # 32-bit Raspberry Pi OS has no suite of its own for security: what its archive brings is all there is.
  if [[ $(from_os_release ID) == raspbian ]]; then
    echo 'Unattended-Upgrade::Origins-Pattern { "origin=Raspbian,codename=${distro_codename}"; };'
  fi
  is_raspberry_os || return 0
  echo '// Kernel, firmware and what else Raspberry Pi OS has of its own.'
  echo 'Unattended-Upgrade::Origins-Pattern { "origin=Raspberry Pi Foundation,codename=${distro_codename}"; };'
  # raspberrypi/linux#7634: one of them has cut boards off their network for good, by itself.
  echo '// What the Wi-Fi is made of only by hand ("sudo apt upgrade"): who has no other way in would be locked out.'
  echo 'Unattended-Upgrade::Package-Blacklist { "^wpasupplicant$"; "^firmware-brcm80211$"; };'
}

restarts_text() {
  echo '# Put here by linky-gateway: after an update what runs with a library that was replaced is started again, by itself.'
  echo "\$nrconf{restart} = 'a';"
  echo '# Not what the network hangs on: that takes the next start.'
  echo "\$nrconf{override_rc}{qr(^(wpa_supplicant|NetworkManager|dhcpcd|systemd-networkd))} = 0;"
}

# Start what is not running, start again what runs another version or configuration than what lies there.
start_all() {
  if ((DRY_RUN)) || ! is_live; then
    on_running_note
    return
  fi
  local unit stamp
  stamp=$(what_runs)
  if ! systemctl --quiet is-active linky-gateway.service || [[ $(cat /run/linky-gateway-setup 2>/dev/null) != "$stamp" ]]; then
    run systemctl reset-failed linky-gateway.service || true
    run systemctl restart linky-gateway-migrate.service 2>/dev/null || true
    run systemctl restart linky-gateway.service || true
    what_runs >/run/linky-gateway-setup
  fi
  for unit in $(enabled_units); do
    [[ $unit != *.timer && $unit != *.path && $unit != *.socket ]] || systemctl --quiet is-active "$unit" || run systemctl start "$unit"
  done
}

on_running_note() {
  if ((DRY_RUN)); then say would_run "systemctl start linky-gateway.service"; else say skipped_not_running "systemctl start linky-gateway"; fi
}

what_runs() {
  cat "$CURRENT/complete" "$ETC/gateway.toml" /etc/systemd/system/linky-gateway.service 2>/dev/null | sha256sum
}

# Those of ours that run: what is stopped for an upgrade is started again after it.
running_units() {
  local unit
  is_live || return 0
  for unit in $(enabled_units) linky-display.service; do
    ! systemctl --quiet is-active "$unit" || echo "$unit"
  done
}

# The gateway also where it waits for its database, or is about to be tried again: it would start in the middle of the rest.
stop_all() {
  local unit
  is_live || return 0
  for unit in linky-gateway.service linky-gateway-migrate.service $(running_units); do run systemctl stop "$unit" || true; done
}
