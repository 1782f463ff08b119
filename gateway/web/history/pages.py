"""The page *history* as HTML: where one is, what it came to, the chart's place, the same values as a table."""

from __future__ import annotations

import json
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.web import written
from gateway.web.history.data import half_hour_rows, highest, part_rows
from gateway.web.history.values import PERIODS
from gateway.web.pages import document
from gateway.web.words import ENGLISH, tied

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from gateway.web.history.values import Past, Row
    from gateway.web.pages import View

# What the browser says by itself.
_SAID_BY_SCRIPT = (
    *("curve_power", "curve_band", "curve_injected", "curve_half", "curve_half_injected", "curve_half_produced"),
    *(
        "curve_before",
        "bar_drawn",
        "bar_before",
        "bar_injected",
        "bar_produced",
        "no_chart",
        "tariff_word",
        "zoom_hint",
    ),
)
_ZOOM = (("in", "+"), ("out", "−"), ("left", "←"), ("right", "→"), ("all", "⤢"))
# More than that is no slip of a half hour.
_MOST_ODD = 3
_FINER = {"year": "month", "month": "day", "week": "day"}
FILES = ("uPlot.min.css", "history.css", "uPlot.min.js", "history.js")


def page(view: View, past: Past, meters: Sequence[str]) -> str:
    """One period of one meter."""
    body = _where(view, past, meters)
    if past.known is None:
        return document(view, "history", f"{body}<p>{view.say('history_empty')}</p>", files=("history.css",))
    title = escape(written.span(view.lang, past.period, past.first, past.sum.end))
    body += f"<h2>{title}</h2>"
    if past.sum.figures is None and not (past.curve and past.curve.drawn):
        first, last = (written.long_date(view.lang, day) for day in past.known)
        body += f'<p class="warn">{view.say("history_nothing", first=first, last=last)}</p>'
        return document(view, "history", body, files=("history.css",))
    body += f'<p id="summary">{escape(summary(view, past))}</p>'
    body += _odd(view, past) + chart_place(view, f"/history/data?{view.query}") + _cards(view, past)
    body += _table(view, past) + _downloads(view, past)
    return document(view, "history", body, files=FILES)


def refusal(view: View, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    text = f'<p class="bad" role="alert">{view.say(key, **places)}</p>'
    return document(view, "history", f'{text}<p><a href="/history">{view.say("history")}</a></p>')


def address(past: Past, **changes: str) -> str:
    """The page of another look, as it may stand in HTML."""
    asked = {"meter": past.meter, "period": past.period, "date": past.first.isoformat()} | changes
    return escape(f"/history?{urlencode(asked)}")


def _where(view: View, past: Past, meters: Sequence[str]) -> str:
    here = ' aria-current="true"'
    # From a longer period to a shorter one: the last of it that is known.
    last = min(past.sum.end - timedelta(days=1), past.known[1]) if past.known else past.first
    day = max(last, past.first).isoformat()
    tabs = "".join(
        f'<a href="{address(past, period=one, date=day)}"{here if one == past.period else ""}>{view.say(one)}</a>'
        for one in PERIODS
    )
    steps = _step(view, past, "previous", "‹ ", "", past.previous) + _step(view, past, "next", "", " ›", past.next)
    inner = f'<input type="hidden" name="period" value="{past.period}">'
    if len(meters) > 1:
        options = "".join(f"<option{' selected' if one == past.meter else ''}>{escape(one)}</option>" for one in meters)
        inner += f'<label>{view.say("of_meter")}<select name="meter">{options}</select></label>'
    limits = f' min="{past.known[0]}" max="{past.known[1]}"' if past.known else ""
    inner += (
        f'<label>{view.say("date")}<input type="date" name="date" value="{past.first}"{limits} required></label>'
        f"<button>{view.say('show')}</button>"
    )
    return (
        f'<nav class="periods" aria-label="{view.say("period")}">{tabs}</nav><div class="where">'
        f'<p class="steps">{steps}</p><form class="pick" action="/history">{inner}</form></div>'
    )


def _step(view: View, past: Past, key: str, before: str, after: str, day: date | None) -> str:
    text = f"{before}{view.say(key)}{after}"
    if day is None:
        return f'<span class="quiet">{text}</span>'
    return f'<a href="{address(past, date=day.isoformat())}" rel="{"prev" if key == "previous" else "next"}">{text}</a>'


def summary(view: View, past: Past) -> str:
    """What the chart shows, in one sentence."""
    lang, row, say = view.lang, past.sum, view.words
    found = []
    if row.figures and row.figures.drawn is not None:
        found.append(say["said_drawn"].format(drawn=written.kwh(lang, row.figures.drawn)))
    if row.change is not None:
        found.append(
            say["said_change_now" if row.so_far else "said_change"].format(
                change=written.percent(lang, row.change, signed=True)
            )
        )
    if row.figures and row.figures.produced is not None:
        made, given = written.kwh(lang, row.figures.produced), written.kwh(lang, row.figures.injected)
        found.append(say["said_made"].format(produced=made, injected=given))
    elif row.figures and row.figures.injected:
        found.append(say["said_injected"].format(injected=written.kwh(lang, row.figures.injected)))
    if past.curve and (peak := highest(past.curve)):
        power, time = peak
        found.append(say["said_peak"].format(power=written.number(lang, power), at=written.clock(time)))
    most = max(
        ((one.figures.drawn, one) for one in past.rows if one.figures and one.figures.drawn),
        default=None, key=lambda pair: pair[0],
    )  # fmt: skip
    if most:
        wh, one = most
        name = written.month(lang, one.first) if past.period == "year" else written.long_date(lang, one.first)
        found.append(say["said_most"].format(when=name, drawn=written.kwh(lang, wh)))
    said = ("; " if lang == ENGLISH else tied(" ; ")).join(found)
    return f"{said[:1].upper()}{said[1:]}."


def _cards(view: View, past: Past) -> str:
    row, lang = past.sum, view.lang
    now, then = row.figures, row.before
    if now is None:
        return ""
    before = written.kwh(lang, then.drawn) if then and then.drawn is not None else None
    note = ""
    if before and row.change is not None:
        change = written.percent(lang, row.change, signed=True)
        note = view.say("than_before_now" if row.so_far else "than_before", change=change, before=before)
    elif before:
        note = view.say(_before_was(row), before=before)
    cards = [_card(view.say("drawn"), written.kwh(lang, now.drawn) + _mark(row), note)]
    for key, name in (("injected", "injected_energy"), ("produced", "produced")):
        value, was = getattr(now, key), getattr(then, key) if then else None
        doubted = now.doubt if key == "produced" else None
        if value or doubted:
            said = view.say(_before_was(row), before=written.kwh(lang, was)) if was else ""
            shown = view.say("unknown") if value is None else written.kwh(lang, value)
            if doubted:
                shown = shown if value is None else view.say("at_least", energy=shown)
                said = view.say(f"doubt_{doubted}") + (f"<br>{said}" if said else "")
            cards.append(_card(view.say(name), shown, said))
    cards += [
        _card(
            view.say(key), view.say("unknown") if share is None else written.percent(lang, share), view.say(f"{key}_is")
        )
        for key, share in (("self_consumed", now.self_consumed), ("self_sufficient", now.self_sufficient))
        if share is not None or (now.doubt and now.produced is None)
    ]
    words = "".join(
        f"<li>{escape(written.tariff_class(lang, word))} <strong>{written.kwh(lang, wh)}</strong></li>"
        for word, wh in now.classes.items()
    )
    listed = f'<ul class="classes">{words}</ul>' if len(now.classes) > 1 else ""
    return f'<div class="cards figures">{"".join(cards)}</div>{listed}{_marks(view, past)}'


def _before_was(row: Row) -> str:
    return "before_was_now" if row.so_far else "before_was"


def _odd(view: View, past: Past) -> str:
    """What stands out of a day, with the way to where it is looked at and corrected."""
    lines = ""
    for one in past.odd[:_MOST_ODD]:
        asked = {"meter": past.meter, "path": one.path, "granularity": "PT30M", "time": one.time}
        power, at = written.number(view.lang, one.watts), written.clock(one.time)
        link = f'<a href="{escape("/repair/point?" + urlencode(asked))}">{view.say("odd_look")}</a>'
        lines += f'<p class="warn">{view.say("odd", power=power, at=at)} {link}</p>'
    return lines


def _card(title: str, value: str, note: str) -> str:
    more = f"<small>{note}</small>" if note else ""
    return f'<div class="card"><h3>{title}</h3><p>{value}</p>{more}</div>'


def _mark(row: Row) -> str:
    return ("" if row.whole else " *") + (" ~" if row.estimated else "")


def _marks(view: View, past: Past) -> str:
    rows = [row for row in (past.sum, *past.rows) if row.figures]
    keys = [key for key, told in (
        ("mark_partly", any(not row.whole for row in rows)), ("mark_estimated", any(row.estimated for row in rows)),
    ) if told]  # fmt: skip
    return "".join(f'<p class="quiet">{view.say(key)}</p>' for key in keys)


def chart_place(view: View, url: str, keys: Sequence[str] = _SAID_BY_SCRIPT) -> str:
    """Where the browser draws what it reads from there, with what it takes to look closer; ``keys`` it says itself."""
    words = escape(json.dumps({key: view.words[key] for key in keys}, ensure_ascii=False))
    buttons = "".join(
        f'<button type="button" data-zoom="{key}" title="{view.say(f"zoom_{key}")}"'
        f' aria-label="{view.say(f"zoom_{key}")}">{mark}</button>'
        for key, mark in _ZOOM
    )
    return (
        f'<noscript><p>{view.say("chart_script")}</p></noscript><section class="chart" data-url="{escape(url)}"'
        f' data-words="{words}"><div class="legend"></div>'
        f'<p class="readout quiet" aria-live="polite">{view.say("loading")}</p>'
        f'<div class="plot" tabindex="0" role="group" aria-label="{view.say("chart")}"'
        ' aria-describedby="summary"></div>'
        f'<p class="zoom" hidden>{buttons}</p></section>'
    )


def _table(view: View, past: Past) -> str:
    if past.curve:
        head, rows = half_hour_rows(view, past.curve)
        # UTC is for programs; here a row is named by the clock on the wall.
        head = [view.words["time"], *head[2:]]
        body = [[written.clock(one.time), *row[2:]] for one, row in zip(past.curve.half_hours, rows, strict=True)]
        names = [escape(str(row[0])) for row in body]
    else:
        head, rows = part_rows(view, past)
        head, body = [head[0], *head[2:]], [[row[0], *row[2:]] for row in rows]
        names = [_name(view, past, place) for place in range(len(rows))]
    heads = "".join(f"<th scope=col>{escape(str(one))}</th>" for one in head)
    lines = "".join(
        f"<tr><th scope=row>{name}</th>{''.join(_cells(view, row[1:]))}</tr>"
        for name, row in zip(names, body, strict=True)
    )
    return (
        f'<details class="values"><summary>{view.say("values")}</summary><div class="wide" tabindex="0" role="region"'
        f' aria-label="{view.say("values")}"><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
        "</details>"
    )


def _name(view: View, past: Past, place: int) -> str:
    """A part of the period, as a link to a page of its own."""
    row = past.rows[place]
    period = _FINER[past.period]
    name = written.month(view.lang, row.first) if period == "month" else written.short_date(view.lang, row.first)
    mark = _mark(row) if row.figures else ""
    return f'<a href="{address(past, period=period, date=row.first.isoformat())}">{name}</a>{mark}'


def _cells(view: View, row: Iterable[object]) -> Iterable[str]:
    for cell in row:
        if isinstance(cell, float):
            yield f"<td>{written.number(view.lang, cell, 1)}</td>"
        elif isinstance(cell, int):
            yield f"<td>{written.number(view.lang, cell)}</td>"
        else:
            yield f"<td>{escape(str(cell)) if cell else written.NOTHING}</td>"


def _downloads(view: View, past: Past) -> str:
    tables = ["parts"]
    if past.curve:
        tables = [*(["minutes"] if past.curve.drawn else []), "half-hours"]
    lines = ""
    for form in ("fr", "en"):
        asked = {"meter": past.meter, "period": past.period, "date": past.first.isoformat(), "form": form}
        links = " · ".join(
            f'<a href="{escape("/history/csv?" + urlencode(asked | {"table": table}))}" download>'
            f"{view.say(f'csv_{table}')}</a>"
            for table in tables
        )
        lines += f"<li>{view.say(f'csv_{form}')}<br>{links}</li>"
    return f'<section class="downloads"><h3>{view.say("download")}</h3><ul>{lines}</ul></section>'
