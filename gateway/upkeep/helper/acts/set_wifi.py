"""Join a Wi-Fi: tried by a profile in memory, and kept when it is joined; the former one is there until then.

The profile is what the first start of a card writes (``gateway/first_boot/plan.py``). Whoever has a cable stays on it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import GatewayError, reason
from gateway.files import make_folder, sync, write_whole
from gateway.first_boot import checks
from gateway.first_boot.faults import SENTENCES
from gateway.first_boot.plan import WIFI, profile, wifi_beside, wifi_files
from gateway.first_boot.settings import Wifi
from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import run
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.first_boot.plan import PlannedFile
    from gateway.upkeep.helper.request import Tell

log = logging.getLogger(__name__)

_NMCLI, _PROFILE, _TRIAL = "usr/bin/nmcli", "linky-wifi", "linky-wifi-trial"
# Memory: what was not joined yet is gone after a power cut, and the former one is there.
_TRIAL_FILE = f"run/NetworkManager/system-connections/{_TRIAL}.nmconnection"
# NetworkManager gives a key three tries, and an address its time.
_LONGEST_S = 60.0
_MOST = msgspec.Meta(max_length=256)

_TRIED = Phrase("joining the Wi-Fi")
_NOT_KEPT = Phrase("the Wi-Fi cannot be written: {why}; nothing was changed")
_NOT_JOINED = Phrase("the Wi-Fi could not be joined; the settings are what they were")
_WRONG_KEY = Phrase("the Wi-Fi refuses this key: copy it from the router; the settings are what they were")
_NOT_FOUND = Phrase("no Wi-Fi of this name is within reach: check its name; the settings are what they were")
# In nmcli's own words (LC_ALL=C), why an activation failed.
_WHY = (
    ("ecrets were required", _WRONG_KEY),
    ("(7)", _WRONG_KEY),
    ("could not be found", _NOT_FOUND),
    ("No network with SSID", _NOT_FOUND),
    ("(53)", _NOT_FOUND),
)


class WifiRequest(ActRequest, frozen=True, forbid_unknown_fields=True):
    """Its name and its key, empty for an open one; whose radio rules hold; whether it does not say its name."""

    name: Annotated[str, _MOST]
    key: Annotated[str, _MOST]
    country: Annotated[str, _MOST] = "FR"
    hidden: bool = False

    def wifi(self) -> Wifi:
        """These settings; GatewayError with what is wrong with them."""
        wrong = (
            checks.invisible(self.name + self.key)
            or checks.wifi_name(self.name)
            or checks.wifi_key(self.key)
            or checks.country(self.country)
        )
        if wrong:
            raise GatewayError(SENTENCES[wrong[0]].filled(**wrong[1]))
        return Wifi(self.name, self.key, self.country, self.hidden)


class SetWifi(WifiRequest, frozen=True, forbid_unknown_fields=True, tag="set-wifi"):
    """Have it joined now."""


def do(request: SetWifi, root: Path, tell: Tell) -> None:
    """Write the profile, join; GatewayError with the reason, and the former profile in force, where that fails."""
    wifi = request.wifi()
    tell(_TRIED)
    join(root, wifi)


def join(root: Path, wifi: Wifi, *, back: bool = True, beside: bool = False) -> None:
    """Join it and keep it; GatewayError with the reason, and the former profile there, where that fails.

    Args:
        root: the system's root.
        wifi: the network.
        back: whether the former one is joined again then; else that is left to whoever asks.
        beside: whether it is kept as a second profile, after those that are there, which stay as they are.
    """
    trial, joined = root / _TRIAL_FILE, False
    try:
        make_folder(trial.parent, 0o755)
        write_whole(trial, profile(wifi, _TRIAL).encode())
        _up(root, trial, _TRIAL)
        _last(root, wifi_beside(wifi) if beside else wifi_files(wifi))
        joined = True
    except OSError as error:
        raise GatewayError(_NOT_KEPT.filled(why=reason(error))) from error
    except GatewayError as error:
        log.warning("the Wi-Fi could not be joined: %s", error)
        raise GatewayError(next((said for word, said in _WHY if word in str(error)), _NOT_JOINED)) from error
    finally:
        _forget_trial(root, trial, again=back and not joined)


def _up(root: Path, file: Path, name: str) -> None:
    run(root, _NMCLI, "connection", "load", f"/{file.relative_to(root)}")
    run(root, _NMCLI, "radio", "wifi", "on")
    run(root, _NMCLI, "--wait", f"{_LONGEST_S:.0f}", "connection", "up", "id", name, longest_s=_LONGEST_S + 5)


def _last(root: Path, files: Sequence[PlannedFile]) -> None:
    """Let it be the Wi-Fi from now on, its profile first of these; what was before where that cannot be written."""
    before = [(file, _bytes(root / file.path)) for file in files]
    try:
        for file in files:
            write_whole(root / file.path, file.text.encode(), file.mode)
        _up(root, root / files[0].path, PurePath(files[0].path).stem)
    except (OSError, GatewayError):
        _put_back(root, before)
        raise


def _forget_trial(root: Path, trial: Path, *, again: bool) -> None:
    """Its profile is gone; the former one is joined again where that is wanted."""
    with suppress(OSError, GatewayError):
        trial.unlink(missing_ok=True)
        run(root, _NMCLI, "connection", "reload")
        if again and (root / WIFI).exists():
            _up(root, root / WIFI, _PROFILE)


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _put_back(root: Path, before: Sequence[tuple[PlannedFile, bytes | None]]) -> None:
    with suppress(OSError):
        for planned, data in before:
            file = root / planned.path
            if data is not None:
                write_whole(file, data, planned.mode)
            elif file.exists():
                file.unlink()
                sync(file.parent)
