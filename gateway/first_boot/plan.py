"""Settings → the files of the system that say them: texts only, made of what was there before. No I/O.

A ``gateway.toml`` that is there stays as it is, comments included, but for the keys that ``linky.toml`` sets. The same
settings give the same files, so that a start that was cut off can be done again.
"""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.first_boot.checks import printed_code
from gateway.first_boot.faults import CardFault
from gateway.first_boot.settings import AUTO, CardSettings, Wifi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


CONFIG = "etc/linky-gateway/gateway.toml"
SECRETS = "etc/linky-gateway/secrets"
PASSWORD = f"{SECRETS}/xmpp-password"
# Of the gateway's own Wi-Fi (gateway/upkeep/access_point), as the label has it.
OWN_WIFI_KEY = f"{SECRETS}/access-point-key"
WIFI = "etc/NetworkManager/system-connections/linky-wifi.nmconnection"
# What was chosen at the gateway's own Wi-Fi beside a network that was known: that one comes first where both are there.
WIFI_BESIDE = "etc/NetworkManager/system-connections/linky-wifi-beside.nmconnection"
_AFTER_OTHERS = -10
_WIFI_COUNTRY = "etc/modprobe.d/linky-wifi.conf"
_WIFI_ON = "var/lib/NetworkManager/NetworkManager.state"
# Where the card's sshd looks for those of its one user (tools/image).
SSH_KEYS = "etc/ssh/authorized_keys.d/linky"
# By which it looks there: on another system nothing does, and there need be no such user.
SSH_LOOKS = "etc/ssh/sshd_config.d/linky-card.conf"
_HOSTNAME, _HOSTS = "etc/hostname", "etc/hosts"

# What udev calls the adapter for a meter that was plugged in last.
USUAL_PORT = "/dev/ttyTIC"

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of the system, its path below the root; ``shared`` with the gateway's group, or root's alone."""

    path: str
    text: str = field(repr=False)
    mode: int = 0o644
    shared: bool = False


def files(settings: CardSettings, port: str | None, before: Mapping[str, str]) -> list[PlannedFile]:
    """Everything to write. ``port`` where the meter is, None to leave that as it is; ``before`` are the texts there."""
    made = [PlannedFile(CONFIG, configuration(settings, port, before.get(CONFIG, "")), 0o640, shared=True)]
    if settings.account:
        made.append(PlannedFile(PASSWORD, f"{settings.account.password}\n", 0o600))
    if settings.code:
        made.append(PlannedFile(OWN_WIFI_KEY, f"{printed_code(settings.code)}\n", 0o600))
    if settings.wifi:
        made += wifi_files(settings.wifi)
        # Raspberry Pi OS switches the radio off until somebody has said the country.
        made.append(PlannedFile(_WIFI_ON, "[main]\nNetworkingEnabled=true\nWirelessEnabled=true\nWWANEnabled=true\n"))
    if settings.keys:
        known = before.get(SSH_KEYS, "").split("\n")
        lines = [*filter(None, known), *(key for key in settings.keys if key not in known)]
        made.append(PlannedFile(SSH_KEYS, "".join(f"{line}\n" for line in lines)))
    if settings.hostname:
        made += [
            PlannedFile(_HOSTNAME, f"{settings.hostname}\n"),
            PlannedFile(_HOSTS, _hosts(settings.hostname, before.get(_HOSTS, "127.0.0.1\tlocalhost\n"))),
        ]
    return made


def wifi_files(wifi: Wifi) -> list[PlannedFile]:
    """The network's profile, and whose radio rules hold from the next start on."""
    return [
        PlannedFile(WIFI, profile(wifi), 0o600),
        PlannedFile(_WIFI_COUNTRY, f"options cfg80211 ieee80211_regdom={wifi.country}\n"),
    ]


def wifi_beside(wifi: Wifi) -> list[PlannedFile]:
    """The network's profile as a second one: no other profile and no country of before is touched."""
    return [PlannedFile(WIFI_BESIDE, profile(wifi, "linky-wifi-beside", _AFTER_OTHERS), 0o600)]


# What ``files`` wants to know of before.
READ_BEFORE = (CONFIG, _HOSTS, SSH_KEYS)


def port_of(settings: CardSettings, adapters: Sequence[str], before: str) -> tuple[str | None, CardFault | None]:
    """Where the meter is, of the adapters for meters that are plugged in; None to leave it as it is."""
    if settings.port != AUTO:
        return settings.port, None
    if source_of(before) not in {None, USUAL_PORT}:
        # Found, or chosen by a person, when the gateway was installed.
        return None, None
    if len(adapters) > 1:
        return None, CardFault("meter.port", "many_adapters", {"seen": ", ".join(adapters)})
    return adapters[0] if adapters else USUAL_PORT, None


def source_of(text: str) -> str | None:
    """The source of the first meter of a configuration."""
    try:
        meters = tomllib.loads(text).get("meter")
    except tomllib.TOMLDecodeError:
        return None
    found = meters[0].get("source") if isinstance(meters, list) and meters and isinstance(meters[0], dict) else None
    return found if isinstance(found, str) else None


def configuration(settings: CardSettings, port: str | None, before: str) -> str:
    """``gateway.toml`` with what the card says in it."""
    text = before
    if not text.strip():
        text = "# linky-gateway, as the card's linky.toml said it at the first start.\n"
    if port is not None:
        text = _set(text, "[[meter]]", "source", port)
    account = settings.account
    if account:
        text = _set(text, "[federation]", "jid", account.jid)
        text = _set(text, "[federation]", "address", account.address)
        if account.installer:
            text = _set(text, "[federation]", "installer", account.installer)
        # The password is the systemd credential.
        text = _set(text, "[federation]", "password_file", None)
    return text if re.search(r"^\[web\]", text, re.MULTILINE) else text.rstrip("\n") + "\n\n[web]\n"


def _set(text: str, header: str, key: str, value: str | None) -> str:
    """The text with that value in the first table of that name; without the key for None."""
    found = re.search(rf"^{re.escape(header)}[^\n]*\n?", text, re.MULTILINE)
    if found is None:
        if value is None:
            return text
        text = text.rstrip("\n") + f"\n\n{header}\n"
        found = re.search(rf"^{re.escape(header)}\n", text, re.MULTILINE)
        assert found  # noqa: S101 (it was written just now)
    end = _HEADER.search(text, found.end())
    stop = end.start() if end else len(text)
    table = re.sub(rf"^[ \t]*{key}[ \t]*=[^\n]*\n?", "", text[found.end() : stop], flags=re.MULTILINE)
    # A JSON string without control characters is a basic string of TOML.
    line = "" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
    return text[: found.end()].rstrip("\n") + "\n" + line + table + text[stop:]


def profile(wifi: Wifi, name: str = "linky-wifi", priority: int = 0) -> str:
    """The network in NetworkManager's form (nm-settings-keyfile(5)), by that name; of two, the higher comes first."""
    # Bytes, as the form also takes them: no letter of a name can then be mistaken for one of the form's own.
    ssid = "".join(f"{byte};" for byte in wifi.name.encode())
    # Any will do, as long as it stays: the profile is known by it.
    uuid_of = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:linky-gateway:{name.removeprefix('linky-')}")
    lines = ["[connection]", f"id={name}", f"uuid={uuid_of}", "type=wifi"]
    lines += [*([f"autoconnect-priority={priority}"] if priority else []), "", "[wifi]", "mode=infrastructure"]
    lines += [f"ssid={ssid}", *(["hidden=true"] if wifi.hidden else [])]
    if wifi.key:
        key = wifi.key.replace("\\", "\\\\")
        # A space at the beginning is the form's own to skip.
        key = re.sub("^ +", lambda spaces: r"\s" * len(spaces[0]), key)
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={key}"]
    return "\n".join([*lines, "", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""])


def _hosts(name: str, before: str) -> str:
    line = f"127.0.1.1\t{name}"
    if re.search(r"^127\.0\.1\.1\s.*$", before, re.MULTILINE):
        return re.sub(r"^127\.0\.1\.1\s.*$", line, before, flags=re.MULTILINE)
    return before.rstrip("\n") + f"\n{line}\n"
