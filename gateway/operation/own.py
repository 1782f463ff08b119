"""What one member gets of each day beside the sums: what was counted of it, and its share; for it alone, signed too.

A file of a member is a first line (who, by which key), then for each day a line of the chain and, where the member was
in it, one of its own. With keys by coefficients its parts stand there too: without them it could not reckon.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import JournalError
from gateway.journal.entry import canonical
from gateway.journal.key import is_signed
from gateway.operation.keys import FixedParts, InOrder, PartsByProducer
from gateway.operation.names import Name  # noqa: TC001 (msgspec reads it)
from gateway.operation.reveal import FEWEST
from gateway.operation.sums import AT_LINE, CHANGED, Chain, Energies, Hash, Signature, SignedDay, decoded, digest
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.operation.days import SharedDay
    from gateway.operation.keys import SharingKey
    from gateway.operation.plan import Operation
    from gateway.operation.sums import Signer

MOST_LINES = 20_000

_STRANGE = Phrase("of another day, or of another member")
_NO_HEAD = Phrase("the first line does not say who signs: this is no file of an operation")
TOO_LONG = Phrase("more than {most} lines")

_Fraction = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,2000}/[1-9][0-9]{0,1999}$")]
# Thousandths of a Wh.
_Fine = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
_Parts = Annotated[tuple[_Fraction | None, ...], msgspec.Meta(max_length=100)]


class MemberHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line of a member's file."""

    member: Name
    key: Hash

    def line(self) -> str:
        """As it stands in a file, without its line feed."""
        return canonical(msgspec.to_builtins(self))


class OwnDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day of one member: by step what it drew (Wh), and its share (thousandths of a Wh); None is unknown.

    ``of`` is the hash of the day's line. ``parts`` are of all production, or of each producer of ``made`` (Wh).
    """

    member: Name
    of: Hash
    drawn: Energies
    share: Annotated[tuple[_Fine | None, ...], msgspec.Meta(max_length=100)]
    parts: Annotated[tuple[_Parts, ...], msgspec.Meta(max_length=100)] = ()
    made: Annotated[tuple[Energies, ...], msgspec.Meta(max_length=100)] = ()


class SignedOwnDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, signed."""

    own: OwnDay
    sig: Signature

    def line(self) -> str:
        """As it stands in a file, without its line feed."""
        return canonical(msgspec.to_builtins(self))


@dataclass(slots=True)
class MemberFile:
    """A file that was checked: every line is as the key signed it, and in its place."""

    head: MemberHead
    chain: Chain
    # By the hash of the line of the chain.
    own: dict[str, OwnDay] = field(default_factory=dict)

    def days(self) -> Iterator[tuple[SignedDay, OwnDay | None]]:
        """The newest line of each day, in the order of days, with the member's own."""
        newest = {one.day.first: one for one in self.chain.days}
        for first in sorted(newest):
            yield newest[first], self.own.get(newest[first].hash)


def own_days(operation: Operation, shared: SharedDay, line: SignedDay, key: Signer) -> dict[str, SignedOwnDay]:
    """What each member gets of a day; none where less than three take part: a share would be a neighbour's curve."""
    members = shared.roll.members
    if shared.roll.sharing < FEWEST:
        return {}
    parts = _Parted(operation, shared)
    found = {}
    for place, row in enumerate(members):
        drawn = tuple(step.drawn[place] for step in shared.steps)
        share = tuple(fine(step.split.shares[place], step.split.over) for step in shared.steps)
        of_it, made = parts.of(place)
        day = OwnDay(member=row.name, of=line.hash, drawn=drawn, share=share, parts=of_it, made=made)
        found[row.name] = SignedOwnDay(own=day, sig=key.sign(bytes.fromhex(digest(b"", day))).hex())
    return found


def fine(share: int | None, over: int) -> int | None:
    """Wh × ``over`` in whole thousandths, the nearest, a half up."""
    return None if share is None else (2000 * share + over) // (2 * over)


class _Parted:
    """The parts that a key by coefficients gives to members, step by step."""

    def __init__(self, operation: Operation, shared: SharedDay) -> None:
        self._kind = operation.table.key
        self._made = tuple(zip(*(step.produced for step in shared.steps), strict=True))
        self._steps: list[Sequence[Sequence[Fraction | None]] | None] = []
        if self._kind != "pro-rata":
            for step in shared.steps:
                key = operation.key(shared.roll, step.begin)
                self._steps.append(None if key is None else _parts(key, step.produced, step.drawn))

    def of(self, place: int) -> tuple[tuple[tuple[str | None, ...], ...], tuple[tuple[int | None, ...], ...]]:
        """One member's, by pot; and what each pot holds where there are several."""
        if self._kind == "pro-rata":
            return (), ()
        pots = len(self._made) if self._kind == "full" else 1
        rows = tuple(
            tuple(_written(None if step is None else step[pot][place]) for step in self._steps) for pot in range(pots)
        )
        # What a producer injected is told to whom it feeds in that step alone: it may be a neighbour's roof.
        made = (
            tuple(wh if is_fed(part) else None for wh, part in zip(one, row, strict=True))
            for one, row in zip(self._made, rows, strict=False)
        )
        return rows, (tuple(made) if self._kind == "full" else ())


def _parts(
    key: SharingKey, produced: Sequence[int | None], drawn: Sequence[int | None]
) -> Sequence[Sequence[Fraction | None]]:
    if isinstance(key, FixedParts):
        return [[Fraction(part, key.over) for part in key.parts]]
    if isinstance(key, PartsByProducer):
        return [[Fraction(part, key.over) for part in row] for row in key.parts]
    if isinstance(key, InOrder):
        return key.parts(produced, drawn)
    raise TypeError(key)


def is_fed(part: str | None) -> bool:
    """Whether a part, as a file has it, is known and is something."""
    return part is not None and not part.startswith("0/")


def _written(part: Fraction | None) -> str | None:
    return None if part is None else f"{part.numerator}/{part.denominator}"


def read_member(lines: Iterable[bytes]) -> MemberFile:
    """A member's file. JournalError says which line is wrong, and how."""
    rest = iter(lines)
    try:
        head = decoded(next(rest, b""), MemberHead)
    except JournalError as error:
        raise JournalError(_NO_HEAD) from error
    found = MemberFile(head, Chain(head.key))
    for number, line in enumerate(rest, 2):
        try:
            _take(found, line, number)
        except JournalError as error:
            raise JournalError(AT_LINE.filled(number=number, what=error.phrase)) from error
    return found


def _take(found: MemberFile, line: bytes, number: int) -> None:
    if number > MOST_LINES:
        raise JournalError(TOO_LONG.filled(most=MOST_LINES))
    if line.startswith(b'{"day"'):
        found.chain.add(decoded(line, SignedDay))
        return
    one = decoded(line, SignedOwnDay)
    if not is_signed(found.head.key, bytes.fromhex(digest(b"", one.own)), bytes.fromhex(one.sig)):
        raise JournalError(CHANGED)
    steps = len(found.chain.days[-1].day.produced) if found.chain.days else 0
    rows = (one.own.drawn, one.own.share, *one.own.parts, *one.own.made)
    if one.own.of != found.chain.head or one.own.member != found.head.member or any(len(row) != steps for row in rows):
        raise JournalError(_STRANGE)
    found.own[one.own.of] = one.own
