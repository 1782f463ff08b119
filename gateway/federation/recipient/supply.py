"""What the gateway receives, as values: what is wanted of which provider, and how each subscription stands."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.federation.wire.scope import within
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from gateway.federation.wire.sen1 import ProxySeries


class Standing(enum.Enum):
    """How one subscription stands."""

    ASKING = "asking"
    SUBSCRIBED = "subscribed"
    REFUSED = "refused"
    ABSENT = "absent"
    BUSY = "busy"
    NONSENSE = "nonsense"


@dataclass(frozen=True, slots=True)
class SubscriptionOutcome:
    """How a subscription stands, and the provider's sentence where there is one."""

    standing: Standing
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SupplyRequest:
    """One ``[[received]]``: its name, the provider's full JID, what to subscribe to, and from how many days back.

    ``message``: the provider is a proxy of 2019, which sends this series by itself; it is called ``identifier`` here.
    """

    name: str
    provider: str
    identifier: str
    history_days: int
    message: ProxySeries | None = None

    @property
    def sender(self) -> str:
        """The provider's bare JID, as messages come from it."""
        return self.provider.partition("/")[0]

    def covers(self, provider: str, *names: str) -> bool:
        """Whether a provider's series, by any of its names, is one of these."""
        scope = parse_identifier(self.identifier)
        return provider == self.sender and any(within(scope, name) for name in names)


@dataclass(frozen=True, slots=True)
class Supply:
    """How one ``[[received]]`` stands: the subscription, and the time of its newest point (POSIX seconds)."""

    name: str
    outcome: SubscriptionOutcome
    last_time: float | None
