"""Who among the recipients is there, and which of its devices is to be sent what it confirms.

A recipient that shows its presence (directed presence, RFC 6121 §4.6) does so in every session, and is sent nothing
while it does not: what waits for it stays here, not in a server's offline store. One that never does is taken to be
there, and its server's bounces say when it is not. Pure logic: no I/O, nothing is kept for another session.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# Of one recipient: what somebody with an account may make us remember.
MOST_DEVICES = 20
# Of everybody who is no recipient: a presence goes before its first subscription by a moment, not by a day.
MOST_EARLY = 100

# Our presence may be lost on the way, as when a server has just come up, and who is sent nothing may wait for it: it is
# shown again after so long, then after twice as long each time, up to the last.
_FIRST_AGAIN_S, _LAST_AGAIN_S = 10.0, 900.0


def bare(origin: str) -> str:
    """The account of a full JID."""
    return origin.partition("/")[0].lower()


class Presences:
    """What is known in this session; ``showing`` are the recipients that have ever shown their presence."""

    def __init__(self) -> None:
        self.showing: set[str] = set()
        # Account -> its devices that were heard, whether each has confirmed anything; the last one heard comes last.
        self._there: dict[str, dict[str, bool]] = {}
        # Account -> from when on our presence may be shown to it again, and the pause after that.
        self._shown: dict[str, tuple[float, float]] = {}
        # Devices of who has no subscription yet, the last one heard last.
        self._early: dict[str, None] = {}

    def begin(self, showing: Collection[str]) -> None:
        """A new session: who went away meanwhile has told nobody."""
        self.showing = set(showing)
        self._there.clear()
        self._shown.clear()
        self._early.clear()

    def show(self, recipient: str, now: float) -> bool:
        """Whether our presence is to be shown to it now: at the start of a session, and while it is away at times."""
        at, pause = self._shown.get(recipient, (-math.inf, _FIRST_AGAIN_S))
        if now < at:
            return False
        self._shown[recipient] = now + pause, min(2 * pause, _LAST_AGAIN_S)
        return True

    def again_at(self, recipient: str) -> float:
        """When our presence is to be shown to it again, should it still be away."""
        return self._shown.get(recipient, (-math.inf, 0.0))[0]

    def asked(self, origin: str) -> None:
        """It has subscribed: this device, where it is one, is to be sent what comes, whichever confirmed before."""
        devices = self._there.setdefault(bare(origin), {})
        if "/" in origin:
            devices.update(dict.fromkeys(devices, False))
            self.heard(origin, confirms=True)

    def heard(self, origin: str, *, confirms: bool) -> None:
        """A device shows its presence, or sends a receipt."""
        devices = self._there.setdefault(bare(origin), {})
        confirms |= devices.pop(origin, False)
        devices[origin] = confirms
        if len(devices) > MOST_DEVICES:
            del devices[next(iter(devices))]

    def early(self, origin: str) -> None:
        """A device of somebody who has no subscription shows its presence: it may be about to subscribe."""
        self._early.pop(origin, None)
        self._early[origin] = None
        if len(self._early) > MOST_EARLY:
            del self._early[next(iter(self._early))]

    def was_early(self, origin: str) -> bool:
        """Whether this device did so, and is not forgotten yet; it is from now on."""
        return self._early.pop(origin, False) is None

    def left(self, origin: str) -> None:
        """A device is not there any more; with the last one its recipient is not."""
        devices = self._there.get(bare(origin), {})
        if devices.pop(origin, None) is not None and not devices:
            del self._there[bare(origin)]

    def there(self) -> list[str]:
        """The accounts of which a device is there."""
        return [account for account, devices in self._there.items() if devices]

    def is_away(self, recipient: str) -> bool:
        """Whether nothing that it is to confirm may be sent to it now."""
        return recipient in self.showing and recipient not in self._there

    def address(self, recipient: str) -> str:
        """Its device that subscribed or confirmed last, else the one that was heard last, else its account."""
        devices = self._there.get(recipient, {})
        best = [device for device, confirms in devices.items() if confirms] or list(devices)
        return best[-1] if best else recipient
