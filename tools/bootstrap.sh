#!/usr/bin/env bash
# Gets a checkout ready to run: Debian packages, and the virtual environment .venv. Sourced by tools/test and tools/demo:
#
#   install_debian_packages REASON PACKAGE...  installs what is missing. Returns 1 after one clear sentence when some
#                                              still is (no root, no sudo, not in this distribution): the caller decides.
#   make_venv REQUIREMENTS                     makes .venv/bin/python with the packages of a hashed requirement file.
#   help_first MODULE ARGUMENT...              where --help or -h is among the arguments, MODULE answers it and all is
#                                              over: before anything is installed.
#   head_first ARGUMENT...                     the same with the head of the script that is called, and of the first one.
#
# LINKY_LIBRARIES=debian takes Debian's Python and libraries, as 32-bit systems must; LINKY_VENV=/FOLDER stands in for
# .venv. A second start takes a fraction of a second. Executed instead of sourced, it is the half that needs root:
# apt-get, with no service started.

BOOTSTRAP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly BOOTSTRAP_ROOT
readonly BOOTSTRAP_FILE=$BOOTSTRAP_ROOT/tools/bootstrap.sh
readonly VENV=${LINKY_VENV:-$BOOTSTRAP_ROOT/.venv}
# Where libraries come from Debian, these of requirements.txt come from the index all the same: pure Python, and Debian's
# sqlite-utils is too old (it has no migrations).
readonly PURE_PACKAGES=(
  aiomqtt click click-default-group microdot paho-mqtt pluggy python-dateutil segno sqlite-fts4 sqlite-utils tabulate tzdata
)
# What the packages named in tools/ would start at each boot.
readonly SERVICES=(prosody.service ejabberd.service mosquitto.service epmd.service epmd.socket postgresql.service
  zabbix-server.service ntfy.service)
# One that a power cut may leave behind is known by this line, and removed next time.
readonly POLICY_MARK='# of linky-gateway, for the time of one installation'

say() {
  printf '%s: %s\n' "tools/${0##*/}" "$*" >&2
}

# The module's parser needs the standard library alone. Where there is no Python yet, it is answered after make_venv.
help_first() {
  local argument asked='' python
  for argument in "${@:2}"; do
    [[ $argument != -- ]] || break
    [[ $argument != --help && $argument != -h ]] || asked=1
  done
  [[ $asked ]] && python=$(_first_python 'import sys; sys.exit(sys.version_info < (3, 11))') || return 0
  PYTHONSAFEPATH=1 PYTHONPATH=$BOOTSTRAP_ROOT:$BOOTSTRAP_ROOT/tools/lib exec "$python" -m "$@"
}

head_first() {
  [[ ${1:-} == --help || ${1:-} == -h ]] || return 0
  sed -n '2,${/^#/!q; s/^# \{0,1\}//p}' "$0"
  exit 0
}

# quietly LABEL COMMAND...: run it; on a terminal show that something happens; print its last lines if it fails.
quietly() {
  local label=$1 log ticker='' status=0
  shift
  log=$(mktemp)
  if [[ -t 2 ]]; then
    _tick "$label" "$log" &
    ticker=$!
  fi
  "$@" </dev/null >"$log" 2>&1 || status=$?
  if [[ $ticker ]]; then
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    printf '\r\033[K' >&2
  fi
  # Ctrl-C: the command saw it and ended in order; this script must end as well, not go on without.
  if ((status == 130)); then
    rm -f "$log"
    exit 130
  fi
  if ((status)); then
    say "$label failed; its last lines:"
    tail -n 15 "$log" | sed 's/^/  /' >&2
  fi
  rm -f "$log"
  return "$status"
}

_tick() {
  local start=$SECONDS line
  while kill -0 $$ 2>/dev/null; do
    line=$(tail -n 1 "$2" 2>/dev/null | tr -cd '[:print:]')
    printf '\r\033[K%s … %d s  %.60s' "$1" $((SECONDS - start)) "$line" >&2
    sleep 1
  done
}

# --- Debian packages -------------------------------------------------------------------------------------------------

# make_modules FROM TO WHAT: npm's packages, as the lock file in FROM says, in a folder that git does not know, once. No script
# of theirs runs.
make_modules() {
  local from=$1 to=$2 sum
  sum=$(cat "$from"/package*.json | sha256sum)
  [[ $(cat "$to/complete" 2>/dev/null) != "$sum" ]] || return 0
  command -v npm >/dev/null || install_debian_packages "$3" nodejs npm || return 1
  rm -rf "$to" && mkdir -p "$to" && cp "$from"/package*.json "$to"
  quietly "npm" npm --prefix "$to" ci --ignore-scripts --no-audit --no-fund --no-update-notifier || return 1
  echo "$sum" >"$to/complete"
}

install_debian_packages() {
  local reason=$1 missing services
  shift
  missing=$(_missing_packages "$@")
  [[ $missing ]] || return 0
  if ! command -v apt-get >/dev/null; then
    say "needs $missing ($reason), and there is no apt-get here: install what corresponds by hand"
    return 1
  fi
  if ! _may_become_root; then
    say "cannot install $missing ($reason): you are not root and may not use sudo." \
      "Ask for: apt-get install --no-install-recommends $missing"
    return 1
  fi
  say "installing Debian packages: $missing ($reason)"
  services=$(_services)
  # shellcheck disable=SC2086 # package names hold no spaces
  quietly "apt-get" _as_root bash "$BOOTSTRAP_FILE" $missing || return 1
  _switch_off_new_services "$services"
  missing=$(_missing_packages "$@")
  [[ $missing ]] || return 0
  say "not in this distribution: $missing ($reason)"
  return 1
}

_missing_packages() {
  local installed name missing=()
  # dpkg-query fails when one of them is unknown, and tells about the others all the same.
  # shellcheck disable=SC2016 # the ${} are dpkg-query's
  installed=$(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for name; do
    [[ $'\n'$installed$'\n' == *$'\n'"$name installed"$'\n'* ]] || missing+=("$name")
  done
  echo "${missing[*]}"
}

_may_become_root() {
  [[ $(id -u) != 0 ]] || return 0
  command -v sudo >/dev/null || return 1
  ! sudo -n true 2>/dev/null || return 0
  [[ -t 0 && -t 2 ]] || return 1
  say "sudo asks for your password, to install Debian packages"
  sudo -v
}

_as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# The units of SERVICES that are on this machine, one a line.
_services() {
  local unit
  for unit in "${SERVICES[@]}"; do
    [[ ! -e /usr/lib/systemd/system/$unit && ! -e /lib/systemd/system/$unit ]] || echo "$unit"
  done
}

# The tests and the demo run servers of their own: what came with a package must not start at the next boot either.
_switch_off_new_services() {
  local unit new=()
  for unit in $(_services); do
    [[ $'\n'$1$'\n' == *$'\n'"$unit"$'\n'* ]] || new+=("$unit")
  done
  ((${#new[@]})) && command -v systemctl >/dev/null || return 0
  if quietly "systemctl disable" _as_root systemctl disable --quiet "${new[@]}"; then
    say "the services that came with them are switched off: ${new[*]}"
  fi
}

# As root: update the lists and install the packages that the distribution has, starting no service.
_install_as_root() {
  local policy=/usr/sbin/policy-rc.d known=() name
  # Two sessions at once must not remove each other's policy. A directory serves as lock: nothing is left behind.
  exec 9</usr/sbin
  flock 9
  if [[ ! -e $policy ]] || grep -qxF "$POLICY_MARK" "$policy"; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$policy"
    chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  apt-get -q -o DPkg::Lock::Timeout=300 update 9<&- || echo "apt-get update failed: trying with the lists that are there"
  for name; do
    [[ -z $(apt-cache show --quiet=2 "$name" 2>/dev/null) ]] || known+=("$name")
  done
  ((${#known[@]})) || return 0
  apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "${known[@]}" 9<&-
}

# --- The virtual environment -----------------------------------------------------------------------------------------

make_venv() {
  if ! mkdir -p "$BOOTSTRAP_ROOT/.cache" 2>/dev/null || ! [[ -w $BOOTSTRAP_ROOT/.cache ]]; then
    say "cannot write in $BOOTSTRAP_ROOT, where .venv goes: use a checkout of your own"
    return 1
  fi
  # Two first starts at once: the second waits, then finds everything done.
  (
    flock 9
    _is_current "$1" || _fill_venv "$1"
  ) 9>"$BOOTSTRAP_ROOT/.cache/bootstrap.lock"
}

# The stamp of a requirement file: what is in it, in requirements.txt which it builds on, the interpreter, whose libraries.
_fingerprint() {
  {
    echo "${LINKY_LIBRARIES:-}"
    "$VENV/bin/python" -VV && cat "$BOOTSTRAP_ROOT/requirements.txt" "$BOOTSTRAP_ROOT/$1"
  } 2>/dev/null | sha256sum
}

_is_current() {
  [[ -x $VENV/bin/python && -e $VENV/$1.sha256 && $(_fingerprint "$1") == "$(<"$VENV/$1.sha256")" ]]
}

_fill_venv() {
  if [[ ${LINKY_LIBRARIES:-} == debian ]] || _lacks_wheels; then
    _fill_venv_from_debian "$1"
    return
  fi
  if ! _is_current requirements.txt; then
    local python
    python=$(_find_python) || return 1
    say "making .venv with $("$python" -V), and the packages of $1 in it"
    quietly "venv" "$python" -m venv --clear "$VENV" || return 1
  else
    say "adding the packages of $1 to .venv"
  fi
  _pip_install --requirement "$BOOTSTRAP_ROOT/$1" || return 1
  _stamp requirements.txt "$1"
}

_pip_install() {
  quietly "pip install" "$VENV/bin/python" -m pip --disable-pip-version-check --no-input install --require-hashes "$@"
}

_stamp() {
  local name
  for name; do _fingerprint "$name" >"$VENV/$name.sha256"; done
}

# On 32-bit systems, also under a 64-bit kernel as on Raspberry Pi OS, the index has no files for some packages.
_lacks_wheels() {
  [[ $(uname -m) == armv[678]* || $(getconf LONG_BIT) == 32 ]]
}

_fill_venv_from_debian() {
  local packages=(python3-venv python3-slixmpp python3-msgspec python3-serial python3-cryptography python3-jinja2)
  [[ $1 != requirements-test.txt ]] || packages+=(
    python3-pytest python3-hypothesis python3-mypy python3-pytest-xdist python3-gpiozero python3-prometheus-client
    python3-lxml
  )
  install_debian_packages "Python libraries that are compiled" "${packages[@]}" || return 1
  say "making ${VENV##*/} with $(/usr/bin/python3 -V) and Debian's libraries"
  quietly "venv" /usr/bin/python3 -m venv --clear --system-site-packages "$VENV" || return 1
  _requirements_of "${PURE_PACKAGES[@]}" >"$VENV/pure-requirements.txt"
  _pip_install --no-deps --requirement "$VENV/pure-requirements.txt" || return 1
  _stamp requirements.txt "$1"
}

# The lines of requirements.txt that belong to the packages named, their hashes included.
_requirements_of() {
  awk -v names=" $* " '/^[^ #]/ { ours = index(names, " " substr($0, 1, index($0, "==") - 1) " ") } ours' \
    "$BOOTSTRAP_ROOT/requirements.txt"
}

_find_python() {
  local with_venv='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
  _first_python "$with_venv" && return
  if _first_python 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null; then
    install_debian_packages "to make .venv" python3-venv && _first_python "$with_venv" && return
  fi
  say "needs Python 3.11 or newer with its venv module"
  return 1
}

# The first interpreter under which a one-line program succeeds.
_first_python() {
  local candidate
  for candidate in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11 /usr/local/bin/python3; do
    if "$candidate" -c "$1" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -Eeuo pipefail
  _install_as_root "$@"
fi
