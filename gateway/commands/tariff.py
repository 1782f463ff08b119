"""``linky-gateway tariff``: which tariff class counts until when, the off-peak hours of today and tomorrow."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from gateway.commands.options import command, configured, spoken, stored
from gateway.errors import ConfigError
from gateway.words.numbers import age
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


_NOTHING = Phrase("{meter}: the meter has not said its tariff yet")
_NO_METER = Phrase("{meter!r} is no [[meter]] of the configuration ({names})")
_SILENT = Phrase("The meter has sent nothing for {age}. What was known then:")
# What is stored of a meter that is heard is younger.
_SILENT_S = 600


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "off-peak until when, the hours of today and tomorrow, and how sure that is"
    parser = command(commands, "tariff", _run, text, spoken_to=True)
    parser.add_argument("--meter", metavar="NAME", help="which [[meter]] (default: the first)")
    parser.add_argument("--json", action="store_true", help="one JSON object: times in UTC, hours by legal time")


def _run(options: argparse.Namespace) -> int:
    from gateway.household.tariff import as_json, stored_calendar  # noqa: PLC0415 (the parser needs none of it)
    from gateway.household.tariff_words import as_text, moved_in_words, of_outlook  # noqa: PLC0415

    config, lang = configured(options), spoken(options)
    names = [meter.name for meter in config.meter]
    if options.meter is not None and options.meter not in names:
        raise ConfigError(_NO_METER.filled(meter=options.meter, names=", ".join(names)))
    with stored(config) as archive:
        calendar = stored_calendar(archive, config, options.meter)
    outlook = calendar.outlook() if calendar else None
    if calendar is None or outlook is None:
        nothing = _NOTHING.filled(meter=options.meter or names[0]).in_language(lang)
        print("null" if options.json else nothing)
        return 0
    memory = calendar.memory
    if options.json:
        print(json.dumps(as_json(outlook, memory), ensure_ascii=False, indent=2))
        return 0
    view = of_outlook(outlook, memory.names)
    silent_s = time.time() - view.now
    lines = [_SILENT.filled(age=age(silent_s, spelt=True)).in_language(lang)] if silent_s >= _SILENT_S else []
    lines += as_text(view, lang)
    if memory.moved:
        from gateway.household.followers import followers  # noqa: PLC0415

        lines.append(moved_in_words(memory.moved, followers(config)).in_language(lang))
    print("\n".join(lines))
    return 0
