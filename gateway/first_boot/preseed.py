"""``rpi-preseed.toml``: what Raspberry Pi Imager was told of the card, read as a ``linky.toml`` says it. No I/O.

Imager 2.0.11 and later writes it onto the FAT partition of images whose list says ``init_format: rpi-preseed``
(raspberrypi/rpi-imager, doc/os_customisation_formats.md, src/customization_generator.cpp): only what was filled in, as
plain TOML. A card has one user, ``linky``, and no password: what Imager says of users, and what it says besides, does
not hold here, and is named in ``linky-result.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.first_boot import checks
from gateway.first_boot.faults import CardFault
from gateway.first_boot.settings import CardSettings, Wifi, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.first_boot.checks import Wrong

PRESEED = "rpi-preseed.toml"
# What is used, and what says nothing of its own where it stands beside it.
_USED = {
    "system": {"hostname"},
    "ssh": {"authorized_keys", "enabled", "password_authentication"},
    "wlan": {"ssid", "ssid_hex", "password", "password_encrypted", "hidden", "country"},
}
_MOST_NAMED, _NAME = 20, re.compile(r"[A-Za-z0-9_-]{1,40}")


def parse_preseed(data: bytes) -> tuple[CardSettings, tuple[str, ...], list[CardFault]]:
    """The settings that it says; the names of what does not hold here; and every fault, with which nothing holds."""
    raw, fault = read_toml(data)
    if fault:
        return CardSettings(), (), [_placed(fault)]
    faults: list[CardFault] = []
    unused = tuple(_unused(raw))
    hostname, wifi, keys = _hostname(raw, faults), _wifi(raw, faults), _keys(raw, faults)
    return CardSettings(hostname=hostname, wifi=wifi, keys=keys), unused, faults


def joined(own: CardSettings, imager: CardSettings) -> CardSettings:
    """Both files of one card: what ``linky.toml`` says holds, what it leaves out Imager may have said."""
    keys = (*own.keys, *(key for key in imager.keys if key not in own.keys))
    return replace(own, hostname=own.hostname or imager.hostname, wifi=own.wifi or imager.wifi, keys=keys)


def _unused(raw: Mapping[str, object]) -> Iterator[str]:
    """What is filled in and does not hold here, by its place; names that are none are not repeated."""
    found = []
    for table, values in raw.items():
        if table == "config_version":
            continue
        if not isinstance(values, Mapping):
            found.append(table)
            continue
        found += [f"{table}.{key}" for key in values if key not in _USED.get(table, ())]
    named = [place for place in found if all(_NAME.fullmatch(part) for part in place.split("."))]
    yield from named[:_MOST_NAMED]
    if len(named) < len(found) or len(named) > _MOST_NAMED:
        yield "…"


def _table(raw: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = raw.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(table: Mapping[str, object], place: str, faults: list[CardFault]) -> str:
    value = table.get(place.rpartition(".")[2], "")
    if not isinstance(value, str):
        faults.append(_placed(CardFault(place, "not_text")))
        return ""
    return value


def _checked(place: str, wrong: Wrong | None, faults: list[CardFault]) -> None:
    if wrong:
        faults.append(_placed(CardFault(place, *wrong)))


def _hostname(raw: Mapping[str, object], faults: list[CardFault]) -> str | None:
    # Imager takes capitals; a name of the network has none.
    name = _text(_table(raw, "system"), "system.hostname", faults).lower()
    if name:
        _checked("system.hostname", checks.hostname(name), faults)
    return name or None


def _wifi(raw: Mapping[str, object], faults: list[CardFault]) -> Wifi | None:
    table = _table(raw, "wlan")
    name = _text(table, "wlan.ssid", faults)
    if spelt := _text(table, "wlan.ssid_hex", faults):
        try:
            name = bytes.fromhex(spelt[:200]).decode()
        except ValueError:
            _checked("wlan.ssid_hex", ("control", {}), faults)
            return None
    if not name:
        return None
    key, country = _text(table, "wlan.password", faults), _text(table, "wlan.country", faults).upper() or "FR"
    for place, wrong in (
        ("wlan.ssid", checks.invisible(name) or checks.wifi_name(name)),
        ("wlan.password", checks.invisible(key) or checks.wifi_key(key)),
        ("wlan.country", checks.country(country)),
    ):
        _checked(place, wrong, faults)
    return Wifi(name, key, country, hidden=table.get("hidden") is True)


def _keys(raw: Mapping[str, object], faults: list[CardFault]) -> tuple[str, ...]:
    table = _table(raw, "ssh")
    keys = table.get("authorized_keys", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        faults.append(_placed(CardFault("ssh.authorized_keys", "not_list")))
        return ()
    if table.get("enabled") is False:
        return ()
    keys = [key.strip() for key in keys if key.strip()]
    _checked("ssh.authorized_keys", checks.keys(keys), faults)
    return tuple(keys)


def _placed(fault: CardFault) -> CardFault:
    """In which of the two files it stands."""
    line = fault.where.removeprefix("line ")
    sign = ":" if line != fault.where else ", " if line else ""
    return CardFault(f"{PRESEED}{sign}{line}", fault.key, fault.values)
