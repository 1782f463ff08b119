"""The links of what a house receives; apart, since few houses receive anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.federation.recipient.supply import Standing
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from gateway.federation.recipient.supply import Supply

_STANDINGS = {
    Standing.ASKING: (WAITING, Phrase("not asked yet")),
    Standing.SUBSCRIBED: (OK, Phrase("subscribed")),
    # Its household has not said yes, or not any more: nothing is broken.
    Standing.REFUSED: (WAITING, Phrase("the provider refuses")),
    Standing.ABSENT: (BROKEN, Phrase("the provider does not answer")),
    # It has too much to do for the moment, and says so: nothing is broken.
    Standing.BUSY: (WAITING, Phrase("the provider cannot answer for the moment")),
    Standing.NONSENSE: (BROKEN, Phrase("the provider's answer cannot be used")),
}


def provider_link(supply: Supply, now: float) -> Link:
    """One source of received series; ``now`` is POSIX seconds, the age that of its newest point."""
    age = None if supply.last_time is None else max(0.0, now - supply.last_time)
    state, words = _STANDINGS[supply.outcome.standing]
    said = supply.outcome.detail
    reason = Phrase(": {said}").filled(said=said) if said else NOTHING
    return Link(LinkKind.PROVIDER, supply.name, state, age, words + reason)
