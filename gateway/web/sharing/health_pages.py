"""Who may know whether the gateway is well, as HTML: on the page *sharing*, and the text before a yes.

Rows are those of ``linky-gateway consent list --json``; nothing here can be ticked: it is this, or nothing.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from gateway.web import dates
from gateway.web.pages import document, form
from gateway.web.sharing.pages import FILES, facts, given, last_day, press, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.web.pages import View
    from gateway.web.sharing.pages import Row

PATH = "/sharing/health"
STANDING = {"valid", "waiting"}


def proposal(view: View, installer: str) -> str:
    """What the installer would like to know, and the two answers; nothing is given by reading on."""
    rows = [
        ("address", escape(installer)),
        ("health_learns", view.say("health_told")),
        ("health_learns_not", view.say("health_untold")),
        ("reveals", view.say("health_reveals")),
    ]
    buttons = press(view, f"{PATH}/text", {}, "health_read", "health_read_of", who=installer)
    buttons += press(view, f"{PATH}/no", {}, "say_no", "health_refuse_of", who=installer)
    return (
        f'<article class="agreement asks" id="health"><h3>{view.say("health_proposed")}</h3>{facts(view, rows)}'
        f'<div class="presses">{buttons}</div></article>'
    )


def agreements(view: View, rows: Sequence[Row]) -> str:
    """Each consent in force, withdrawn by one press."""
    return "".join(_agreement(view, row) for row in rows if row["state"] in STANDING)


def confirm(view: View, text: Row, told: str | None = None) -> str:
    """The whole text, and the yes under it."""
    inner = "".join(f'<input type="hidden" name="{name}" value="{escape(text[name])}">' for name in ("hash", "lang"))
    body = (
        (f'<p class="bad" role="alert">{view.say(told)}</p>' if told else "")
        + f"<p>{view.say('text_intro')}</p>{words_of(text)}"
        f'<div class="actions">{form(view, f"{PATH}/yes", inner, "consent")}'
        f'<a href="/sharing">{view.say("back")}</a></div>'
    )
    return document(replace(view, path="/sharing"), "text", body, files=FILES)


def _agreement(view: View, row: Row) -> str:
    who = row["recipient"]
    period = view.say(
        "from_to", first=dates.day(view.lang, dates.read(row["given"])), last=last_day(view, row["until"])
    )
    rows = [
        ("data", view.say("health_none")),
        ("health_learns", view.say("health_told")),
        ("health_learns_not", view.say("health_untold")),
        ("reveals", view.say("health_reveals")),
        ("period", period),
        ("given", given(view, row)),
    ]
    mark, said = ("good", "valid") if row["state"] == "valid" else ("warn", "begins")
    button = press(view, f"{PATH}/withdraw", {"recipient": who}, "withdraw", "health_withdraw_of", who=who)
    return (
        f'<div class="party"><h3>{view.say("health")}</h3><p class="quiet">{escape(who)}</p>'
        f'<div class="agreements"><article class="agreement"><p class="state {mark}">{view.say(f"state_{said}")}</p>'
        f"{facts(view, rows)}{button}</article></div></div>"
    )
