"""What an operation's organiser signs of each day: what was produced and wanted by step, in a chain for all members.

A line is canonical JSON: the day, its number, the hash of the line before, its own hash and an Ed25519 signature of it:
nobody is told another story afterwards. README.md here is the form. No member's curve is in it: ``wanted`` is the
larger of what all drew and what was produced, and in abundance it says nothing. A member's own lines are in ``own``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, TypeVar

import msgspec

from gateway.errors import JournalError
from gateway.journal.entry import canonical
from gateway.journal.key import is_signed
from gateway.operation.names import Label, is_plain
from gateway.operation.reveal import FEWEST
from gateway.operation.steps import STEPS
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.operation.days import SharedDay
    from gateway.operation.keys import Wh
    from gateway.operation.plan import Operation

T = TypeVar("T", bound=msgspec.Struct)

# Each hash begins with what it is of: none is ever taken for another's.
_TAG = b"linky-gateway operation 1\n"
_NOTHING = "0" * 64
_MOST_LINE = 1_000_000
# Of a file of such lines, the chain's and a member's.
MOST_BYTES = 64_000_000

AT_LINE = Phrase("line {number}: {what}")
CHANGED = Phrase("changed after it was signed, or signed by another key")
_CUT = Phrase("the lines before it are missing")
_GAP = Phrase("does not follow the line before it: one is missing, or was exchanged")
_STRANGE_NAME = Phrase("the operation’s name has characters that are not seen")
_TOO_LARGE = Phrase("longer, or with a figure that is larger, than whoever checks it takes")
_NO_LINE = Phrase("no line of an operation’s signed sums")

Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}$")]
_Energy = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
# A day of quarters that is 25 hours long.
Energies = Annotated[tuple[_Energy | None, ...], msgspec.Meta(max_length=100)]


class Signer(Protocol):
    """An Ed25519 key; ``public`` is 64 hexadecimal digits."""

    @property
    def public(self) -> str:
        """Its public half."""

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""


class DaySums(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day: Wh of each step from the POSIX second ``first`` on; None is unknown.

    ``wanted`` is there where the key needs it and three members or more take part. ``roll`` changes with who does.
    """

    operation: Label
    first: Annotated[int, msgspec.Meta(ge=0, le=253_370_764_800)]
    step: Literal["PT15M", "PT30M"]
    key: Literal["static", "pro-rata", "simple", "full"]
    members: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    roll: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
    produced: Energies
    wanted: Energies | None

    def begins(self) -> range:
        """The POSIX seconds of its steps."""
        step = STEPS[self.step]
        return range(self.first, self.first + len(self.produced) * step, step)


class SignedDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the chain."""

    day: DaySums
    seq: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    prev: Hash
    hash: Hash
    sig: Signature

    def own_hash(self) -> str:
        """The hash that these contents have."""
        return digest(self.seq.to_bytes(8, "big") + bytes.fromhex(self.prev), self.day)

    def line(self) -> str:
        """As it stands in a file, without its line feed."""
        return canonical(msgspec.to_builtins(self))


class Chain:
    """Lines that hold each other; ``days`` are those that are good so far.

    Args:
        key: the public key that signs, 64 hexadecimal digits.
        whole: whether it begins with the first line that there ever was.
    """

    def __init__(self, key: str, *, whole: bool = False) -> None:
        self.key, self._whole = key, whole
        self.days: list[SignedDay] = []

    @property
    def head(self) -> str:
        """The hash of the last one."""
        return self.days[-1].hash if self.days else _NOTHING

    def add(self, one: SignedDay) -> None:
        """Take the next line in. JournalError where it is not the next one, or not as it was signed."""
        if not is_plain(one.day.operation):
            raise JournalError(_STRANGE_NAME)
        if one.hash != one.own_hash() or not is_signed(self.key, bytes.fromhex(one.hash), bytes.fromhex(one.sig)):
            raise JournalError(CHANGED)
        if not self.days:
            if self._whole and (one.seq, one.prev) != (1, _NOTHING):
                raise JournalError(_CUT)
        elif (one.seq, one.prev) != (self.days[-1].seq + 1, self.head):
            raise JournalError(_GAP)
        self.days.append(one)

    def of_day(self, first: int) -> list[SignedDay]:
        """What was said of the day that begins at that POSIX second, the newest last."""
        return [one for one in self.days if one.day.first == first]


def sign(chain: Chain, day: DaySums, key: Signer) -> SignedDay:
    """The next line of a chain, added to it. JournalError, and the chain as it was, where nobody could read it."""
    seq, prev = (chain.days[-1].seq + 1 if chain.days else 1), chain.head
    found = digest(seq.to_bytes(8, "big") + bytes.fromhex(prev), day)
    one = SignedDay(day=day, seq=seq, prev=prev, hash=found, sig=key.sign(bytes.fromhex(found)).hex())
    written(one)
    chain.add(one)
    return one


def written(one: msgspec.Struct) -> str:
    """A line as it stands in a file, without its line feed. JournalError where ``decoded`` would not take it."""
    line = canonical(msgspec.to_builtins(one))
    content = line.encode()
    if len(content) > _MOST_LINE:
        raise JournalError(_TOO_LARGE)
    try:
        # What was put together here was not looked at by msgspec.
        msgspec.json.decode(content, type=type(one))
    except msgspec.MsgspecError as error:
        raise JournalError(_TOO_LARGE) from error
    return line


def sums_of(operation: Operation, shared: SharedDay) -> DaySums:
    """What is told to all of a day."""
    roll, table = shared.roll, operation.table
    produced = [_sum(step.produced) for step in shared.steps]
    wanted = None
    if table.key == "pro-rata" and roll.sharing >= FEWEST:
        drawn = [_sum(step.drawn) for step in shared.steps]
        wanted = tuple(_larger(made, used) for made, used in zip(produced, drawn, strict=True))
    # What a share depends on: a name that is written otherwise, or the last day of a row, is no other roll.
    rows = [
        *([row.name, row.part, sorted(row.parts.items())] for row in roll.members),
        *([row.name, list(row.order)] for row in roll.producers),
    ]
    return DaySums(
        operation=table.name,
        first=shared.steps[0].begin,
        step=table.step,
        key=table.key,
        members=roll.sharing,
        roll=hashlib.sha256(_TAG + canonical([table.key, list(table.order), rows]).encode()).hexdigest()[:16],
        produced=tuple(produced),
        wanted=wanted,
    )


def digest(before: bytes, what: msgspec.Struct) -> str:
    """SHA-256(TAG ‖ before ‖ canonical JSON), hexadecimal."""
    return hashlib.sha256(_TAG + before + canonical(msgspec.to_builtins(what)).encode()).hexdigest()


def decoded(line: bytes, kind: type[T]) -> T:
    """A line of that kind. JournalError where it is none, byte for byte as it is written."""
    if len(line) > _MOST_LINE:
        raise JournalError(_NO_LINE)
    try:
        found = msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise JournalError(_NO_LINE) from error
    if canonical(msgspec.to_builtins(found)).encode() != line.rstrip(b"\n"):
        raise JournalError(_NO_LINE)
    return found


def read_chain(lines: Iterable[bytes], key: str) -> Chain:
    """A chain from its first line on. JournalError says which line is wrong."""
    chain = Chain(key, whole=True)
    for number, line in enumerate(lines, 1):
        try:
            chain.add(decoded(line, SignedDay))
        except JournalError as error:
            raise JournalError(AT_LINE.filled(number=number, what=error.phrase)) from error
    return chain


def _sum(values: Sequence[Wh]) -> Wh:
    return None if None in values else sum(value for value in values if value is not None)


def _larger(made: Wh, used: Wh) -> Wh:
    # Where nothing is made nothing is shared, and nobody's night is told.
    if made == 0:
        return 0
    return None if made is None or used is None else max(made, used)
