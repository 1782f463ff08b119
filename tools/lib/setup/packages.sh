# Debian packages: everything that is compiled comes from the distribution, which also mends it. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

wanted_packages() {
  [[ ! ${PYTHON_FIRST:-} ]] || { echo python3 && return; }
  local names=(python3 python3-venv openssl ca-certificates)
  if has_debian_libraries; then
    names+=(python3-slixmpp python3-msgspec python3-serial python3-cryptography python3-jinja2)
  fi
  [[ -e $TREE/wheels || $OFFLINE ]] || names+=(python3-setuptools python3-wheel)
  [[ ${ANSWER[mqtt]:-no} != yes ]] || names+=(mosquitto)
  ! wants_name || names+=(avahi-daemon)
  [[ ${ANSWER[updates]:-no} != yes ]] || names+=(unattended-upgrades)
  ! wants_restarts || names+=(needrestart)
  printf '%s\n' "${names[@]}"
}

# What goes on running with a library that was replaced is started again; without a network it is done without.
wants_restarts() {
  [[ ${ANSWER[updates]:-no} == yes ]] && { [[ ! $OFFLINE ]] || compgen -G "$OFFLINE/needrestart_*.deb" >/dev/null; }
}

# The page is found by NAME.local where avahi answers to it; without a network it is done without, if it is not there.
wants_name() {
  [[ ${ANSWER[page]:-no} == yes ]] && { [[ ! $OFFLINE ]] || compgen -G "$OFFLINE/avahi-daemon_*.deb" >/dev/null; }
}

missing_packages() {
  local installed name
  installed=$(installed_packages)
  for name in $(wanted_packages); do
    [[ $'\n'$installed$'\n' == *$'\n'"$name"$'\n'* ]] || echo "$name"
  done
}

# From dpkg's own file, so that it can be asked of a system that cannot run.
installed_packages() {
  [[ -e $ROOT/var/lib/dpkg/status ]] || return 0
  awk '/^Package: / { name = $2 } /^Status: .* installed$/ { print name }' "$ROOT/var/lib/dpkg/status" | sort
}

# Those of which anything is there, in whatever state.
present_packages() {
  [[ -e $ROOT/var/lib/dpkg/status ]] || return 0
  awk '/^Package: / { name = $2 } /^Status: / && $4 !~ /^(config-files|not-installed)$/ { print name }' \
    "$ROOT/var/lib/dpkg/status" | sort
}

packages_is_done() {
  [[ ! $(missing_packages) && ! $(half_done) ]]
}

# What dpkg was cut off in by the power or a kill, one a line: a package that is not what it is to become, or "dpkg" itself
# with notes of what it was about to write down. Until it has finished that, apt does nothing at all.
half_done() {
  [[ -e $ROOT/var/lib/dpkg/status ]] || return 0
  awk '/^Package: / { name = $2 }
    /^Status: / && ($3 != "ok" || $4 !~ /^(installed|config-files|not-installed)$/) { print name }' "$ROOT/var/lib/dpkg/status"
  if compgen -G "$ROOT/var/lib/dpkg/updates/[0-9]*" >/dev/null; then echo dpkg; fi
}

packages_do() {
  local missing before
  APT_SAID='' APT_OPTIONS=(-q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold)
  before=$SCRATCH/packages-before
  present_packages >"$before"
  no_start_below_root
  [[ ! $OFFLINE ]] || lay_debs
  update_lists
  [[ ! $(half_done) ]] || finish_dpkg
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    say installs_packages "${missing[*]}"
    remember_planned "${missing[@]}"
    # What is missing afterwards is said by the look that follows, in apt's words.
    apt_get install --no-install-recommends "${missing[@]}" || log "apt-get: exit code $?"
  fi
  rm -rf "$ROOT$DEBS"
  start_below_root_again
  # A package of ours is one of which nothing was there, dependencies included.
  local name
  while read -r name; do remember package "$name"; done < <(installed_packages | comm -13 "$before" -)
  ((DRY_RUN)) || [[ $ROOT && ! -x $ROOT/bin/sh ]] || judge_packages
}

# dpkg goes on where it was cut off. It leaves what depends on a package that is not there yet, which apt brings, and one
# whose files it does not trust ("reinstreq"), which apt brings once more only when told to.
finish_dpkg() {
  local again
  say finishes_dpkg "$(half_done | paste -sd ' ')"
  in_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a || log "dpkg --configure -a: exit code $?"
  mapfile -t again < <(awk '/^Package: / { name = $2 } /^Status: / && $3 == "reinstreq" { print name }' \
    "$ROOT/var/lib/dpkg/status")
  apt_get --fix-broken --reinstall install "${again[@]}" || log "apt-get --fix-broken install: exit code $?"
}

judge_packages() {
  local missing
  missing=$(missing_packages | paste -sd ' ')
  if [[ $missing ]]; then
    fail "$EXIT_SYSTEM" packages_missing "$missing" "${APT_SAID:-…}"
  elif [[ $(half_done) ]]; then
    # Of somebody else: it is none of ours, and apt said the same before we came.
    say dpkg_stays_half "$(half_done | paste -sd ' ')" "${APT_SAID:-sudo dpkg --configure -a}"
  fi
}

# apt_get WORDS...: APT_SAID is what it complained of. Ctrl-C that reaches it alone is one all the same.
apt_get() {
  local code=0 from=0
  [[ ! ${LOG_OPEN:-} ]] || from=$(stat -c %s "$LOG")
  in_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get "${APT_PROGRESS[@]}" "${APT_OPTIONS[@]}" "$@" ||
    code=$?
  [[ ${LOG_OPEN:-} ]] || return "$code"
  # Not "grep -q", whose early end would make the pipe fail.
  if ((code == 130)) || tail -c "+$((from + 1))" "$LOG" | grep -E '^W: .*(interrupted before|interrompue avant)' >/dev/null; then
    interrupted
  fi
  # dpkg writes as for a terminal.
  APT_SAID=$(tail -c "+$((from + 1))" "$LOG" | tr -d '\r' | grep -E '^(E: |dpkg: error)' | head -n 3 | paste -sd ' ') || true
  return "$code"
}

update_lists() {
  # By itself it says nothing of a list that it could not fetch.
  apt_get -o APT::Update::Error-Mode=any update || say no_lists "$APT_SAID"
  APT_SAID=''
}

# A run that is cut off has put packages there that the next one finds there: what is to come is written down first.
remember_planned() {
  ((!DRY_RUN)) || return 0
  local name
  while read -r name; do remember package "$name"; done < <(
    chroot_or_here apt-get "${APT_OPTIONS[@]}" -s install --no-install-recommends "$@" 2>/dev/null | awk '$1 == "Inst" { print $2 }'
  )
  [[ ! -e $ROOT$LIST ]] || sync -- "$ROOT$LIST"
}

# Debian packages out of a folder: made an archive of its own, and apt may not look anywhere else.
readonly DEBS=/var/cache/linky-gateway-debs
lay_debs() {
  local debs deb
  shopt -s nullglob
  debs=("$OFFLINE"/*.deb)
  shopt -u nullglob
  ((${#debs[@]})) || fail "$EXIT_SYSTEM" no_debs "$OFFLINE" "$(missing_packages | paste -sd ' ')"
  if ((!DRY_RUN)); then
    rm -rf "$ROOT$DEBS"
    mkdir -p "$ROOT$DEBS/lists/partial" "$ROOT$DEBS/cache/archives/partial"
    echo "deb [trusted=yes] file:$DEBS ./" >"$ROOT$DEBS/sources.list"
    for deb in "${debs[@]}"; do
      cp "$deb" "$ROOT$DEBS/"
      dpkg-deb --field "$deb"
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -c 1-64)"
    done >"$ROOT$DEBS/Packages"
  fi
  APT_OPTIONS+=(-o "Dir::Etc::sourcelist=$DEBS/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$DEBS/lists"
    -o "Dir::Cache=$DEBS/cache" -o APT::Sandbox::User=root)
}

# Two installations would hide one another: where the Debian package of the gateway is, this one does not come over it.
# What it left behind is taken over, if this one is no older: its database is known to its own version and to later ones.
# Its version has ~ where ours has a dot or nothing (packages/debian.py).
require_no_package() {
  local version state
  read -r state version < <(awk '/^Package: / { ours = $2 == "linky-gateway" } ours && /^Status: / { state = $4 }
    ours && /^Version: / { print state, $2 }' "$ROOT/var/lib/dpkg/status" 2>/dev/null) || return 0
  case $state in
    not-installed) ;;
    config-files)
      # shellcheck disable=SC2153 # machine.sh knows ours
      [[ $(python3 "$TREE/gateway/upkeep/releases/versions.py" "$(tr -s "~" . <<<"$version")" "$VERSION") =~ newer|same ]] ||
        fail "$EXIT_REFUSED" release_older "$VERSION" "linky-gateway $version"
      ;;
    *) fail "$EXIT_SYSTEM" package_is_there "$version" ;;
  esac
}

# In an image no package may start its service on the machine that makes the image.
no_start_below_root() {
  [[ $ROOT && -x $ROOT/bin/sh ]] && ((!DRY_RUN)) && [[ ! -e $ROOT/usr/sbin/policy-rc.d ]] || return 0
  printf '#!/bin/sh\n# of linky-gateway, for the time of one installation\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
  chmod 755 "$ROOT/usr/sbin/policy-rc.d"
}

start_below_root_again() {
  if [[ $ROOT ]] && grep -qs '^# of linky-gateway, for' "$ROOT/usr/sbin/policy-rc.d"; then
    rm -f "$ROOT/usr/sbin/policy-rc.d"
  fi
}

# What we installed goes, unless something else needs it by now.
packages_undo() {
  local names going name
  # Not every one of a run that was cut off came.
  mapfile -t names < <(remembered package | tac | grep -xF "$(installed_packages)")
  ((${#names[@]})) || return 0
  going=$(chroot_or_here apt-get -s -o APT::Get::AutomaticRemove=false purge "${names[@]}" 2>/dev/null |
    sed -n 's/^\(Purg\|Remv\) \([^ ]*\) .*/\2/p' | sort -u) || going=''
  for name in $going; do
    if [[ " ${names[*]} " != *" $name "* ]]; then
      say packages_kept "$name" "${names[*]}"
      return 0
    fi
  done
  say removes_packages "${names[*]}"
  in_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    -o APT::Get::AutomaticRemove=false purge "${names[@]}" || say packages_kept "apt-get" "${names[*]}"
}
