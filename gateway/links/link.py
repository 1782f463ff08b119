"""The state of each link, meter → port → store → XMPP → recipient, as one value for the command line and the page.

A link is ``ok``, ``waiting`` (nothing wrong is known, nothing has come yet) or ``broken``, with the age in seconds of
that knowledge and a sentence.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from gateway.links import words as say
from gateway.live.state import STATES, LinkKind, LinkNow, kind_and_name, link_in_words, written
from gateway.store.local_time import local_time
from gateway.tic.quality import SignalQuality, Window
from gateway.words.numbers import age, pointed
from gateway.words.phrase import NOTHING, Phrase, as_members, joined, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.links.alerts import Alert
    from gateway.sources.line import LineState
    from gateway.sources.tee import Tee
    from gateway.store.points import Backlog
    from gateway.tic.clock import MeterClock

# Whoever makes a link says which kind it is.
__all__ = [
    "BROKEN",
    "OK",
    "WAITING",
    "Link",
    "LinkKind",
    "as_json",
    "as_text",
    "clock_link",
    "decode_link",
    "folded",
    "meter_link",
    "port_link",
    "recipient_links",
    "signal",
    "tee_link",
    "title",
    "titles",
    "watcher_link",
]

OK, WAITING, BROKEN = "ok", "waiting", "broken"

# A standard frame takes 1 s, a long historic three-phase one 3 s; telereading may cut in for a while.
MUTE_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Link:
    """One link: what it is, its state, for how long (seconds; None when it was never seen), and a sentence.

    ``name`` is the meter's, the counter's, the part's or an address; empty where a house has one of that kind. As text
    it is ``written``.

    ``cause`` and ``advice`` are of the doctor: the word of what is wrong, and what to do about it.
    ``figures`` are the sentence's numbers for programs: ``drift_s`` of a clock, ``signal_minute``, ``signal_hour`` and
    ``signal_day`` of a decoder in per cent.
    """

    kind: LinkKind
    name: str
    state: str
    age_s: float | None
    detail: Phrase
    figures: dict[str, float] = field(default_factory=dict)
    cause: str = ""
    advice: Phrase = NOTHING

    def __str__(self) -> str:
        return written(self.kind, self.name)


def port_link(name: str, line: LineState, now: float) -> Link:
    """The port of a meter; ``now`` is monotonic seconds."""
    age = now - line.changed
    if line.ended:
        return Link(LinkKind.PORT, name, OK, age, say.ENDED)
    refused = say.REFUSED.filled(count=line.refused) if line.refused else NOTHING
    if line.open:
        speed = say.SPEED.filled(speed=line.speed) if line.speed else NOTHING
        device = say.DEVICE.filled(device=line.device) if line.device else NOTHING
        return Link(LinkKind.PORT, name, OK, age, say.OPEN + speed + device + refused)
    return Link(LinkKind.PORT, name, BROKEN if line.error else WAITING, age, (line.error or line.waiting) + refused)


def tee_link(name: str, tee: Tee, now: float) -> Link:
    """Whoever is given a meter's bytes; ``now`` is monotonic seconds."""
    age = now - tee.changed
    if not tee.listening:
        return Link(LinkKind.TEE, name, BROKEN if tee.error else WAITING, age, tee.error or say.BEING_OPENED)
    return Link(LinkKind.TEE, name, OK, age, say.TEE.filled(where=tee.where, count=len(tee.clients)))


def decode_link(name: str, line: LineState, quality: SignalQuality, now: float) -> Link:
    """Whether what comes can be read: bytes without a frame for 30 s are noise, a wrong wire or a wrong mode."""
    if line.last_frame is not None and now - line.last_frame <= MUTE_AFTER_S:
        scores = {f"signal_{window.name.lower()}": quality.tally(window, now).score for window in Window}
        figures = {name: score for name, score in scores.items() if score is not None}
        return Link(
            LinkKind.DECODE,
            name,
            OK,
            now - line.last_frame,
            say.READ.filled(mode=_mode(line), signal=signal(quality, now)),
            figures,
        )
    if line.heard is None or line.unread is None or now - line.heard > MUTE_AFTER_S:
        return Link(LinkKind.DECODE, name, WAITING, None, say.NO_BYTES)
    # By the last byte, not by now: a frame that a silence cut off is a silence.
    if line.heard - line.unread > MUTE_AFTER_S:
        return Link(LinkKind.DECODE, name, BROKEN, now - line.unread, say.UNREADABLE)
    return Link(LinkKind.DECODE, name, WAITING, now - line.unread, say.NOT_YET_READ)


def signal(quality: SignalQuality, now: float) -> Phrase:
    """The score of the last minute, hour and day, and the faults of the day by kind."""
    scores = [(window, quality.tally(window, now).score) for window in Window]
    known = [
        pointed(f"{score:g}") + say.WINDOW.filled(window=say.WINDOWS[window])
        for window, score in scores
        if score is not None
    ]
    counts = quality.tally(Window.DAY, now).counts
    faults = [say.FAULTS[fault].filled(count=count) for fault, count in counts.items() if count]
    said = Phrase("signal ") + (joined(", ", known) or say.UNKNOWN)
    return said + Phrase("; ") + joined(", ", faults) if faults else said


def _mode(line: LineState) -> Phrase:
    return say.MODES.get(line.mode or "", same(str(line.mode)))


def meter_link(name: str, line: LineState, now: float, heard: str | None = None) -> Link:
    """What the meter says; mute after 30 s without a frame. ``heard``: whose meter is at this port, if not its own."""
    if line.last_frame is None:
        return Link(LinkKind.METER, name, WAITING, None, say.NO_FRAME)
    age = now - line.last_frame
    counts = say.COUNTS.filled(mode=_mode(line), whole=line.frames, partial=line.partial, bad=line.bad_groups)
    if heard not in (None, name):
        counts = say.OTHER_CABLE.filled(heard=heard, counts=counts)
    mute = age > MUTE_AFTER_S and not line.ended
    return Link(LinkKind.METER, name, BROKEN if mute else OK, age, say.MUTE.filled(counts=counts) if mute else counts)


def clock_link(name: str, line: LineState, clock: MeterClock, kept: int, *, host_knows: bool) -> Link:
    """Whose time the readings get; ``kept`` frames wait for somebody to know it."""
    if kept:
        return Link(LinkKind.CLOCK, name, WAITING, None, say.UNDATED.filled(count=kept))
    drift = clock.drift_s
    if line.mode is None or (drift is None and not host_knows):
        return Link(LinkKind.CLOCK, name, OK, None, say.NO_FRAME if line.mode is None else say.METER_ALONE)
    if drift is None:
        return Link(LinkKind.CLOCK, name, OK, None, say.HOST)
    figures = {"drift_s": round(drift, 1)}
    if clock.wrong:
        return Link(LinkKind.CLOCK, name, BROKEN, None, say.WRONG.filled(drift=_drift(drift)), figures)
    whose = say.HOST if clock.ignored else say.METER
    return Link(LinkKind.CLOCK, name, OK, None, say.WHOSE.filled(whose=whose, drift=_drift(drift)), figures)


def _drift(seconds: float) -> Phrase:
    amount = f"{abs(seconds):.0f} s" if abs(seconds) < 120 else f"{abs(seconds) / 60:.0f} min"
    return (say.AHEAD if seconds > 0 else say.BEHIND).filled(amount=amount)


def recipient_links(backlog: Sequence[Backlog], now: float) -> list[Link]:
    """Each recipient's queue; ``now`` is POSIX seconds, the age that of the oldest point that waits.

    Of a suspended one the age is that of the suspension.
    """
    return [_recipient_link(waiting, now) for waiting in backlog]


def _recipient_link(waiting: Backlog, now: float) -> Link:
    kind, name = LinkKind.RECIPIENT, waiting.recipient
    if waiting.suspended_at is not None:
        return Link(kind, name, BROKEN, max(0.0, now - waiting.suspended_at), say.SUSPENDED.filled(count=waiting.rows))
    if not waiting.rows:
        return Link(kind, name, OK, None, say.HAS_ALL)
    # The end of a period may lie ahead: an index is stamped at the beginning of the one that it opens.
    age = max(0.0, now - waiting.oldest) if waiting.oldest else None
    return Link(kind, name, WAITING, age, say.WAITS.filled(count=waiting.rows))


def watcher_link(recipient: str, prefix: str, interval_s: float, until: float) -> Link:
    """Somebody who sees live what the meter says; ``until`` is POSIX seconds."""
    what = same(prefix) if prefix else say.EVERYTHING
    words = say.SEES.filled(what=what, interval=f"{interval_s:g}", until=local_time(until))
    return Link(LinkKind.WATCHER, recipient, OK, None, words)


def title(kind: str) -> Phrase:
    """What a link is, in words, without its name; a kind that another version knows is its own word."""
    return say.KINDS.get(kind, same(kind))


def titles(link: str) -> dict[str, str]:
    """What a link is, as ``as_json`` has it, by what is ``written`` of it."""
    return as_members("title", title(kind_and_name(link)[0]))


def as_json(links: Sequence[Link], *, running: bool, alerts: Sequence[Alert] = ()) -> dict[str, Any]:
    """The form of ``status --json``; ``detail`` is English, for programs too, and beside it are a household's words."""
    told = [{"link": alert.link} | alert.text.in_every_language() for alert in alerts]
    return {"running": running, "links": [_row(link) for link in links], "alerts": told}


def _row(link: Link) -> LinkNow:
    row = {
        "link": str(link),
        "state": link.state,
        "age_s": None if link.age_s is None else round(link.age_s, 1),
        "detail": str(link.detail),
        "figures": link.figures,
    }
    if link.cause:
        row["cause"] = link.cause
    return cast("LinkNow", row | as_members("title", title(link.kind)) | as_members("detail", link.detail))


def as_text(report: dict[str, Any], lang: str, width: int | None = None) -> str:
    """The same for a person: one aligned line a link, folded below its sentence where a terminal has a ``width``."""
    links: list[LinkNow] = report["links"]
    rows = [(row, link_in_words(row, lang)) for row in links]
    wide = max((len(name) for _, (name, _) in rows), default=0)
    wider = max(len(word.in_language(lang)) for word in STATES.values())
    lines = [_head(lang, running=report["running"])]
    for row, (name, detail) in rows:
        state, since = STATES[row["state"]].in_language(lang), age(row["age_s"]).in_language(lang)
        start = f"{_MARK[row['state']]} {name:<{wide}}  {state:<{wider}} {since:>7}  "
        lines += folded(start, detail, width)
    told = [line for alert in report["alerts"] for line in folded("", alert[lang], width)]
    return "\n".join([*lines, *told])


def folded(start: str, text: str, width: int | None) -> list[str]:
    """A line, or as many as it takes in that width; those after the first stand below the text where there is room."""
    line = (start + text).rstrip()
    if width is None or len(line) <= width:
        return [line]
    indent = " " * (len(start) if width - len(start) >= _LEAST_COLUMN else _INDENT)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _head(lang: str, *, running: bool) -> str:
    return (_RUNNING if running else _NOT_RUNNING).in_language(lang)


_RUNNING = Phrase("the gateway is running")
_NOT_RUNNING = Phrase("the gateway is not running; from the database:")
_MARK = {OK: "✓", WAITING: "…", BROKEN: "✗"}
_LEAST_COLUMN, _INDENT = 30, 4
