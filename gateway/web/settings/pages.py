"""The page *settings*, made of values: what may be chosen here, what the file says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.web.settings.values import GOALS, Settings
from gateway.words.numbers import grouped
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.web.view import PageView


def page(view: PageView, known: Settings, told: str | None = None, *, good: bool = False) -> str:
    """The page itself; ``told`` is the key of what was done, or of what is wrong."""
    goals = [name for name in GOALS if known.has_tariff or not name.startswith("euros")]
    return replace(view, path="/settings").page(
        "settings/page.html",
        known=known,
        key=told,
        good=good,
        goals={name: _written(view, known.goals[name]) for name in goals},
        tables=[
            (kind, name, [(key, _marked(view, known, (kind, name, key), value)) for key, value in values.items()])
            for kind, name, values in known.tables
        ],
    )


def _marked(view: PageView, known: Settings, place: tuple[str, str, str], value: object) -> str:
    """The value, and that the household said it, where it did."""
    text = _value(view, place[2], value)
    return f"{text} ({view.say('changed_here')})" if ".".join(filter(None, place)) in known.changed else text


def _value(view: PageView, key: str, value: object) -> str:
    word = "none" if value is None or value in ("", (), [], {}) else str(value).lower()
    for known in (f"value_{key}_{word}", f"value_{word}"):
        if known in view.words:
            return view.say(known)
    if isinstance(value, Phrase):
        return value.in_language(view.lang)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_written(view, price)}" for name, price in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return _written(view, value) if isinstance(value, int | float) else str(value)


def _written(view: PageView, value: float | None) -> str:
    """A number as it is written and read again, in the language."""
    text = "" if value is None else f"{value:.15g}"
    return grouped(text, view.lang)
