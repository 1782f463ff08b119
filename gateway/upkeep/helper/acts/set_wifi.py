"""Join a Wi-Fi: its profile for NetworkManager, tried at once; one that does not come about is taken back.

The profile is what the first start of a card writes (``gateway/first_boot/plan.py``). Whoever has a cable stays on it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import GatewayError, reason
from gateway.files import sync, write_whole
from gateway.first_boot import checks
from gateway.first_boot.faults import SENTENCES
from gateway.first_boot.plan import WIFI, wifi_files
from gateway.first_boot.settings import Wifi
from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import run
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

_NMCLI, _PROFILE = "usr/bin/nmcli", "linky-wifi"
# NetworkManager gives a key three tries, and an address its time.
_LONGEST_S = 60.0
_MOST = msgspec.Meta(max_length=256)

_TRIED = Phrase("joining the Wi-Fi")
_NOT_JOINED = Phrase("the Wi-Fi could not be joined: {why}; the settings are what they were")
_NOT_KEPT = Phrase("the Wi-Fi cannot be written: {why}; nothing was changed")


class SetWifi(ActRequest, frozen=True, forbid_unknown_fields=True, tag="set-wifi"):
    """Its name and its key, empty for an open one; whose radio rules hold; whether it does not say its name."""

    name: Annotated[str, _MOST]
    key: Annotated[str, _MOST]
    country: Annotated[str, _MOST] = "FR"
    hidden: bool = False


def do(request: SetWifi, root: Path, tell: Tell) -> None:
    """Write the profile, join; GatewayError with the reason, and the former profile in force, where that fails."""
    wrong = (
        checks.invisible(request.name + request.key)
        or checks.wifi_name(request.name)
        or checks.wifi_key(request.key)
        or checks.country(request.country)
    )
    if wrong:
        raise GatewayError(SENTENCES[wrong[0]].filled(**wrong[1]))
    files = wifi_files(Wifi(request.name, request.key, request.country, request.hidden))
    before = {file.path: _bytes(root / file.path) for file in files}
    try:
        for file in files:
            write_whole(root / file.path, file.text.encode(), file.mode)
    except OSError as error:
        _put_back(root, before)
        raise GatewayError(_NOT_KEPT.filled(why=reason(error))) from error
    tell(_TRIED)
    try:
        _join(root)
    except GatewayError as error:
        _put_back(root, before)
        with suppress(GatewayError):
            # The one of before, if there was one.
            run(root, _NMCLI, "connection", "reload")
            if before[WIFI]:
                _join(root)
        raise GatewayError(_NOT_JOINED.filled(why=error.phrase)) from error


def _join(root: Path) -> None:
    run(root, _NMCLI, "connection", "reload")
    run(root, _NMCLI, "radio", "wifi", "on")
    run(root, _NMCLI, "--wait", f"{_LONGEST_S:.0f}", "connection", "up", "id", _PROFILE, longest_s=_LONGEST_S + 5)


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _put_back(root: Path, before: dict[str, bytes | None]) -> None:
    with suppress(OSError):
        for path, data in before.items():
            file = root / path
            if data is not None:
                write_whole(file, data, 0o600 if path == WIFI else 0o644)
            elif file.exists():
                file.unlink()
                sync(file.parent)
