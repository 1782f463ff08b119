"""What waits for its commit: a message that came, a page of history that was asked for; and whose it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.federation.wire.scope import within
from gateway.federation.wire.stanza import QuoaliseMessage

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gateway.federation.recipient.intake import ReceivedGap
    from gateway.federation.wire.notice import Notice
    from gateway.senml.naming import Identifier


@dataclass(slots=True, eq=False)
class CollectedGateway:
    """A gateway that this process has: its row, its addresses, and what is or was subscribed to with it."""

    id: int
    jid: str
    resource: str
    scopes: dict[str, Identifier] = field(default_factory=dict)
    # Notices that were admitted; messages that wait; whether one was left because there was no room.
    notices: int = 0
    waiting: int = 0
    missed: bool = False
    # Given up: another process has it, or nobody.
    gone: bool = False
    ask_again: Callable[[], None] = lambda: None

    @property
    def provider(self) -> str:
        """The full JID, as it is asked."""
        return f"{self.jid}/{self.resource}"

    def expects(self, parcel: QuoaliseMessage) -> bool:
        """Whether all of it lies within what is or was subscribed to."""
        return all(any(within(scope, r.name) for scope in self.scopes.values()) for r in parcel.records)


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
