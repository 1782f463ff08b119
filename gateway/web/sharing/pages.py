"""The page *sharing*, made of values: who may have what, who asks, who got what when, whether the journal is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.web import dates
from gateway.web.sharing.in_words import InWords
from gateway.web.sharing.values import RecipientFlow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.web.sharing.values import Overview, Row
    from gateway.web.view import PageView

FILES = ("sharing.css", "settings.css", "sharing.js")
MOST_PAST, MOST_NOTICES = 50, 20
# A line of a text that is at least so long goes on in the next.
_CUT = 90
_STANDING = {"valid", "limited", "waiting"}


def overview(view: PageView, shown: Overview, done: str | None) -> str:
    """The page itself; ``done`` is the key of what was just done."""
    held = _held(shown)
    standing = _grouped((row for row in shown.consents if row["state"] in _STANDING), "recipient")
    # Who is asked to erase in a moment stands below with its name and its button.
    done = None if done == "done_withdrawn" and held else done
    return view.page(
        "sharing/page.html",
        said=InWords(view),
        done=done,
        held=held,
        # The domains that ask least first: nobody is pushed out of sight by who asks much.
        asking=sorted(_grouped(shown.requests, "domain").items(), key=lambda domain: len(domain[1])),
        refused=shown.refused,
        refused_days=shown.refused_days,
        installer=shown.installer,
        standing=list(standing.items()),
        ended=[row for row in shown.consents if row["state"] not in _STANDING],
        most_past=MOST_PAST,
        flows={jid: shown.flows.get(jid, RecipientFlow()) for jid in standing},
        health=[row for row in shown.health if row["state"] in _STANDING],
        retention=shown.retention,
        log=shown.log,
        notices=list(reversed(shown.notices))[:MOST_NOTICES],
        journal=shown.journal,
    )


def message(view: PageView, key: str, detail: str = "") -> str:
    """One sentence, what the gateway says of it, and the way back."""
    return view.page("sharing/message.html", key=key, detail=detail)


def shown_text(view: PageView, text: Row) -> str:
    """The words on which a consent was given."""
    return view.page("sharing/text.html", lines=words_of(text), written_in=text["lang"])


def confirm(
    view: PageView, text: Row, action: str, back: str, fields: Mapping[str, str], told: str | None = None,
    refused: str = "", short: Row | None = None,
) -> str:  # fmt: skip
    """The whole text, and the yes under it with the password once more; ``fields`` go with the yes.

    ``refused`` says why the password that was typed does not do; ``short`` stands before it (``InWords.invites``).
    """
    return view.page(
        "sharing/confirm.html", lines=words_of(text), written_in=text["lang"], action=action, back=back, fields=fields,
        key=told, refused=refused, short=short,
    )  # fmt: skip


def words_of(text: Row) -> str:
    """A text as wide as the window: what was cut only for a terminal is one line again."""
    lines: list[str] = []
    last = ""
    for line in text["words"].split("\n"):
        # A list or a fact begins with a capital; in the middle of a sentence there is none.
        if len(last) >= _CUT and line[:1].islower():
            lines[-1] += f" {line}"
        else:
            lines.append(line)
        last = line
    return "\n".join(lines)


def _held(shown: Overview) -> dict[str, tuple[str, int]]:
    """Recipient -> its name, and in how many seconds it is asked to erase what it has."""
    rows = {row["recipient"]: dates.read(row["held"]).timestamp() for row in shown.notices if row["held"]}
    names = {row["recipient"]: row["controller"] for row in shown.consents if row["controller"]}
    return {jid: (names.get(jid, jid), max(1, round(until - shown.now))) for jid, until in rows.items()}


def _grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found
