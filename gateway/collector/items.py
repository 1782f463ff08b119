"""What waits for its commit: a message that came, a page of history that was asked for; and whose it is."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.errors import SenMLError
from gateway.federation.wire.scope import within
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    import asyncio

    from gateway.federation.recipient.intake import ReceivedGap
    from gateway.federation.recipient.supply import SubscriptionOutcome
    from gateway.federation.wire.notice import Notice
    from gateway.senml.naming import Identifier


@dataclass(slots=True, eq=False)
class CollectedGateway:
    """A gateway that this process has: its row, its addresses, what is wanted of it and what no more, how it is asked.

    There are as many as there are homes, most of them silent: each takes about a kilobyte.
    """

    id: int
    partition: int
    jid: str
    resource: str
    wanted: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    # Of the former what it was not told yet. It has accepted all that is wanted; it numbers what it sends.
    ending: tuple[str, ...] = ()
    accepted: bool = False
    numbered: bool = False
    # Notices that were admitted; messages that wait.
    notices: int = 0
    waiting: int = 0
    # Given up: another process has it, or nobody.
    gone: bool = False
    # When it is asked next, was asked last and saw our presence last (monotonic seconds), and how it answered.
    due: float = math.inf
    asked_at: float = -math.inf
    greeted_at: float = -math.inf
    earliest: float = -math.inf
    failures: int = 0
    asking: bool = False
    again: bool = False
    # What of ``wanted`` was not accepted last, or not yet in this session.
    fresh: tuple[str, ...] = ()
    outcomes: tuple[SubscriptionOutcome, ...] = ()

    @property
    def provider(self) -> str:
        """The full JID, as it is asked."""
        return f"{self.jid}/{self.resource}"

    @property
    def scopes(self) -> dict[str, Identifier]:
        """What is or was subscribed to, as it was asked for and parsed; what cannot be is left out."""
        found = {}
        for identifier in (*self.wanted, *self.former):
            try:
                found[identifier] = parse_identifier(identifier)
            except SenMLError:
                continue
        return found

    def expects(self, parcel: QuoaliseMessage) -> bool:
        """Whether all of it lies within what is or was subscribed to."""
        scopes = self.scopes.values()
        return all(any(within(scope, r.name) for scope in scopes) for r in parcel.records)


@dataclass(frozen=True, slots=True, eq=False)
class GatewayMessage:
    """A message of a gateway: what is in it, or the sentence that says why it cannot be read."""

    source: CollectedGateway
    id: str
    origin: str
    asks_receipt: bool
    content: QuoaliseMessage | Notice | str
    # Monotonic seconds.
    came: float = field(default_factory=time.monotonic)

    @property
    def records(self) -> int:
        """What it takes of the queue."""
        return len(self.content.records) + 1 if isinstance(self.content, QuoaliseMessage) else 1


@dataclass(frozen=True, slots=True, eq=False)
class HistoryPage:
    """A page of a gateway's history; ``kept`` is told whether it was committed."""

    source: CollectedGateway
    gap: ReceivedGap
    parcel: QuoaliseMessage
    last: bool
    kept: asyncio.Future[bool]
    # Monotonic seconds.
    came: float = field(default_factory=time.monotonic)

    @property
    def records(self) -> int:
        """What it takes of the queue."""
        return len(self.parcel.records) + 1


Item = GatewayMessage | HistoryPage
