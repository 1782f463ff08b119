"""The signed sums of an operation: a chain of days in one file, and of it a file for each member.

What was signed is never signed otherwise: a day whose figures changed since gets another line, at the end, unless both
would tell by how much one or two homes were corrected. The key is that of the invitations: members know its letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, JournalError, StoreError
from gateway.operation.days import share_day
from gateway.operation.keys import InOrder
from gateway.operation.own import MOST_LINES, TOO_LONG, MemberHead, own_days
from gateway.operation.reveal import FEW, FEWEST
from gateway.operation.steps import days_of
from gateway.operation.sums import MOST_BYTES, Chain, read_chain, sign, sums_of, written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig
    from gateway.collector.operation_before import GivenBefore
    from gateway.operation.curves import Curves
    from gateway.operation.days import SharedDay
    from gateway.operation.plan import Operation, Roll
    from gateway.operation.sums import DaySums, SignedDay, Signer

# Any number that nobody else uses in this database (pg_try_advisory_xact_lock).
_LOCK = 0x4C494E54
_OR_SIGN = ", or sign the correction (--tell-corrections)"
# What stands in the purpose that a household reads before it agrees.
REVEALED = {
    "fr": "Peu de participants : à plusieurs, ils peuvent déduire ce que consomme un autre.",
    "en": "Few members: some of them together can work out what another uses.",
}
REVEALED_IN_ORDER = {
    "fr": "Servis dans un ordre : qui vient après peut déduire ce que consomment ceux d’avant.",
    "en": "Served in an order: who comes after can work out what those before use.",
}


@dataclass(slots=True)
class SignedMonth:
    """The chain with a month's days, and each member's own lines as they are written, by the hash of the day's."""

    chain: Chain
    added: int = 0
    first: int = 0
    # Days that stay as they were signed, as what one or two homes drew was corrected; and which.
    left: dict[date, list[str]] = field(default_factory=dict)
    # Days that stay as they were signed, as it is past its retention what they were reckoned from.
    past: list[date] = field(default_factory=list)
    own: dict[str, dict[str, str]] = field(default_factory=dict)

    def files(self) -> Iterator[tuple[str | None, str]]:
        """The whole chain, of nobody, then each member's file: the chain since the month's first line, and its own.

        JournalError before the first of them where one is longer than whoever reads it takes.
        """
        lines = [one.line() for one in self.chain.days]
        since = lines[self.first :]
        size = sum(map(_size, since))
        for own in self.own.values():
            _check(size + sum(map(_size, own.values())), 1 + len(since) + len(own))
        _check(sum(map(_size, lines)), 0)
        yield None, "".join(f"{line}\n" for line in lines)
        hashes = [one.hash for one in self.chain.days[self.first :]]
        for member, own in self.own.items():
            rows = [MemberHead(member=member, key=self.chain.key).line()]
            for line, one in zip(since, hashes, strict=True):
                rows += [line, own[one]] if one in own else [line]
            yield member, "\n".join(rows) + "\n"


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _check(size: int, lines: int) -> None:
    # A member's first line is longer than none and shorter than this.
    if size + 1_000 > MOST_BYTES:
        raise JournalError(f"more than {MOST_BYTES:,} bytes")
    if lines > MOST_LINES:
        raise JournalError(TOO_LONG.filled(most=MOST_LINES))


def unsaid(operation: Operation, rolls: Iterable[Roll], config: CollectorConfig) -> str | None:
    """What sums of these rolls tell of few homes without that they read it before they agreed: what to do about it."""
    purpose = config.access.purpose if config.access else ""
    for roll in rolls:
        told, count = REVEALED, roll.sharing
        if isinstance(roll.fixed, InOrder):
            # However many come after: their own parts tell how far the first groups were served.
            told = REVEALED_IN_ORDER
            count = min([count, *(len(order[0]) for order in roll.fixed.orders if len(order) > 1)])
        elif operation.table.key != "pro-rata":
            continue
        if roll.sharing >= FEWEST and count < FEW and not any(sentence in purpose for sentence in told.values()):
            return (
                f"the sums tell a good deal of {count} home{'s' * (count > 1)}: under {FEW} that is said before a yes;"
                " put this into purpose of [access], and ask those again who agreed without it:"
                f" {told['fr']} (or: {told['en']})"
            )
    return None


def check_said(operation: Operation, month: date, config: CollectorConfig) -> None:
    """ConfigError where sums of few members would be given that nobody was told of before it agreed."""
    if sentence := unsaid(operation, map(operation.roll, days_of(month)), config):
        raise ConfigError(f"{operation.path}: {sentence}")


async def alone(db: AsyncConnection, account: str, operation: Operation, chain: Path) -> None:
    """Let nobody else sign sums of this operation, or go on with this chain, until the transaction ends.

    StoreError where somebody does.
    """
    name = operation.table.name
    for whose, what in ((f"{account} {name}", f"the sums of {name}"), (f"{chain.resolve()}", f"into {chain}")):
        row = await (await db.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, whose])).fetchone()
        if not row or not row[0]:
            raise StoreError(f"{operation.path}: another process is just signing {what}: wait until it is done")


def read_signed(path: Path, key: Signer) -> Chain:
    """The chain so far; an empty one where there is no file. StoreError where it is not as it was signed."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise StoreError(f"{path}: longer than {MOST_BYTES:,} bytes: let another chain begin, in another folder")
        return read_chain(content.splitlines(), key.public)
    except FileNotFoundError:
        return Chain(key.public, whole=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except JournalError as error:
        raise StoreError(f"{path}: {error}: bring the last copy of it back; members hold what follows it") from error


@dataclass(frozen=True, slots=True)
class MonthSigner:
    """Signs the days of a month that are not signed yet, or came to something else since.

    Args:
        operation: whose they are.
        chain: it goes on with them.
        key: that of the chain.
        given: what members hold of the month.
        kept: the POSIX second before which readings may be past their retention.
        tells: whether a day is signed anew too of which one or two curves were corrected.
    """

    operation: Operation
    chain: Chain
    key: Signer
    given: GivenBefore
    kept: int = 0
    tells: bool = False

    async def month(self, month: date, curves: Callable[[date], Awaitable[Curves]]) -> SignedMonth:
        """Its days; ``curves`` gives those of one. ConfigError, StoreError: nothing is to be written."""
        signed = SignedMonth(self.chain)
        used: list[int] = []
        for day in days_of(month):
            shared = share_day(self.operation, day, await curves(day))
            if shared.roll.members and shared.roll.producers:
                for row in shared.roll.members:
                    signed.own.setdefault(row.name, {})
                try:
                    used += self._day(signed, shared)
                except JournalError as error:
                    raise StoreError(
                        f"{self.operation.path}: the sums of {day}: {error}; nothing was written"
                    ) from error
        if not used:
            raise ConfigError(
                f"{self.operation.path}: no member or no producer in {month:%Y-%m}: look at from and until"
            )
        signed.first = min(used) - 1
        return signed

    def _day(self, signed: SignedMonth, shared: SharedDay) -> list[int]:
        """The numbers of its lines."""
        sums, members = sums_of(self.operation, shared), [row.name for row in shared.roll.members]
        lines = self.chain.of_day(sums.first)
        for line in lines:
            for name in members:
                if own := self.given.line(name, line.hash):
                    signed.own[name][line.hash] = own
        if lines and self._is_past(lines[-1], sums, shared):
            signed.past.append(shared.day)
            if lines[-1].day.members >= FEWEST and lines[-1].day.roll == sums.roll:
                self.given.lines_of(lines[-1], members)
            return [line.seq for line in lines]
        told = self._told_of(lines, sums, shared)
        if told is not None and not self.tells:
            signed.left[shared.day] = sorted(told)
            for name, own in self.given.lines_of(lines[-1], members, _OR_SIGN).items():
                signed.own[name][lines[-1].hash] = own
            return [line.seq for line in lines]
        own_lines = self._own(shared, lines[-1]) if lines and lines[-1].day == sums else {}
        # In an order of groups, and in abundance, what is told to one changes where the sums do not.
        if not lines or lines[-1].day != sums or self._is_otherwise(own_lines, lines[-1]):
            lines.append(sign(self.chain, sums, self.key))
            signed.added += 1
            own_lines = self._own(shared, lines[-1])
        for name, own in own_lines.items():
            signed.own[name][lines[-1].hash] = own
        return [line.seq for line in lines]

    def _own(self, shared: SharedDay, line: SignedDay) -> dict[str, str]:
        """What each member gets beside a line, as it is written."""
        return {name: written(one) for name, one in own_days(self.operation, shared, line, self.key).items()}

    def _is_otherwise(self, own: Mapping[str, str], line: SignedDay) -> bool:
        """Whether some member was given something else beside that line."""
        return any(self.given.line(name, line.hash) not in (None, text) for name, text in own.items())

    def _is_past(self, line: SignedDay, sums: DaySums, shared: SharedDay) -> bool:
        """Whether what was known of a day is not any more, as readings are past their retention, or all are gone."""
        known = any(wh is not None for step in shared.steps for wh in (*step.produced, *step.drawn))
        if known and sums.first >= self.kept:
            return False
        if _forgets(line.day.produced, sums.produced) or _forgets(line.day.wanted or (), sums.wanted or ()):
            return True
        drew = self.given.drawn([row.name for row in shared.roll.members], line.hash)
        return any(_forgets(was, [step.drawn[home] for step in shared.steps]) for home, was in drew.items())

    def _told_of(self, lines: Sequence[SignedDay], sums: DaySums, shared: SharedDay) -> set[str] | None:
        """Of whom it would tell to sign a day anew; None where of none. ConfigError where it is signed of others."""
        in_order = isinstance(shared.roll.fixed, InOrder) and sums.members >= FEWEST
        if not in_order and sums.wanted is None:
            return None
        told = [
            line
            for line in lines
            if line.day.members >= FEWEST and (line.day.key, line.day.step) == (sums.key, sums.step)
        ]
        if any(line.day.roll != sums.roll for line in told):
            raise ConfigError(
                f"{self.operation.path}: the sums of {shared.day} are signed of other members, or parts: with those of"
                " now they would tell the curve of whoever came or went; let the change begin on a day that is not"
                " signed"
            )
        found = [self.given.exposed_by(line, sums, shared) for line in told]
        few = [one for one in found if one is not None]
        return set().union(*few) if few else None


def _forgets(before: Sequence[int | None], now: Sequence[int | None]) -> bool:
    """Whether something that was known is unknown now."""
    return any(was is not None and one is None for was, one in zip(before, now, strict=False))
