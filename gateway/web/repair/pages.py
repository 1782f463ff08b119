"""The page *repair* as HTML: points that stand out, those around a moment, one point, what is about to be changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.web import dates
from gateway.web.pages import document, form
from gateway.web.sharing.pages import FILES, facts, heading, press, table_row
from gateway.web.words import FRENCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.pages import View

Value = int | float | str

# A text may have so many characters, a reason too.
LONGEST_TEXT = 200
GRANULARITIES = ("raw", "PT1M", "PT30M", "P1D")
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Which:
    """A point by its name, or a place to look at: meter, path, granularity, POSIX second."""

    meter: str
    path: str
    granularity: str
    time: int

    @property
    def query(self) -> str:
        """In an address."""
        return urlencode({name: getattr(self, name) for name in ("meter", "path", "granularity", "time")})

    @property
    def fields(self) -> dict[str, object]:
        """In a form."""
        return {name: getattr(self, name) for name in ("meter", "path", "granularity", "time")}


@dataclass(frozen=True, slots=True)
class Known:
    """A series that can be repaired, as fine as it exists; ``name`` by language."""

    meter: str
    path: str
    unit: str
    kind: str
    name: Mapping[str, str]
    granularities: Sequence[str]
    last: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored point; ``low`` and ``high`` are of those around it where it stands out, ``judged`` when it was read."""

    which: Which
    value: Value
    rectified: bool = False
    low: float | None = None
    high: float | None = None
    judged: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A correction that was made at POSIX second ``at``; a value is None where there was none."""

    which: Which
    before: Value | None
    after: Value | None
    at: int
    reason: str
    undoable: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What the page shows: ``chosen`` is where somebody looks, None at first."""

    series: Sequence[Known]
    suspects: Sequence[Stored]
    corrections: Sequence[Changed]
    chosen: Which | None = None
    around: Sequence[Stored] = ()

    def known(self, which: Which) -> Known | None:
        """The series of a point."""
        return next((s for s in self.series if (s.meter, s.path) == (which.meter, which.path)), None)


def page(view: View, look: Look, told: str | None = None, *, good: bool = False) -> str:
    """The page itself; ``told`` is the key of what was done, or of what is wrong."""
    said = f'<p class="{"good" if good else "bad"}" role="status">{view.say(told)}</p>' if told else ""
    if not look.series:
        return document(view, "repair", f"{said}<p>{view.say('no_series')}</p>", files=FILES)
    around = _around(view, look) if look.chosen else ""
    body = (
        f"{said}<p>{view.say('repair_intro')}</p><section><h2>{view.say('choose')}</h2>{_chooser(view, look)}</section>"
        f"{_suspects(view, look)}{around}{_corrections(view, look)}"
    )
    view = replace(view, path="/repair", query=f"{look.chosen.query}&" if look.chosen else "")
    return document(view, "repair", body, files=FILES)


def message(view: View, key: str, detail: str = "") -> str:
    """One sentence, what the gateway says of it, and the way back."""
    more = f'<p lang="en">{escape(detail)}</p>' if detail else ""
    back = f'<p><a href="/repair">{view.say("back_to_repair")}</a></p>'
    body = f'<div class="bad" role="alert"><p>{view.say(key)}</p>{more}</div>{back}'
    return document(replace(view, path="/repair"), "repair", body)


def point(
    view: View, known: Known, stored: Stored, around: Sequence[Stored], fields: Mapping[str, str],
    told: str | None = None,
) -> str:  # fmt: skip
    """One point between its neighbours, and the form that repairs it."""
    what = stored.which
    wrong = f'<p class="bad" role="alert">{view.say(told, unit=known.unit)}</p>' if told else ""
    rows = [
        ("series", f'{escape(known.name[view.lang])} <small class="path">{escape(what.path)}</small>'),
        ("when", when(view, what.time)),
        ("fineness", view.say(f"fineness_{what.granularity}")),
        ("stored_now", f"<strong>{number(view, stored.value, known.unit)}</strong>"),
    ]
    key = "new_text" if known.kind == "text" else "new_value"
    choice = fields.get("choice")
    inner = (
        _hidden(what)
        + _choice(view, "value", "give_value", ticked=choice == "value")
        + f'<label class="short">{view.say(key, unit=known.unit)}<input name="value" maxlength="{LONGEST_TEXT}"'
        f' autocomplete="off" value="{escape(fields.get("value", ""))}"></label>'
        + _choice(view, "remove", "take_away", ticked=choice == "remove")
        + f'<label>{view.say("why")}<input name="reason" maxlength="{LONGEST_TEXT}" autocomplete="off"'
        f' value="{escape(fields.get("reason", ""))}"></label>'
    )
    body = (
        f"{wrong}{facts(view, rows)}{_table(view, known, around, marked=what.time)}"
        f"{form(view, '/repair/check', inner, 'go_on')}"
        f'<p><a href="/repair?{escape(what.query)}">{view.say("back")}</a></p>'
    )
    return document(replace(view, path="/repair/point", query=f"{what.query}&"), "point", body, files=FILES)


def sure(view: View, known: Known, stored: Stored, had: Sequence[str], fields: Mapping[str, str]) -> str:
    """What is about to be changed, who had it, and the button that does it."""
    what, removed = stored.which, fields["choice"] == "remove"
    places = {"what": known.name[view.lang], "when": plain_when(view, what.time)}
    old = plain_number(view, stored.value, known.unit)
    said = (
        view.say("sure_remove", old=old, **places)
        if removed
        else view.say("sure_value", old=old, new=plain_number(view, fields["value"], known.unit), **places)
    )
    told = view.say("had_by", who=", ".join(had)) if had else view.say("had_by_nobody")
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(fields.get(name, ""))}">'
        for name in ("choice", "value", "reason")
    )
    body = (
        f"<p><strong>{said}</strong></p><p>{told}</p><p>{view.say('kept_old')}</p>"
        f'<div class="actions">{form(view, "/repair/do", _hidden(what) + kept, "do_it")}'
        f'<a href="/repair?{escape(what.query)}">{view.say("back")}</a></div>'
    )
    return document(replace(view, path="/repair/point", query=f"{what.query}&"), "sure", body, files=FILES)


def wrong(known: Known, stored: Stored, fields: Mapping[str, str]) -> str | None:
    """The key of what is wrong with a form; None when it can be done."""
    if fields.get("choice") not in {"value", "remove"}:
        return "wrong_choice"
    reason = fields.get("reason", "")
    if len(reason) > LONGEST_TEXT or not reason.isprintable():
        return "wrong_reason"
    return _wrong_value(known, stored, fields.get("value", "")) if fields["choice"] == "value" else None


def plain(known: Known, text: str) -> str:
    """A value as the store reads it: a number may be written with a comma and with blanks."""
    return text if known.kind == "text" else "".join(text.split()).replace(",", ".")


def _wrong_value(known: Known, stored: Stored, text: str) -> str | None:
    if known.kind == "text":
        if not text or not text.isprintable() or len(text) > LONGEST_TEXT:
            return "wrong_text"
        return "wrong_same" if text == stored.value else None
    mean = known.kind == "gauge" and stored.which.granularity != "raw"
    said = "wrong_number" if mean else "wrong_index" if known.kind == "index" else "wrong_whole"
    try:
        value = float(plain(known, text)) if mean else int(plain(known, text))
    except ValueError:
        return said
    if not abs(value) < _LARGEST or (known.kind == "index" and value < 0):
        return said
    return "wrong_same" if round(value, 1) == stored.value else None


def when(view: View, time: int) -> str:
    """A moment, to the second, as HTML."""
    return escape(plain_when(view, time))


def plain_when(view: View, time: int) -> str:
    """A moment, to the second."""
    moment = dates.local(time)
    return f"{dates.day(view.lang, moment)}, {moment:%H:%M:%S}"


def number(view: View, value: Value | None, unit: str) -> str:
    """A value with its unit, as HTML."""
    return escape(plain_number(view, value, unit))


def plain_number(view: View, value: Value | None, unit: str) -> str:
    """A value with its unit; a text between quotation marks."""
    if value is None:
        return "–"
    if isinstance(value, str) and not unit:
        return f"«\u00a0{value}\u00a0»" if view.lang == FRENCH else f"“{value}”"
    try:
        text = f"{float(value):,.1f}".removesuffix(".0")
    except ValueError:
        text = str(value)
    if view.lang == FRENCH:
        text = text.replace(",", "\u202f").replace(".", ",")
    return f"{text}\u00a0{unit}"


# --- parts of the page -----------------------------------------------------------------------------------------------


def _hidden(what: Which) -> str:
    return "".join(f'<input type="hidden" name="{n}" value="{escape(str(v))}">' for n, v in what.fields.items())


def _choice(view: View, value: str, key: str, *, ticked: bool) -> str:
    tick = " checked" if ticked else ""
    return (
        f'<label class="choice"><input type="radio" name="choice" value="{value}"{tick}>'
        f"<span>{view.say(key)}</span></label>"
    )


def _chooser(view: View, look: Look) -> str:
    """Series, granularity, day and time; by GET, so that a look has an address."""
    chosen = look.chosen or Which("", "", "PT30M", max(known.last for known in look.series))
    moment = dates.local(chosen.time)
    here = (chosen.meter, chosen.path)
    several = len({known.meter for known in look.series}) > 1
    options = "".join(
        f'<option value="{escape(f"{s.meter} {s.path}")}"{" selected" if (s.meter, s.path) == here else ""}>'
        f"{escape(s.name[view.lang])}{escape(f' ({s.meter})') if several else ''}</option>"
        for s in look.series
    )
    fine = "".join(
        f'<option value="{code}"{" selected" if code == chosen.granularity else ""}>'
        f"{view.say(f'fineness_{code}')}</option>"
        for code in GRANULARITIES
    )
    return (
        '<form class="wide" method="get" action="/repair"><div class="fields">'
        f'<label>{view.say("series")}<select name="series">{options}</select></label>'
        f'<label>{view.say("fineness")}<select name="granularity">{fine}</select></label>'
        f'<label>{view.say("day")}<input type="date" name="day" value="{moment:%Y-%m-%d}"></label>'
        f'<label>{view.say("time_of_day")}<input type="time" name="hour" value="{moment:%H:%M}"></label></div>'
        f"<button>{view.say('show')}</button></form>"
    )


def _suspects(view: View, look: Look) -> str:
    title = "suspects_of" if look.chosen else "suspects"
    rows = "".join(_suspect(view, look, one) for one in look.suspects)
    table = (
        f'<table class="stack">{heading(view, ("when", "series", "value", "repair_this"))}<tbody>{rows}</tbody></table>'
    )
    nothing = f'<p class="good">{view.say("no_suspects")}</p>'
    return f"<section><h2>{view.say(title)}</h2>{table if rows else nothing}</section>"


def _suspect(view: View, look: Look, one: Stored) -> str:
    known = look.known(one.which)
    if known is None:
        return ""
    said = number(view, one.value, known.unit)
    if one.judged:
        said += f"<br><small>{view.say(f'judged_{one.judged}')}</small>"
    elif one.low is not None and one.high is not None:
        low, high = plain_number(view, one.low, known.unit), plain_number(view, one.high, known.unit)
        said += f"<br><small>{view.say('between', low=low, high=high)}</small>"
    fine = view.say(f"fineness_{one.which.granularity}")
    what = f"{escape(known.name[view.lang])}<br><small>{fine}</small>"
    return table_row(
        view,
        ("when", when(view, one.which.time)),
        (("series", what), ("value", said), ("repair_this", _link(view, known, one))),
    )


def _link(view: View, known: Known, one: Stored) -> str:
    said = view.say(
        "repair_point", when=plain_when(view, one.which.time), value=plain_number(view, one.value, known.unit)
    )
    return f'<a href="/repair/point?{escape(one.which.query)}" aria-label="{said}">{view.say("repair_this")}</a>'


def _around(view: View, look: Look) -> str:
    chosen = look.chosen
    known = look.known(chosen) if chosen else None
    if known is None or chosen is None or not look.around:
        return f"<section><h2>{view.say('around')}</h2><p>{view.say('nothing_around')}</p></section>"
    first, last = look.around[0].which, look.around[-1].which
    links = (
        f'<p class="links"><a href="/repair?{escape(first.query)}">{view.say("before")}</a>'
        f' <a href="/repair?{escape(last.query)}">{view.say("after")}</a></p>'
    )
    return f"<section><h2>{view.say('around')}</h2>{links}{_table(view, known, look.around)}</section>"


def _table(view: View, known: Known, rows: Sequence[Stored], marked: int | None = None) -> str:
    """Points in order; that of the second ``marked`` is the one that is being repaired."""
    lines = ""
    for row in rows:
        mark = f" <small>({view.say('rectified')})</small>" if row.rectified else ""
        value = f"{number(view, row.value, known.unit)}{mark}"
        if row.which.time == marked:
            value = f"<strong>{value}</strong>"
        link = "" if marked is not None else f"<td>{_link(view, known, row)}</td>"
        lines += f"<tr><th scope=row>{when(view, row.which.time)}</th><td>{value}</td>{link}</tr>"
    heads = ("when", "value") if marked is not None else ("when", "value", "repair_this")
    return f'<table class="points">{heading(view, heads)}<tbody>{lines}</tbody></table>'


def _corrections(view: View, look: Look) -> str:
    rows = "".join(_correction(view, look, one) for one in look.corrections)
    heads = heading(view, ("on", "series", "change", "undo"))
    table = f'<table class="stack">{heads}<tbody>{rows}</tbody></table>'
    return (
        f"<section><h2>{view.say('corrected')}</h2>"
        f"{table if rows else '<p>' + view.say('no_corrections') + '</p>'}</section>"
    )


def _correction(view: View, look: Look, one: Changed) -> str:
    known = look.known(one.which)
    name, unit = (known.name[view.lang], known.unit) if known else (one.which.path, "")
    fine = view.say(f"fineness_{one.which.granularity}")
    what = f"{escape(name)}<br><small>{when(view, one.which.time)}, {fine}</small>"
    after = view.say("removed") if one.after is None else number(view, one.after, unit)
    before = view.say("removed") if one.before is None else number(view, one.before, unit)
    change = f"{before} → {after}" + (f"<br><small>{escape(one.reason)}</small>" if one.reason else "")
    said = {"what": name, "when": plain_when(view, one.which.time)}
    button = press(view, "/repair/undo", one.which.fields, "undo", "undo_of", **said) if one.undoable else ""
    cells = (("series", what), ("change", change), ("undo", button))
    return table_row(view, ("on", dates.clock(view.lang, dates.local(one.at))), cells)
