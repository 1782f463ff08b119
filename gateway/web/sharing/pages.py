"""The page *sharing* as HTML: who may have what, who asks, who got what when, and whether the journal is whole.

Rows are those of ``linky-gateway consent … --json``; a stranger's words are escaped, and its addresses are no links.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from gateway.addresses.appearance import look_alike, unverified
from gateway.web import dates
from gateway.web.pages import document, form
from gateway.web.words import FRENCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.web.pages import View

Row = dict[str, Any]

FILES = ("sharing.css",)
MOST_PAST, MOST_NOTICES = 50, 20
# A line of a text that is at least so long goes on in the next.
_CUT = 90


class Phrases(Protocol):
    """What is said of data wherever a household reads of them: on this page, in the text before a yes, in notices."""

    def series(self, path: str, lang: str) -> str:
        """What a series, or all below a path, is called."""

    def granularity(self, code: str, lang: str) -> tuple[str, str]:
        """How fine that is, and what it lets somebody know."""

    def role(self, code: str, lang: str) -> str:
        """What a recipient is in law."""

    def duration(self, code: str, lang: str) -> str:
        """An ISO 8601 duration in words."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a recipient got in one day (UTC) at one granularity: how many points of how many series, of which time.

    ``confirmed``: how many of all that day it has confirmed by receipts; None where another row of that day says it.
    """

    day: int
    recipient: str
    granularity: str
    points: int
    series: int
    first: int
    last: int
    confirmed: int | None = None


@dataclass(frozen=True, slots=True)
class JournalState:
    """The journal: its head, and what the last check found; ``fault`` by language, empty when all was well.

    ``checked`` is how many entries were checked: up to now while ``running``, in all when ``at`` says when that ended.
    """

    entries: int
    hash: str
    running: bool = False
    checked: int = 0
    at: float | None = None
    fault: Mapping[str, str] | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows; ``first`` and ``last`` are the days (POSIX seconds, UTC) of ``handed``.

    ``requests`` and ``health`` are HTML (``sharing_requests``, ``health_pages``): who asks, and who may know whether
    the gateway is well.
    """

    consents: Sequence[Row]
    notices: Sequence[Row]
    handed: Sequence[HandedOver]
    first: int
    last: int
    is_latest: bool
    journal: JournalState
    retention: str
    requests: str = ""
    health: str = ""


def overview(view: View, shown: Overview, phrases: Phrases, done: str | None) -> str:
    """The page itself; ``done`` is the key of what was just done."""
    told = f'<p class="good" role="status">{view.say(done)}</p>' if done else ""
    body = (
        f"{told}<p>{view.say('sharing_intro')}</p>{shown.requests}"
        f"{_consents(view, shown, phrases)}{_past(view, shown.consents, phrases)}{_log(view, shown, phrases)}"
        f"{_notices(view, shown.notices, phrases)}{journal(view, shown.journal)}"
        f"<section><h2>{view.say('take_along')}</h2><p>{view.say('take_along_intro')}</p>"
        "<p><code>sudo linky-gateway privacy export --to maison.zip</code></p></section>"
    )
    return document(view, "sharing", body, files=FILES)


def message(view: View, key: str, detail: str = "") -> str:
    """One sentence, what the gateway says of it, and the way back."""
    more = f'<p lang="en">{escape(detail)}</p>' if detail else ""
    back = f'<p><a href="/sharing">{view.say("back_to_sharing")}</a></p>'
    return document(view, "sharing", f'<div class="bad" role="alert"><p>{view.say(key)}</p>{more}</div>{back}')


def shown_text(view: View, text: Row) -> str:
    """The words on which a consent was given."""
    back = f'<p><a href="/sharing">{view.say("back_to_sharing")}</a></p>'
    return document(view, "sharing", words_of(text) + back, files=FILES)


def words_of(text: Row) -> str:
    """A text of many lines, as wide as the window: what was cut only for a terminal is one line again."""
    lines: list[str] = []
    last = ""
    for line in text["words"].split("\n"):
        # A list or a fact begins with a capital; in the middle of a sentence there is none.
        if len(last) >= _CUT and line[:1].islower():
            lines[-1] += f" {line}"
        else:
            lines.append(line)
        last = line
    return f'<div class="words" lang="{escape(text["lang"])}">{escape(chr(10).join(lines))}</div>'


def facts(view: View, rows: Iterable[tuple[str, str]]) -> str:
    """A list of names and HTML; what is empty is said not to be stated."""
    return (
        '<dl class="facts">'
        + "".join(f"<dt>{view.say(key)}</dt><dd>{text or _unstated(view)}</dd>" for key, text in rows)
        + "</dl>"
    )


def _unstated(view: View) -> str:
    return f'<span class="quiet">{view.say("unstated")}</span>'


def who_rows(view: View, row: Row, phrases: Phrases) -> list[tuple[str, str]]:
    """Who gets data, or wants them, as that one says itself."""
    code = row["code_of_conduct"]
    return [
        ("contact", escape(row["contact"])),
        ("privacy", escape(row["privacy"])),
        ("role", escape(phrases.role(row["role"], view.lang))),
        ("code_of_conduct", escape(" ".join(filter(None, (code["url"], code["version"], code["sha256"]))))),
    ]


def named(view: View, controller: str) -> str:
    """The name that somebody gives to itself, and that nobody has checked it."""
    return escape(unverified(controller).in_language(view.lang)) if controller else ""


def addressed(view: View, jid: str) -> str:
    """An address, and under it what is to be seen in it before it is believed."""
    mark = look_alike(jid)
    return escape(jid) + (f'<br><strong class="bad">{escape(mark.in_language(view.lang))}</strong>' if mark else "")


def ways(view: View, row: Row) -> str:
    """Which way data go, in words."""
    said = [view.say("push")] if row["push"] else []
    if row["history"] and row["history_from"]:
        said.append(view.say("old_values_since", day=dates.day(view.lang, dates.read(row["history_from"]))))
    elif row["history"]:
        said.append(view.say("old_values"))
    return ("\u00a0; " if view.lang == FRENCH else "; ").join(said)


def series(view: View, path: str, phrases: Phrases) -> str:
    """The name of some data, and their path in small letters."""
    return f'{escape(phrases.series(path, view.lang))} <small class="path">{escape(path)}</small>'


def last_day(view: View, until: str) -> str:
    """The last day of a consent: its end is not included."""
    return dates.day(view.lang, dates.local(dates.read(until).timestamp() - 1))


def press(view: View, action: str, fields: Mapping[str, object], button: str, said: str, **places: object) -> str:
    """A form that is only a button; ``said`` is what a screen reader calls it."""
    token = view.session.form_token if view.session else ""
    hidden = {"form_token": token} | dict(fields)
    inner = "".join(f'<input type="hidden" name="{name}" value="{escape(str(v))}">' for name, v in hidden.items())
    return (
        f'<form class="press" method="post" action="{action}">{inner}'
        f'<button aria-label="{view.say(said, **places)}">{view.say(button)}</button></form>'
    )


# --- consents -------------------------------------------------------------------------------------------------------


def _consents(view: View, shown: Overview, phrases: Phrases) -> str:
    standing: dict[str, list[Row]] = {}
    for row in shown.consents:
        if row["state"] in {"valid", "limited", "waiting"}:
            standing.setdefault(row["recipient"], []).append(row)
    parties = "".join(_party(view, jid, rows, shown, phrases) for jid, rows in standing.items()) + shown.health
    nothing = f'<p class="good">{view.say("nothing_shared")}</p>'
    return f"<section><h2>{view.say('shared_now')}</h2>{parties or nothing}</section>"


def _party(view: View, jid: str, rows: Sequence[Row], shown: Overview, phrases: Phrases) -> str:
    """One recipient: what can be done with all it has, then each of its consents."""
    name = rows[-1]["controller"] or jid
    limited = any(row["state"] == "limited" for row in rows)
    change = "resume" if limited else "limit"
    buttons = press(view, "/sharing/withdraw", {"recipient": jid}, "withdraw_all", "withdraw_all_of", who=name)
    buttons += press(view, f"/sharing/{change}", {"recipient": jid}, change, f"{change}_of", who=name)
    if any(row["pseudonym"] for row in rows):
        buttons += press(view, "/sharing/renew", {"recipient": jid}, "renew", "renew_of", who=name)
    cards = "".join(_consent(view, row, name, shown.retention, phrases) for row in rows)
    title = named(view, rows[-1]["controller"]) or escape(jid)
    return (
        f'<div class="party"><h3>{title}</h3><p class="quiet">{addressed(view, jid)}</p>'
        f'<div class="presses">{buttons}</div><div class="agreements">{cards}</div></div>'
    )


def _consent(view: View, row: Row, name: str, retention: str, phrases: Phrases) -> str:
    lang = view.lang
    fineness, reveals = phrases.granularity(row["granularity"], lang)
    period = view.say("from_to", first=dates.day(lang, dates.read(row["begins"])), last=last_day(view, row["until"]))
    state = row["state"]
    what = phrases.series(row["series"], lang)
    rows = [
        ("data", series(view, row["series"], phrases)),
        ("fineness", escape(fineness)),
        ("purpose", escape(row["purpose"])),
        ("period", period),
        ("ways", ways(view, row)),
    ]
    kept = view.say("at_most", duration=phrases.duration(row["retention"] or retention, lang))
    more = [
        ("reveals", escape(reveals)),
        ("meter", escape(row["meter"])),
        *who_rows(view, row, phrases),
        ("retention", kept),
        ("manner", _manner(view, row)),
        ("given", given(view, row)),
    ]
    button = press(view, "/sharing/withdraw", {"consent": row["id"]}, "withdraw", "withdraw_one", what=what, who=name)
    mark, said = ("good" if state == "valid" else "warn"), "begins" if state == "waiting" else state
    details = f'{view.say("details")}<span class="hidden"> : {escape(what)}</span>'
    return (
        f'<article class="agreement"><p class="state {mark}">{view.say(f"state_{said}")}</p>{facts(view, rows)}'
        f"<details><summary>{details}</summary>{facts(view, more)}</details>{button}</article>"
    )


def _manner(view: View, row: Row) -> str:
    known = view.say("under_pseudonym" if row["pseudonym"] else "under_id", name=row["known_as"])
    return f"{view.say('profile_' + row['profile'])}, {known}"


def given(view: View, row: Row) -> str:
    """When, by which way, by whom, and on which text."""
    how = view.say(
        "given_how", day=dates.day(view.lang, dates.read(row["given"])), channel=view.words[f"channel_{row['channel']}"]
    )
    by = f" {view.say('given_by', name=row['given_by'])}" if row["given_by"] and row["channel"] != "web" else ""
    text = row["text"]
    read = view.say("no_text")
    if text["sha256"]:
        said = view.say("text_read", version=text["version"])
        read = f'<a href="/sharing/texts/{escape(text["sha256"])}">{said}</a>'
    return f"{how}{by}. {read}"


def _past(view: View, rows: Sequence[Row], phrases: Phrases) -> str:
    ended = [row for row in rows if row["state"] not in {"valid", "limited", "waiting"}]
    if not ended:
        return ""
    heads = heading(view, ("who", "data", "period", "ended", "given"))
    table = "".join(_ended(view, row, phrases) for row in reversed(ended[-MOST_PAST:]))
    more = f"<p>{view.say('past_more', n=MOST_PAST)}</p>" if len(ended) > MOST_PAST else ""
    return (
        f'<section><details class="past"><summary>{view.say("past", n=len(ended))}</summary>{more}'
        f'<table class="stack">{heads}<tbody>{table}</tbody></table></details></section>'
    )


def _ended(view: View, row: Row, phrases: Phrases) -> str:
    lang = view.lang
    fineness, _ = phrases.granularity(row["granularity"], lang)
    period = view.say("from_to", first=dates.day(lang, dates.read(row["begins"])), last=last_day(view, row["until"]))
    ended = dates.day(lang, dates.read(row["ended"])) if row["ended"] else last_day(view, row["until"])
    name = f"{escape(row['controller'])} <small>{escape(row['recipient'])}</small>"
    what = f"{series(view, row['series'], phrases)}<br>{escape(fineness)}"
    cells = (("data", what), ("period", period), ("ended", f"{view.say('state_' + row['state'])}, {ended}"))
    return table_row(view, ("who", name), (*cells, ("given", given(view, row))))


# --- who got what, notices, journal ----------------------------------------------------------------------------------


def _log(view: View, shown: Overview, phrases: Phrases) -> str:
    rows = "".join(_handed(view, row, phrases) for row in shown.handed)
    first, last = dates.utc_day(view.lang, shown.first), dates.utc_day(view.lang, shown.last)
    table = (
        f'<table class="stack">{heading(view, ("day", "recipient", "values", "measured"))}<tbody>{rows}</tbody></table>'
    )
    body = table if rows else f"<p>{view.say('no_log', first=first, last=last)}</p>"
    links = f'<a href="/sharing?before={shown.first}#log">{view.say("earlier")}</a>'
    if not shown.is_latest:
        links += f' <a href="/sharing#log">{view.say("latest")}</a>'
    return (
        f'<section id="log"><h2>{view.say("log")}</h2><p>{view.say("log_intro")}</p>{body}'
        f'<p class="links">{links}</p></section>'
    )


def _handed(view: View, row: HandedOver, phrases: Phrases) -> str:
    lang = view.lang
    fineness = phrases.granularity(row.granularity, lang)[0].partition(" (")[0]
    key = "values_of_one" if row.series == 1 else "values_of"
    values = view.say(key, points=dates.count(lang, row.points), series=row.series, fineness=fineness)
    if row.confirmed is not None:
        values += f"<br><small>{view.say('receipts', n=dates.count(lang, row.confirmed))}</small>"
    first, last = dates.clock(lang, dates.local(row.first)), dates.clock(lang, dates.local(row.last))
    cells = (("recipient", escape(row.recipient)), ("values", values))
    measured = view.say("from_until", first=first, last=last)
    return table_row(view, ("day", dates.utc_day(lang, row.day)), (*cells, ("measured", measured)))


def _notices(view: View, rows: Sequence[Row], phrases: Phrases) -> str:
    told = "".join(_notice(view, row, phrases) for row in list(reversed(rows))[:MOST_NOTICES])
    heads = heading(view, ("day", "recipient", "about", "answer"))
    table = f'<table class="stack">{heads}<tbody>{told}</tbody></table>'
    return (
        f"<section><h2>{view.say('notices')}</h2>{table if told else '<p>' + view.say('no_notices') + '</p>'}</section>"
    )


def _notice(view: View, row: Row, phrases: Phrases) -> str:
    lang = view.lang
    about = view.say(f"notice_{row['kind']}")
    if row["series"]:
        about += f"<br>{series(view, row['series'], phrases)}"
    if row["confirmed"]:
        answer = view.say("confirmed", day=dates.clock(lang, dates.read(row["confirmed"])))
    elif row["superseded"]:
        answer = view.say("superseded")
    elif row["sent"] > 1:
        answer = view.say("told_often", n=row["sent"])
    else:
        answer = view.say("told_once" if row["sent"] else "not_told")
    cells = (("recipient", escape(row["recipient"])), ("about", about), ("answer", answer))
    return table_row(view, ("day", dates.clock(lang, dates.read(row["at"]))), cells)


def journal(view: View, state: JournalState) -> str:
    """The head of the journal, the last check and a button for the next one."""
    head = f"<p>{view.say('no_journal')}</p>"
    if state.entries:
        said = view.say("journal_head", n=dates.count(view.lang, state.entries))
        head = f"<p>{said} <code>{escape(state.hash)}</code></p>{_checked(view, state)}"
        head += form(view, "/sharing/journal", "", "look_again" if state.running else "check")
    return f'<section id="journal"><h2>{view.say("journal")}</h2><p>{view.say("journal_intro")}</p>{head}</section>'


def _checked(view: View, state: JournalState) -> str:
    checked = dates.count(view.lang, state.checked)
    if state.running:
        said = view.say("checking", n=checked, total=dates.count(view.lang, state.entries))
        return f'<p class="warn">{said}</p>'
    if state.at is None:
        return f'<p class="quiet">{view.say("never_checked")}</p>'
    when = dates.clock(view.lang, dates.local(state.at))
    if state.fault:
        key = "check_failed" if state.failed else "checked_bad"
        return f'<p class="bad">{view.say(key, when=when, fault=state.fault[view.lang])}</p>'
    return f'<p class="good">{view.say("checked_well", when=when, n=checked)}</p>'


# --- tables that a phone shows as lists ------------------------------------------------------------------------------


def heading(view: View, keys: Iterable[str]) -> str:
    """The first row of a table."""
    return f"<thead><tr>{''.join(f'<th scope=col>{view.say(key)}</th>' for key in keys)}</tr></thead>"


def table_row(view: View, first: tuple[str, str], cells: Iterable[tuple[str, str]]) -> str:
    """A row; each cell bears the name of its column for where the columns stand below one another."""
    key, text = first
    rest = "".join(f'<td data-name="{view.say(name)}"><div>{html}</div></td>' for name, html in cells)
    return f'<tr><th scope=row data-name="{view.say(key)}"><div>{text}</div></th>{rest}</tr>'
