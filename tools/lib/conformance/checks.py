"""The list of checks: which points each one judges, and which points nobody can judge from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.points import Findings, LeftError, NotOfferedError, PointOutcome, WirePoint, WrongError
from gateway.errors import SenMLError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True, slots=True)
class Check:
    """``look`` judges a point of those who have these roles: WrongError, LeftError, or a note on what passed."""

    number: str
    roles: frozenset[str]
    look: Callable[..., Awaitable[str | None]]


class Checks:
    """The checks of one side, in the order in which they are made."""

    def __init__(self) -> None:
        self.all: list[Check] = []

    def of(self, number: str, roles: str) -> Callable[..., Callable[..., Awaitable[str | None]]]:
        """Add a check."""

        def add(look: Callable[..., Awaitable[str | None]]) -> Callable[..., Awaitable[str | None]]:
            self.all.append(Check(number, frozenset(roles.split()), look))
            return look

        return add

    async def make(self, role: str, peer: object, findings: Findings) -> None:
        """Make those that bind this role. FederationError where there is no connection any more."""
        for check in self.all:
            if role not in check.roles:
                continue
            try:
                note = await check.look(peer)
            except WrongError as error:
                findings.add(check.number, PointOutcome.FAILED, str(error))
            except SenMLError as error:
                findings.add(check.number, PointOutcome.FAILED, f"a pack or a name that is none: {error}")
            except NotOfferedError as error:
                findings.add(check.number, PointOutcome.NOT_OFFERED, str(error))
            except LeftError as error:
                findings.add(check.number, PointOutcome.LEFT, str(error))
            except (ValueError, KeyError, OverflowError, RecursionError) as error:
                # A peer's nonsense fails the point, not the run.
                findings.add(check.number, PointOutcome.FAILED, f"what came cannot be read: {error}")
            else:
                findings.add(check.number, PointOutcome.PASSED, note or "")


def leave(held: list[WirePoint], role: str, findings: Findings) -> None:
    """Say of each point why it is not tried, where that is so whatever the peer does."""
    for point in held:
        if role not in point.who:
            findings.add(point.number, PointOutcome.LEFT, f"does not bind a {_NAMES[role]}")
        elif reason := UNSEEN.get((point.number, role)):
            findings.add(point.number, PointOutcome.LEFT, reason)


_NAMES = {"G": "gateway", "P": "provider", "R": "recipient"}
_STORE = "not to be seen from outside: it is in the recipient's store, and nothing that it sends says it"
_LETTER = "not to be seen from outside: needs an invitation that an organisation signed, and a household that reads it"
# WirePoint and role -> why nobody can see it from the other side.
UNSEEN = {
    ("C22", "R"): _STORE,
    ("C23", "R"): _STORE,
    ("C31", "R"): f"{_STORE}; that the notice is confirmed is C30",
    ("C33", "R"): _STORE,
    ("C39", "R"): _STORE,
    ("C41", "G"): _LETTER,
    ("C42", "G"): _LETTER,
    ("C41", "R"): _LETTER,
    ("C42", "R"): _LETTER,
}
