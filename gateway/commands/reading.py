"""``linky-gateway reading``: its words in, its lines out; ``gateway.control.manual_reading`` does it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.commands.speech import add_language, spoken
from gateway.language import NOTHING, Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from gateway.config.tables import Config


def parsers(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    command: Callable[..., argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
    time: Callable[[str], int],
) -> None:
    """Add the command with its two actions; ``command`` makes one, ``time`` reads one, ``run`` does it."""
    text = "readings by hand: water, gas, heat, a solar meter"
    reading = commands.add_parser("reading", help=text, description=text[0].upper() + text[1:] + ".")
    actions = reading.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = command(actions, "add", run, "store what a meter's face says")
    add.add_argument("series", metavar="SERIES", help="water, gas, heat, electricity-consumed, electricity-produced")
    add.add_argument("value", metavar="VALUE", help="the index, such as 123.456")
    add.add_argument("--unit", metavar="U", help="l or m3, Wh, kWh or MWh (default: l or Wh, in which it is stored)")
    add.add_argument("--at", type=time, metavar="T", help="when it was read, ISO 8601 (default: now)")
    add.add_argument("--meter", metavar="NAME", help="which meter; a new name makes a new one")
    add.add_argument("--force", action="store_true", help="even if the index falls: the meter was replaced")
    everything = command(actions, "list", run, "what was entered by hand")
    everything.add_argument("--meter", metavar="NAME", help="only of this meter")
    for action in (add, everything):
        add_language(action)
    everything.add_argument("--json", action="store_true", help="JSON Lines")


def order_of(options: argparse.Namespace) -> dict[str, object]:
    """The order of ``reading add``."""
    words = ("series", "value", "unit", "at", "meter", "force")
    return {"do": "reading", "order": {word: getattr(options, word) for word in words}}


def said(entered: object, lang: str) -> str:
    """What was stored, for the person who entered it."""
    assert isinstance(entered, dict)  # noqa: S101 (made by by_hand.enter)
    from gateway.control.manual_words import COUNTS_ON, STORED  # noqa: PLC0415 (the other commands need none of it)

    more = COUNTS_ON if entered["counts_on"] else NOTHING
    return (STORED.filled(**entered | {"time": _local(entered["time"])}) + more).in_language(lang)


def _local(time: str) -> Phrase:
    from gateway.store.local_time import local_second  # noqa: PLC0415 (it reads the time zones)

    return local_second(datetime.fromisoformat(time).timestamp())


def listed(config: Config, options: argparse.Namespace) -> Iterator[str]:
    """The lines of ``reading list``."""
    from gateway.control.manual_words import NONE_YET  # noqa: PLC0415 (the other commands need none of it)
    from gateway.store.recorder import iso  # noqa: PLC0415 (the other commands need none of it)
    from gateway.store.store import Archive  # noqa: PLC0415

    archive = Archive(config.directory)
    try:
        points = archive.by_hand(options.meter)
    finally:
        archive.close()
    for p in points:
        row = {"time": iso(p.time), "meter": p.series.meter, "series": p.series.path, "value": p.value}
        row["unit"] = p.series.unit
        shown = row | {"time": _local(iso(p.time)).in_language(spoken(options))}
        yield json.dumps(row) if options.json else "  ".join(map(str, shown.values()))
    if not points and not options.json:
        yield NONE_YET.in_language(spoken(options))
