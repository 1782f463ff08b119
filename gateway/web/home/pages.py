"""The first page: what each meter says now and what its day has come to, written by the server; the script follows.

A screen on the wall has its power from here as well (``of_now``): one figure with one unit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from gateway.balance.energy import consumed
from gateway.live.meter import percent
from gateway.web import written
from gateway.web.dates import hour, local
from gateway.web.home.banner import banner, news
from gateway.web.home.off_peak import off_peak
from gateway.web.home.ribbon import ribbon
from gateway.web.home.words import HOME_WORDS
from gateway.words.numbers import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from gateway.household.home_day import DrawnAmount, HomeDay
    from gateway.web.view import PageView

_KILO, _TEN_KILO = 1000, 10_000
# What stands on the gauge, in thousandths of it.
GAUGE = 1000
# What may be known in a public place: nothing of the contract, no names, no faults.
PUBLIC = (
    *("time", "age_s", "stale", "drawn_va", "injected_va", "injecting", "power_w"),
    *("drawn_today_wh", "drawn_yesterday_wh", "partial"),
)
_NARROW = "\N{NARROW NO-BREAK SPACE}"
_UNITS = (("va", "VA"), ("v", "V"), ("a", "A"))


class DayFigures(Protocol):
    """What the store knows: the day of each meter by its name, and with how many is shared (None: not known)."""

    days: Mapping[str, HomeDay]
    recipients: int | None


def page(view: PageView, state: Mapping[str, Any], figures: DayFigures, now: float, invited: str = "") -> str:
    """The page of what the stream says first, and of what the store knows; ``invited``: who waits for an answer."""
    view = replace(view, words=view.words | HOME_WORDS[view.lang])
    meters: Sequence[Mapping[str, Any]] = state["meters"]
    return view.page(
        "home/now.html",
        state=state,
        meters=[_meter(view, one, figures.days.get(str(one["meter"])), now) for one in meters],
        faulty=any(one["broken"] for one in meters),
        banner=banner(view, meters, state["alerts"]),
        news=news(view, state["alerts"]),
        invited=invited,
        recipients=figures.recipients,
        seen={"clock": hour(view.lang, local(now)), "day": written.near_date(view.lang, *2 * (local(now).date(),))},
        files=["home.css", "home.js"],
    )


def power(lang: str, watts: float) -> tuple[str, str]:
    """A power as it is read, and its unit: to ten watts from a hundred on, as no estimate is better."""
    size = abs(watts)
    if size < _KILO:
        return written.number(lang, round(size) if size < _KILO / 10 else round(size, -1)), "W"
    return written.number(lang, size / _KILO, 2 if size < _TEN_KILO else 1), "kW"


def of_now(view: PageView, meter: Mapping[str, Any]) -> dict[str, Any]:
    """Power of now with its unit, whether it is given, and how much of the subscribed one is drawn; None: not known.

    ``meter`` is the live feed's object; ``panels``: its house makes some of what it uses itself, and what comes from
    the grid is not all of it.
    """
    lang = view.lang
    subscribed, drawn, giving, watts = meter["subscribed_va"], meter["drawn_va"], gives(meter), meter["power_w"]
    load = None if giving or not subscribed or drawn is None else percent(drawn, subscribed)
    number, unit = power(lang, watts) if watts is not None else _volt_amperes(lang, meter, giving=giving)
    return {
        "giving": giving,
        "panels": has_panels(meter),
        "power": number,
        "unit": unit,
        "gauge": None if load is None else min(GAUGE, load * GAUGE // 100),
        "load": None
        if load is None
        else HOME_WORDS[lang]["load_of"].format(percent=load, kva=_kva(lang, subscribed or 0)),
        "off_peak": _off_peak_hours(view, meter),
        **_consumed(view, meter),
    }


def _off_peak_hours(view: PageView, meter: Mapping[str, Any]) -> str | None:
    """Until when off-peak hours last, else when the next begin; None for who has none, or where nobody knows."""
    now = meter["tariff_kind"] == "off-peak"
    at = meter["tariff_until_local" if now else "off_peak_next_local"]
    return view.say("until_clock" if now else "at_clock", clock=read_time(at).in_language(view.lang)) if at else None


def gives(meter: Mapping[str, Any]) -> bool:
    """Whether more leaves for the grid than comes from it."""
    if meter["power_w"] is not None:
        return bool(meter["power_w"] < 0)
    return bool(meter["injected_va"]) and not meter["drawn_va"]


def has_panels(meter: Mapping[str, Any]) -> bool:
    """Whether its house makes electricity: a meter of one that does not says nothing of what is injected."""
    known = ("injected_va", "injected_today_wh", "produced_today_wh", "produced_doubt")
    return any(meter[key] is not None for key in known)


def public(meter: Mapping[str, Any]) -> dict[str, Any]:
    """What a public place may know of a meter."""
    return {key: meter[key] for key in PUBLIC}


def of_now_in_public(view: PageView, meter: Mapping[str, Any]) -> dict[str, Any]:
    """As ``of_now``, but nothing of the contract, and of the panels that there are some."""
    found = of_now(view, {**meter, "subscribed_va": None})
    return {key: value for key, value in found.items() if key not in {"consumed_today", "off_peak"}}


def shown(view: PageView, meter: Mapping[str, Any], price: Fraction | None = None) -> dict[str, Any]:
    """What of this moment stands on the page, by the name of its place; the stream says the same each second.

    ``price`` is what a kWh costs now, in euros.
    """
    lang = view.lang
    return {
        "what": _what(view, meter, giving=gives(meter)),
        **of_now(view, meter),
        # Of the power that stands beside it: the mean of some minutes would belie it whenever a kettle is put on.
        **_hour(lang, price, meter["power_w"]),
        **({} if meter["drawn_today_wh"] is None else {"today": written.kwh(lang, meter["drawn_today_wh"])}),
        **({} if meter["cost_today_cents"] is None else {"today_cost": _cents(lang, meter["cost_today_cents"])}),
        **_phases(lang, meter),
    }


def _meter(view: PageView, meter: Mapping[str, Any], day: HomeDay | None, now: float) -> dict[str, Any]:
    """What the template is given of one meter; None is what nobody knows."""
    drawn = ribbon(day, meter) if day else None
    lang, at = view.lang, datetime.fromisoformat(meter["time"]).timestamp() if meter["time"] else now
    return {
        "name": meter["meter"],
        "live": meter,
        # What this second says of the day goes on from what the store does; before it does so, the store's stands.
        "shown": _so_far(lang, day) | shown(view, meter, day.hour.price if day else None),
        # What the store last had of the hour was drawn; of what is given it says nothing.
        "hour": float(day.hour.euros) if day and day.hour.euros is not None and not gives(meter) else None,
        "usual": _usual(lang, day, meter["subscribed_va"]),
        "kind": _kind(view, meter),
        # Of a meter that fell silent nobody knows which hours have come since.
        "off_peak": None if meter["stale"] else off_peak(view, meter, at),
        "windows": [
            view.say("window", start=read_time(start).in_language(lang), end=read_time(end).in_language(lang))
            for start, end in meter["off_peak_today"] or ()
        ],
        "day": day,
        "before": day.date - timedelta(days=1) if day else None,
        # Of a meter that fell silent days ago the last day known is not today.
        "is_old": bool(day and meter["stale"] and day.date != local(now).date()),
        "since": hour(lang, local(day.since)) if day and day.since else None,
        "by_now": _amounts(lang, day.by_now) if day else "",
        "ribbon": drawn,
        "most_at": hour(lang, local(drawn.most.start)) if drawn and drawn.most else None,
        "left": _left(view, meter),
        "sun": _sun(meter),
        "stale": meter["stale"],
        "empty": meter["age_s"] is None and (day is None or (day.today.wh is None and day.yesterday.wh is None)),
    }


def _so_far(lang: str, day: HomeDay | None) -> dict[str, Any]:
    """What the store says that today has come to."""
    if day is None:
        return {"today": written.NOTHING, "today_cost": None}
    cents = day.today.cents
    return {"today": written.kwh(lang, day.today.wh), "today_cost": None if cents is None else _cents(lang, cents)}


def _consumed(view: PageView, meter: Mapping[str, Any]) -> dict[str, str]:
    """What the house has used today in all; of one without panels nothing: it is what was drawn."""
    wh = consumed(*(meter[f"{name}_today_wh"] for name in ("drawn", "produced", "injected")))
    if wh is not None:
        return {"consumed_today": written.kwh(view.lang, wh)}
    return {"consumed_today": view.say("consumed_unknown")} if meter["produced_doubt"] else {}


def _hour(lang: str, price: Fraction | None, watts: int | None) -> dict[str, str]:
    """What an hour of that power costs; of what is given nothing."""
    if price is None or watts is None or watts < 0:
        return {}
    cost = written.euros(lang, float(price) * watts / _KILO, 3)
    return {"cost_hour": HOME_WORDS[lang]["an_hour"].format(cost=cost)}


def _cents(lang: str, cents: int) -> str:
    return written.euros(lang, cents / 100)


def _what(view: PageView, meter: Mapping[str, Any], *, giving: bool) -> str:
    """What the power is; of a meter that fell silent, of when."""
    words: Mapping[str, str] = HOME_WORDS[view.lang]
    if not (meter["stale"] and meter["time"]):
        return words["giving_now" if giving else "drawing" if has_panels(meter) else "using"]
    at = datetime.fromisoformat(meter["time"])
    day, today = (local(one).date() for one in (at.timestamp(), at.timestamp() + (meter["age_s"] or 0)))
    clock = hour(view.lang, at)
    when = clock if day == today else f"{written.near_date(view.lang, day, today)}, {clock}"
    return words["giving_last" if giving else "drawing_last" if has_panels(meter) else "using_last"].format(when=when)


def _volt_amperes(lang: str, meter: Mapping[str, Any], *, giving: bool) -> tuple[str, str]:
    """What the meter itself says, while nobody knows the watts."""
    return written.number(lang, meter["injected_va"] if giving else meter["drawn_va"]), "VA"


def _kva(lang: str, volt_amperes: int) -> str:
    return written.number(lang, volt_amperes / _KILO, 1 if volt_amperes % _KILO else 0)


def _phases(lang: str, meter: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"phase-{one['phase']}-{key}": f"{written.number(lang, one[key])}{_NARROW}{unit}"
        if one[key] is not None
        else written.NOTHING
        for one in meter["phases"]
        for key, unit in _UNITS
    }


def _usual(lang: str, day: HomeDay | None, subscribed: int | None) -> dict[str, Any] | None:
    """What is usual at this hour: in words, and where it stands on the gauge."""
    if day is None or day.usual_w is None:
        return None
    place = min(GAUGE, round(GAUGE * day.usual_w / subscribed)) if subscribed else None
    return {"text": _NARROW.join(power(lang, day.usual_w)), "place": place}


def _kind(view: PageView, meter: Mapping[str, Any]) -> str | None:
    """What the meter counts now, in words; in the supplier's own where they are no known ones."""
    kind = meter["tariff_kind"]
    return meter["tariff"] if kind == "unknown" else view.words[f"tariff_{kind}"]


def _amounts(lang: str, amount: DrawnAmount) -> str:
    said = [written.euros(lang, amount.euros)] if amount.euros is not None else []
    said += [written.kwh(lang, amount.wh)] if amount.wh is not None else []
    return f"{_NARROW}· ".join(said)


def _left(view: PageView, meter: Mapping[str, Any]) -> str | None:
    """How many days of Tempo are left; None for who has none, or where nobody knows."""
    said = []
    for colour in ("red", "white"):
        if (left := meter[f"tempo_{colour}_left"]) is not None:
            least, _, most = str(left).partition("/")
            text = view.say("left_between", least=least, most=most) if most else least
            number = {"0": "_none", "1": "_one"}.get(text, "")
            said.append(view.say(f"{colour}_left{number}", n=text))
    return ", ".join(said) if said and meter["tempo_today"] != "unknown" else None


def _sun(meter: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is produced, used at home and sent to the grid today; None for who produces nothing."""
    made, used, sent = (meter[f"{name}_today_wh"] for name in ("produced", "self_consumed", "injected"))
    doubt = meter["produced_doubt"]
    if made is None and not doubt and not sent:
        return None
    return {
        "made": made,
        "used": used,
        "sent": sent,
        "doubt": doubt,
        "share": round(GAUGE * used / made) if made and used is not None else None,
    }
