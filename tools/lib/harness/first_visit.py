"""The first visit of a page without a code: whoever pulls the meter's plug as often as the page says is at home.

Nothing is known but what the page says; what it says is looked for by its words.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from harness.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.person import Person

_LONGEST_S = 1800.0


class FirstVisitWords(NamedTuple):
    """What stands on the page in a language: on its button, and at each step."""

    begin: str
    pull: str
    put_back: str
    seen: str
    late: str
    new: str
    again: str
    save: str


# In each language of the page.
SAID = {
    "fr": FirstVisitWords(
        "J’y suis", "Débranchez maintenant", "Rebranchez maintenant", "vous êtes chez vous",
        "trois minutes sont passées", "Nouveau mot de passe", "Le même, encore une fois", "Enregistrer",
    ),
    "en": FirstVisitWords(
        "I’m here", "Unplug now", "Plug it back in now", "you are at home", "Three minutes have passed",
        "New password", "Repeat the password", "Save",
    ),
}  # fmt: skip


def by_plug(person: Person, plug: Callable[[bool], object]) -> int:
    """From the page of the first visit until it has seen somebody; how often the plug was pulled.

    Args:
        person: at that page.
        plug: puts it in (True), or pulls it. A machine that is emulated beside others may need more than the page's
            three minutes: then the person tries again, as it says.
    """
    said, pulled, is_in = SAID[person.language], 0, True
    wait_until(
        lambda: said.begin in person.read() or person.visit_again(), _LONGEST_S, "the way without a code", every=1
    )
    person.press("button", said.begin)
    held_until = 0.0

    def step() -> bool:
        nonlocal pulled, is_in, held_until
        told = person.told()
        if said.pull in told and is_in:
            plug(False)
            pulled, is_in = pulled + 1, False
        elif (said.put_back in told or said.late in told) and not is_in:
            plug(True)
            is_in = True
        elif said.begin in person.read() and time.monotonic() >= held_until:
            person.press("button", said.begin)
            # Who has tried in vain is told for how long to wait.
            held = re.search(r"(\d+) second", person.told())
            held_until = time.monotonic() + (int(held[1]) if held else 0)
        return said.seen in told

    wait_until(step, _LONGEST_S, "the page sees who is at the meter", every=0.5)
    return pulled


def choose_password(person: Person, password: str) -> None:
    """The one thing that has to be thought of."""
    said = SAID[person.language]
    person.type(said.new, password, "le mot de passe de la page" if person.language == "fr" else "the page's password")
    person.type(said.again, password)
    person.press("button", said.save)
