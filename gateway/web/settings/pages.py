"""The page *settings*, made of values: what may be chosen here, what the file says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.web.dates import day
from gateway.web.settings.values import GOALS, Settings
from gateway.words.numbers import grouped
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.web.view import PageView


FILES = ("sharing.css", "settings.css")


def page(view: PageView, known: Settings, told: str | None = None, *, good: bool = False) -> str:
    """The topics, each with what is set now; ``told`` is the key of what was done, or of what is wrong."""
    return _page(view, "page", key=told, good=good, groups=_groups(view, known))


def objective(view: PageView, known: Settings, typed: Mapping[str, str] | None = None, **wrong: str) -> str:
    """The objectives; ``typed`` is what was sent, ``wrong`` field -> key of what is wrong with it."""
    goals = [name for name in GOALS if known.has_tariff or not name.startswith("euros") or (typed and name in wrong)]
    shown = {name: typed.get(name, "") if typed else _written(view, known.goals[name]) for name in goals}
    return _form(view, "objective", known, shown, wrong)


def household(view: PageView, known: Settings, typed: Mapping[str, str] | None = None, **wrong: str) -> str:
    """Whom the account of the house writes to."""
    stored = {"address": known.address, "language": known.language}
    shown = {name: (typed or stored).get(name, "") for name in stored}
    return _form(view, "household", known, shown, wrong)


def details(view: PageView, known: Settings) -> str:
    """What is of technicians."""
    tables = [
        (kind, name, [(key, _marked(view, known, (kind, name, key), value)) for key, value in values.items()])
        for kind, name, values in known.tables
    ]
    return _page(view, "details", known=known, tables=tables)


def _groups(view: PageView, known: Settings) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Title, and of each topic its path, its name and what is set now."""
    say = view.say
    goals = [say("goal_is", what=say(name), goal=_written(view, goal)) for name, goal in known.goals.items() if goal]
    told = [say("told_ways", n=known.ways)] if known.ways else []
    told += [known.address] if known.address else []
    tariff = say("tariff_now", name=known.tariff[0], since=day(view.lang, known.tariff[1])) if known.tariff else ""
    nothing = say("not_set")
    return [
        ("electricity", [
            ("/settings/tariff", "tariff", tariff or nothing),
            ("/settings/objective", "objective", ", ".join(goals) or nothing),
        ]),
        ("at_home", [
            ("/settings/notices", "be_told", ", ".join(told) or nothing),
            ("/settings/home-assistant", "home_assistant", known.broker or nothing),
            ("/settings/displays", "displays_here", say("displays_set")),
            ("/settings/boards", "boards_here", say("boards_set")),
        ]),
        ("this_gateway", [
            ("/settings/meters", "meters_here", say("meters_set")),
            ("/settings/keeping", "keeping_here", say("keeping_set")),
            ("/settings/account", "account", known.account or nothing),
            ("/settings/updates", "updates_here", say("updates_set")),
            ("/settings/backup", "backup_here", say("backup_set")),
            ("/settings/data", "data_here", say("data_set")),
            ("/settings/restart", "restart_here", say("restart_set")),
            ("/settings/details", "technical", say("technical_set")),
        ]),
    ]  # fmt: skip


def _form(view: PageView, name: str, known: Settings, typed: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    said = {one: view.say(key) for one, key in wrong.items()}
    return _page(view, name, known=known, typed=typed, wrong=said, focus=next(iter(said), ""))


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"settings/{name}.html", page_files=list(FILES), **values)


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
