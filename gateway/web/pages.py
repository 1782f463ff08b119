"""The pages as HTML: values and words in, text out. Nothing inline, so that the policy of ``guard`` can be strict."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gateway.doctor.causes import Cause
from gateway.doctor.daemon import findings
from gateway.doctor.sentences import grade, words
from gateway.live.state import STATES, kind_and_name, link_in_words
from gateway.web.access.access import Role
from gateway.web.words import ENGLISH, FRENCH, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.web.access.access import DisplayLink
    from gateway.web.access.sessions import Session
    from gateway.web.words import Words

_MARK = {"ok": "✓", "waiting": "…", "broken": "✗"}
_CARDS = (
    *("tariff", "tempo_today", "tempo_tomorrow", "cost_hour", "base_load"),
    *("injected_today", "produced_today", "self_consumed_today"),
)
_LONGEST_FIELD = 256
_AGES = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


@dataclass(frozen=True, slots=True)
class View:
    """For whom a page is written, and with what.

    Args:
        lang: ``fr`` or ``en``.
        path: of the page.
        session: of who is signed in.
        files: name of one of the page's own files -> its address.
        words: key -> text in ``lang``.
        menu: path and word of each page.
        query: what was asked of the page, ending with ``&``, so that its other language shows the same.
    """

    lang: str
    path: str
    session: Session | None
    files: Mapping[str, str]
    words: Words
    menu: Sequence[tuple[str, str]]
    query: str = ""

    def say(self, key: str, **places: object) -> str:
        """A text as it may stand in HTML, between quotes too."""
        return escape(self.words[key].format_map(places))


def document(view: View, title: str, body: str, *, state: object = None, files: Sequence[str] = ()) -> str:
    """A whole page: menu, heading, body; ``state`` is what page.js is told, ``files`` are what it needs besides."""
    other = ENGLISH if view.lang == FRENCH else FRENCH
    there = escape(f"{view.path}?{view.query}lang={other}")
    switch = f'<a href="{there}" lang="{other}" hreflang="{other}">{view.say("other_language")}</a>'
    menu = ""
    if view.session:
        here = ' aria-current="page"'
        menu = "".join(
            f'<a href="{path}"{here if path == view.path else ""}>{view.say(key)}</a>' for path, key in view.menu
        )
    return (
        f'{_head(view, title, files)}<body{_data(view, state)}><a class="skip" href="#main">{view.say("skip")}</a>'
        f'<header><nav aria-label="{view.say("menu")}">{menu}{switch}</nav></header>'
        f'<main id="main"><h1>{view.say(title)}</h1>{body}</main></body></html>'
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A link that was just made: for whom, where the page is, the token that is shown this once, as what it looks."""

    name: str
    origin: str
    token: str
    role: Role


def display(view: View, state: object, equivalents: Sequence[Mapping[str, Any]]) -> str:
    """The page for a screen on the wall: no menu, nothing to press; what the day is like changes by itself."""
    head = _head(view, "house")
    like = escape(json.dumps([[one[view.lang], one["wh"]] for one in equivalents], ensure_ascii=False))
    return (
        f'{head}<body class="display"{_data(view, state)} data-like="{like}"><main id="main">'
        f'<h1 class="hidden">{view.say("now")}</h1>'
        f"{_meters(view)}</main></body></html>"
    )


def now(view: View, state: object) -> str:
    """What the meters say now; the browser fills it in, and keeps it up to date."""
    told = f'<noscript><p>{view.say("no_script")}</p></noscript><div id="told" role="status"></div>'
    return document(view, "now", f"{told}{_meters(view)}", state=state)


def _head(view: View, title: str, more: Sequence[str] = ()) -> str:
    names = ("page.css", *more, "page.js")
    sheets = "".join(f'<link rel="stylesheet" href="{view.files[name]}">' for name in names if name.endswith(".css"))
    scripts = "".join(f'<script src="{view.files[name]}" defer></script>' for name in names if name.endswith(".js"))
    return (
        f'<!DOCTYPE html><html lang="{view.lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{view.say(title)} – Linky</title>"
        f'<link rel="icon" href="{view.files["icon.svg"]}">{sheets}{scripts}</head>'
    )


def _data(view: View, state: object) -> str:
    if state is None:
        return ""
    said = escape(json.dumps(WORDS[view.lang], ensure_ascii=False))
    return f' data-words="{said}" data-state="{escape(json.dumps(state, ensure_ascii=False))}"'


def _meters(view: View) -> str:
    """One meter as a template, and where the browser puts each."""
    cards = "".join(f'<div class="card" hidden><h3>{view.say(key)}</h3><p data-is="{key}"></p></div>' for key in _CARDS)
    bars = "".join(
        f'<dt>{view.say(key)}</dt><dd><span class="bar"><span data-bar="{key}"></span></span>'
        f'<span data-is="{key}"></span></dd>'
        for key in ("today", "yesterday")
    )
    heads = "".join(f"<th scope=col>{view.say(key)}</th>" for key in ("phase", "power_short", "voltage", "current"))
    return (
        '<div id="meters"></div><p id="said" class="hidden" role="status"></p><template id="meter">'
        '<section><h2 data-is="meter"></h2><p class="warn" data-is="stale" hidden></p>'
        f'<p class="bad" data-is="overload" hidden>{view.say("overload")}</p>'
        f'<p class="bad" data-is="breaker" hidden>{view.say("breaker")}</p>'
        f'<p class="warn" data-is="alert" hidden>{view.say("alert")} <a href="/links">{view.say("see_links")}</a></p>'
        f'<div class="power"><h3 data-is="what">{view.say("power")}</h3>'
        '<p class="digits"><span data-is="drawn"></span><small>VA</small></p>'
        '<div class="bar" aria-hidden="true"><span data-bar="load"></span></div><p data-is="load"></p>'
        '<p class="injected" data-is="injected" hidden></p></div>'
        f'<div class="cards">{cards}</div><p class="warn" data-is="doubt" hidden></p>'
        f'<div class="days" hidden><h3>{view.say("drawn_today")}</h3><dl>{bars}</dl>'
        '<p class="like" data-is="like" hidden></p></div>'
        f'<div class="phases" hidden><h3>{view.say("phases")}</h3><table><thead><tr>{heads}</tr></thead>'
        "<tbody></tbody></table></div></section></template>"
    )


# --- meter and links -------------------------------------------------------------------------------------------------


def links(view: View, report: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """How each link stands, the signal of each meter, and what the doctor says of it."""
    rows: Sequence[Mapping[str, Any]] = report["links"]
    alerts = "".join(f'<p class="bad">{escape(alert[view.lang])}</p>' for alert in report["alerts"])
    if not alerts and not any(row["state"] == "broken" for row in rows):
        alerts = f'<p class="good">{view.say("all_well")}</p>'
    by_name = {row["link"]: row for row in rows}
    meters = "".join(_meter(view, report, by_name, name, source) for name, source in sources.items())
    heads = "".join(f"<th scope=col>{view.say(key)}</th>" for key in ("link", "state", "since"))
    table = "".join(_row(view, row) for row in rows)
    body = (
        f'<div id="follow"></div>{alerts}{meters}<section>'
        f'<h2>{view.say("every_link")}</h2><table class="links"><thead><tr>{heads}</tr>'
        f"</thead><tbody>{table}</tbody></table></section>"
    )
    return document(view, "links", body)


def _meter(view: View, report: Mapping[str, Any], by_name: Mapping[str, Any], name: str, source: str) -> str:
    figures = by_name.get(f"decode {name}", {}).get("figures", {})
    windows = ((key, figures[key]) for key in ("signal_minute", "signal_hour", "signal_day") if key in figures)
    signal = "".join(
        f'<div class="card"><h3>{view.say(key)}</h3><p>{number(view, score)} % '
        f"<small>{grade(score, view.lang)}</small></p></div>"
        for key, score in windows
    )
    said = "".join(_advice(view, report, name, source))
    return (
        f"<section><h2>{escape(name)}</h2><h3>{view.say('signal')}</h3>"
        f'<div class="cards">{signal or "<p>" + view.say("no_signal") + "</p>"}</div>'
        f"<h3>{view.say('doctor')}</h3>{said}</section>"
    )


def _advice(view: View, report: Mapping[str, Any], name: str, source: str) -> Iterable[str]:
    for finding in findings(report, name):
        # What only listening can tell (who holds the port, how much is lost) is said by the command.
        places = dict.fromkeys(("holder", "group", "heard", "wanted", "bad"), "?") | {"port": source}
        said = words(finding.cause, view.lang, places)
        if finding.cause is Cause.ALL_WELL:
            yield f'<p class="good">{escape(said.seen)}</p>'
            continue
        yield (
            f'<div class="warn"><p><strong>{escape(said.title)}</strong></p><dl><dt>{view.say("likely")}</dt>'
            f"<dd>{escape(said.likely)}</dd><dt>{view.say('remedy')}</dt><dd>{_commands(said.remedy)}</dd></dl></div>"
        )


def _commands(text: str) -> str:
    """What stands between ` marks is to be typed."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _row(view: View, row: Mapping[str, Any]) -> str:
    what, detail = link_in_words(row, view.lang)
    state = STATES[row["state"]].in_language(view.lang)
    name = kind_and_name(row["link"])[1]
    kind = what.removesuffix(name).rstrip()
    return (
        f'<tr class="{row["state"]}"><th scope=row>{escape(kind)} <span class="name">{escape(name)}</span></th>'
        f'<td><span aria-hidden="true">{_MARK[row["state"]]}</span> {state}'
        f"<details><summary>{view.say('detail')}</summary><span>{escape(detail)}</span></details></td>"
        f"<td>{_age(view, row['age_s'])}</td></tr>"
    )


def _age(view: View, seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for key, length in _AGES:
        if seconds >= 2 * length:
            return view.say(key, n=f"{seconds / length:.0f}")
    return view.say("seconds", n=f"{seconds:.0f}")


def number(view: View, value: float) -> str:
    """A number as it is written in the language."""
    text = f"{value:g}"
    return text.replace(".", ",") if view.lang == FRENCH else text


# --- access ----------------------------------------------------------------------------------------------------------


def _field(view: View, name: str, key: str, kind: str, complete: str, *, focus: bool = False, value: str = "") -> str:
    first = " autofocus" if focus else ""
    filled = f' value="{escape(value)}"' if value else ""
    limits = f'maxlength="{_LONGEST_FIELD}" required autocapitalize="none" spellcheck="false"'
    return (
        f'<label>{view.say(key)}<input name="{name}" type="{kind}" autocomplete="{complete}" '
        f"{limits}{filled}{first}></label>"
    )


def form(view: View, action: str, inner: str, button: str) -> str:
    """A form with the session's token; ``inner`` are its fields."""
    token = f'<input type="hidden" name="form_token" value="{view.session.form_token}">' if view.session else ""
    return f'<form method="post" action="{action}">{token}{inner}<button>{view.say(button)}</button></form>'


def _told(view: View, key: str | None, *, good: bool = False, **places: object) -> str:
    return f'<p class="{"good" if good else "bad"}" role="alert">{view.say(key, **places)}</p>' if key else ""


def login(view: View, wanted: str = "/", error: str | None = None, wait_s: int = 0) -> str:
    """Where the password is asked for; ``wanted`` is the page that comes then."""
    to = f'<input type="hidden" name="to" value="{escape(wanted)}">' if wanted != "/" else ""
    inner = to + _field(view, "password", "password", "password", "current-password", focus=True)
    body = (
        f"{_told(view, error, n=wait_s)}{form(view, '/login', inner, 'sign_in')}"
        f'<p class="quiet">{view.say("forgotten")} <a href="/setup">{view.say("use_code")}</a></p>'
    )
    query = f"to={quote(wanted, safe='/')}&" if to else ""
    return document(replace(view, query=query), "sign_in", body)


def setup(view: View, error: str | None = None, wait_s: int = 0, *, code: str = "") -> str:
    """Where the password is set by whoever has the code of the gateway; ``code`` is what was typed before."""
    typed = code[:_LONGEST_FIELD]
    inner = (
        f"{_field(view, 'code', 'code', 'text', 'one-time-code', focus=not typed, value=typed)}"
        f"{_field(view, 'password', 'new_password', 'password', 'new-password', focus=bool(typed))}"
        f"{_field(view, 'again', 'again', 'password', 'new-password')}"
    )
    intro = f"<p>{view.say('set_up_intro')}</p>"
    return document(view, "set_up", f"{_told(view, error, n=wait_s)}{intro}{form(view, '/setup', inner, 'set')}")


def access(
    view: View, known: Sequence[DisplayLink], *, told: str | None = None, good: bool = False, wait_s: int = 0,
    made: Made | None = None,
) -> str:  # fmt: skip
    """The password, and the displays that may look; ``made``: the link that was just made."""
    shown = _shown(view, made) if made else ""
    kinds = "".join(
        f'<label class="tick"><input type="radio" name="kind" value="{role.value}"{" checked" if not place else ""}>'
        f" {view.say(role.value)}</label>"
        for place, role in enumerate((Role.DISPLAY, Role.GUEST, Role.SCRAPER))
    )
    new = (
        f'<label>{view.say("display_name")}<input name="name" maxlength="40" required autocomplete="off"></label>'
        f"<fieldset><legend>{view.say('for_what')}</legend>{kinds}</fieldset>"
    )
    change = (
        f"{_field(view, 'old', 'old_password', 'password', 'current-password')}"
        f"{_field(view, 'password', 'new_password', 'password', 'new-password')}"
        f"{_field(view, 'again', 'again', 'password', 'new-password')}"
    )
    listed = "".join(_display_row(view, link) for link in known) or f"<p>{view.say('no_displays')}</p>"
    body = (
        f"{_told(view, told, good=good, n=wait_s)}{shown}<section><h2>{view.say('displays')}</h2>"
        f'<p>{view.say("displays_intro")} <a href="/display">{view.say("preview")}</a></p>{listed}'
        f"{form(view, '/access/displays', new, 'make_link')}</section>"
        f"<section><h2>{view.say('change_password')}</h2>{form(view, '/access/password', change, 'set')}</section>"
        f"<section>{form(view, '/logout', '', 'sign_out')}</section>"
    )
    return document(view, "access", body)


def _shown(view: View, made: Made) -> str:
    told, texts = "link_made", [f"{made.origin}/display?token={made.token}"]
    if made.role is Role.SCRAPER:
        told, texts = "token_made", [f"{made.origin}/metrics", made.token]
    codes = "".join(f"<p><code>{escape(text)}</code></p>" for text in texts)
    return f'<div class="good" role="alert"><p>{view.say(told, name=made.name)}</p>{codes}</div>'


def _display_row(view: View, link: DisplayLink) -> str:
    place = "" if link.role is Role.DISPLAY else f" <small>({view.say(link.role.value + '_short')})</small>"
    token = view.session.form_token if view.session else ""
    return (
        f'<form class="row" method="post" action="/access/displays/remove">'
        f'<input type="hidden" name="form_token" value="{token}">'
        f'<input type="hidden" name="name" value="{escape(link.name)}"><span>{escape(link.name)}{place}</span>'
        f'<button aria-label="{view.say("remove_named", name=link.name)}">{view.say("remove")}</button></form>'
    )


def message(view: View, key: str) -> str:
    """One sentence as a page."""
    return document(view, "house", f'<p>{view.say(key)}</p><p><a href="/">{view.say("now")}</a></p>')
