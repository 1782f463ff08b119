"""When a relay is closed: what it follows, shedding at an overload, least times, and open whenever nobody knows.

No I/O and no clock. Open is the safe side: without a live frame of the last ten seconds, at an overload where the relay
sheds, and at the end of the program it opens at once, whatever the least times say. Closing always waits for them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from gateway.display.lamps import FOR_EVER

if TYPE_CHECKING:
    from gateway.display.config import RelayTable
    from gateway.display.pins import Output
    from gateway.display.state import DisplayedMoment

log = logging.getLogger(__name__)


class RelayDecision(NamedTuple):
    """Whether the relay should be closed, why, and whether that bears no delay."""

    closed: bool
    why: str
    at_once: bool = False


def decide(relay: RelayTable, view: DisplayedMoment, *, closed: bool) -> RelayDecision:
    """What a relay should be now; ``closed``: what it is."""
    frame = view.frame
    if frame is None or not view.live:
        return RelayDecision(closed=False, why="no frame for 10 s", at_once=True)
    if relay.shed and frame.overload:
        return RelayDecision(closed=False, why="overload", at_once=True)
    if relay.follows == "off-peak":
        off_peak = frame.tariff_kind == "off-peak"
        return RelayDecision(off_peak, "off-peak hours" if off_peak else "other hours")
    if relay.follows == "injection":
        # Between the two thresholds it stays as it is.
        enough = (frame.injected_va or 0) >= (relay.open_below_va if closed else relay.close_above_va)
        return RelayDecision(enough, "injection" if enough else "too little injection")
    if relay.contact is not None:
        return _as_contact(relay.contact, view)
    return RelayDecision(closed=True, why="no overload")


def _as_contact(contact: int, view: DisplayedMoment) -> RelayDecision:
    if view.contacts is None:
        return RelayDecision(closed=False, why="the meter does not say its contacts", at_once=True)
    says = view.contacts[contact - 1]
    return RelayDecision(says, f"the meter's contact {contact} is {'closed' if says else 'open'}")


class RelaySwitch:
    """One relay: opens and closes its contact as it should, no more often than allowed, and logs each switching."""

    def __init__(self, relay: RelayTable, contact: Output, now: float) -> None:
        self._relay, self._contact = relay, contact
        self.closed = False
        # What was before nobody knows: a compressor that a restart of the program has just stopped gets its pause.
        self._since = now
        contact.set(closed=False)

    def update(self, view: DisplayedMoment, now: float) -> float:
        """Switch if it is due; when to be called again."""
        should = decide(self._relay, view, closed=self.closed)
        if should.closed == self.closed:
            return FOR_EVER
        least_s = self._relay.min_on_s if self.closed else self._relay.min_off_s
        if not should.at_once and now < self._since + least_s:
            return self._since + least_s
        lasted = now - self._since
        self.closed, self._since = should.closed, now
        self._contact.set(closed=should.closed)
        doing = "closes" if should.closed else "opens"
        log.info("relay %s %s: %s (it was %s for %.0f s)", self._relay.name, doing, should.why, _was(should), lasted)
        return FOR_EVER


def _was(should: RelayDecision) -> str:
    return "open" if should.closed else "closed"
