# Whether all is well: each link green, or the sentence that says what to do. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

# A meter says something every few seconds, a server answers within one or two: wait for them at first.
readonly LINKS_WAIT_S=45

good() { printf '%s %s\n' "$TICK" "$(text "$LANGUAGE" "$@")" | folded 1; }

bad() {
  NOT_GREEN=1
  printf '%s %s\n' "$CROSS" "$(text "$LANGUAGE" "$@")" | folded 1
}

await_links() {
  local end=$((SECONDS + LINKS_WAIT_S))
  begin_waiting awaits_links
  while ((SECONDS < end)); do
    ! report | python3 "$TREE/tools/lib/setup/links.py" en >/dev/null || break
    sleep 2
  done
  ticks_end
}

require_installed() {
  [[ $(current_version) ]] || fail "$EXIT_USAGE" not_installed
  [[ $ROOT || $EUID == 0 ]] || fail "$EXIT_USAGE" check_needs_root
}

check_all() {
  require_installed
  look_at_all
  say_verdict
  leave
}

look_at_all() {
  NOT_GREEN=0
  [[ ! -e $ROOT$UNDERWAY/from ]] || bad check_cut "$(cat "$ROOT$UNDERWAY/to")"
  check_files
  if is_live; then
    check_running
    check_time
  else
    say skipped_not_running "systemctl is-active linky-gateway"
  fi
  check_disk
  check_memory
  check_updates
}

say_verdict() {
  if ((NOT_GREEN)); then say not_green; else say all_green; fi
}

leave() {
  ((NOT_GREEN)) || return 0
  trap - ERR
  exit "$EXIT_NOT_GREEN"
}

check_files() {
  local file
  good check_version "$(current_version)"
  [[ -e $ROOT$ETC/gateway.toml ]] || bad check_no_configuration "$ETC/gateway.toml"
  for file in "$ROOT$SECRETS"/* "$ROOT$SECRETS"/notices/*; do
    [[ ! -f $file || $(stat -c %a "$file") == 600 ]] || bad check_secret_open "$file"
  done
  # systemd takes no other names of credentials, and then starts nothing.
  for file in "$ROOT$SECRETS"/notices/*; do
    [[ ! -e $file || ${file##*/} =~ ^[a-z0-9][a-z0-9-]{0,31}$ ]] || bad check_notice_name "$file"
  done
}

check_running() {
  local code=0
  if ! systemctl --quiet is-active linky-gateway.service; then
    bad check_not_active
    journalctl --unit linky-gateway.service --no-pager --output cat --lines 4 2>/dev/null | sed 's/^/  /' || true
    return
  fi
  report | python3 "$TREE/tools/lib/setup/links.py" "$LANGUAGE" | folded 1 || code=$?
  case $code in
    0) ;;
    3) bad check_no_answer ;;
    *) NOT_GREEN=1 ;;
  esac
}

check_time() {
  # The household has said that its clock is right, whatever the kernel thinks.
  ! grep -qsE '^trusted *= *true' "$ETC/gateway.toml" || return 0
  if [[ $(timedatectl show --property=NTPSynchronized --value 2>/dev/null) == no ]]; then bad check_time; else good time_is_set; fi
}

check_disk() {
  local free
  free=$(df --output=avail -m "$ROOT$STATE" 2>/dev/null | tail -n 1 | tr -d ' ') || free=''
  [[ $free =~ ^[0-9]+$ ]] || return 0
  if ((free < 300)); then bad check_disk "$free"; else good disk_is_free "$free"; fi
}

# A note, nothing that is wrong: Raspberry Pi OS starts its kernel with "cgroup_disable=memory".
check_memory() {
  local offered=$ROOT/sys/fs/cgroup/cgroup.controllers line
  [[ -e $offered ]] || return 0
  line=$(boot_folder)/cmdline.txt
  [[ -e $ROOT$line ]] || line=/etc/default/grub
  grep -qw memory "$offered" || say memory_not_limited "$line"
}

check_updates() {
  if [[ -e $ROOT$UPDATES_FILE ]]; then
    good updates_are_on
    say updates_left
    ! is_raspberry_os || say updates_left_raspberry
  else
    say check_updates
  fi
}

status_all() {
  local version
  require_installed
  version=$(current_version)
  good check_version "$version"
  local folder
  for folder in "$ROOT$VERSIONS"/*/; do
    folder=${folder%/}
    [[ ${folder##*/} == "$version" ]] || text "$LANGUAGE" other_version "${folder##*/}"
  done
  is_live || { say skipped_not_running "linky-gateway status" && return; }
  systemctl --no-pager --no-legend list-units --all 'linky-*' || true
  report | python3 "$TREE/tools/lib/setup/links.py" "$LANGUAGE" | folded 1 || true
}
