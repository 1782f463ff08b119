"""``linky-gateway reading``: its words in, its lines out; ``gateway.control.manual_reading`` does it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.commands.asking import ask_or_do
from gateway.commands.options import actions_of, add_language, command, configured, moment, spoken, stored
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.consent.orders import Row


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "readings by hand: water, gas, heat, a solar meter"
    actions = actions_of(commands, "reading", text)
    add = command(actions, "add", _add, "store what a meter's face says")
    add.add_argument("series", metavar="SERIES", help="water, gas, heat, electricity-consumed, electricity-produced")
    add.add_argument("value", metavar="VALUE", help="the index, such as 123.456")
    add.add_argument("--unit", metavar="U", help="l or m3, Wh, kWh or MWh (default: l or Wh, in which it is stored)")
    add.add_argument("--at", type=moment, metavar="T", help="when it was read, ISO 8601 (default: now)")
    add.add_argument("--meter", metavar="NAME", help="which meter; a new name makes a new one")
    add.add_argument("--force", action="store_true", help="even if the index falls: the meter was replaced")
    everything = command(actions, "list", _list, "what was entered by hand")
    everything.add_argument("--meter", metavar="NAME", help="only of this meter")
    for action in (add, everything):
        add_language(action)
    everything.add_argument("--json", action="store_true", help="JSON Lines")


def _add(options: argparse.Namespace) -> int:
    from gateway.control.messages import EnterReading, ReadingForm  # noqa: PLC0415

    words = ("series", "value", "unit", "at", "meter", "force")
    order = EnterReading(order=ReadingForm(**{word: getattr(options, word) for word in words}))
    print(_said(ask_or_do(configured(options), order), spoken(options)))
    return 0


def _said(entered: Row, lang: str) -> str:
    """What was stored, for the person who entered it."""
    from gateway.control.manual_words import COUNTS_ON, STORED  # noqa: PLC0415 (the other commands need none of it)

    more = COUNTS_ON if entered["counts_on"] else NOTHING
    return (STORED.filled(**entered | {"time": _local(entered["time"])}) + more).in_language(lang)


def _local(time: str) -> Phrase:
    from gateway.store.local_time import local_second  # noqa: PLC0415 (it reads the time zones)

    return local_second(datetime.fromisoformat(time).timestamp())


def _list(options: argparse.Namespace) -> int:
    from gateway.control.manual_words import NONE_YET  # noqa: PLC0415 (the other commands need none of it)
    from gateway.store.recorder import iso  # noqa: PLC0415 (the other commands need none of it)

    with stored(configured(options)) as archive:
        points = archive.readings.by_hand(options.meter)
    for p in points:
        row = {"time": iso(p.time), "meter": p.series.meter, "series": p.series.path, "value": p.value}
        row["unit"] = p.series.unit
        shown = row | {"time": _local(iso(p.time)).in_language(spoken(options))}
        print(json.dumps(row) if options.json else "  ".join(map(str, shown.values())))
    if not points and not options.json:
        print(NONE_YET.in_language(spoken(options)))
    return 0
