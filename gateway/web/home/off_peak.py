"""When off-peak hours are, as a sentence: how long they last, or how long it is until the next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.web.dates import PARIS, hour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.web.view import PageView

_WITH_OFF_PEAK = ("off-peak", "peak")


def off_peak(view: PageView, meter: Mapping[str, Any], now: float) -> str | None:
    """The sentence at POSIX second ``now``; None for who has no such hours."""
    kind, upcoming = meter["tariff_kind"], meter["off_peak_next"]
    if kind == "off-peak":
        until = meter["tariff_until"]
        if not until:
            return view.say("off_peak_now")
        return view.say(
            "off_peak_until",
            clock=hour(view.lang, datetime.fromisoformat(until)),
            wait=wait(view, _seconds(until) - now),
        )
    if upcoming:
        at = datetime.fromisoformat(upcoming).astimezone(PARIS)
        same = at.date() == datetime.fromtimestamp(now, PARIS).date()
        left = wait(view, at.timestamp() - now)
        return view.say("off_peak_in" if same else "off_peak_tomorrow", clock=hour(view.lang, at), wait=left)
    return view.say("off_peak_soon") if kind in _WITH_OFF_PEAK else None


def wait(view: PageView, seconds: float) -> str:
    """So long, to the minute: ``2 h 10``, ``45 min``."""
    hours, minutes = divmod(max(0, round(seconds / 60)), 60)
    if not hours:
        return view.say("minutes_only", m=minutes)
    return view.say("hours_minutes", h=hours, m=f"{minutes:02}") if minutes else view.say("hours_only", h=hours)


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()
