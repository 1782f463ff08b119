"""An end from outside: Ctrl-C, a kill or a closed terminal, once, and never between a program's start and its entry."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A deadline by kill or a closed terminal must clean up as Ctrl-C does.
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Endings:
    """Signals as one KeyboardInterrupt."""

    def __init__(self) -> None:
        self._held, self._due = False, False

    def listen(self) -> None:
        """From now on they interrupt."""
        for number in _NUMBERS:
            signal.signal(number, self._interrupt)

    def be_deaf(self) -> None:
        """A signal must not cut short what ends the programs and removes the folder."""
        for number in _NUMBERS:
            signal.signal(number, signal.SIG_IGN)

    @contextmanager
    def held(self) -> Iterator[None]:
        """An end that comes meanwhile comes afterwards: a program that was started is known by then."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            if self._due:
                self.be_deaf()
                raise KeyboardInterrupt

    def _interrupt(self, *_: object) -> None:
        if self._held:
            # Not deaf yet: what is being started would inherit that.
            self._due = True
            return
        self.be_deaf()
        raise KeyboardInterrupt
