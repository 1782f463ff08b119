"""What a way does next: of all that waits there, what leaves now as one message, what is put off and until when.

No I/O and no clock: rows and the times of the last messages in, a plan out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from gateway.notices.delivery.way import Way
    from gateway.store.household_notices import QueuedNotice

# So many messages in an hour and in a day on one way; and of what wakes a person, in a night.
AN_HOUR, A_DAY, A_NIGHT = 10, 30, 3
# One message in so many seconds; what is found out in the same moment goes together.
PACE_S, GATHER_S = 60, 5
# A fault that does not show at the moment is told when it does, or ends untold.
_CALM_S = 10
# After each try that failed.
BACK_OFF_S = (30, 60, 120, 300, 900, 1800, 3600)

_HOUR_S, _DAY_S = 3600, 86_400


@dataclass(frozen=True, slots=True)
class Turn:
    """``leaving``: the rows of the next message. ``late``: until when what is put off is. ``stale``: too old by now.

    ``again_at`` is when to plan again, if nothing new comes.
    """

    leaving: tuple[QueuedNotice, ...] = ()
    late: tuple[tuple[QueuedNotice, int], ...] = ()
    stale: tuple[QueuedNotice, ...] = ()
    again_at: float | None = None


@dataclass(slots=True)
class _Draft:
    late: list[tuple[QueuedNotice, int]] = field(default_factory=list)

    def put_off(self, rows: Sequence[QueuedNotice], until: float) -> None:
        """These not before then."""
        self.late += [(row, int(until)) for row in rows]


def plan(
    way: Way,
    rows: Sequence[QueuedNotice],
    messages: Sequence[int],
    nightly: Callable[[int], int],
    now: float,
    is_calm: Callable[[str], bool],
) -> Turn:
    """The plan of a moment.

    Args:
        way: whose.
        rows: what waits, dated, what is urgent first.
        messages: when the messages of the last day left, the oldest first.
        nightly: how many of those that could not wait left since a moment.
        now: POSIX seconds.
        is_calm: whether the fault of a matter does not show at the moment.
    """
    # Of a clock that was ahead there may be some of a time to come.
    messages = [at for at in messages if at <= now]
    stale = tuple(row for row in rows if row.expires <= now)
    due = [row for row in rows if row.due <= now < row.expires]
    draft = _Draft()
    calm = [row for row in due if not row.ending and is_calm(row.matter)]
    draft.put_off(calm, now + _CALM_S)
    due = [row for row in due if row not in calm]
    if way.quiet.over(now) is not None:
        loud = [row for row in due if row.urgent]
        if loud and nightly(way.quiet.began(now)) >= A_NIGHT:
            loud = []
        draft.put_off([row for row in due if row not in loud], way.quiet.morning(now))
        due = loud
    if due and (free := _free_at(messages, now)) > now:
        draft.put_off(due, free + 1)
        due = []
    wait = max((messages[-1] + PACE_S if messages else 0), max((row.at + GATHER_S for row in due), default=0))
    leaving = tuple(due) if now >= wait else ()
    times = [float(until) for _, until in draft.late]
    times += [float(max(row.due, wait)) for row in rows if row not in stale and row not in leaving]
    return Turn(leaving, tuple(draft.late), stale, min(times, default=None))


def _free_at(messages: Sequence[int], now: float) -> float:
    """When one more message may leave."""
    found = now
    for most, within in ((AN_HOUR, _HOUR_S), (A_DAY, _DAY_S)):
        recent = [at for at in messages if at > now - within]
        if len(recent) >= most:
            found = max(found, recent[-most] + within)
    return found


def pause_s(tries: int, asked: float | None, chance: random.Random) -> float:
    """How long to wait after so many tries that failed; as long at least as the other side asks for."""
    usual = BACK_OFF_S[min(tries, len(BACK_OFF_S)) - 1] * chance.uniform(0.8, 1.2)
    return max(usual, asked or 0.0)
