"""The narrow door to the page: asked by the button, the gateway's side leaves its address in a file, and maybe a code.

This program may not speak to the gateway. It makes one file; a unit that watches for it (``linky-display-welcome``) has
the gateway answer into another one, which only the group of the pins may read.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

# Long enough to type an address and a code; a gateway that has not answered by then will not.
SHOWN_S, PATIENCE_S = 120.0, 15.0
# Address and fingerprint take turns; a panel of electronic paper is slow.
TURN_S = 20.0


class FirstVisitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the page is, none where there is no page; the code that sets its first password, if it has none.

    ``fingerprint`` is of the authority that its encrypted way is believed by.
    """

    addresses: tuple[str, ...] = ()
    code: str | None = None
    fingerprint: str | None = None


class FirstVisitRequest:
    """What was asked for, and what came.

    Args:
        door: the file that is watched for.
        answer: where the answer comes.
    """

    def __init__(self, door: Path, answer: Path) -> None:
        self._door, self._answer = door, answer
        self._asked: float | None = None
        self._before = 0

    def ask(self, now: float) -> None:
        """Ask, and show what comes for two minutes."""
        self._asked, self._before = now, self._changed()
        try:
            # Written and closed: that is what is watched for.
            self._door.write_text("asked\n", encoding="ascii")
        except OSError as error:
            log.warning("the page's address cannot be asked for: %s: %s", self._door, error.strerror)

    def dismiss(self) -> bool:
        """Show it no more; whether it was shown."""
        shown, self._asked = self._asked is not None, None
        return shown

    def shown(self, now: float) -> FirstVisitAnswer | str | None:
        """What is to be shown: the answer, ``asking`` or ``no answer``; None for nothing."""
        if self._asked is None:
            return None
        if now - self._asked > SHOWN_S:
            self._asked = None
            return None
        if self._changed() == self._before:
            return "asking" if now - self._asked < PATIENCE_S else "no answer"
        try:
            return msgspec.json.decode(self._answer.read_bytes(), type=FirstVisitAnswer)
        except (OSError, ValueError):
            return "no answer"

    def turn(self, now: float) -> int:
        """How many turns it has been shown for."""
        return 0 if self._asked is None else int((now - self._asked) // TURN_S)

    def _changed(self) -> int:
        try:
            return self._answer.stat().st_mtime_ns
        except OSError:
            return 0
