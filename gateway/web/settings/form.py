"""What the forms of the settings have in common: what was typed, read as a number or a day; what is wrong with it.

A form that is wrong comes back with all that was typed, a sentence at each field, and the first one in focus.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from gateway.web.view import PageView

_NUMBER = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{0,9}))?")
_DAY = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})")
_LONGEST = 60

FORM_WORDS = WordTable(
    {
        "look_again_at": "Please check:",
        "optional": "optional",
        "cancel": "Cancel",
        "change_it": Phrase("Change", "verb"),
        "password_again": "Your password of this page",
        "password_again_why": "Your password is asked for again so that nobody else can do this on a page left open.",
        "wrong_password_here": "Wrong password.",
        "too_often_here": "Too many attempts: wait {n} seconds.",
        "not_saved": "The memory card cannot be written; nothing was changed. The gateway says:",
        "back_to_settings": "Back to settings",
        "technical": "Technical details",
    }
)


def number_of(text: str) -> float | None:
    """A number with a comma or a point, as it is written in France: ``0,1952``, ``1 234,5``, ``15,65 €``.

    None for what is none; what is empty is for the caller to see first.
    """
    plain = "".join(text[:_LONGEST].split()).removesuffix("€")
    found = _NUMBER.fullmatch(plain)
    return float(f"{found[1]}.{found[2] or 0}") if found else None


def typed_day(text: str) -> date | None:
    """A day as a browser sends it (``2026-02-01``), or as a person writes it (``1/2/2026``); None for none."""
    text = text.strip()[:_LONGEST]
    try:
        if found := _DAY.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def why_not(view: PageView, found: tuple[str, int]) -> str:
    """Why the password that was asked for once more does not do: what ``request.g.confirm`` found."""
    _, wait_s = found
    return view.say("too_often_here", n=wait_s) if wait_s else view.say("wrong_password_here")
