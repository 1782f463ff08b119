"""Who may speak, and how much: a token bucket for each address, each domain, and for all strangers together.

Asked before a stanza is looked into and before the store is: what is too much costs a look-up and is gone, with one
answer a minute. The tables are bounded; the oldest entry makes room. Whom the household knows has a bucket of its own
that no stranger empties.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from gateway.federation.connection.parser import MOST_OF_A_STRANGER, MOST_PARTS

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")

# Between two answers to the same address that it is too much.
SILENCE_S = 60.0


class SenderVerdict(Enum):
    """What becomes of a stanza: taken in, refused with an answer, or dropped without a word."""

    ADMIT = "admit"
    REFUSE = "refuse"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """So many at once, and so many a second from then on."""

    burst: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The buckets' sizes and the tables' lengths; ``parts`` is how long a stranger's stanza may be.

    A stranger needs a handful of commands to find out that it needs a consent. Whom the household knows pages through
    years of history; the receipts of what it was sent are counted apart (``Doorkeeper.expect``).
    """

    known: TokenBucket = TokenBucket(300, 5)
    stranger: TokenBucket = TokenBucket(20, 0.2)
    domain: TokenBucket = TokenBucket(60, 1)
    strangers: TokenBucket = TokenBucket(200, 5)
    refusals: TokenBucket = TokenBucket(20, 0.5)
    parts: int = MOST_OF_A_STRANGER
    addresses: int = 1000
    domains: int = 200


# Who receives asked for what comes, and its receipts say how fast more may: whom it knows it never turns away. It tells
# nobody that it is too much: a message that another program of the account takes as well would seem to be returned.
RECIPIENT = Limits(known=TokenBucket(math.inf, math.inf), refusals=TokenBucket(0, 0))


class _Bucket:
    """Tokens that come back with time."""

    __slots__ = ("at", "level", "refused")

    def __init__(self, rate: TokenBucket, now: float) -> None:
        self.level, self.at = rate.burst, now
        self.refused = now - SILENCE_S

    def take(self, rate: TokenBucket, now: float) -> bool:
        """One token, if there is one."""
        if self.level < rate.burst:
            self.level = min(rate.burst, self.level + (now - self.at) * rate.per_s)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class SenderLimits:
    """Judges every stanza by its sender alone.

    Args:
        known: whether the household has to do with this bare JID (a consent, its own address, a source it asked).
        limits: the buckets.
        clock: monotonic seconds.
    """

    def __init__(
        self, known: Callable[[str], bool], limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._known, self._limits, self._clock = known, limits or Limits(), clock
        self._addresses: OrderedDict[tuple[str, bool], _Bucket] = OrderedDict()
        self._domains: OrderedDict[str, _Bucket] = OrderedDict()
        self._strangers = _Bucket(self._limits.strangers, clock())
        self._refusals = _Bucket(self._limits.refusals, clock())
        # What was not let in, since this began.
        self.turned_away = 0

    def judge(self, bare: str) -> SenderVerdict:
        """What becomes of the next stanza of a bare JID (or of a domain)."""
        now, limits = self._clock(), self._limits
        known = self._known(bare)
        own = limits.known if known else limits.stranger
        # Its own bucket first: what is above it takes nothing from its neighbours. Known and unknown have one each, so
        # that what a stranger used up does not follow it into a consent.
        bucket = _entry(self._addresses, (bare, known), limits.addresses, own, now)
        if bucket.take(own, now) and (known or self._take_as_stranger(bare, now)):
            return SenderVerdict.ADMIT
        self.turned_away += 1
        if now - bucket.refused >= SILENCE_S and self._refusals.take(limits.refusals, now):
            bucket.refused = now
            return SenderVerdict.REFUSE
        return SenderVerdict.DROP

    def most_parts(self, bare: str) -> int:
        """How many elements and attributes a stanza of a bare JID (or of a domain) may have."""
        return MOST_PARTS if self._known(bare) else self._limits.parts

    def expect(self, bare: str) -> None:
        """Something was sent there that is answered: a receipt or a bounce, and perhaps both, cost it nothing."""
        known = self._known(bare)
        own = self._limits.known if known else self._limits.stranger
        bucket = _entry(self._addresses, (bare, known), self._limits.addresses, own, self._clock())
        # The burst bounds what time brings, not what is owed; but what never comes is not owed for ever.
        bucket.level = min(bucket.level + 2, own.burst * 2)

    def _take_as_stranger(self, bare: str, now: float) -> bool:
        limits = self._limits
        domain = bare.rpartition("@")[2]
        bucket = _entry(self._domains, domain, limits.domains, limits.domain, now)
        return bucket.take(limits.domain, now) and self._strangers.take(limits.strangers, now)


def _entry(table: OrderedDict[K, _Bucket], key: K, most: int, rate: TokenBucket, now: float) -> _Bucket:
    bucket = table.get(key)
    if bucket is None:
        bucket = table[key] = _Bucket(rate, now)
        if len(table) > most:
            table.popitem(last=False)
    else:
        table.move_to_end(key)
    return bucket
