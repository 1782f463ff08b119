"""The state of each link, meter → port → store → XMPP → recipient, as one value for the command line and the page.

A link is ``ok``, ``waiting`` (nothing wrong is known, nothing has come yet) or ``broken``, with the age in seconds of
that knowledge and a sentence.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.federation.supply import Standing
from gateway.store.recorder import iso
from gateway.tic.quality import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.alerts import Alert
    from gateway.federation.supply import Supply
    from gateway.pulses.counter import CounterState
    from gateway.sources.line import LineState
    from gateway.sources.tee import Tee
    from gateway.store.points import Backlog
    from gateway.tic.clock import MeterClock
    from gateway.tic.quality import SignalQuality

OK, WAITING, BROKEN = "ok", "waiting", "broken"

# A standard frame takes 1 s, a long historic three-phase one 3 s; telereading may cut in for a while.
MUTE_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Link:
    """One link: what it is, its state, for how long (seconds; None when it was never seen), and a sentence.

    ``figures`` are the sentence's numbers for programs: ``drift_s`` of a clock, ``signal_minute``, ``signal_hour`` and
    ``signal_day`` of a decoder in per cent.
    """

    link: str
    state: str
    age_s: float | None
    detail: str
    figures: dict[str, float] = field(default_factory=dict)


def port_link(name: str, line: LineState, now: float) -> Link:
    """The port of a meter; ``now`` is monotonic seconds."""
    age = now - line.changed
    if line.ended:
        return Link(f"port {name}", OK, age, "the replayed file has ended")
    if line.open:
        device = f" ({line.device})" if line.device else ""
        return Link(f"port {name}", OK, age, f"open{f' at {line.speed} Bd' if line.speed else ''}{device}")
    return Link(f"port {name}", BROKEN if line.error else WAITING, age, line.error or line.waiting)


def tee_link(name: str, tee: Tee, now: float) -> Link:
    """Whoever is given a meter's bytes; ``now`` is monotonic seconds."""
    link, age = f"tee {name}", now - tee.changed
    if not tee.listening:
        return Link(link, BROKEN if tee.error else WAITING, age, tee.error or "being opened")
    count = len(tee.clients)
    return Link(link, OK, age, f"open at {tee.where}, {count} client{'' if count == 1 else 's'}")


def decode_link(name: str, line: LineState, quality: SignalQuality, now: float) -> Link:
    """Whether what comes can be read: bytes without a frame for 30 s are noise, a wrong wire or a wrong mode."""
    link = f"decode {name}"
    if line.last_frame is not None and now - line.last_frame <= MUTE_AFTER_S:
        scores = {f"signal_{window.name.lower()}": quality.tally(window, now).score for window in Window}
        figures = {name: score for name, score in scores.items() if score is not None}
        return Link(link, OK, now - line.last_frame, f"{line.mode} mode; {signal(quality, now)}", figures)
    if line.heard is None or line.unread is None or now - line.heard > MUTE_AFTER_S:
        return Link(link, WAITING, None, "no bytes come")
    # By the last byte, not by now: a frame that a silence cut off is a silence.
    if line.heard - line.unread > MUTE_AFTER_S:
        return Link(link, BROKEN, now - line.unread, "bytes come, and no frame can be read in them")
    return Link(link, WAITING, now - line.unread, "bytes come, no frame yet")


def signal(quality: SignalQuality, now: float) -> str:
    """The score of the last minute, hour and day, and the faults of the day by kind."""
    scores = [(window, quality.tally(window, now).score) for window in Window]
    words = [f"{score:g} % ({window.name.lower()})" for window, score in scores if score is not None]
    faults = [f"{count} {fault.value}" for fault, count in quality.tally(Window.DAY, now).counts.items() if count]
    return f"signal {', '.join(words) or 'unknown'}" + (f"; {', '.join(faults)}" if faults else "")


def meter_link(name: str, line: LineState, now: float, heard: str | None = None) -> Link:
    """What the meter says; mute after 30 s without a frame. ``heard``: whose meter is at this port, if not its own."""
    if line.last_frame is None:
        return Link(f"meter {name}", WAITING, None, "no frame yet")
    age = now - line.last_frame
    counts = f"{line.mode} mode, {line.frames} whole frames, {line.partial} partial, {line.bad_groups} bad groups"
    if heard not in (None, name):
        counts = f"this port has the cable of meter {heard}; {counts}"
    mute = age > MUTE_AFTER_S and not line.ended
    return Link(f"meter {name}", BROKEN if mute else OK, age, f"mute; {counts}" if mute else counts)


def clock_link(name: str, line: LineState, clock: MeterClock, kept: int, *, host_knows: bool) -> Link:
    """Whose time the readings get; ``kept`` frames wait for somebody to know it."""
    link = f"clock {name}"
    if kept:
        return Link(link, WAITING, None, f"the host's clock is not set: {kept} frames wait for their date")
    drift = clock.drift_s
    if line.mode is None or (drift is None and not host_knows):
        return Link(link, OK, None, "no frame yet" if line.mode is None else "the meter's; the host's is not set")
    if drift is None:
        return Link(link, OK, None, "the host's")
    figures = {"drift_s": round(drift, 1)}
    if clock.wrong:
        return Link(link, BROKEN, None, f"the meter's is {_drift(drift)} the host's, which is used instead", figures)
    whose = "the host's" if clock.ignored else "the meter's"
    return Link(link, OK, None, f"{whose}; the meter's is {_drift(drift)} the host's", figures)


def _drift(seconds: float) -> str:
    amount = f"{abs(seconds):.0f} s" if abs(seconds) < 120 else f"{abs(seconds) / 60:.0f} min"
    return f"{amount} {'ahead of' if seconds > 0 else 'behind'}"


def counter_link(name: str, counter: CounterState, now: float) -> Link:
    """A pulse counter; ``now`` is monotonic seconds, the age that of the last pulse. No pulse is no fault."""
    link = f"counter {name}"
    if not counter.open:
        return Link(link, BROKEN if counter.error else WAITING, now - counter.changed, counter.error or "being opened")
    counts = f"{counter.pulses} pulses since the start, {counter.bounces} bounces ignored"
    if counter.last_pulse is None:
        return Link(link, WAITING, None, f"its pin is open; {counts}")
    return Link(link, OK, now - counter.last_pulse, counts)


def recipient_links(backlog: Sequence[Backlog], now: float) -> list[Link]:
    """Each recipient's queue; ``now`` is POSIX seconds, the age that of the oldest point that waits.

    Of a suspended one the age is that of the suspension.
    """
    return [_recipient_link(waiting, now) for waiting in backlog]


def _recipient_link(waiting: Backlog, now: float) -> Link:
    link = f"recipient {waiting.recipient}"
    if waiting.suspended_at is not None:
        words = f"suspended: its address is gone; {waiting.rows} points wait; see `consent resume`"
        return Link(link, BROKEN, max(0.0, now - waiting.suspended_at), words)
    if not waiting.rows:
        return Link(link, OK, None, "has everything")
    # The end of a period may lie ahead: an index is stamped at the beginning of the one that it opens.
    age = max(0.0, now - waiting.oldest) if waiting.oldest else None
    return Link(link, WAITING, age, f"{waiting.rows} points wait")


def provider_link(supply: Supply, now: float) -> Link:
    """One source of received series; ``now`` is POSIX seconds, the age that of its newest point."""
    age = None if supply.last_time is None else max(0.0, now - supply.last_time)
    state, words = _STANDINGS[supply.outcome.standing]
    reason = f": {supply.outcome.detail}" if supply.outcome.detail else ""
    return Link(f"provider {supply.name}", state, age, words + reason)


def watcher_link(recipient: str, prefix: str, interval_s: float, until: float) -> Link:
    """Somebody who sees live what the meter says; ``until`` is POSIX seconds."""
    what = prefix or "everything that it may"
    return Link(f"watcher {recipient}", OK, None, f"sees {what} live, every {interval_s:g} s, until {iso(until)}")


_STANDINGS = {
    Standing.ASKING: (WAITING, "not asked yet"),
    Standing.SUBSCRIBED: (OK, "subscribed"),
    # Its household has not said yes, or not any more: nothing is broken.
    Standing.REFUSED: (WAITING, "the provider refuses"),
    Standing.ABSENT: (BROKEN, "the provider does not answer"),
    Standing.NONSENSE: (BROKEN, "the provider's answer cannot be used"),
}


def as_json(links: Sequence[Link], *, running: bool, alerts: Sequence[Alert] = ()) -> dict[str, Any]:
    """The form of ``status --json``."""
    rows = [asdict(link) | {"age_s": None if link.age_s is None else round(link.age_s, 1)} for link in links]
    told = [{"link": alert.link, "fr": alert.text_fr, "en": alert.text_en} for alert in alerts]
    return {"running": running, "links": rows, "alerts": told}


def as_text(report: dict[str, object]) -> str:
    """The same for a person: one aligned line a link."""
    links, alerts = report["links"], report["alerts"]
    assert isinstance(links, list) and isinstance(alerts, list)  # noqa: S101, PT018 (as as_json made it)
    width = max((len(row["link"]) for row in links), default=0)
    lines = [
        f"{_MARK[row['state']]} {row['link']:<{width}}  {row['state']:<8} {_age(row['age_s']):>7}  {row['detail']}"
        for row in links
    ]
    head = "the gateway is running" if report["running"] else "the gateway is not running; from the database:"
    return "\n".join([head, *lines, *(alert["en"] for alert in alerts)])


_MARK = {OK: "✓", WAITING: "…", BROKEN: "✗"}


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
