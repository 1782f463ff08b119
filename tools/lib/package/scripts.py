"""What dpkg runs when the package comes, goes, and is purged.

Units are enabled and started as debhelper has it (dh_installsystemd of debhelper 13.24, as in Debian 13's packages): by
deb-systemd-helper, which remembers that a person has switched a unit off, and deb-systemd-invoke, which obeys
``policy-rc.d``. Without ``/etc/linky-gateway/gateway.toml`` a unit that is started does nothing, and nothing fails: the
one step that is left is said, in French and in English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Those that start by themselves; screens, collector and bridges are enabled by whoever wants them.
ENABLED = (
    "linky-gateway.service",
    "linky-gateway-backup.timer",
    "linky-gateway-check.timer",
    "linky-gateway-journal.timer",
    "linky-gateway-displays.path",
    "linky-gateway-helper.socket",
    "linky-gateway-judge.service",
)
JUDGE = "linky-gateway-judge.service"
# Groups of the system that sysusers.conf makes where there are none: Raspberry Pi OS has them.
GROUPS = ("gpio", "i2c", "spi")
# Of these, and the user, what was made here: a purge takes away nothing else. root's: who writes it takes groups away.
MADE = "/etc/linky-gateway/.made-by-the-package"
START = (
    "sudo install -m 640 -g linky-gateway /{doc}/examples/gateway.toml /etc/linky-gateway/"
    " && sudo systemctl start linky-gateway"
)

# What lintian is answered, and why.
OVERRIDES = """# Not waited for: the judge takes dpkg's lock, which postinst holds, and deb-systemd-invoke waits.
{name}: maintainer-script-calls-systemctl [postinst:*]
"""
_BELIEVED = "Clé des versions à venir, à comparer à ce que l'on vous a dit · Key of releases to come, to be compared:"

_POSTINST = """#!/bin/sh
set -e

made() {{
  mkdir -p /etc/linky-gateway
  echo "$1 $2" >>{made}
  chmod 600 {made}
}}

case $1 in
  configure | abort-upgrade | abort-deconfigure | abort-remove) ;;
  *) exit 0 ;;
esac
for group in {groups}; do
  getent group "$group" >/dev/null || made group "$group"
done
getent passwd {name} >/dev/null || made user {name}
systemd-sysusers {name}.conf
# While an image is made there may be no /proc; then the first start makes the folders.
systemd-tmpfiles --create {name}.conf || true
py3compile -p {name} /{lib}
# Believed from now on are the keys that this release brings, and no others; at no moment none.
if [ -d /{keys} ]; then
  mkdir -p /etc/linky-gateway/release-keys
  for key in /{keys}/*.pub; do
    cp "$key" /etc/linky-gateway/release-keys/.new
    mv -f /etc/linky-gateway/release-keys/.new "/etc/linky-gateway/release-keys/${{key##*/}}"
  done
  for key in /etc/linky-gateway/release-keys/*.pub /etc/linky-gateway/release.pub; do
    brought=''
    for one in /{keys}/*.pub; do ! cmp -s "$one" "$key" || brought=1; done
    [ "$brought" ] || rm -f "$key"
  done
fi
for unit in {enabled}; do
  if deb-systemd-helper --quiet was-enabled "$unit"; then
    deb-systemd-helper enable "$unit" >/dev/null || true
  else
    deb-systemd-helper update-state "$unit" >/dev/null || true
  fi
done
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  # Drivers of adapters and names of ports, before what reads them.
  deb-systemd-invoke restart systemd-modules-load.service >/dev/null || true
  udevadm control --reload 2>/dev/null || true
  if [ "$2" ]; then
    # After an upgrade what was running runs on, in its new version.
    deb-systemd-invoke try-restart linky-gateway.service linky-display.service linky-collect.service || true
  fi
  # Not what runs: with the gateway its database would be prepared once more, while it is written.
  for unit in {started}; do
    systemctl --quiet is-active "$unit" || deb-systemd-invoke start "$unit" >/dev/null || true
  done
  # What was kept before the upgrade judges it; dpkg's lock is held until this script has ended, so nobody waits.
  systemctl --system --no-block start linky-gateway-judge.service >/dev/null 2>&1 || true
fi
if [ ! -e /etc/linky-gateway/gateway.toml ]; then
  cat <<'END'
linky-gateway : il reste une étape, une fois l'adaptateur du compteur branché :
linky-gateway: one step is left, once the meter's adapter is plugged in:

  {start}

Un adaptateur qui n'est pas un Micro Teleinfo, une page pour la maison : dites-le d'abord dans ce fichier (sudo nano) ;
« sudo linky-gateway ports » montre la ligne à écrire. Après cela tout démarre seul.
An adapter that is no Micro Teleinfo, a page for the house: say so in that file first (sudo nano); "sudo linky-gateway
ports" shows the line to write. From then on everything starts by itself.{believed}
END
fi
"""
_PRERM = """#!/bin/sh
set -e
if [ "$1" = upgrade ] && [ -d /run/systemd/system ]; then
  # So that the version that comes can be judged, and this one come back: apt by hand, by itself, or by the helper.
  python3 -I /{lib}/gateway/upkeep/updates/drive.py note "$2" || true
fi
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop {units} || true
fi
py3clean -p {name} /{lib}
"""
_POSTRM = """#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
# The key that came along is gone: with a source that names it, every "apt update" would fail.
if [ "$1" = remove ] && [ ! -e /{keyring} ]; then
  rm -f /etc/apt/sources.list.d/{name}.sources
fi
# Where tools/setup has taken over, all of this is its own by now.
if [ "$1" = purge ] && [ ! -e /opt/linky-gateway/current ]; then
  for unit in {enabled}; do
    deb-systemd-helper purge "$unit" >/dev/null || true
  done
  # What a person has enabled besides.
  find /etc/systemd/system -lname '/usr/lib/systemd/system/linky-*' -delete 2>/dev/null || true
  # Their owner and their groups, where the package made them, and nobody else has come into them.
  if [ -e {made} ]; then
    while read -r kind one; do
      if [ "$kind" = user ]; then userdel "$one" >/dev/null 2>&1 || true; fi
    done <{made}
    while read -r kind one; do
      if [ "$kind" = group ] && getent group "$one" | grep -q ':$'; then groupdel "$one" >/dev/null 2>&1 || true; fi
    done <{made}
  fi
  # What "purge" means: also what the household has said and what its meter has.
  rm -rf /etc/linky-gateway /var/lib/linky-gateway /var/lib/linky-gateway-update /var/cache/linky-gateway
  rm -f /etc/apt/preferences.d/linky-gateway-refused
  rm -f /var/lib/systemd/timers/stamp-linky-gateway-*.timer
fi
"""


def scripts(
    name: str, lib: str, doc: str, units: list[str], keys: str, keyring: str, prints: Sequence[str]
) -> dict[str, str]:
    """Each script of the package by its name; ``keys``: where its release keys lie, ``prints`` their fingerprints."""
    # Of a template each instance.
    all_of_them = " ".join(f"'{unit}'" for unit in units).replace("@.", "@*.")
    facts = {"name": name, "lib": lib, "doc": doc, "units": all_of_them, "enabled": " ".join(ENABLED)}
    believed = "".join(f"\n  {one}" for one in prints)
    facts |= {"keys": keys, "keyring": keyring, "believed": believed and f"\n\n{_BELIEVED}{believed}"}
    facts["started"] = " ".join(unit for unit in ENABLED if unit != JUDGE)
    facts |= {"groups": " ".join(GROUPS), "made": MADE, "start": START.format(doc=doc)}
    return {
        script: text.format(**facts)
        for script, text in (("postinst", _POSTINST), ("prerm", _PRERM), ("postrm", _POSTRM))
    }
