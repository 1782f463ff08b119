"""The page *cost*, made of values: month and year with what is to come, this moment, each period, the tariffs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.web import written
from gateway.web.cost.chart import cost_chart, legend
from gateway.words.phrase import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.web.cost.values import Aim, Bill, Forecast, Money, OffersCompared
    from gateway.web.view import PageView

FILES = ("history.css", "cost.css", "history.js")
# What a gauge is long.
GAUGE = 1000


@dataclass(frozen=True, slots=True)
class Gauge:
    """How far something has come, will come, and may: thousandths of the longest of them; None is what nobody knows."""

    done: int
    soon: int | None
    goal: int | None


def page(view: PageView, bill: Bill, meters: Sequence[str]) -> str:
    """The costs of one meter."""
    past = _past(view, bill) if bill.rows else {}
    foreseen = {one.period: one for one in bill.forecasts}
    return view.page(
        "cost/page.html",
        bill=bill,
        meters=meters,
        files=list(FILES),
        month=_month(view, bill, foreseen.get("month")),
        year=_year(view, bill, foreseen.get("year")),
        **past,
    )


def offers_page(view: PageView, compared: OffersCompared, meters: Sequence[str]) -> str:
    """The days of one meter under other offers."""
    most = max((one.euros for one in compared.offers if one.euros is not None), default=0)
    return view.page("cost/offers.html", compared=compared, meters=meters, files=list(FILES), gauge=gauge, most=most)


def refusal(view: PageView, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    return view.page("history/refusal.html", page="cost", key=key, places=places)


def gauge(done: float, soon: float | None, goal: float | None) -> Gauge:
    """The places on a gauge."""
    longest = max(done, soon or 0, goal or 0)
    places = [
        None if one is None or not longest else round(GAUGE * max(one, 0) / longest) for one in (done, soon, goal)
    ]
    return Gauge(places[0] or 0, *places[1:])


def _month(view: PageView, bill: Bill, foreseen: Forecast | None) -> dict[str, Any] | None:
    """The month as far as it is over, and what it will come to; None while nothing of it is known."""
    now = bill.month
    if now is None:
        return None
    against = {} if now.change is None else {"change": written.percent(view.lang, now.change, signed=True)}
    return {
        "name": written.month(view.lang, now.first),
        "euros": now.total,
        "wh": now.wh,
        "sure": now.whole and not now.estimated,
        "partly": now.total is not None and now.partly,
        "against": view.say("said_against_now" if now.so_far else "said_against", **against) if against else "",
        **_ahead(view, bill, foreseen, "month"),
    }


def _year(view: PageView, bill: Bill, foreseen: Forecast | None) -> dict[str, Any] | None:
    if foreseen is None:
        return None
    return {
        "name": str(foreseen.first.year),
        "euros": foreseen.measured_euros,
        "wh": foreseen.measured_wh,
        **_ahead(view, bill, foreseen, "year"),
    }


def _ahead(view: PageView, bill: Bill, foreseen: Forecast | None, period: str) -> dict[str, Any]:
    """What a period will come to, and what it may."""
    aims = [_aim(view, aim, foreseen) for aim in bill.aims if aim.period == period and foreseen]
    return {"foreseen": foreseen, "amount": _expected(view, foreseen), "gauge": _plain(foreseen), "aims": aims}


def _expected(view: PageView, foreseen: Forecast | None) -> str:
    if foreseen is None:
        return ""
    if foreseen.expected_euros is None:
        return written.kwh(view.lang, foreseen.expected_wh)
    return written.euros(view.lang, foreseen.expected_euros)


def _plain(foreseen: Forecast | None) -> Gauge | None:
    """Of a period without an objective: how much of what is foreseen is there."""
    if foreseen is None:
        return None
    if foreseen.measured_euros is None or foreseen.expected_euros is None:
        return gauge(foreseen.measured_wh, foreseen.expected_wh, None)
    return gauge(foreseen.measured_euros, foreseen.expected_euros, None)


def _aim(view: PageView, aim: Aim, foreseen: Forecast) -> dict[str, Any]:
    """An objective: where it stands on the gauge, how it is, what is left of it; both are unknown without a price."""
    left, days = aim.goal - aim.measured, foreseen.days_left
    key = "over" if left < 0 else "left_today" if days == 1 else "left_days"
    return {
        "gauge": gauge(aim.measured, aim.expected, aim.goal) if aim.priced else None,
        "state": aim.state,
        "goal": view.say("budget_is" if aim.unit == "€" else "aim_is", goal=_amount(view, aim, aim.goal)),
        "left": view.say(key, amount=_amount(view, aim, abs(left)), days=days) if aim.priced else "",
    }


def _amount(view: PageView, aim: Aim, value: float) -> str:
    return written.euros(view.lang, value) if aim.unit == "€" else written.kwh(view.lang, value * 1000)


def _past(view: PageView, bill: Bill) -> dict[str, Any]:
    """What the table shows of the rows: those that are known, its columns, and what it comes to."""
    known = [row for row in bill.rows if row.total is not None]
    classes = list({word: None for row in known for word in row.classes})
    # One class is all the energy: its column would say the same twice.
    classes = classes if len(classes) > 1 else []
    sells = any(row.income for row in known)
    keys = (
        "period",
        "total",
        "from_grid" if bill.panels else "consumed",
        "change",
        "before",
        "energy",
        "subscription",
        *(("income",) if sells else ()),
    )
    heads = [*map(view.say, keys), *(written.tariff_class(view.lang, word) for word in classes)]
    return {
        "known": known,
        "classes": classes,
        "sells": sells,
        "heads": heads,
        "without": plural(
            "The cost of one day is missing: no tariff covers it. Check the dates of your tariffs.",
            "The cost of {count} days is missing: no tariff covers them. Check the dates of your tariffs.",
            bill.days_without,
        ).in_language(view.lang),
        "summary": summary(view, bill),
        "chart": cost_chart(view, bill),
        "legend": legend(view, bill),
    }


def summary(view: PageView, bill: Bill) -> str:
    """What the last period came to, in one sentence."""
    row = next((one for one in reversed(bill.rows) if one.total is not None), None)
    return "" if row is None else _summed_up(view, bill, row)


def _summed_up(view: PageView, bill: Bill, row: Money) -> str:
    lang = view.lang
    when = written.span(lang, bill.period, row.first, row.end)
    key = "said_last" if row.over and row.whole else "said_part"
    said = view.words[key].format(when=when, total=written.euros(lang, row.total))
    if row.change is not None:
        against = view.words["said_against_now" if row.so_far else "said_against"].format(
            change=written.percent(lang, row.change, signed=True)
        )
        said += f", {against}"
    return f"{said[0].upper()}{said[1:]}."
