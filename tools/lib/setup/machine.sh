# Which system and which Raspberry Pi this is. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$TREE/pyproject.toml")
readonly VERSION

# from_os_release KEY: without executing the file.
from_os_release() {
  sed -n "s/^$1=\"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" "$ROOT/etc/os-release" 2>/dev/null | tail -n 1
}

system_name() {
  local name
  name=$(from_os_release PRETTY_NAME)
  echo "${name:-Linux}"
}

# The Debian that this is or descends from: 12, 13, …; empty for another system.
debian() {
  case " $(from_os_release ID) $(from_os_release ID_LIKE) " in
    *" debian "* | *" raspbian "*) from_os_release VERSION_ID ;;
  esac
}

# Whether programs there are of 64 bits; the kernel may be of others.
is_64_bit() {
  case $({ chroot_or_here dpkg --print-architecture || uname -m; } 2>/dev/null) in
    amd64 | arm64 | x86_64 | aarch64 | riscv64 | ppc64el | s390x) return 0 ;;
  esac
  return 1
}

chroot_or_here() {
  if [[ ! $ROOT ]]; then "$@"; elif [[ $EUID == 0 && -x $ROOT/bin/sh ]]; then chroot "$ROOT" "$@"; else return 1; fi
}

require_system() {
  local debian
  [[ $ROOT || $DRY_RUN == 1 || $EUID == 0 ]] || fail "$EXIT_USAGE" needs_root "$COMMAND"
  debian=$(debian)
  [[ $debian =~ ^[0-9]+$ ]] || fail "$EXIT_SYSTEM" not_debian "$(system_name)"
  ((debian >= 12)) || fail "$EXIT_SYSTEM" too_old "$(system_name)"
  if ((debian == 12)) && ! is_64_bit; then
    fail "$EXIT_SYSTEM" bookworm_32 "$(system_name)"
  fi
}

# Debian 13 has every compiled library; Debian 12 has them too old, so that they come as wheels from the index.
has_debian_libraries() {
  (($(debian) >= 13))
}

# The Pi's name as its firmware gives it; nothing on any other machine.
pi_model() {
  [[ ! -e $ROOT/proc/device-tree/model ]] || tr -d '\0' <"$ROOT/proc/device-tree/model" | grep '^Raspberry Pi' || true
}

# How the header's pins 8 and 10 become a serial port with parity: "pl011" it is there, "bluetooth" has it, "rp1" Pi 5.
pi_uart() {
  case $1 in
    *"Pi 5"* | *"Compute Module 5"*) echo rp1 ;;
    *"Pi 3"* | *"Pi 4"* | *"Zero W"* | *"Zero 2"* | *"Compute Module 4"*) echo bluetooth ;;
    "Raspberry Pi"*) echo pl011 ;;
  esac
}

boot_folder() {
  if [[ -e $ROOT/boot/firmware/cmdline.txt ]]; then echo /boot/firmware; else echo /boot; fi
}
