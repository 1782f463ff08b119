"""``linky-gateway settings``: each setting, who says it, and its change: over gateway.toml, which is never written.

A running gateway makes the part that is concerned anew; without one the change counts when it starts.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from gateway.commands.options import actions_of, command, configured, say, spoken
from gateway.words.phrase import Phrase, joined, same

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.consent.orders import Row

_ORIGINS = {
    "settings": Phrase("changed here"),
    "file": Phrase("in gateway.toml"),
    "default": Phrase("default"),
}
_REFUSED = Phrase("[{table}] as it was changed does not go with gateway.toml any more: {why}")
_COUNTS = Phrase("it counts from now on")
_MADE_ANEW = Phrase("; made anew for it: {parts}")
_PARTS = {
    "broker": Phrase("the connection to the broker"),
    "federation": Phrase("the connection to the server of the account"),
    "notices": Phrase("the ways of the notices"),
    "page": Phrase("the page"),
}
_METER = Phrase("the line of the meter {name}")
_AT_START = Phrase("it is kept, and counts when the gateway starts again: sudo systemctl restart linky-gateway")
_RESTARTS = Phrase("it is kept; the gateway starts again")
_NONE_RUNS = Phrase("it is kept; no gateway runs, so it counts at the next start")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "what is set, who says so, and its change"
    actions = actions_of(commands, "settings", text, "The settings of the house.")
    listed = command(actions, "list", _list, "each setting, its value, and who says it", spoken_to=True)
    listed.add_argument("--json", action="store_true")
    put = command(actions, "set", _set, "change a setting; the part that it concerns is made anew", spoken_to=True)
    back = command(actions, "unset", _unset, "take a change back: gateway.toml or the default counts", spoken_to=True)
    for parser in (put, back):
        parser.add_argument("key", metavar="KEY", help="as the list has it, for example household.language")
    put.add_argument("value", metavar="VALUE", help="a text or a number as it is, or JSON: a list, true, null for none")
    for parser in (put, back):
        parser.add_argument("--restart", action="store_true", help="where it counts at a start alone, start again")


def _list(options: argparse.Namespace) -> int:
    from gateway.config.overlay import is_households  # noqa: PLC0415

    config = configured(options)
    origins = {place: config.settings.origin(place) for place, _ in _places(config)}
    if options.json:
        rows = [
            {"key": place, "value": value, "origin": origins[place], "changeable": is_households(place)}
            for place, value in _places(config)
        ]
        refused = {table: why.in_every_language() for table, why in config.settings.refused.items()}
        print(json.dumps({"settings": rows, "refused": refused}, indent=2))
        return 0
    lang = spoken(options)
    wide = max(map(len, origins))
    for place, value in _places(config):
        print(f"{place:<{wide}}  {_shown(place, value)}  ({_ORIGINS[origins[place]].in_language(lang)})")
    for table, why in config.settings.refused.items():
        say(options, _REFUSED.filled(table=table, why=why), sys.stderr)
    return 0


def _set(options: argparse.Namespace) -> int:
    from gateway.config.settings import value_of  # noqa: PLC0415

    return _change(options, value_of(options.key, options.value), take_back=False)


def _unset(options: argparse.Namespace) -> int:
    return _change(options, None, take_back=True)


def _change(options: argparse.Namespace, value: object, *, take_back: bool) -> int:
    from gateway.config import settings  # noqa: PLC0415
    from gateway.control.messages import ChangeSettings  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415

    config, place = configured(options), options.key
    order = ChangeSettings(place=place, value=value, take_back=take_back, restart=options.restart)
    try:
        said = _told(ask(config.control_socket, order), restarts=options.restart)
    except ConnectionError:
        from gateway.control.orders import held  # noqa: PLC0415 (where none runs)

        new = settings.without_value(config, place) if take_back else settings.with_value(config, place, value)
        with held(config):
            settings.keep(new)
        said = _NONE_RUNS
    say(options, same(f"{place}: ") + said)
    return 0


def _told(done: Row, *, restarts: bool) -> Phrase:
    if done["waits_for_start"]:
        return _RESTARTS if restarts else _AT_START
    made = joined(", ", map(_part, done["made_anew"]))
    return _COUNTS + (_MADE_ANEW.filled(parts=made) if made else same(""))


def _part(name: str) -> Phrase:
    kind, _, meter = name.partition(" ")
    return _METER.filled(name=meter) if meter else _PARTS.get(kind, same(kind))


def _places(config: Config) -> Iterator[tuple[str, Any]]:
    """Each setting by its place; a table that is not there is None, tariffs and the like are whole."""
    from gateway.config.overlay import NAMED, WHOLE  # noqa: PLC0415

    for name, table in config.as_written().items():
        if name in WHOLE or name == "volume_tariff" or not isinstance(table, dict | list | tuple):
            yield name, table
        elif isinstance(table, dict):
            yield from ((f"{name}.{key}", value) for key, value in table.items())
        elif name in NAMED or table:
            for one in table:
                yield from ((f"{name}.{one['name']}.{key}", value) for key, value in one.items() if key != "name")


def _shown(place: str, value: object) -> str:
    from gateway.config.faults import is_secret  # noqa: PLC0415

    return "…" if is_secret(place) and value is not None else json.dumps(value, ensure_ascii=False)
