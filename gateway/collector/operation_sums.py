"""The signed sums of an operation: a chain of days in one file, and of it a file for each member.

What was signed is never signed otherwise: a day whose figures changed since gets another line, at the end. The key is
that of the invitations, whose fingerprint the members know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, JournalError, StoreError
from gateway.operation.curves import joined
from gateway.operation.days import share_day
from gateway.operation.keys import InOrder
from gateway.operation.own import MemberHead, own_days
from gateway.operation.reveal import FEW, FEWEST
from gateway.operation.steps import days_of
from gateway.operation.sums import Chain, read_chain, sign, sums_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date
    from pathlib import Path

    from gateway.collector.config import CollectorConfig
    from gateway.operation.curves import Curves
    from gateway.operation.own import SignedOwnDay
    from gateway.operation.plan import Operation
    from gateway.operation.sums import Signer

_MOST_BYTES = 64_000_000
# What stands in the purpose that a household reads before it agrees.
REVEALED = {
    "fr": "Peu de participants : à plusieurs, ils peuvent déduire ce que consomme un autre.",
    "en": "Few members: some of them together can work out what another uses.",
}


@dataclass(slots=True)
class SignedMonth:
    """The chain with a month's days, and each member's own lines by the hash of the day's line."""

    chain: Chain
    added: int = 0
    first: int = 0
    own: dict[str, dict[str, SignedOwnDay]] = field(default_factory=dict)

    def file_of(self, member: str) -> str:
        """A member's file: the chain since the month's first line, with its own lines."""
        lines = [MemberHead(member=member, key=self.chain.key).line()]
        for one in self.chain.days[self.first :]:
            lines.append(one.line())
            if one.hash in self.own[member]:
                lines.append(self.own[member][one.hash].line())
        return "\n".join(lines) + "\n"

    def chain_file(self) -> str:
        """The whole chain."""
        return "".join(f"{one.line()}\n" for one in self.chain.days)


def check_said(operation: Operation, month: date, config: CollectorConfig) -> None:
    """ConfigError where sums of few members would be given that nobody was told of before it agreed."""
    rolls = [operation.roll(day) for day in days_of(month)]
    # Served in order, a member learns from its own part how far those before it were.
    told = [roll for roll in rolls if operation.table.key == "pro-rata" or isinstance(roll.fixed, InOrder)]
    few = [count for roll in told if FEWEST <= (count := roll.sharing) < FEW]
    purpose = config.access.purpose if config.access else ""
    if few and not any(sentence in purpose for sentence in REVEALED.values()):
        raise ConfigError(
            f"{operation.path}: {min(few)} members: what sums of less than {FEW} tell is said before a yes; put this"
            f" into purpose of [access], and ask those again who agreed without it:"
            f" {REVEALED['fr']} (or: {REVEALED['en']})"
        )


def read_signed(path: Path, key: Signer) -> Chain:
    """The chain so far; an empty one where there is no file. StoreError where it is not as it was signed."""
    try:
        with path.open("rb") as stream:
            return read_chain(stream.read(_MOST_BYTES).splitlines(), key.public)
    except FileNotFoundError:
        return Chain(key.public, whole=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except JournalError as error:
        raise StoreError(f"{path}: {error}: bring the last copy of it back; members hold what follows it") from error


async def sign_month(
    operation: Operation,
    month: date,
    curves: Callable[[date], Awaitable[Curves]],
    others: Curves,
    chain: Chain,
    key: Signer,
) -> SignedMonth:
    """Sign the days of a month that are not signed yet, or came to something else since."""
    signed = SignedMonth(chain)
    used: list[int] = []
    for day in days_of(month):
        shared = share_day(operation, day, joined(others, await curves(day)))
        if not shared.roll.members or not shared.roll.producers:
            continue
        sums = sums_of(operation, shared)
        line = chain.newest(sums.first)
        if line and line.day.wanted and sums.wanted and line.day.roll != sums.roll:
            raise ConfigError(
                f"{operation.path}: the sums of {day} are signed of other members: with those of now they would tell"
                " the curve of whoever came or went; let the change begin on a day that is not signed"
            )
        if line is None or line.day != sums:
            line = sign(chain, sums, key)
            signed.added += 1
        used.append(line.seq)
        for name, own in own_days(operation, shared, line, key).items():
            signed.own.setdefault(name, {})[line.hash] = own
        for row in shared.roll.members:
            signed.own.setdefault(row.name, {})
    if not used:
        raise ConfigError(f"{operation.path}: no member or no producer in {month:%Y-%m}: look at from and until")
    signed.first = min(used) - 1
    return signed
