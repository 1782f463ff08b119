# Everything taken away again: the program, and with --purge also what belongs to the household. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

uninstall_all() {
  require_system
  [[ -e $ROOT$LIST || $(current_version) ]] || fail "$EXIT_USAGE" not_installed
  ((!PURGE)) || confirm_purge
  stop_all
  units_undo
  serial_undo
  ((DRY_RUN)) && { remembered file && return; }
  # The list goes with the program, the packages and folders on it a little later.
  cp "$ROOT$LIST" "$SCRATCH/installed"
  remove_files
  ((!PURGE)) || packages_undo
  program_undo
  on_running systemctl daemon-reload
  if ((PURGE)); then
    purge
    say purged
  else
    [[ ! -e $ROOT$ETC ]] || keep_list
    say uninstalled "$ETC" "$STATE"
  fi
  ((!RESTART)) || { say restart_needed && exit "$EXIT_RESTART"; }
}

confirm_purge() {
  ((!YES && !DRY_RUN)) || return 0
  if ((UNATTENDED)) || [[ ! -t 0 ]]; then fail "$EXIT_USAGE" purge_needs_yes; fi
  local reply
  read -r -p "$(text "$LANGUAGE" ask_purge "$STATE") " reply || fail 130 interrupted
  [[ ${reply,,} == oui || ${reply,,} == yes ]] || { say nothing_done && exit 0; }
}

# Without --purge what is the household's stays: configuration, secrets, data, the broker with its users.
remove_files() {
  local path
  while read -r path; do
    ((PURGE)) || [[ $path != "$ETC"/* && $path != "$STATE"* && $path != "$BROKER"/* ]] || continue
    rm -f "$ROOT$path"
  done < <(remembered file)
  # Before the packages go: a folder that is not empty would be kept for us.
  ((!PURGE)) || while read -r path; do rmdir "$ROOT$path" 2>/dev/null || true; done < <(remembered dir)
  ! is_live || ((!PURGE)) || [[ ! -e /etc/mosquitto/mosquitto.conf ]] || run systemctl try-restart mosquitto.service || true
}

# For a later --purge, or a later installation that purges.
keep_list() {
  mkdir -p "$ROOT$HOME_OF_ALL"
  cp "$SCRATCH/installed" "$ROOT$LIST"
}

# The groups that were made here, unless somebody has come into them since.
groups_undo() {
  local group
  while read -r group; do
    ! grep -q "^$group:[^:]*:[^:]*:\$" "$ROOT/etc/group" 2>/dev/null || run groupdel ${ROOT:+--root "$ROOT"} "$group" || true
  done < <(sed -n 's/^group //p' "$SCRATCH/installed")
}

purge() {
  local path
  rm -rf "$ROOT$ETC" "$ROOT$STATE" "$ROOT$STATE-update" "$ROOT$HOME_OF_ALL" "$ROOT/run/linky-gateway-setup"
  while read -r path; do rmdir "$ROOT$path" 2>/dev/null || true; done < <(sed -n 's/^dir //p' "$SCRATCH/installed" | tac)
  if [[ ! $ROOT ]]; then
    ! id "$USER_NAME" >/dev/null 2>&1 || run userdel "$USER_NAME" || true
  elif id_of "$USER_NAME" >/dev/null; then
    run userdel --root "$ROOT" "$USER_NAME" || true
  fi
  groups_undo
  say log_removed "$LOG"
  [[ ! ${LOG_OPEN:-} ]] || exec {LOG_OPEN}>&-
  LOG_OPEN=''
  rm -f "$LOG"
}
