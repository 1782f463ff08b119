"""The file of an operation: who produces, who takes part since when, by which key; one sentence for a mistake.

A row of ``[[member]]`` is one time of one member: who comes, leaves, or gets another part has a row that ends and one
that begins. Rows of one name do not overlap, so that each day has one roll.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.config.faults import wrong
from gateway.config.tables import Address, checked, read_toml
from gateway.errors import ConfigError, reason
from gateway.operation import parts
from gateway.operation.coefficients import Coefficients, read_coefficients
from gateway.operation.keys import FixedParts, InOrder, PartsByProducer, ProRata, SharingKey
from gateway.operation.names import Label, Name, is_plain
from gateway.operation.steps import PARIS, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MOST_BYTES = 1_000_000
_Part = Annotated[str, msgspec.Meta(pattern=parts.PATTERN)]
_Group = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=10_000)]
_Order = Annotated[tuple[_Group, ...], msgspec.Meta(max_length=10_000)]

_MOST_ORDERS = 8


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What a member and a producer have in common; ``until`` is the last day."""

    name: Name
    label: Label = ""
    # Whose curve it is; without one it comes from a file.
    gateway: Address | None = None
    since: date
    until: date | None = None

    def is_on(self, day: date) -> bool:
        """Whether the row is of that day."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def shown(self) -> str:
        """As people call it."""
        return self.label or self.name


class MemberTable(_Row, frozen=True, kw_only=True):
    """``[[member]]``: one that consumes, for a time; its part of all, or of each producer."""

    # Two keys and not one of two types: msgspec frees the pattern of such a union twice.
    part: _Part | None = None
    parts: dict[str, _Part] = {}


class ProducerTable(_Row, frozen=True, kw_only=True):
    """``[[producer]]``: one that injects, for a time; with the key ``full`` whom it feeds first."""

    order: _Order = ()


class OperationTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    name: Annotated[Label, msgspec.Meta(min_length=1)]
    step: Literal["PT15M", "PT30M"] = "PT15M"
    key: Literal["static", "pro-rata", "simple", "full"] = "pro-rata"
    order: _Order = ()
    # A file of coefficients by step, from the folder of this one.
    coefficients: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    member: Annotated[tuple[MemberTable, ...], msgspec.Meta(min_length=1, max_length=10_000)]
    producer: Annotated[tuple[ProducerTable, ...], msgspec.Meta(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is in the operation on a day."""

    members: tuple[MemberTable, ...]
    producers: tuple[ProducerTable, ...]
    # None where each step has its own, of a file.
    fixed: SharingKey | None
    # How many get something by that file in some step of the day; None where it has no step of it.
    served: int | None = None

    @property
    def sharing(self) -> int:
        """How many members may get something: one without a part hides nobody among the others."""
        match self.fixed:
            case FixedParts(parts=row):
                return sum(part > 0 for part in row)
            case PartsByProducer(parts=rows):
                return sum(any(column) for column in zip(*rows, strict=True))
        return len(self.members) if self.served is None else self.served


@dataclass(frozen=True)
class Operation:
    """A file that was checked, and where it stood."""

    path: Path
    table: OperationTable
    coefficients: Coefficients | None

    @cached_property
    def members(self) -> tuple[str, ...]:
        """All that it ever had, in the order of the file."""
        return tuple(dict.fromkeys(row.name for row in self.table.member))

    @cached_property
    def producers(self) -> tuple[str, ...]:
        """The same."""
        return tuple(dict.fromkeys(row.name for row in self.table.producer))

    def roll(self, day: date) -> Roll:
        """Of that day."""
        members = tuple(row for row in self.table.member if row.is_on(day))
        producers = tuple(row for row in self.table.producer if row.is_on(day))
        if self.coefficients is None:
            return Roll(members, producers, _key(self.table, members, producers))
        pots = [row.name for row in producers] if self.table.key == "full" else [""]
        steps = steps_of(day, self.table.step)
        return Roll(members, producers, None, self.coefficients.served(steps, pots, [row.name for row in members]))

    def key(self, roll: Roll, begin: int) -> SharingKey | None:
        """How the step that begins at that POSIX second is shared out; None where its coefficients are missing."""
        if self.coefficients is None:
            return roll.fixed
        whose = [row.name for row in roll.members]
        producers = [row.name for row in roll.producers] if self.table.key == "full" else [""]
        found = self.coefficients.at(begin, producers, whose)
        if found is None:
            return None
        over, rows = found
        return PartsByProducer(over, rows) if self.table.key == "full" else FixedParts(over, rows[0])


def read_operation(path: Path) -> Operation:
    """The operation of a file. ConfigError says what is wrong in it, and where."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from error
    if size > MOST_BYTES:
        raise ConfigError(f"{path}: {size} bytes are too many for an operation; at most {MOST_BYTES}")
    table = checked(path, read_toml(path), OperationTable)
    for place, what in _faults(table):
        raise wrong(path, place, what)
    if table.coefficients is None:
        return Operation(path, table, None)
    producers = {row.name for row in table.producer} if table.key == "full" else {""}
    members = {row.name for row in table.member}
    file = path.parent / table.coefficients
    found = read_coefficients(file, table.step, producers, members)
    for column, day in _without_column(table, found):
        raise ConfigError(
            f"{file}, line 1: no column {column!r}, which takes part on {day}: add it, with empty cells where it gets"
            " nothing"
        )
    return Operation(path, table, found)


def _key(table: OperationTable, members: Sequence[MemberTable], producers: Sequence[ProducerTable]) -> SharingKey:
    place = {row.name: number for number, row in enumerate(members)}
    if table.key == "pro-rata":
        return ProRata()
    if table.key == "full" and any(row.order for row in table.producer):
        return InOrder([_places(row.order, place) for row in producers], together=False)
    if table.key == "simple":
        return InOrder([_places(table.order, place)], together=True)
    if table.key == "full":
        rows = [[_part(member, producer.name) for member in members] for producer in producers]
        over = parts.over(part for row in rows for part in row)
        return PartsByProducer(over, [_over(row, over) for row in rows])
    row = [_part(member, None) for member in members]
    return FixedParts(parts.over(row), _over(row, parts.over(row)))


def _places(order: _Order, place: dict[str, int]) -> list[list[int]]:
    """The groups of those who are there that day."""
    found = [[place[name] for name in group if name in place] for group in order]
    return [group for group in found if group]


def _part(member: MemberTable, producer: str | None) -> Fraction:
    return parts.part_of((member.part if producer is None else member.parts.get(producer)) or "0")


def _over(row: Sequence[Fraction], over: int) -> list[int]:
    return [int(part * over) for part in row]


# ---- what is wrong ----------------------------------------------------------------------------------------------


def _faults(table: OperationTable) -> Iterator[tuple[str, str]]:
    """Places and what is wrong there."""
    if not is_plain(table.name):
        yield "name", f"{table.name!a} has characters that are not seen: write it anew"
    for kind, rows in (("member", table.member), ("producer", table.producer)):
        yield from _of_rows(kind, rows)
    if both := {row.name for row in table.member} & {row.name for row in table.producer}:
        yield "producer", f"{min(both)!a} is a member too: give what it injects another name, such as {min(both)}-roof"
    yield from _of_key(table)
    yield from _of_orders(table)
    yield from _of_parts(table)


def _of_rows(kind: str, rows: Sequence[_Row]) -> Iterator[tuple[str, str]]:
    """Times that do not end, and two of one name, or of one gateway, at once."""
    for number, row in enumerate(rows):
        if not is_plain(row.label):
            yield f"{kind}[{number}].label", f"{row.label!a} has characters that are not seen: write it anew"
        if row.until is not None and row.until < row.since:
            yield f"{kind}[{number}].until", f"{row.until} is before {row.since}, when it begins"
    for field in ("name", "gateway"):
        before: dict[str, tuple[date, date | None]] = {}
        for number, row in sorted(enumerate(rows), key=lambda one: (one[1].since, one[0])):
            value = (getattr(row, field) or "").lower()
            if value and value in before:
                until = before[value][1]
                if until is None or until >= row.since:
                    end = "has no end" if until is None else f"ends on {until}"
                    yield f"{kind}[{number}].{field}", f"{value!a} is there already on {row.since}: its other row {end}"
            before[value] = (row.since, row.until)


def _of_key(table: OperationTable) -> Iterator[tuple[str, str]]:
    """What the key needs, and what it does not know."""
    orders = bool(table.order) or any(row.order for row in table.producer)
    have = [
        *(["coefficients"] if table.coefficients else []),
        *(["order"] if orders else []),
        *(["part"] if any(row.part is not None for row in table.member) else []),
        *(["parts"] if any(row.parts for row in table.member) else []),
    ]
    may = {"static": ["part"], "pro-rata": [], "simple": ["coefficients", "order"]}
    allowed = may.get(table.key, ["coefficients", "order", "parts"])
    for name in have:
        if name not in allowed:
            yield "key", f"the key {table.key} has no {name}: leave it out, or choose another key"
    if allowed and not have:
        yield "key", f"the key {table.key} needs {' or '.join(allowed)} (README of this file's form)"
    if len(have) > 1:
        yield "key", f"{' and '.join(have)} say the same twice: leave one of them out"
    if table.key == "simple" and any(row.order for row in table.producer):
        yield "key", "the key simple has one order of all, beside key, not one of each producer (that is full)"
    if table.key == "full" and table.order:
        yield "order", "the key full has an order in each [[producer]], not one of all (that is simple)"
    if sum(bool(row.order) for row in table.producer) > _MOST_ORDERS:
        yield "producer", f"at most {_MOST_ORDERS} producers have an order"


def _of_orders(table: OperationTable) -> Iterator[tuple[str, str]]:
    """Names that nobody has, twice the same, and members that are never served."""
    names = {row.name for row in table.member}
    orders = [("order", table.order)] if table.order else []
    orders += [(f"producer[{number}].order", row.order) for number, row in enumerate(table.producer) if row.order]
    served: set[str] = set()
    for place, order in orders:
        seen: set[str] = set()
        for name in (name for group in order for name in group):
            if name not in names:
                yield place, f"{name!a} is no member: no [[member]] has that name"
            if name in seen:
                yield place, f"{name!a} stands there twice"
            seen.add(name)
        served |= seen
    if orders and names - served:
        yield orders[0][0], f"{min(names - served)!a} is in no order and would get nothing: add it, last if need be"


def _of_parts(table: OperationTable) -> Iterator[tuple[str, str]]:
    """Parts that are none, of nobody, or more than all together on some day."""
    producers = {row.name for row in table.producer}
    for number, row in enumerate(table.member):
        for place, text in [("part", row.part or "0"), *((f"parts.{name}", text) for name, text in row.parts.items())]:
            try:
                parts.part_of(text)
            except ValueError as error:
                yield f"member[{number}].{place}", str(error)
        if strange := sorted(row.parts.keys() - producers):
            yield f"member[{number}].parts", f"{strange[0]!a} is no producer: no [[producer]] has that name"
        if table.key == "static" and row.part is None:
            yield f"member[{number}]", f'{row.name!a} has no part: part = "0 %" where it has none'
    if any(row.part is not None or row.parts for row in table.member):
        yield from _of_sums(table, producers if table.key == "full" else {None})


def _without_column(table: OperationTable, found: Coefficients) -> Iterator[tuple[str, date]]:
    """Columns that are not there though the file has steps of days on which they count, and the first of these days."""
    days = sorted({datetime.fromtimestamp(begin, PARIS).date() for begin in found.rows})
    for producer in table.producer if table.key == "full" else (None,):
        for member in table.member:
            rows: tuple[_Row, ...] = (member,) if producer is None else (member, producer)
            name = "" if producer is None else producer.name
            if (name, member.name) not in found.columns:
                at = bisect_left(days, max(row.since for row in rows))
                if at < len(days) and all(row.is_on(days[at]) for row in rows):
                    yield "/".join(row.name for row in reversed(rows)), days[at]


def _of_sums(table: OperationTable, producers: Iterable[str | None]) -> Iterator[tuple[str, str]]:
    """On each day the parts are 1 at most together; looked at where a member comes or leaves."""
    rows = {producer: [_part(member, producer) for member in table.member] for producer in sorted(producers, key=str)}
    try:
        # All of them: a step has one denominator.
        parts.over(part for row in rows.values() for part in row)
    except ValueError as error:
        yield "member", str(error)
        return
    for producer, row in rows.items():
        changes: dict[date, Fraction] = {}
        for member, part in zip(table.member, row, strict=True):
            changes[member.since] = changes.get(member.since, Fraction()) + part
            if member.until is not None and member.until < date.max:
                after = member.until + timedelta(days=1)
                changes[after] = changes.get(after, Fraction()) - part
        total = Fraction()
        for day in sorted(changes):
            total += changes[day]
            if total > 1:
                whose = f" of {producer}" if producer else ""
                yield "member", f"on {day} the parts{whose} are {float(100 * total):g} % together: 100 % at most"
