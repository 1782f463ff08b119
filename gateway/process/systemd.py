"""What systemd is told: ready, stopping, one line of status, and that the program is alive (sd_notify(3)).

No dependency, and nothing happens where systemd does not listen. The watchdog is pinged from the event loop, and only
while everything that was put under its eyes comes round in time: a blocked loop or a stuck database thread ends in a
restart. A part that no longer turns is started again by the program itself (``cells``); a silent meter or a server that
is away is nothing of the kind: their tasks turn while they wait.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


log = logging.getLogger(__name__)

# How often the tasks are looked at where systemd asks for no sign of life.
_LOOK_EVERY_S = 30.0

_PROBE_EVERY_S = 10.0


class Notifier:
    """The datagram socket that systemd listens on (``NOTIFY_SOCKET``: a path, or ``@`` and an abstract name)."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.watchdog_s = _watchdog_interval(environment)
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._socket: socket.socket | None = None
        self._status = ""
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def ready(self) -> None:
        """Everything that was ordered after this unit may start."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The end has begun, orderly: no sign of life is asked for any more, and nothing else is told."""
        self._send("STOPPING=1")
        self.close()

    def status(self, text: str) -> None:
        """The line that ``systemctl status`` shows; sent when it has changed."""
        line = " ".join(text.split())
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def alive(self) -> None:
        """A sign of life, in time for the next ``WatchdogSec=``."""
        self._send("WATCHDOG=1")

    def close(self) -> None:
        """Nothing more is told."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError as error:
            # A full queue or a systemd that executes itself again: the next message says the same or more.
            log.debug("systemd was not told %s: %s", message, error)


class Watchdog:
    """Gives signs of life while each watched thing comes round.

    Args:
        notifier: where the signs go.
        clock: monotonic seconds.
    """

    def __init__(self, notifier: Notifier, clock: Callable[[], float] = time.monotonic) -> None:
        self._notifier, self._clock = notifier, clock
        self._watched: dict[str, tuple[Callable[[], float], float]] = {}
        self._said: set[str] = set()
        self.every_s = notifier.watchdog_s / 2 if notifier.watchdog_s else _LOOK_EVERY_S

    def watch(self, name: str, alive_at: Callable[[], float], patience_s: float) -> None:
        """Put something under watch: ``alive_at`` gives its last sign (monotonic seconds), at most that old."""
        self._watched[name] = (alive_at, patience_s)

    async def probe(self, name: str, ask: Callable[[], Awaitable[object]], patience_s: float) -> None:
        """Watch what answers only when asked, such as the database's thread; runs until it is cancelled."""
        answered = self._clock()
        self.watch(name, lambda: answered, patience_s)
        while True:
            await ask()
            answered = self._clock()
            await asyncio.sleep(_PROBE_EVERY_S)

    async def run(self) -> None:
        """Look at half of the interval that systemd asks for; runs until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(self.every_s)

    def look(self) -> list[str]:
        """Give a sign of life, or keep it back: the names of what is stuck."""
        now = self._clock()
        late = {name: now - came() for name, (came, patience) in self._watched.items() if now - came() > patience}
        for name in sorted(late.keys() - self._said):
            end = "systemd restarts the gateway" if self._notifier.watchdog_s else "restart the gateway"
            log.error("%s has made no progress for %.0f s; %s", name, late[name], end)
        for name in sorted(self._said - late.keys()):
            log.warning("%s makes progress again", name)
        self._said = set(late)
        if not late:
            self._notifier.alive()
        return sorted(late)


def _address(path: str) -> str:
    if not path:
        return ""
    if path[0] not in "/@" or len(path) < 2:
        log.warning("NOTIFY_SOCKET is neither a path nor an abstract name; systemd is told nothing")
        return ""
    return f"\0{path[1:]}" if path[0] == "@" else path


def _watchdog_interval(environment: Mapping[str, str]) -> float | None:
    """Seconds between two signs of life that systemd asks this process for (sd_watchdog_enabled(3)); None for none."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or not int(microseconds):
        return None
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 1e6
