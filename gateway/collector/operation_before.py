"""What members were given before of a month: their own lines, from the files that lie where they were written.

Sums of one day that are signed twice tell by how much they differ; where one or two homes were corrected meanwhile that
is their curves. By what members hold it is known how many were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.errors import ConfigError, JournalError, StoreError
from gateway.operation.keys import InOrder
from gateway.operation.own import SignedOwnDay, read_member
from gateway.operation.reveal import FEWEST
from gateway.operation.sums import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from gateway.operation.days import SharedDay
    from gateway.operation.sums import DaySums, SignedDay


class GivenBefore:
    """The members' files of a month, each read once, when it is asked for.

    Args:
        stem: their path without the member's name.
        key: the public key that signed them.
    """

    def __init__(self, stem: Path, key: str) -> None:
        self._stem, self._key = stem, key
        self._lines: dict[str, dict[str, str]] = {}

    def path_of(self, member: str) -> Path:
        """Where a member's file lies."""
        return self._stem.with_name(f"{self._stem.name}-{member}.jsonl")

    def line(self, member: str, of: str) -> str | None:
        """A member's own line beside the day's line of that hash. StoreError where its file is not as it was signed."""
        if member not in self._lines:
            self._lines[member] = self._read(member)
        return self._lines[member].get(of)

    def drawn(self, members: Sequence[str], of: str) -> dict[int, tuple[int | None, ...]]:
        """What those of them drew, by their place, that were given a line beside the day's of that hash."""
        lines = {home: self.line(name, of) for home, name in enumerate(members)}
        return {home: msgspec.json.decode(line, type=SignedOwnDay).own.drawn for home, line in lines.items() if line}

    def exposed_by(self, before: SignedDay, now: DaySums, shared: SharedDay) -> set[str] | None:
        """The one or two homes of which both together would tell by how much what they drew was corrected.

        None where it is of none. A home of which it is not here what it was given may be one, and is not named.
        """
        given = self.drawn([row.name for row in shared.roll.members], before.hash)
        missing = set(range(len(shared.roll.members))) - given.keys()
        told: set[str] | None = None
        for place, step in enumerate(shared.steps):
            if _tells(before.day, now, place):
                corrected = {home for home, drew in given.items() if _differs(drew[place], step.drawn[home])}
                for order in _orders(shared) if corrected or missing else ():
                    if (few := _few_of(order, corrected, missing)) is not None:
                        told = (told or set()) | {shared.roll.members[home].name for home in few}
        return told

    def lines_of(self, day: SignedDay, members: Sequence[str], instead: str = "") -> dict[str, str]:
        """Each member's own line beside a day's that stays. ConfigError where one was not kept; ``instead`` ends it."""
        lines = {name: self.line(name, day.hash) for name in members}
        for name, line in lines.items():
            if line is None:
                raise ConfigError(
                    f"{self.path_of(name)}: what {name} was given is not here, and a day of it that stays as it was"
                    f" signed cannot be written without: bring it back{instead}"
                )
        return {name: line for name, line in lines.items() if line is not None}

    def _read(self, member: str) -> dict[str, str]:
        path = self.path_of(member)
        try:
            with path.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
            lines = content.splitlines()
            head = None if len(content) > MOST_BYTES else read_member(lines).head
            if head is None or head.key != self._key:
                raise StoreError(f"{path}: is not what this key signed: bring it back, or move it away")
            if head.member != member:
                raise StoreError(
                    f"{path}: is what {head.member} was given: bring that of {member} back, or move it away"
                )
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
        except JournalError as error:
            raise StoreError(f"{path}: {error}: bring it back, or move it away") from error
        own = [line.decode() for line in lines[1:] if not line.startswith(b'{"day"')]
        return {msgspec.json.decode(line, type=SignedOwnDay).own.of: line for line in own}


def _tells(before: DaySums, now: DaySums, place: int) -> bool:
    """Whether what homes drew in a step shows in both: pro rata where they differ, in an order of groups in parts."""
    if not before.produced[place] or not now.produced[place]:
        return False
    if before.wanted is None or now.wanted is None:
        return True
    was, one = before.wanted[place], now.wanted[place]
    return None not in (was, one) and was != one


def _orders(shared: SharedDay) -> Sequence[Sequence[Sequence[int]]]:
    """The groups of members that are served one after the other, by their place; pro rata all are one."""
    fixed = shared.roll.fixed
    return fixed.orders if isinstance(fixed, InOrder) else [[range(len(shared.roll.members))]]


def _few_of(
    order: Sequence[Sequence[int]], corrected: Collection[int], missing: Collection[int]
) -> Collection[int] | None:
    """The one or two by which alone it is otherwise, or may be, what is left after some group; None where none is.

    It shows in the parts of the group after it, however many were corrected there; after the last in its own.
    """
    few: set[int] = set()
    unsure = False
    for group in order:
        few |= {home for home in group if home in corrected}
        unsure = unsure or any(home in missing for home in group)
        if len(few) >= FEWEST:
            return None
        if few or unsure:
            return few
    return None


def _differs(was: int | None, drawn: int | None) -> bool:
    return was is not None and drawn is not None and was != drawn
