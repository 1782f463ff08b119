"""The links as an installer may know them: kinds, states and causes, without names, addresses, sentences or readings.

What is not on the list of what is shared is not: to whom the household gives readings, who sees them, whose series come
here. A pulse counter is well or broken, and without an age: when water last ran tells who is at home.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import __version__
from gateway.doctor.causes import Cause
from gateway.doctor.daemon import findings
from gateway.federation.provider.health import Condition, LinkCondition
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence


# In the order in which they are shown.
_OF_A_METER = (LinkKind.METER, LinkKind.PORT, LinkKind.DECODE, LinkKind.CLOCK)
_NUMBERED = (*_OF_A_METER, LinkKind.COUNTER)
_SHARED = (
    *(*_NUMBERED, LinkKind.STORE, LinkKind.DISK, LinkKind.KEEPING, LinkKind.BACKUP),
    *(LinkKind.PAGE, LinkKind.MQTT, LinkKind.XMPP, LinkKind.CELL),
)

# Nothing is broken with these: they pass, or the frames come all the same.
_NO_FAULT = frozenset((
    *(Cause.ALL_WELL, Cause.NOT_YET, Cause.WEAK_SIGNAL, Cause.LOOSE_WIRE),
    *(Cause.EIGHT_N_ONE, Cause.LONG_SILENCES, Cause.LINE_STARTS, Cause.OTHER_CABLE),
))  # fmt: skip


def condition_of(links: Sequence[Link], room: tuple[int, int] | None) -> Condition:
    """How the gateway is; ``room`` is what the disk has free and its size, in bytes, None where nobody knows."""
    # Which part of the program fails is for its household: one row, and none while they work.
    failing = next((one for one in links if one.kind is LinkKind.CELL and one.state == BROKEN), None)
    shared = [one for one in links if one.kind in _SHARED and (one.kind is not LinkKind.CELL or one is failing)]
    causes = _causes(links)
    numbers = _numbers(links)
    told = [_told(one, numbers, causes) for one in shared]
    told.sort(key=lambda one: (_SHARED.index(LinkKind(one.link)), one.number or 0))
    ages = [one.age_s for one in told if one.link == LinkKind.METER and one.age_s is not None]
    free = None if room is None or not room[1] else 100 * room[0] // room[1]
    return Condition(_worst(told), __version__, min(ages, default=None), free, tuple(told))


def _causes(links: Sequence[Link]) -> dict[str, Cause]:
    """Meter -> what is likeliest wrong with it."""
    report = as_json(links, running=True)
    return {one.name: findings(report, one.name)[0].cause for one in links if one.kind is LinkKind.METER}


def _numbers(links: Sequence[Link]) -> dict[tuple[bool, str], int]:
    """(whether it is a counter, its name) -> which one it is, from 1."""
    numbers: dict[tuple[bool, str], int] = {}
    for counter, wanted in ((False, LinkKind.METER), (True, LinkKind.COUNTER)):
        names = [one.name for one in links if one.kind is wanted]
        numbers |= {(counter, name): number for number, name in enumerate(names, 1)}
    return numbers


def _told(link: Link, numbers: dict[tuple[bool, str], int], causes: dict[str, Cause]) -> LinkCondition:
    kind = link.kind
    number = numbers.get((kind is LinkKind.COUNTER, link.name)) if kind in _NUMBERED else None
    if kind is LinkKind.COUNTER:
        return LinkCondition(kind, number, BROKEN if link.state == BROKEN else OK)
    age = None if link.age_s is None or (kind is not LinkKind.METER and link.state == OK) else int(link.age_s)
    if kind is not LinkKind.METER:
        return LinkCondition(kind, number, link.state, age)
    cause = causes[link.name]
    state = link.state if cause in _NO_FAULT else BROKEN
    return LinkCondition(kind, number, state, age, "" if cause is Cause.ALL_WELL else cause.value)


def _worst(told: Sequence[LinkCondition]) -> str:
    """Broken when anything is; waiting only where a meter is not heard yet: a broker that is away is no news."""
    if any(one.state == BROKEN for one in told):
        return BROKEN
    return WAITING if any(one.state == WAITING and one.link in _OF_A_METER for one in told) else OK
