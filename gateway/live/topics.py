"""The makers' contract: which topics there are, and what stands in each. No I/O; README.md explains it to makers.

Everything is retained, so that a display that has just been switched on knows at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.live import compact
from gateway.live.compact import COLOURS, LINKS, TARIFFS, Compact
from gateway.live.meter import time_of
from gateway.tic.day_classes import PARIS
from gateway.tic.tariff_outlook import OFF_PEAK_NEXT, UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from gateway.live.meter import Snapshot, Value

ROOT = "linky"
STATUS = f"{ROOT}/status"
JSON_VERSION = 1


@dataclass(frozen=True, slots=True)
class RetainedMessage:
    """One retained message."""

    topic: str
    payload: bytes


def frames(snapshot: Snapshot) -> list[RetainedMessage]:
    """The JSON object and the 40 bytes that say the same."""
    base = f"{ROOT}/meter/{snapshot.meter}"
    text = json.dumps(as_json(snapshot), separators=(",", ":"), ensure_ascii=False)
    return [
        RetainedMessage(f"{base}/json", text.encode()),
        RetainedMessage(f"{base}/compact", compact.encode(as_compact(snapshot))),
    ]


def values(meter: str, changed: Mapping[str, Value | None]) -> list[RetainedMessage]:
    """One topic for each series, as on paper, empty where it is not known; and the hours ahead by legal time."""
    base = f"{ROOT}/meter/{meter}"
    told = [
        RetainedMessage(f"{base}/value/{series}", b"" if value is None else str(value).encode())
        for series, value in changed.items()
    ]
    # For a display that knows no time zone.
    told += [
        RetainedMessage(f"{base}/{word}", _on_the_clock(time_of(str(changed[series]))).encode())
        for series, word in _AHEAD.items()
        if series in changed
    ]
    return told


def cost_today(meter: str, cents: int | None) -> RetainedMessage:
    """What the day has cost so far, for a display of 40 bytes, which have no room for it; empty where not known."""
    return RetainedMessage(f"{ROOT}/meter/{meter}/cost-today", b"" if cents is None else str(cents).encode())


def links(states: Mapping[str, str]) -> list[RetainedMessage]:
    """One topic for each link, ``linky/link/port/house`` or ``linky/link/store``: ok, waiting or broken."""
    return [RetainedMessage(f"{ROOT}/link/{name.replace(' ', '/')}", state.encode()) for name, state in states.items()]


def alert(name: str, texts: Mapping[str, str] | None) -> RetainedMessage:
    """What is told of a link at fault, by language; an empty object when nothing is, nothing when the link is gone."""
    payload = "" if texts is None else json.dumps(texts, separators=(",", ":"), ensure_ascii=False)
    return RetainedMessage(f"{ROOT}/alert/{name.replace(' ', '/')}", payload.encode())


_AHEAD = {UNTIL: "until", OFF_PEAK_NEXT: "off-peak"}
_POWERS = "drawn_va", "injected_va", "uncounted_va", "subscribed_va", "power_w", "power_within_w", "cos_phi"


def as_json(snapshot: Snapshot) -> dict[str, object]:
    """The object of the topic ``json``: every key is always there, null where nothing is known."""
    return {
        "version": JSON_VERSION,
        "meter": snapshot.meter,
        "sequence": snapshot.sequence,
        "time": _iso(snapshot.time),
        "age_s": None if snapshot.age_s is None else round(snapshot.age_s, 1),
        "stale": snapshot.stale,
        "mode": "standard" if snapshot.standard else "historic",
        **{key: getattr(snapshot, key) for key in _POWERS},
        "tariff": snapshot.tariff,
        "tariff_kind": snapshot.tariff_kind,
        "tariff_index": snapshot.tariff_index,
        "tariff_until": _iso(snapshot.ahead.until),
        "tariff_until_local": _on_the_clock(snapshot.ahead.until) or None,
        "off_peak_next": _iso(snapshot.ahead.off_peak_next),
        "off_peak_next_local": _on_the_clock(snapshot.ahead.off_peak_next) or None,
        "off_peak_today": _windows(snapshot.ahead.today),
        "off_peak_tomorrow": _windows(snapshot.ahead.tomorrow),
        "tempo_today": snapshot.tempo_today,
        "tempo_tomorrow": snapshot.tempo_tomorrow,
        "tempo_red_left": snapshot.ahead.red_left,
        "tempo_white_left": snapshot.ahead.white_left,
        "overload": snapshot.overload,
        "breaker": snapshot.breaker,
        "injecting": snapshot.injecting,
        "today_since": _iso(snapshot.today_since),
        "drawn_today_wh": snapshot.drawn_today_wh,
        "drawn_yesterday_wh": snapshot.drawn_yesterday_wh,
        "injected_today_wh": snapshot.injected_today_wh,
        "produced_today_wh": snapshot.produced_today_wh,
        "self_consumed_today_wh": snapshot.self_consumed_today_wh,
        "cost_today_cents": snapshot.cost_today_cents,
        "partial": list(snapshot.partial),
        "produced_doubt": snapshot.produced_doubt,
        "line_fault": snapshot.line_fault,
        "broken": list(snapshot.broken),
        "alert": snapshot.alert,
    }


def as_compact(snapshot: Snapshot) -> Compact:
    """The same for 40 bytes."""
    flags = {
        compact.STALE: snapshot.stale,
        compact.OVERLOAD: snapshot.overload,
        compact.INJECTING: snapshot.injecting,
        compact.BREAKER_OPEN: snapshot.breaker not in (None, "closed"),
        compact.STANDARD_MODE: snapshot.standard,
        compact.ALERT: snapshot.alert,
        compact.TODAY_PARTIAL: "today" in snapshot.partial,
        compact.YESTERDAY_PARTIAL: "yesterday" in snapshot.partial,
    }
    return Compact(
        flags=sum(flag for flag, is_set in flags.items() if is_set),
        sequence=snapshot.sequence,
        time=int(snapshot.time.timestamp()) if snapshot.time else None,
        age_s=None if snapshot.age_s is None else int(snapshot.age_s),
        tariff=TARIFFS.index(snapshot.tariff_kind),
        tariff_index=snapshot.tariff_index,
        today=COLOURS.index(snapshot.tempo_today),
        tomorrow=COLOURS.index(snapshot.tempo_tomorrow),
        broken=_bits(snapshot.broken),
        subscribed_va=snapshot.subscribed_va,
        drawn_va=snapshot.drawn_va,
        injected_va=snapshot.injected_va,
        drawn_today_wh=snapshot.drawn_today_wh,
        drawn_yesterday_wh=snapshot.drawn_yesterday_wh,
        injected_today_wh=snapshot.injected_today_wh,
        produced_today_wh=snapshot.produced_today_wh,
    )


def _iso(time: datetime | None) -> str | None:
    return time.isoformat().replace("+00:00", "Z") if time else None


def _on_the_clock(time: datetime | None) -> str:
    """``07:30`` by legal time."""
    return f"{time.astimezone(PARIS):%H:%M}" if time else ""


def _windows(hours: tuple[tuple[str, str], ...] | None) -> list[list[str]] | None:
    return None if hours is None else [list(pair) for pair in hours]


def _bits(broken: Iterable[str]) -> int:
    bits = 0
    for name in broken:
        bits |= 1 << LINKS.index(name if name in LINKS else "other")
    return bits
