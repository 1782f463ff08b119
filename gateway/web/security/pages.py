"""The page *security* and its report, made of values: sentences, marks, and where each is mended."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gateway.web import dates
from gateway.web.security.points import BROKER, DATA, NORMS, faults, norm_state, points
from gateway.web.security.values import BUILT, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.web.security.values import BoardNow, Installed, SecurityFacts, SecurityPoint
    from gateway.web.view import PageView

PATH = "/security"
FILES = ("sharing.css", "settings.css", "security.css")
# Section -> its points, in their order.
_SECTIONS = {
    "security_backup": ("backup",),
    "security_updates": ("version", "support", "signed", "system"),
    "security_encrypted": ("tls",),
    "security_machine": ("home", "ports", "remote", "enclosed", "files", "links", "told", "contact"),
}
_MARKS = {"good": "✓", "bad": "✗", "warn": "!", "unknown": "?", "note": "i", "built": "•", "absent": "–", "maker": "–"}


def page(view: PageView, facts: SecurityFacts, told: str = "") -> str:
    """All of it; the points that want something done stand first."""
    found = points(facts)
    wanting = [_row(view, one) for one in faults(found.values())]
    return view.page(
        "security/page.html",
        page_files=list(FILES),
        here=PATH,
        told=told,
        wanting=wanting,
        unknown=sum(one.state == UNKNOWN for one in found.values()),
        sections={name: [_row(view, found[key]) for key in keys] for name, keys in _SECTIONS.items()},
        password=_row(view, found["password"]),
        account=_row(view, found["account"]),
        broker=_row(view, found["broker"]),
        journal=_row(view, found["journal"]),
        boards=[(_row(view, found[f"board {one.name}"]), _board(view, one)) for one in facts.boards],
        norms=_norms(view, found),
        facts=facts,
        broker_page=BROKER,
    )


def report(view: PageView, facts: SecurityFacts, installed: Installed) -> str:
    """The same on paper, with what is known of the installation."""
    found = points(facts)
    asked = [
        row | {"source": installed.duties.get(row["name"], ("", ""))[0], "asked": installed.duties[row["name"]][1]}
        for row in _norms(view, found)
        if row["name"] in installed.duties
    ]
    return view.page(
        "security/report.html",
        page_files=list(FILES),
        here=PATH,
        points=[_row(view, one) for one in found.values()],
        boards=[(one.name, _board(view, one)) for one in facts.boards],
        norms=asked,
        facts=facts,
        installed=installed,
        # What has no words yet is called by its name: nothing that was done is left out.
        acts=[
            (at, view.say(f"act_{act}") if f"act_{act}" in view.words else act, done)
            for at, act, done in installed.acts
        ],
    )


def _row(view: PageView, point: SecurityPoint) -> dict[str, str]:
    return {
        "state": point.state,
        "mark": _MARKS[point.state],
        "said": view.say(f"is_{point.key}", **_places(view, point.places)),
        "door": point.door,
        "press": view.say(f"door_{point.door}") if point.door else "",
    }


def _norms(view: PageView, found: Mapping[str, SecurityPoint]) -> list[dict[str, str]]:
    rows = []
    for name in NORMS:
        state = norm_state(name, found)
        door = DATA if name == "deletion" and state == BUILT else ""
        said, told = view.say(f"norm_{name}"), _seen(view, name, state)
        rows.append({"name": name, "state": state, "mark": _MARKS[state], "said": said, "told": told, "door": door})
    return rows


def _seen(view: PageView, name: str, state: str) -> str:
    """How it stands, and by what that is seen: no more is said to be checked than was."""
    seen, words = NORMS[name], view.say(f"state_{state}")
    if isinstance(seen, str):
        return words
    return view.say("state_seen", state=words, seen=", ".join(view.say(f"seen_{key}") for key in seen))


def _board(view: PageView, board: BoardNow) -> str:
    program = view.say(f"program_{board.standing}", version=board.version)
    return view.say("board_line", role=view.say(f"board_role_{board.role}"), chip=board.chip, program=program)


def _places(view: PageView, places: Mapping[str, object]) -> dict[str, object]:
    """Moments and days as a household reads them, counts in groups."""
    written: dict[str, object] = {}
    for name, value in places.items():
        if name == "when" and isinstance(value, int | float):
            written[name] = dates.clock(view.lang, dates.local(value))
        elif isinstance(value, date):
            written[name] = dates.day(view.lang, value)
        else:
            written[name] = dates.count(view.lang, value) if isinstance(value, int) else value
    return written
