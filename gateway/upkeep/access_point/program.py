"""The access point's turn at a start: waits for a network, opens its own where none comes, tries what a phone chose.

Who joins it may send the gateway into another network. So it is open to everybody only where there is nothing to lose:
no Wi-Fi is known, and the page has no password. Else it asks for the label's key; where a Wi-Fi is known its box has
ten minutes to come back first, and what is chosen is kept beside it.

Ten minutes from its beginning; after a try that fails five are left at least, to say why, and after half an hour no
new one begins. It ends as soon as the machine is in a network, by a cable too.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, reason
from gateway.first_boot.plan import OWN_WIFI_KEY
from gateway.upkeep.access_point import radio, state
from gateway.upkeep.access_point.state import AccessPointState, SeenWifi
from gateway.upkeep.helper.acts.set_wifi import join
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.first_boot.settings import Wifi

log = logging.getLogger(__name__)

# What a box and its address may take after a start; then the house has no network.
GRACE_S = 75.0
# And where its Wi-Fi is known: a box after a power cut, its own start and the house's line.
KNOWN_GRACE_S = 600.0
OPEN_S, MORE_S, MOST_S = 600.0, 300.0, 1800.0
# The page's answer is on its way to the phone when its wish is here.
_ANSWER_S = 3.0
# For a wish, a file; and for the network, which costs a small board a tenth of a second.
_LOOK_S, _ASK_S = 1.0, 10.0

_NOT_WRITTEN = Phrase("what the gateway’s own Wi-Fi needs cannot be written ({why}): it stays closed")


class Ended(Enum):
    """How it ended: there is a network, or no radio; without a key it would be unsafe; one was chosen; nobody came."""

    CONNECTED = "connected"
    NO_RADIO = "no radio"
    NO_KEY = "none without the label's key, as a Wi-Fi is known here or the page has its password"
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
        is_owned: whether the page has its password, or nobody knows.
        clock: its own.
    """

    def __init__(
        self, root: Path, name: str, port: int, is_owned: Callable[[], bool], clock: TurnClock | None = None
    ) -> None:
        self._root, self._name, self._port, self._clock = root, name, port, clock or TurnClock()
        self._is_owned = is_owned
        self._interface, self._known = "", True
        self._key: str | None = None
        self._networks: tuple[SeenWifi, ...] = ()
        self._failed: str | None = None
        self._why: dict[str, str] = {}

    def run(self) -> Ended:
        """The whole of it; GatewayError where the radio cannot be used so. Whatever was begun is ended after it."""
        if self._comes_up(GRACE_S):
            return Ended.CONNECTED
        interface, self._known = self._look()
        if interface is None:
            return Ended.NO_RADIO
        self._interface, self._key = interface, self._labels_key()
        if self._key and radio.makes_no_key(self._root, interface):
            log.warning("this radio makes no access point with a key")
            self._key = None
        if self._key is None and (self._known or self._is_owned()):
            return Ended.NO_KEY
        if self._known and self._comes_up(KNOWN_GRACE_S - GRACE_S):
            return Ended.CONNECTED
        try:
            return self._serve()
        except OSError as error:
            raise GatewayError(_NOT_WRITTEN.filled(why=reason(error))) from error
        finally:
            end(self._root)

    def _look(self) -> tuple[str | None, bool]:
        """The radio, and whether a network is known to it. GatewayError where that could not be asked three times."""
        for _ in range(2):
            try:
                return radio.device(self._root), radio.knows_wifi(self._root)
            except GatewayError as error:
                log.warning("asked again: %s", error)
                self._clock.pause(_ASK_S / 2)
        return radio.device(self._root), radio.knows_wifi(self._root)

    def _comes_up(self, longest_s: float) -> bool:
        """Whether a network comes by itself, in the time that it may take."""
        until = self._clock.clock() + longest_s
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
                    if self._is_over():
                        log.info("there is a network: the access point ends")
                        return Ended.CONNECTED
                self._clock.pause(_LOOK_S)
                continue
            if self._join(wifi):
                return Ended.JOINED
            now = self._clock.clock()
            if now >= began + MOST_S:
                break
            until = min(max(until, now + MORE_S), began + MOST_S)
            self._open_again()
        log.info("nobody has chosen a network: the access point ends, and comes again with the next start")
        return Ended.LATE

    def _open(self) -> None:
        """What is within reach first: a Raspberry Pi's radio does not look around while it is one (RaspAP #334)."""
        try:
            self._networks = radio.scan(self._root, self._interface) or self._networks
        except GatewayError as error:
            log.warning("what is within reach is not known: %s", error)
        # Before it is there: who joins it is never led to all of the page.
        self._tell(is_open=False)
        radio.open_own(self._root, self._interface, self._name, self._key, self._port)
        self._tell(is_open=True)
        log.info("the access point is open, %s a key", "with" if self._key else "without")

    def _open_again(self) -> None:
        """What NetworkManager cannot do now it may do some seconds later."""
        try:
            self._open()
        except GatewayError as error:
            log.warning("the access point could not be opened again, which is tried once more: %s", error)

    def _is_over(self) -> bool:
        """Whether there is a network; else the access point is seen to be there still."""
        try:
            if radio.is_connected(self._root):
                return True
            if radio.is_open(self._root):
                return False
        except GatewayError as error:
            log.warning("how the network is cannot be asked now: %s", error)
            return False
        log.warning("the access point was ended by somebody else, and is opened again")
        self._open_again()
        return False

    def _join(self, wifi: Wifi) -> bool:
        """Whether the chosen network could be joined; else why not is known."""
        self._tell(is_open=True, joining=wifi.name)
        self._clock.pause(_ANSWER_S)
        radio.close_own(self._root)
        self._tell(is_open=False, joining=wifi.name)
        try:
            join(self._root, wifi, back=False, beside=self._known)
        except GatewayError as error:
            log.warning("the chosen Wi-Fi was not joined: %s", error)
            self._failed, self._why = wifi.name, error.phrase.in_every_language()
            return False
        log.info("the chosen Wi-Fi is joined")
        return True

    def _tell(self, *, is_open: bool, joining: str | None = None) -> None:
        now = AccessPointState(
            open=is_open, name=self._name, secured=bool(self._key), networks=self._networks, joining=joining,
            failed=self._failed, why=self._why,
        )  # fmt: skip
        state.tell(self._root, now)

    def _labels_key(self) -> str | None:
        """What is printed on the label, where there is one; it is a WPA key when it has 8 to 63 signs."""
        try:
            key = (self._root / OWN_WIFI_KEY).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return key if 8 <= len(key) <= 63 and key.isprintable() else None


def end(root: Path) -> None:
    """Take away what is there of it; while it cannot be ended the page stays that one page."""
    if radio.close_own(root):
        state.forget(root)
    else:
        log.error("the access point could not be ended: its rules stay until the next start")
