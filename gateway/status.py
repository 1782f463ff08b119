"""The state of each link, meter → port → store → XMPP → recipient, as one value for the command line and the page.

A link is ``ok``, ``waiting`` (nothing wrong is known, nothing has come yet) or ``broken``, with the age in seconds of
that knowledge and a sentence.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.sources.line import LineState
    from gateway.store.points import Backlog

OK, WAITING, BROKEN = "ok", "waiting", "broken"

# A standard frame takes 1 s, a long historic three-phase one 3 s; telereading may cut in for a while.
MUTE_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Link:
    """One link: what it is, its state, for how long (seconds; None when it was never seen), and a sentence."""

    link: str
    state: str
    age_s: float | None
    detail: str


def port_link(name: str, line: LineState, now: float) -> Link:
    """The port of a meter; ``now`` is monotonic seconds."""
    age = now - line.changed
    if line.ended:
        return Link(f"port {name}", OK, age, "the replayed file has ended")
    if line.open:
        return Link(f"port {name}", OK, age, f"open{f' at {line.speed} Bd' if line.speed else ''}")
    return Link(f"port {name}", BROKEN if line.error else WAITING, age, line.error or "being opened")


def meter_link(name: str, line: LineState, now: float) -> Link:
    """What the meter says; mute after 30 s without a frame."""
    if line.last_frame is None:
        return Link(f"meter {name}", WAITING, None, "no frame yet")
    age = now - line.last_frame
    counts = f"{line.mode} mode, {line.frames} whole frames, {line.partial} partial, {line.bad_groups} bad groups"
    mute = age > MUTE_AFTER_S and not line.ended
    return Link(f"meter {name}", BROKEN if mute else OK, age, f"mute; {counts}" if mute else counts)


def recipient_links(backlog: Sequence[Backlog], now: float) -> list[Link]:
    """Each recipient's queue; ``now`` is POSIX seconds, the age that of the oldest point that waits."""
    return [
        Link(
            f"recipient {waiting.recipient}",
            WAITING if waiting.rows else OK,
            now - waiting.oldest if waiting.oldest else None,
            f"{waiting.rows} points wait" if waiting.rows else "has everything",
        )
        for waiting in backlog
    ]


def as_json(links: Sequence[Link], *, running: bool) -> dict[str, object]:
    """The form of ``status --json``."""
    rows = [asdict(link) | {"age_s": None if link.age_s is None else round(link.age_s, 1)} for link in links]
    return {"running": running, "links": rows}


def as_text(report: dict[str, object]) -> str:
    """The same for a person: one aligned line a link."""
    links = report["links"]
    assert isinstance(links, list)  # noqa: S101 (as as_json made it)
    width = max((len(row["link"]) for row in links), default=0)
    lines = [
        f"{_MARK[row['state']]} {row['link']:<{width}}  {row['state']:<8} {_age(row['age_s']):>7}  {row['detail']}"
        for row in links
    ]
    head = "the gateway is running" if report["running"] else "the gateway is not running; from the database:"
    return "\n".join([head, *lines])


_MARK = {OK: "✓", WAITING: "…", BROKEN: "✗"}


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
