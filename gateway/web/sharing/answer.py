"""A request for access and its answer: what a household ticks, what that comes to, the text, and the yes.

Nothing is ticked beforehand. Data, fineness, purpose and period are each an act of their own (GDPR Art. 7; the French
authority found a consent void that was one tick for three operations), and a yes comes after the whole text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from gateway.web import dates
from gateway.web.pages import document, form
from gateway.web.sharing.pages import FILES, addressed, facts, last_day, named, series, ways, who_rows, words_of
from gateway.web.sharing.requests import refuse_domain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.pages import View
    from gateway.web.sharing.pages import Phrases, Row

GRANULARITIES = ("raw", "PT1M", "PT30M", "P1D")
_ROUNDED = ("PT30M", "P1D")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a request lets a household choose.

    Args:
        request: as ``consent pending --json`` has it.
        branches: paths of the data that are asked for.
        meters: of this house, where the request names none of them; otherwise empty.
        may_disguise: whether the recipient has nothing yet, and may be given a pseudonym and rounded values.
        until: the last moment that may be given (ISO 8601): what was asked for, or as long as a consent may last.
        refused_days: for how long all of a domain would be refused.
    """

    request: Row
    branches: Sequence[str]
    meters: Sequence[str]
    may_disguise: bool
    until: str
    refused_days: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that are not finer than was asked for."""
        return GRANULARITIES[GRANULARITIES.index(self.request["granularity"]) :]


def wrong(choices: Choices, fields: Mapping[str, str], today: date) -> str | None:
    """The key of what is wrong with the ticks of a form; None when they are an answer."""
    checks = (
        ("wrong_data", bool(_branches(choices, fields))),
        ("wrong_meter", not choices.meters or fields.get("meter") in choices.meters),
        ("wrong_fineness", fields.get("granularity") in choices.granularities),
        ("wrong_coarse", "coarse" not in fields or fields.get("granularity") in _ROUNDED),
        ("wrong_purpose", "purpose" in fields),
        ("wrong_period", fields.get("period") in {"asked", "less"}),
        ("wrong_day", fields.get("period") != "less" or _is_within(choices, fields.get("until", ""), today)),
        ("wrong_way", bool(_ways(choices, fields))),
    )
    return next((key for key, fine in checks if not fine), None)


def narrowing(choices: Choices, fields: Mapping[str, str]) -> dict[str, Any]:
    """The answer that was ticked, as an order has it (``less`` of ``answer-access``)."""
    given = _ways(choices, fields)
    less: dict[str, Any] = {"series": _branches(choices, fields), "granularity": fields["granularity"]}
    if fields["period"] == "less":
        less["until"] = fields["until"].strip()
    if choices.meters:
        less["meter"] = fields["meter"]
    if choices.may_disguise:
        less |= {"profile": "coarse" if "coarse" in fields else "exact", "pseudonym": "pseudonym" in fields}
    return less | {"no_push": "push" not in given, "no_history": "history" not in given}


def page(view: View, choices: Choices, phrases: Phrases, fields: Mapping[str, str], told: str | None = None) -> str:
    """The request and its form; ``fields`` are the household's own ticks, when something was wrong with them."""
    row = choices.request
    path = f"/sharing/requests/{row['id']}"
    refuse = form(view, f"{path}/no", "", "say_no").replace("<button>", '<button class="second">')
    body = (
        (f'<p class="bad" role="alert">{view.say(told)}</p>' if told else "")
        + f"<section><h2>{view.say('who_asks')}</h2>{_asker(view, row, phrases)}</section>"
        f"<section><h2>{view.say('what_is_asked')}</h2>{_asked(view, choices, phrases)}</section>"
        f"<section><h2>{view.say('say_no')}</h2><p>{view.say('say_no_intro')}</p>{refuse}"
        f"{refuse_domain(view, row['domain'], choices.refused_days)}</section>"
        f"<section><h2>{view.say('say_yes')}</h2><p>{view.say('say_yes_intro')}</p>"
        + form(view, f"{path}/text", _fieldsets(view, choices, phrases, fields), "read_text").replace(
            "<form ", '<form class="wide" ', 1
        )
        + f'</section><p><a href="/sharing">{view.say("back_to_sharing")}</a></p>'
    )
    return document(replace(view, path=path), "request", body, files=FILES)


def confirm(view: View, choices: Choices, fields: Mapping[str, str], text: Row, told: str | None = None) -> str:
    """The whole text, and the yes under it."""
    path = f"/sharing/requests/{choices.request['id']}"
    kept = {name: fields[name] for name in fields if name not in {"form_token", "hash", "lang"}}
    hidden = kept | {"hash": text["hash"], "lang": text["lang"]}
    inner = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in hidden.items())
    body = (
        (f'<p class="bad" role="alert">{view.say(told)}</p>' if told else "")
        + f"<p>{view.say('text_intro')}</p>{words_of(text)}"
        f'<div class="actions">{form(view, f"{path}/yes", inner, "consent")}'
        f'<a href="{path}">{view.say("back")}</a></div>'
    )
    return document(replace(view, path=path), "text", body, files=FILES)


def _branches(choices: Choices, fields: Mapping[str, str]) -> list[str]:
    return [path for number, path in enumerate(choices.branches) if fields.get(f"data{number}") == path]


def _ways(choices: Choices, fields: Mapping[str, str]) -> list[str]:
    return [way for way in ("push", "history") if choices.request[way] and way in fields]


def _is_within(choices: Choices, text: str, today: date) -> bool:
    try:
        last = date.fromisoformat(text.strip())
    except ValueError:
        return False
    return today <= last <= dates.local(dates.read(choices.until).timestamp() - 1).date()


def _asker(view: View, row: Row, phrases: Phrases) -> str:
    who = [("who", named(view, row["controller"])), ("address", addressed(view, row["from"]))]
    return facts(view, [*who, *who_rows(view, row, phrases), ("purpose", escape(row["purpose"]))])


def _asked(view: View, choices: Choices, phrases: Phrases) -> str:
    row = choices.request
    fineness, reveals = phrases.granularity(row["granularity"], view.lang)
    until = view.say("until_asked", day=last_day(view, row["until"])) if row["until"] else view.say("for_a_year")
    retention = row["retention"] and view.say("at_most", duration=phrases.duration(row["retention"], view.lang))
    rows = [
        ("meter", escape(row["meter"] or row["sensor"])),
        ("data", series(view, row["series"], phrases)),
        ("fineness", escape(fineness)),
        ("reveals", escape(reveals)),
        ("period", until),
        ("ways", ways(view, row)),
        ("retention", retention),
    ]
    return facts(view, rows)


def _fieldsets(view: View, choices: Choices, phrases: Phrases, fields: Mapping[str, str]) -> str:
    return "".join(
        f"<fieldset><legend>{view.say(key)}</legend>{inner}</fieldset>"
        for key, inner in (
            ("which_meter", _meters(view, choices, fields)),
            ("which_data", _data(view, choices, phrases, fields)),
            ("how_fine", _fineness(view, choices, phrases, fields)),
            ("for_what", _purpose(view, choices, fields)),
            ("how_long", _period(view, choices, fields)),
            ("which_way", _directions(view, choices, fields)),
            ("under_which_name", _disguises(view, choices, fields)),
        )
        if inner
    )


def _meters(view: View, choices: Choices, fields: Mapping[str, str]) -> str:
    if not choices.meters:
        return ""
    unknown = f"<p>{view.say('no_such_meter', name=choices.request['sensor'])}</p>"
    named = (_choice("radio", "meter", name, escape(name), fields.get("meter") == name) for name in choices.meters)
    return unknown + "".join(named)


def _data(view: View, choices: Choices, phrases: Phrases, fields: Mapping[str, str]) -> str:
    return "".join(
        _choice(
            "checkbox",
            f"data{number}",
            path,
            escape(phrases.series(path, view.lang)),
            fields.get(f"data{number}") == path,
            escape(path),
        )
        for number, path in enumerate(choices.branches)
    )


def _fineness(view: View, choices: Choices, phrases: Phrases, fields: Mapping[str, str]) -> str:
    said = ((code, *phrases.granularity(code, view.lang)) for code in choices.granularities)
    return "".join(
        _choice(
            "radio",
            "granularity",
            code,
            escape(fineness),
            fields.get("granularity") == code,
            view.say("reveals_that", what=reveals),
        )
        for code, fineness, reveals in said
    )


def _purpose(view: View, choices: Choices, fields: Mapping[str, str]) -> str:
    purpose = choices.request["purpose"] or view.words["unstated"]
    return _choice("checkbox", "purpose", "1", view.say("accept_purpose", purpose=purpose), "purpose" in fields)


def _period(view: View, choices: Choices, fields: Mapping[str, str]) -> str:
    asked = view.say("as_long_as_asked", day=last_day(view, choices.until))
    period = fields.get("period")
    return (
        _choice("radio", "period", "asked", asked, period == "asked")
        + _choice("radio", "period", "less", view.say("less_long"), period == "less")
        + f'<label class="short">{view.say("last_day")}'
        f'<input type="date" name="until" value="{escape(fields.get("until", ""))}"></label>'
    )


def _directions(view: View, choices: Choices, fields: Mapping[str, str]) -> str:
    row = choices.request
    said = {"push": view.say("give_push"), "history": view.say("give_history")}
    if row["history_from"]:
        said["history"] = view.say("give_history_since", day=dates.day(view.lang, dates.read(row["history_from"])))
    return "".join(_choice("checkbox", way, "1", said[way], way in fields) for way in said if row[way])


def _disguises(view: View, choices: Choices, fields: Mapping[str, str]) -> str:
    if not choices.may_disguise:
        return ""
    disguises = ["pseudonym"] + (["coarse"] if set(choices.granularities) & {*_ROUNDED} else [])
    return "".join(_choice("checkbox", one, "1", view.say(f"give_{one}"), one in fields) for one in disguises)


def _choice(kind: str, name: str, value: str, said: str, ticked: bool, more: str = "") -> str:
    """A tick with its text; ``ticked`` only where the household ticked it itself."""
    tick = " checked" if ticked else ""
    small = f"<small>{more}</small>" if more else ""
    return (
        f'<label class="choice"><input type="{kind}" name="{name}" value="{escape(value)}"{tick}>'
        f"<span>{said}</span>{small}</label>"
    )
