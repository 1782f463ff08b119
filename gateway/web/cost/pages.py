"""The page *cost* as HTML: this moment, what is to come, objectives, what it has cost, the tariffs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.web import written
from gateway.web.cost.values import PERIODS
from gateway.web.history.pages import FILES, chart_place
from gateway.web.pages import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.web.cost.values import Aim, Bill, Forecast, Money, Offer
    from gateway.web.pages import View

# What somebody without a tariff is shown; `tests/gateway/web/test_cost.py` loads it.
EXAMPLE = """[[tariff]]
name = "Heures creuses"
from = 2026-01-01
# € / mois, month
subscription = 15.65
# € / kWh
prices = { hc = 0.1579, hp = 0.2065 }
injection = 0.04"""
_WORDS = ("bar_cost", "bar_cost_before", "no_chart", "zoom_hint")
_STATES = {"kept": "good", "will-exceed": "warn", "exceeded": "bad"}


def page(view: View, bill: Bill, meters: Sequence[str]) -> str:
    """The costs of one meter."""
    body = _meters(view, bill, meters) if len(meters) > 1 else ""
    if not bill.offers:
        body += f'<div class="warn"><p>{view.say("no_tariff")}</p><pre><code>{escape(EXAMPLE)}</code></pre></div>'
    body += _ahead(view, bill) + _aims(view, bill)
    if bill.rows:
        body += _past(view, bill)
    elif bill.offers:
        body += f"<p>{view.say('cost_empty')}</p>"
    if bill.offers:
        body += _offers(view, bill.offers)
    return document(view, "cost", body, files=FILES if bill.rows else ("history.css",))


def refusal(view: View, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    text = f'<p class="bad" role="alert">{view.say(key, **places)}</p>'
    return document(view, "cost", f'{text}<p><a href="/cost">{view.say("cost")}</a></p>')


def _address(bill: Bill, **changes: str) -> str:
    return escape(f"/cost?{urlencode({'meter': bill.meter, 'period': bill.period} | changes)}")


def _meters(view: View, bill: Bill, meters: Sequence[str]) -> str:
    options = "".join(f"<option{' selected' if one == bill.meter else ''}>{escape(one)}</option>" for one in meters)
    return (
        f'<form class="pick" action="/cost"><input type="hidden" name="period" value="{bill.period}">'
        f'<label>{view.say("of_meter")}<select name="meter">{options}</select></label>'
        f"<button>{view.say('show')}</button></form>"
    )


def _ahead(view: View, bill: Bill) -> str:
    """This moment, the base load, this month and this year."""
    lang, moment = view.lang, bill.present
    cards = []
    if bill.offers:
        value, note = written.NOTHING, view.say("not_now")
        if moment.per_hour is not None and moment.word:
            value = view.say("an_hour", cost=written.euros(lang, moment.per_hour, 3))
            word = written.tariff_class(lang, moment.word)
            note = view.say("at_power", power=written.number(lang, moment.watts), word=word)
        cards.append(_card(view.say("hour_now"), value, note))
    if moment.base_load_w is not None:
        note = view.say("base_load_is")
        if bill.base_load_year is not None:
            cost = view.say("base_load_costs", cost=written.euros(lang, bill.base_load_year, 0))
            note = f"{cost}<br>{note}"
        cards.append(_card(view.say("base_load_now"), f"{written.number(lang, moment.base_load_w)}\u202fW", note))
    cards += [_forecast(view, one) for one in bill.forecasts]
    later = "" if bill.forecasts else f'<p class="quiet">{view.say("too_new")}</p>'
    title = f"<h2>{view.say('now_and_ahead')}</h2>" if cards else ""
    return f'{title}<div class="cards figures">{"".join(cards)}</div>{later}'


def _forecast(view: View, one: Forecast) -> str:
    lang = view.lang
    when = written.month(lang, one.first) if one.period == "month" else str(one.first.year)
    measured, expected = written.kwh(lang, one.measured_wh), written.kwh(lang, one.expected_wh)
    if one.expected_euros is None:
        value, note = expected, view.say("until_today_kwh", kwh=measured)
    else:
        value = written.euros(lang, one.expected_euros)
        so_far = written.euros(lang, one.measured_euros)
        note = view.say("until_today", euros=so_far, kwh=measured, kwh_end=expected)
    method = view.say("by_year_before" if one.by_year_before else "by_recent_days")
    return _card(view.say("month_end", when=when), value, f"{note}<br>{method}")


def _card(title: str, value: str, note: str) -> str:
    return f'<div class="card"><h3>{title}</h3><p>{value}</p><small>{note}</small></div>'


def _aims(view: View, bill: Bill) -> str:
    shown = "".join(_aim(view, aim) for aim in bill.aims) or f'<p class="quiet">{view.say("no_objective")}</p>'
    return f"<section><h2>{view.say('objectives')}</h2>{shown}</section>"


def _aim(view: View, aim: Aim) -> str:
    goal, measured, expected = (_amount(view, aim.unit, one) for one in (aim.goal, aim.measured, aim.expected))
    title = view.say(f"aim_{aim.period}", goal=goal)
    return (
        f'<div class="{_STATES[aim.state]}"><p><strong>{title}</strong></p>'
        f'<progress max="{aim.goal}" value="{min(aim.measured, aim.goal)}" aria-label="{title}"></progress>'
        f"<p>{view.say('aim_state', measured=measured, expected=expected)} <strong>{view.say(aim.state)}</strong></p>"
        "</div>"
    )


def _amount(view: View, unit: str, value: float) -> str:
    return written.euros(view.lang, value) if unit == "€" else written.kwh(view.lang, value * 1000)


def _past(view: View, bill: Bill) -> str:
    here = ' aria-current="true"'
    tabs = "".join(
        f'<a href="{_address(bill, period=one)}"{here if one == bill.period else ""}>{view.say(f"by_{one}")}</a>'
        for one in PERIODS
    )
    notes = ""
    if bill.days_without:
        notes += f'<p class="warn">{view.say("days_without", days=bill.days_without)}</p>'
    if bill.unpriced_wh:
        words = ", ".join(bill.classes_seen)
        kwh = written.kwh(view.lang, bill.unpriced_wh)
        notes += f'<p class="warn">{view.say("unpriced", kwh=kwh, words=words)}</p>'
    return (
        f'<section><h2>{view.say("costs")}</h2><nav class="periods" aria-label="{view.say("period")}">{tabs}</nav>'
        f'<p id="summary">{escape(summary(view, bill))}</p>{notes}</section>'
        f"{chart_place(view, f'/cost/data?{view.query}', _WORDS)}{_table(view, bill)}"
    )


def summary(view: View, bill: Bill) -> str:
    """What the last period came to, in one sentence."""
    row, lang = bill.rows[-1], view.lang
    when = written.span(lang, bill.period, row.first, row.end)
    key = "said_last" if row.whole else "said_part"
    said = view.words[key].format(when=when, total=written.euros(lang, row.total))
    if row.change is not None:
        against = view.words["said_against_now" if row.so_far else "said_against"].format(
            change=written.percent(lang, row.change, signed=True)
        )
        said += f", {against}"
    return f"{said[0].upper()}{said[1:]}."


def _table(view: View, bill: Bill) -> str:
    lang, known = view.lang, [row for row in bill.rows if row.total is not None]
    words = list({word: None for row in known for word in row.classes})
    # One class is all the energy: its column would say the same twice.
    words = words if len(words) > 1 else []
    sells = any(row.income for row in known)
    keys = ("period", "total", "before", "change", "energy", "subscription", *(("income",) if sells else ()))
    heads = [*map(view.say, keys), *(escape(written.tariff_class(lang, word)) for word in words)]
    lines = "".join(
        f"<tr><th scope=row>{_name(view, bill, row)}</th>{_cells(view, row, words, sells=sells)}</tr>"
        for row in reversed(bill.rows)
    )
    head = "".join(f"<th scope=col>{one}</th>" for one in heads)
    told = {"mark_partly": any(not row.whole for row in known), "mark_estimated": any(row.estimated for row in known)}
    marks = "".join(f'<p class="quiet">{view.say(key)}</p>' for key, is_told in told.items() if is_told)
    return (
        f'<details class="values" open><summary>{view.say("values")}</summary><div class="wide" tabindex="0"'
        f' role="region" aria-label="{view.say("values")}"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody>'
        f"</table></div>{marks}</details>"
    )


def _name(view: View, bill: Bill, row: Money) -> str:
    """The period, as a link to its energy."""
    name = (
        written.short_date(view.lang, row.first)
        if bill.period == "day"
        else written.span(view.lang, bill.period, row.first, row.end)
    )
    asked = {"meter": bill.meter, "period": bill.period, "date": row.first.isoformat()}
    mark = "" if row.total is None else ("" if row.whole else " *") + (" ~" if row.estimated else "")
    return f'<a href="{escape("/history?" + urlencode(asked))}">{name}</a>{mark}'


def _cells(view: View, row: Money, words: Iterable[str], *, sells: bool) -> str:
    lang, known = view.lang, row.total is not None
    cells = [written.euros(lang, row.total), written.euros(lang, row.before)]
    cells.append(written.percent(lang, row.change, signed=True))
    parts = [row.energy, row.subscription, *([-row.income] if sells else []), *map(row.classes.get, words)]
    cells += [written.euros(lang, one if known else None) for one in parts]
    return "".join(f"<td>{one}</td>" for one in cells)


def _offers(view: View, offers: Sequence[Offer]) -> str:
    keys = ("tariff_name", "from", "until", "a_month", "a_kwh", "sold_kwh")
    head = "".join(f"<th scope=col>{view.say(key)}</th>" for key in keys)
    lines = "".join(_offer(view, one) for one in sorted(offers, key=lambda one: one.since, reverse=True))
    title = view.say("tariffs")
    return (
        f'<section><h2>{title}</h2><div class="wide" tabindex="0" role="region" aria-label="{title}"><table><thead>'
        f'<tr>{head}</tr></thead><tbody>{lines}</tbody></table></div><p class="quiet">{view.say("where_tariffs")}</p>'
        "</section>"
    )


def _offer(view: View, one: Offer) -> str:
    lang = view.lang
    now = f" <small>({view.say('in_force')})</small>" if one.in_force else ""
    prices = "<br>".join(
        f"{escape(written.tariff_class(lang, word))} {written.euros(lang, price, 4)}"
        for word, price in one.prices.items()
    )
    sold = written.euros(lang, one.injection, 4) if one.injection else written.NOTHING
    until = one.until.isoformat() if one.until else written.NOTHING
    return (
        f"<tr><th scope=row>{escape(one.name)}{now}</th><td>{one.since}</td><td>{until}</td>"
        f"<td>{written.euros(lang, one.subscription)}</td><td>{prices}</td><td>{sold}</td></tr>"
    )
