# Debian packages: everything that is compiled comes from the distribution, which also mends it. Sourced by tools/setup.
# shellcheck shell=bash disable=SC2034,SC2154

wanted_packages() {
  local names=(python3 python3-venv openssl ca-certificates)
  if has_debian_libraries; then
    names+=(python3-slixmpp python3-msgspec python3-serial python3-cryptography)
  fi
  [[ -e $TREE/wheels || $OFFLINE ]] || names+=(python3-setuptools python3-wheel)
  [[ ${ANSWER[mqtt]:-no} != yes ]] || names+=(mosquitto)
  [[ ${ANSWER[updates]:-no} != yes ]] || names+=(unattended-upgrades)
  printf '%s\n' "${names[@]}"
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

packages_is_done() {
  [[ ! $(missing_packages) ]]
}

packages_do() {
  local missing before
  mapfile -t missing < <(missing_packages)
  say installs_packages "${missing[*]}"
  before=$(mktemp)
  installed_packages >"$before"
  no_start_below_root
  if [[ $OFFLINE ]]; then
    install_debs "${missing[@]}"
  else
    if ! in_root apt-get -q -o DPkg::Lock::Timeout=300 update; then say no_lists; fi
    in_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y -o DPkg::Lock::Timeout=300 \
      -o Dpkg::Options::=--force-confold install --no-install-recommends "${missing[@]}"
  fi
  start_below_root_again
  # A package of ours is one that was not there, dependencies included.
  local name
  while read -r name; do remember package "$name"; done < <(installed_packages | comm -13 "$before" -)
  rm -f "$before"
  ((DRY_RUN)) || [[ $ROOT && ! -x $ROOT/bin/sh ]] || [[ ! $(missing_packages) ]] ||
    fail "$EXIT_SYSTEM" packages_missing "$(missing_packages | paste -sd " ")"
}

# Debian packages out of a folder: made an archive of its own, and apt may not look anywhere else.
readonly DEBS=/var/cache/linky-gateway-debs
install_debs() {
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
  local apt=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y -o DPkg::Lock::Timeout=300
    -o Dpkg::Options::=--force-confold -o "Dir::Etc::sourcelist=$DEBS/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$DEBS/lists" -o "Dir::Cache=$DEBS/cache" -o APT::Sandbox::User=root)
  in_root "${apt[@]}" update
  # What is missing in the folder is said by the look that follows.
  in_root "${apt[@]}" install --no-install-recommends "$@" || true
  rm -rf "$ROOT$DEBS"
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
  mapfile -t names < <(remembered package | tac)
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
