"""The access point's turn at a start: waits for a network, opens its own where none comes, tries what a phone chose.

Ten minutes from its beginning; a try that fails gives five more to say why, half an hour in all and never longer. It
ends as soon as the machine is in a network, by a cable too.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.first_boot.plan import OWN_WIFI_KEY
from gateway.upkeep.access_point import radio, state
from gateway.upkeep.access_point.state import AccessPointState, SeenWifi
from gateway.upkeep.helper.acts.set_wifi import join

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.first_boot.settings import Wifi

log = logging.getLogger(__name__)

# What a box and its address may take after a start; then the house has no network.
GRACE_S = 75.0
OPEN_S, MORE_S, MOST_S = 600.0, 300.0, 1800.0
# The page's answer is on its way to the phone when its wish is here.
_ANSWER_S = 3.0
# For a wish, a file; and for the network, which costs a small board a tenth of a second.
_LOOK_S, _ASK_S = 1.0, 10.0


class Ended(Enum):
    """How it ended: there is a network, or no radio; one was chosen; nobody came."""

    CONNECTED = "connected"
    NO_RADIO = "no radio"
    JOINED = "joined"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class TurnClock:
    """Its clock (monotonic seconds), and how it waits."""

    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class AccessPoint:
    """One turn.

    Args:
        root: the system's root.
        name: what the network of its own is called.
        port: the page's, in clear.
        clock: its own.
    """

    def __init__(self, root: Path, name: str, port: int, clock: TurnClock | None = None) -> None:
        self._root, self._name, self._port, self._clock = root, name, port, clock or TurnClock()
        self._interface = ""
        self._networks: tuple[SeenWifi, ...] = ()
        self._secured = False
        self._failed: str | None = None
        self._why: dict[str, str] = {}

    def run(self) -> Ended:
        """The whole of it; GatewayError where the radio cannot be used so. Whatever was begun is ended after it."""
        if self._comes_up():
            return Ended.CONNECTED
        interface = radio.device(self._root)
        if interface is None:
            return Ended.NO_RADIO
        self._interface = interface
        try:
            return self._serve()
        finally:
            radio.close_own(self._root)
            state.forget(self._root)

    def _comes_up(self) -> bool:
        """Whether a network comes by itself, in the time that it may take."""
        until = self._clock.clock() + GRACE_S
        while True:
            try:
                if radio.is_connected(self._root):
                    return True
            except GatewayError as error:
                # NetworkManager is not there yet.
                log.debug("%s", error)
            if self._clock.clock() >= until:
                return False
            self._clock.pause(_ASK_S / 2)

    def _serve(self) -> Ended:
        began = self._clock.clock()
        until = began + OPEN_S
        self._open()
        asked = began
        while (now := self._clock.clock()) < until:
            wifi = state.take_choice(self._root)
            if wifi is None:
                if now - asked >= _ASK_S:
                    asked = now
                    if radio.is_connected(self._root):
                        log.info("there is a network: the access point ends")
                        return Ended.CONNECTED
                    self._keep_open()
                self._clock.pause(_LOOK_S)
                continue
            if self._join(wifi):
                return Ended.JOINED
            now = self._clock.clock()
            until = min(max(until, now + MORE_S), began + MOST_S)
            self._open()
        log.info("nobody has chosen a network: the access point ends, and comes again with the next start")
        return Ended.LATE

    def _open(self) -> None:
        """What is within reach first: a Raspberry Pi's radio does not look around while it is one (RaspAP #334)."""
        try:
            self._networks = radio.scan(self._root, self._interface) or self._networks
        except GatewayError as error:
            log.warning("what is within reach is not known: %s", error)
        self._secured = radio.open_own(self._root, self._interface, self._name, self._key(), self._port)
        self._tell(is_open=True)
        log.info("the access point is open, %s a key", "with" if self._secured else "without")

    def _keep_open(self) -> None:
        if not radio.is_open(self._root):
            log.warning("the access point was ended by somebody else, and is opened again")
            self._open()

    def _join(self, wifi: Wifi) -> bool:
        """Whether the chosen network could be joined; else why not is known."""
        self._tell(is_open=True, joining=wifi.name)
        self._clock.pause(_ANSWER_S)
        self._tell(is_open=False, joining=wifi.name)
        radio.close_own(self._root)
        try:
            join(self._root, wifi, back=False)
        except GatewayError as error:
            log.warning("the chosen Wi-Fi was not joined: %s", error)
            self._failed, self._why = wifi.name, error.phrase.in_every_language()
            return False
        log.info("the chosen Wi-Fi is joined")
        return True

    def _tell(self, *, is_open: bool, joining: str | None = None) -> None:
        now = AccessPointState(
            open=is_open, name=self._name, secured=self._secured, networks=self._networks, joining=joining,
            failed=self._failed, why=self._why,
        )  # fmt: skip
        try:
            state.tell(self._root, now)
        except OSError as error:
            log.warning("the page cannot be told: %s", error)

    def _key(self) -> str | None:
        """What is printed on the label, where there is one; it is a WPA key when it has 8 to 63 signs."""
        try:
            key = (self._root / OWN_WIFI_KEY).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return key if 8 <= len(key) <= 63 and key.isprintable() else None
